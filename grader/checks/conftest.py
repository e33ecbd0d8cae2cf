# SPDX-License-Identifier: MIT
"""Fixtures of `make check`: the tree, copies of it, and make as a user calls it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Callable, Iterator

import pytest

TREE = Path(__file__).resolve().parents[2]
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "DISPLAY", "USER", "CI")

# Seconds: single tests, then whole files.
_GUESSES = {"each_exercise_given_loses": 90, "every_command_of_the_pages": 90, "fuzz": 30}
_GUESSES |= {"no_made_up_input": 60, "analyzer": 40, "builds_without_a_warning": 40}
_GUESSES |= {"axe_finds_nothing": 25, "main_page_fits": 25, "test_site_browser": 3}
_GUESSES |= {"cross_toolchain": 1500, "costs_its_own_exercise": 900, "class_of_100": 450}
_GUESSES |= {"guide_is_played": 510, "dockerfile_builds": 510, "handouts_own_check": 300}
_GUESSES |= {"every_tag_stands": 110, "five_grades": 120, "arrive_solved": 300}
_GUESSES |= {"test_way_on": 15, "test_grading": 12, "test_bad_input": 8, "test_graded": 2}

Make = Callable[..., subprocess.CompletedProcess[str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """--all: what takes long, too."""
    parser.addoption("--all", action="store_true", help="also what takes long (make check-all)")


def pytest_configure(config: pytest.Config) -> None:
    """The one marker of ours; and Ctrl-C, which who starts us in the background had ignored.

    Children inherit that, and checks send it to them.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "long: only in make check-all")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long, unless it was asked for; begin with the longest of the rest."""
    kept = items[:]
    if not config.getoption("--all"):
        kept = [item for item in items if item.get_closest_marker("long") is None]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    times = last_times()
    longest = sorted(kept, key=lambda item: -times.get(item.name, guess(item)))
    items[:] = dealt(longest, getattr(config, "workerinput", {}).get("workercount", 1))


def dealt(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """So that not one worker gets the longest: xdist begins with a run of the list for each."""
    run = max(len(items) // workers // 4, 2)
    hands = [items[at : run * workers : workers] for at in range(workers)]
    return [*(item for hand in hands for item in hand), *items[run * workers :]]


def last_times() -> dict[str, float]:
    """Seconds of the last run by test, where there was one."""
    path = TREE / (os.environ.get("BUILD") or "build") / "check" / "checks-times.json"
    try:
        return {str(name): float(s) for name, s in json.loads(path.read_text()).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def guess(item: pytest.Item) -> float:
    """Seconds of a test that never ran here."""
    return next((s for name, s in _GUESSES.items() if name in item.nodeid), 1.0)


def environment(**more: str) -> dict[str, str]:
    """A user's environment: nothing of the outer make's or pytest's."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "PLAIN": "1", "PYTHONDONTWRITEBYTECODE": "1", **more}


def run(
    words: list[str], cwd: Path = TREE, timeout: float = 600, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would; output and errors together."""
    return subprocess.run(
        words,
        cwd=cwd,
        env=environment(**env),
        text=True,
        errors="backslashreplace",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout,
        check=False,
    )


def tracked_files() -> list[str]:
    """The files of a clone: what git knows or would add."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=TREE, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (TREE / name).exists()]


def copy_tree(to: Path) -> Path:
    """What a fresh clone has, as the files are now."""
    for name in tracked_files():
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TREE / name, target, follow_symlinks=False)
    return to


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A build folder for this process's makes in the tree itself."""
    folder = tmp_path_factory.mktemp("build")
    yield str(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make(build: str) -> Make:
    """make in the tree, with a build folder of its own."""

    def call(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return run(["make", f"BUILD={build}", *words], **env)

    return call


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the tree with its objects built; not to be changed."""
    folder = copy_tree(tmp_path_factory.mktemp("warm") / "strata")
    for solved in ("all", "none"):
        done = run(["make", f"SOLVED={solved}", "all"], cwd=folder)
        assert done.returncode == 0, done.stdout[-3000:]
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def clone(warm: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the tree, to be changed at will."""
    folder = tmp_path / "clone"
    subprocess.run(["cp", "-a", str(warm), str(folder)], check=True)
    yield folder
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """What `make docs` makes of the tree as it is now; once, whichever worker asks first."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "docs"
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "build/site").exists():
            done = run(["make", f"BUILD={folder}/build", "docs"])
            assert done.returncode == 0, done.stdout[-3000:]
    return folder / "build/site"


def committed(to: Path, *paths: str) -> Path:
    """What lies in a folder as a new commit: the source of a chain."""
    if not (to / ".git").exists():
        run(["git", "init", "-q", "-b", "main"], cwd=to)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    run(["git", "add", "-A", *paths], cwd=to)
    done = run(["git", *who, "commit", "-q", "--allow-empty", "-m", "source"], cwd=to)
    assert done.returncode == 0, done.stdout
    return to


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The tree as it is now, committed, with a build in which objects are made; to be changed
    in copies only."""
    folder = tmp_path_factory.mktemp("source") / "strata"
    yield committed(copy_tree(folder))
    shutil.rmtree(folder.parent, ignore_errors=True)


@pytest.fixture(scope="session")
def out(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A course and a handout, made from that; not to be changed."""
    folder = tmp_path_factory.mktemp("chain")
    for verb in ("course", "handout"):
        done = run(["make", verb, f"OUT={folder / verb}"], cwd=source)
        assert done.returncode == 0, done.stdout[-3000:]
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
