# SPDX-License-Identifier: MIT
"""Grading a class: what strangers send gains nothing, leaks nothing, and hangs nothing.

One class of hostile submissions is graded once, between two honest ones; each test looks at
what became of one kind.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

import pytest

from conftest import TREE, run
from made_class import TAG, Made, Maker, as_repository
from mischief import HOSTILE, hang, write, zips
from strata import cgroups, sandbox
from strata.class_dask import results_of
from strata.class_worker import Asked
from strata.lab import load_course

COURSE = load_course(TREE)
LAB = COURSE.lab(0)
SECRET = "hush-7f3a-this-is-the-hosts"
pytestmark = pytest.mark.skipif(
    bool(sandbox.missing()), reason="no sandbox on this machine: " + sandbox.missing()
)


@dataclass(frozen=True)
class Graded:
    """A class run: what was printed, and each submission's result."""

    out: Path
    said: str
    rows: dict[str, dict[str, Any]]
    likeness: list[list[Any]]

    def page(self, name: str) -> str:
        """A student's page."""
        return (self.out / "students" / f"{name}.html").read_text(encoding="utf-8")

    def points(self, name: str, exercise: str) -> float:
        """What an exercise got."""
        mine = [one for one in self.rows[name]["tests"] if one["exercise"] == exercise]
        return sum(float(one["points"]) for one in mine if one["passed"])


def grade_class(tree: Path, folder: Path, out: Path, **words: str) -> Graded:
    """make grade-class, as an instructor calls it."""
    shared = {"LAB": "0", "BUILD": str(out.parent / "build"), **words}
    asked = [f"{name}={value}" for name, value in shared.items()]
    words_of = ["make", "grade-class", f"SUBMISSIONS={folder}", f"OUT={out}", *asked]
    done = run(words_of, cwd=tree, timeout=3600)
    assert done.returncode == 0, done.stdout[-4000:]
    data = json.loads((out / "marks.json").read_text(encoding="utf-8"))
    rows = {one["name"]: one for one in data["submissions"]}
    return Graded(out, done.stdout, rows, data["likeness"])


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """All right."""
    return Maker(COURSE, LAB, tmp_path_factory.mktemp("scratch")).whole("a-honest")


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A clone: the commit that is graded does not change in the middle."""
    folder = tmp_path_factory.mktemp("repository") / "strata"
    subprocess.run(["git", "clone", "-q", "--shared", str(TREE), str(folder)], check=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def hostile(
    repository: Path, honest: Made, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Graded]:
    """All of them, graded at once."""
    base = tmp_path_factory.mktemp("hostile")
    folder = base / "in"
    (base / "secret").write_text(f"{SECRET}\n")
    for name in ("a-honest", "b-git", "z-honest"):
        write(folder / name, honest.files)
    as_repository(folder / "b-git")
    for name, (spoil, _, _) in HOSTILE.items():
        files = dict(honest.files)
        spoil(files, folder / name)
        told = {
            file: data.replace(b"{secret}", str(base / "secret").encode())
            for file, data in files.items()
        }
        write(folder / name, told)
    files = dict(honest.files)
    hang(files)
    write(folder / "hang", files)
    zips(folder, honest.files)
    began = time.monotonic()
    made = grade_class(repository, folder, base / "out", TAG=TAG, LIMIT="60", TEST="0.1")
    assert time.monotonic() - began < 900
    yield made
    shutil.rmtree(base, ignore_errors=True)


PARTLY = ("tongues",)  # what else the file does is right, and counts
WORTH = float(COURSE.by_id["0.1"].points)


@pytest.mark.long
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_submission_gains_nothing_and_is_told_why(kind: str, hostile: Graded) -> None:
    """No point in the exercise that it spoils, and a clear line on its page."""
    _, exercise, words = HOSTILE[kind]
    row = hostile.rows[kind]
    page = html.unescape(hostile.page(kind))
    if exercise:
        got = hostile.points(kind, exercise)
        assert got < WORTH if kind in PARTLY else got == 0, row
        assert re.search(words, page), page[-3000:]
    else:
        assert hostile.points(kind, "0.1") == WORTH, row
    assert row["seconds"] < 60 + 60


@pytest.mark.long
def test_a_hang_is_ended_and_costs_its_own_points_only(hostile: Graded) -> None:
    """Each wait lasts as long as it may; the time is bounded, the reason told."""
    assert hostile.points("hang", "0.1") < WORTH
    assert "spinning" in hostile.page("hang") or "time was over" in hostile.page("hang")
    assert hostile.rows["hang"]["seconds"] < 60 + 60


@pytest.mark.long
def test_the_neighbours_of_hostile_submissions_are_not_harmed(hostile: Graded) -> None:
    """Those before and after them have all their points."""
    for name in ("a-honest", "b-git", "z-honest"):
        assert hostile.points(name, "0.1") == WORTH, hostile.rows[name]
        assert hostile.rows[name]["trouble"] == ""


@pytest.mark.long
def test_hostile_zips_are_read_by_name_and_measure(hostile: Graded) -> None:
    """A bomb, climbing names, links, odd names, no zip at all."""
    assert "larger than 256 KiB" in hostile.page("bomb")
    assert hostile.points("climbing", "0.1") == 0
    odd = next(name for name in hostile.rows if name.startswith("new_line"))
    assert hostile.points(odd, "0.1") == WORTH
    assert "cannot be read as a zip" in hostile.page("no-zip")


@pytest.mark.long
def test_nothing_leaks_and_nothing_is_left(hostile: Graded) -> None:
    """No host file, salt or other student on a page; no file and no process outside."""
    salt = (hostile.out / "instructor" / "salt").read_text(encoding="utf-8").strip()
    assert stat.S_IMODE((hostile.out / "instructor").stat().st_mode) == 0o700
    for name in hostile.rows:
        page = hostile.page(name)
        assert SECRET not in page and "root:x:" not in page and salt not in page
        assert "\x1b" not in page and "<script" not in page
        others = [one for one in ("a-honest", "z-honest") if one != name and one in page]
        assert not others, f"{name} is told of {others}"
    for public in ("index.html", "marks.csv", "marks.json"):
        assert salt not in (hostile.out / public).read_text(encoding="utf-8")
    assert not (hostile.out.parent / "owned").exists()
    listing = subprocess.run(["ps", "-eo", "ppid,args"], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listing.stdout.splitlines()]
    # A child of init: another check may be grading a class beside this one.
    assert not [row for row in rows if row[0] == "1" and "/box/inside.py" in row]


@pytest.mark.long
def test_a_second_run_grades_nothing_again(hostile: Graded, repository: Path) -> None:
    """The same files, tree and salt: the marks are there already."""
    folder = hostile.out.parent / "in"
    again = grade_class(repository, folder, hostile.out, TAG=TAG, LIMIT="60", TEST="0.1")
    assert not re.search(r"^\d+ of \d+: ", again.said, re.M), again.said
    assert again.rows == hostile.rows


def _slow(_packed: bytes, asked: Asked) -> dict[str, Any]:
    """A grade that takes its time, and says who had it; the first at `die` kills its worker."""
    marker = Path(asked.files["marker"].decode())
    if asked.name == "s3":
        try:
            marker.touch(exist_ok=False)
            os.kill(os.getpid(), 9)
        except FileExistsError:
            pass
    time.sleep(0.05)
    return {"name": asked.name, "results": None, "said": "", "seconds": 0.0, "trouble": ""}


def test_a_killed_worker_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    """Of two worker processes one is killed in the middle of a submission."""
    marker = {"marker": str(tmp_path / "died").encode()}
    asked = [Asked(f"s{at}", 0, "1", marker, 10) for at in range(20)]
    found = [one["name"] for one in results_of(_slow, b"tree", asked, 2, "")]
    assert (tmp_path / "died").exists()
    assert sorted(found) == sorted(one.name for one in asked)


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("cat /etc/passwd || ls /root /home || exit 7", 7, ""),
        ("touch /usr/x /x /dev/shm/x || exit 7", 7, ""),
        ("(exec 3<>/dev/tcp/127.0.0.1/22) || exit 7", 7, ""),
        ("head -c 900M /dev/zero > /box/x || exit 7", 7, ""),
        ("ls /sys || exit 7", 7, ""),
        ("test $(ls -d /proc/[0-9]* | wc -l) -lt 6 && echo alone", 0, "alone"),
        ("test $(id -u) != 0 && echo nobody", 0, "nobody"),
    ],
)
def test_the_sandbox_holds(command: str, status: int, said: str) -> None:
    """No host files, no network, one writable place of a size, no other process."""
    done = sandbox.run(["bash", "-c", command], sandbox.Limits(seconds=30))
    assert done.status == status and said in done.output.decode(), done


def test_control_groups_limit_a_sandbox_as_a_whole() -> None:
    """Where this machine has them: many processes that are each small enough."""
    with cgroups.confined(64 * sandbox.MIB, 64) as group:
        if not group.folders:
            pytest.skip("no control groups can be made here")
        folders = group.folders
    assert not [one for one in folders if one.exists()]
    eater = "x = bytearray(60 << 20); __import__('time').sleep(3)"
    command = "".join(f'python3 -c "{eater}" & ' for _ in range(8)) + "wait"
    done = sandbox.run(["bash", "-c", command], sandbox.Limits(seconds=30, total=200 * sandbox.MIB))
    assert done.trouble == "it used more than 200 MiB of memory", done
    fork = "for at in $(seq 100); do sleep 5 & done; wait"  # bash would try again and again
    done = sandbox.run(["sh", "-c", fork], sandbox.Limits(seconds=60, processes=20))
    assert "Cannot fork" in done.errors and not done.trouble, done


def test_processes_left_behind_are_ended() -> None:
    """Neither a daemon nor a sleeper outlives its sandbox."""
    command = "setsid sleep 4711 & (trap '' TERM HUP; sleep 4712) & sleep 4713 & exit 0"
    done = sandbox.run(["bash", "-c", command], sandbox.Limits(seconds=5))
    assert done.seconds < 7
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert not re.search(r"sleep 471\d", listing.stdout)
