# SPDX-License-Identifier: MIT
"""The ways to grade a class: a scheduler of one's own, a class with its choice of exercises,
earlier years, without being root. Whole runs of `make grade-class`, in a small class each."""

from __future__ import annotations

import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

import test_class
from conftest import TREE, environment
from made_class import TAG, Maker, lay_out
from strata import sandbox
from test_class import COURSE, LAB, grade_class

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        bool(sandbox.missing()), reason="no sandbox on this machine: " + sandbox.missing()
    ),
]
repository = test_class.repository
SALT = "0123456789abcdef-of-this-class"
WORTH = float(COURSE.by_id["0.1"].points)
NOBODY = 60050


def lay_out_right_ones(tmp_path: Path, count: int) -> Path:
    """A class in which all is right: zips, folders, repositories."""
    maker = Maker(COURSE, LAB, tmp_path / "scratch")
    lay_out([maker.alternative(f"right-{at}") for at in range(count)], tmp_path / "in")
    return tmp_path / "in"


def test_a_class_does_what_its_course_toml_says(tmp_path: Path, repository: Path) -> None:
    """What is set counts, by its weight; the rest is not even taken; earlier years are seen."""
    folder = lay_out_right_ones(tmp_path, 3)
    assert {path.suffix or (path / ".git").exists() for path in folder.iterdir()} == {
        ".zip",
        False,
        True,
    }
    spoilt = folder / "right-1" / "lab0-boot" / "format.c"  # 0.2 is not set
    spoilt.write_text("#error not taken\n")
    before = tmp_path / "before"
    shutil.copytree(folder / "right-1", before / "somebody")
    config = tmp_path / "course.toml"
    config.write_text(
        f'salt = "{SALT}"\nreferences = false\n[weights]\n"0.1" = 1\n"0.3" = 3\n'
        '[lab0]\nexercises = ["0.1", "0.3"]\n'
    )
    words = {"TAG": TAG, "CONFIG": str(config), "AGAINST": str(before), "TEST": "0.1,0.3"}
    graded = grade_class(repository, folder, tmp_path / "out", **words)
    for name, row in graded.rows.items():
        assert (row["score"], row["max_score"]) == (100, 100), (name, graded.page(name))
        assert graded.points(name, "0.3") == 75
    rows = list(csv.DictReader((graded.out / "marks.csv").open(encoding="utf-8")))
    assert [key for key in rows[0] if key[0].isdigit()] == ["0.1", "0.3"]
    assert {(one["0.1"], one["0.3"]) for one in rows} == {("25", "75")}
    assert ["right-1", "earlier: somebody", "0.1", 100] in graded.likeness
    for path in graded.out.rglob("*.*"):
        assert SALT.encode() not in path.read_bytes(), f"the salt is in {path}"


def test_a_scheduler_of_ones_own_loses_a_worker(tmp_path: Path, repository: Path) -> None:
    """Of its two workers one is killed while it grades: nothing lost, nothing double."""
    folder = lay_out_right_ones(tmp_path, 6)
    env = environment(PYTHONPATH=str(repository / "grader"))
    with ExitStack() as stack:

        def start(*words: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=tmp_path,
                env=env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            stack.callback(ended, process)
            return process

        log = stack.enter_context(open(tmp_path / "dask.log", "wb"))
        start("distributed.cli.dask_scheduler", "--host=127.0.0.1", "--port=0", "--no-dashboard")
        address = wait_for(lambda: address_in(tmp_path / "dask.log"))
        worker = ("distributed.cli.dask_worker", address, "--nthreads=1", "--no-nanny")
        workers = [start(*worker, "--no-dashboard") for _ in range(2)]
        words = {"TAG": TAG, "TEST": "0.1", "SCHEDULER": address}
        run = start_class(repository, folder, tmp_path / "out", **words)
        results = tmp_path / "out" / "instructor" / "results"
        wait_for(lambda: len(list(results.glob("*.json"))) >= 2, run)
        workers[0].send_signal(signal.SIGKILL)
        said, _ = run.communicate(timeout=600)
    assert run.returncode == 0, said
    lines_of = re.findall(r"^\d+ of 6: (\S+): (\S+) of", said, re.M)
    assert sorted(lines_of) == [(f"right-{at}", f"{WORTH:g}") for at in range(6)], said


def start_class(tree: Path, folder: Path, out: Path, **words: str) -> subprocess.Popen[str]:
    """make grade-class, going on."""
    shared = {"LAB": "0", "BUILD": str(out.parent / "build"), **words}
    asked = [f"{name}={value}" for name, value in shared.items()]
    return subprocess.Popen(
        ["make", "grade-class", f"SUBMISSIONS={folder}", f"OUT={out}", *asked],
        cwd=tree,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for(there: Callable[[], Any], run: subprocess.Popen[str] | None = None) -> Any:
    """Something that comes after a while."""
    until = time.monotonic() + 900
    while not (found := there()):
        over = time.monotonic() > until or (run is not None and run.poll() is not None)
        assert not over, run.communicate()[0] if run else "it never came"
        time.sleep(0.1)
    return found


def address_in(log: Path) -> str:
    """Where a scheduler says that it is."""
    found = re.search(r"Scheduler at:\s+(tcp://\S+)", log.read_text(encoding="utf-8"))
    return found[1] if found else ""


def ended(process: subprocess.Popen[bytes]) -> None:
    """End one of ours, whatever became of it."""
    process.kill()
    process.wait(20)


def test_a_scheduler_that_is_not_there_is_one_line(tmp_path: Path, repository: Path) -> None:
    """After some seconds, not for ever; and Ctrl-C leaves what was graded."""
    folder = lay_out_right_ones(tmp_path, 3)
    words = {"TAG": TAG, "TEST": "0.1", "SCHEDULER": "tcp://127.0.0.1:9"}
    said, _ = start_class(repository, folder, tmp_path / "out", **words).communicate(timeout=400)
    assert "SCHEDULER=tcp://127.0.0.1:9: no scheduler answers there" in said
    assert "Traceback" not in said
    run = start_class(repository, folder, tmp_path / "out", TAG=TAG, TEST="0.1")
    assert run.stdout and any(line.startswith("1 of 3: ") for line in run.stdout)
    os.killpg(run.pid, signal.SIGINT)
    said, _ = run.communicate(timeout=60)
    assert "Traceback" not in said and "the same command goes on from here" in said, said
    graded = grade_class(repository, folder, tmp_path / "out", TAG=TAG, TEST="0.1")
    assert re.search(r"[12] of 3 are there already", graded.said), graded.said
    assert {graded.points(name, "0.1") for name in graded.rows} == {WORTH}


@pytest.fixture(name="home")
def _home() -> Iterator[Path]:
    """A folder that others may reach: each pytest of root shuts those of tmp_path again."""
    folder = Path(tempfile.mkdtemp(prefix="nobody"))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_who_is_not_root_grades_a_class(home: Path) -> None:
    """The same marks; the sandbox is then made by the user's own namespaces alone."""
    folder = lay_out_right_ones(home, 2)
    tree = home / "strata"
    subprocess.run(["git", "clone", "-q", str(TREE), str(tree)], check=True)
    for path in (home, *home.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    words += ["make", "grade-class", f"SUBMISSIONS={folder}", f"OUT={home / 'out'}"]
    words += ["LAB=0", "TEST=0.1", f"TAG={TAG}"]
    done = subprocess.run(
        words,
        cwd=tree,
        env=environment(HOME=str(home), USER="nobody"),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    marks = re.findall(rf"^\d of 2: right-\d: {WORTH:g} of {WORTH:g}$", done.stdout, re.M)
    assert len(marks) == 2, done.stdout
