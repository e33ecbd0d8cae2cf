# SPDX-License-Identifier: MIT
"""The verb chain-check: each tag of a course, alone in a folder, builds, boots and grades.

A skeleton has no point of its own and all with SOLVED=, but for cases; what is solved
has all by itself. The kernel of the tag boots to its end, unwritten exercises or not.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

from . import chain, pristine
from .build import elsewhere
from .errors import StrataError, UsageError
from .lab import Course, Lab, load_course
from .output import published

__all__ = ["Grade", "grades_of", "main", "wrong"]

_SHOWN = 1500


@dataclass(frozen=True)
class Grade:
    """One make grade, and the points that it is to end with."""

    lab: int
    solved: str
    points: int


def main(_words: list[str]) -> int:
    """Read OUT (a course, else one is made), TAGS and JOBS; 0 when all tags stand."""
    jobs = _jobs(os.environ.get("JOBS", ""))
    with tempfile.TemporaryDirectory(prefix="strata-chain") as folder:
        out = Path(os.environ.get("OUT") or Path(folder, "course")).expanduser().absolute()
        if not os.environ.get("OUT"):
            os.environ["OUT"] = str(out)
            chain.main(["course"])
        tags = _tags(_there(out), os.environ.get("TAGS", ""))
        with ThreadPoolExecutor(jobs) as pool:
            counts = list(pool.map(lambda tag: _try(out, tag, Path(folder)), tags))
    failed = sum(counts)
    print(f"{len(counts) - failed} tags stand, {failed} do not", flush=True)
    return int(failed > 0)


def _jobs(word: str) -> int:
    if word and not (word.isdecimal() and int(word)):
        raise UsageError(f"JOBS={word}: a number from 1 on")
    return int(word or os.cpu_count() or 1)


def _there(out: Path) -> dict[str, str]:
    tags = published(out)
    if not tags:
        raise UsageError(f"OUT={out}: there is no course in it (make course OUT=dir)")
    return tags


def _tags(there: Mapping[str, str], word: str) -> list[str]:
    """The newest tag of each line that has files; lab0-start is lab0."""
    names = {tag.partition(".")[0] for tag in there}
    lines = sorted(name for name in names if not name.endswith("-objects"))
    tags = [chain.newest(there, line)[0] for line in lines if re.match(r"lab\d", line)]
    if word:
        tags = [tag for tag in there if tag in word.split(",")]
        if len(tags) != len(word.split(",")):
            raise UsageError(f"TAGS={word}: there are {', '.join(sorted(there))}")
    elif "lab0-start" in lines:
        tags = [tag for tag in tags if not tag.startswith("lab0-start")]
    return tags


def _try(out: Path, tag: str, folder: Path) -> bool:
    """A clone with that tag only; True when something of it is wrong."""
    began = time.monotonic()
    tree = folder / tag
    lines = _clone(out, tag, tree) or wrong(tree, tag)
    shutil.rmtree(tree, ignore_errors=True)
    for line in lines or [f"{tag}: builds, boots and grades"]:
        print(f"{line} ({time.monotonic() - began:.0f} s)", flush=True)
    return bool(lines)


def _clone(out: Path, tag: str, tree: Path) -> list[str]:
    done = pristine.git(out, "clone", "-q", "--no-local", str(out), str(tree))
    if done is None or pristine.git(tree, "checkout", "-q", "--detach", tag) is None:
        return [f"{tag}: cannot be checked out"]
    return []


def wrong(tree: Path, tag: str) -> list[str]:
    """What of a checked-out tag does not hold."""
    status, said = _make(tree, "all")
    if status:
        return [f"{tag}: does not build: {said[-_SHOWN:]}"]
    status, said = _make(tree, "run", "CMDLINE=main=exit")
    if status:
        return [f"{tag}: does not boot: {said[-_SHOWN:]}"]
    lines = []
    course = load_course(tree)
    for grade in grades_of(course, course.labs[-1], tag):
        lines += _grade(tree, tag, grade)
    changed = pristine.git(tree, "status", "--porcelain")
    return lines + ([f"{tag}: is changed by that: {changed}"] if changed else [])


def grades_of(course: Course, last: Lab, tag: str) -> list[Grade]:
    """Which grades a tag is to get."""
    kind = tag.partition(".")[0].partition("-")[2]
    found = []
    for lab in course.labs:
        cases = sum(one.points for one in lab.exercises if one.form == "case")
        solved = kind == "solution" or (kind == "start" and lab is not last)
        if solved:
            found.append(Grade(lab.number, "none", lab.points))
        elif {one.id for one in lab.exercises if one.form != "case"} <= course.references():
            given = f"{lab.number}" if kind == "start" else "all"
            found.append(Grade(lab.number, given, lab.points - cases))
        if not solved and lab is last:
            found.append(Grade(lab.number, "none", 0))
    return found


def _grade(tree: Path, tag: str, wanted: Grade) -> list[str]:
    results = tree / "build" / "grade" / "results.json"
    results.unlink(missing_ok=True)
    words = [f"LAB={wanted.lab}", f"SOLVED={wanted.solved}", "PLAIN=1", "JOBS=1"]
    _, said = _make(tree, "-k", "grade", *words)
    try:
        score = json.loads(results.read_text(encoding="utf-8"))["score"]
    except (OSError, ValueError, KeyError):
        return [f"{tag}: make grade {' '.join(words[:2])} ended without results: {said[-_SHOWN:]}"]
    if score == wanted.points:
        return []
    what = f"{tag}: make grade {' '.join(words[:2])}: {score} points, not {wanted.points}"
    return [f"{what}: {said[-_SHOWN:]}"]


def _make(tree: Path, *words: str) -> tuple[int, str]:
    head, env = elsewhere(os.environ)
    for name in ("TAGS", "CONFIG"):
        env.pop(name, None)
    try:
        done = subprocess.run(
            [*head, *words],
            cwd=tree,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=900,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, "no end within 900 s"
    except OSError as error:
        raise StrataError(f"make cannot be run: {error}") from None
    return done.returncode, done.stdout
