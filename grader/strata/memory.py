# SPDX-License-Identifier: MIT
"""What a tree remembers of its student, in .strata/: outside build/, so `make clean` keeps it.

    given          exercises that `make rescue` gave, one id a line; make reads it, too
    kept/          the student's files in whose place a reference file was put
    hints.json     how many rungs of each ladder were shown
    last.json      the last run's results, for what turned green or red
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Iterable

from .lab import Course, Exercise
from .points import ExerciseMark, Marks
from .record import write_atomically
from .results import number, outcome

__all__ = ["FOLDER", "changes", "file_hash", "given", "is_whole", "read", "remember", "set_given"]
__all__ += ["write"]

FOLDER = ".strata"
_SHOWN = 6


def read(tree: Path, name: str) -> dict[str, Any]:
    """A file of the memory; empty when there is none, or nothing sensible in it."""
    try:
        data = json.loads((tree / FOLDER / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def write(tree: Path, name: str, data: dict[str, Any]) -> None:
    """Replace a file of the memory."""
    text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False)
    write_atomically(tree / FOLDER / name, text + "\n")


def given(course: Course) -> frozenset[str]:
    """The exercises that `make rescue` gave."""
    try:
        words = (course.tree / FOLDER / "given").read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        return frozenset()
    return frozenset(words) & frozenset(course.by_id)


def set_given(course: Course, ids: Iterable[str]) -> None:
    """Replace that list."""
    text = "".join(f"{ident}\n" for ident in course.order(ids))
    write_atomically(course.tree / FOLDER / "given", text)


def file_hash(course: Course, exercise: Exercise) -> str:
    """What the student's file is now."""
    try:
        data = course.lab_of(exercise.id).path(exercise).read_bytes()
    except OSError:
        return ""
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()


def is_whole(course: Course, exercise: Exercise) -> bool:
    """Whether the file, as it is now, had all its points when it was last graded."""
    known = read(course.tree, "last.json").get("exercises", {}).get(exercise.id, {})
    if not known or exercise.id in given(course):
        return False
    whole = known["points"] == known["most"] and known["file"] == file_hash(course, exercise)
    return bool(whole)


def changes(before: dict[str, Any], marks: Marks) -> list[str]:
    """What turned green or red since the last run, in words; nothing on the first run."""
    old = before.get("tests", {})
    if not old:
        return []
    green: list[str] = []
    red: list[str] = []
    for exercise in marks.exercises:
        for test in exercise.tests:
            passed = test.best is not None and test.best.passed
            if test.judged and passed != (old.get(test.case.id) == "passed"):
                (green if passed else red).append(test.case.id)
    turned = (("green", green), ("red", red))
    lines = [f"turned {word}: {_few(ids)}" for word, ids in turned if ids]
    return lines or ["no test changed"]


def remember(course: Course, marks: Marks, counts: dict[str, int]) -> list[str]:
    """Keep a run's results; the lines on what changed. counts: tests of each exercise.

    A tree that cannot be written to has no memory, and is graded all the same.
    """
    before = read(course.tree, "last.json")
    lines = changes(before, marks)
    tests = dict(before.get("tests", {}))
    exercises = dict(before.get("exercises", {}))
    for exercise in marks.exercises:
        ident = exercise.exercise.id
        tests |= {test.case.id: outcome(test) for test in exercise.tests if test.judged}
        if len(exercise.tests) == counts.get(ident, 0):
            exercises[ident] = _entry(course, exercise)
    try:
        write(course.tree, "last.json", {"tests": tests, "exercises": exercises})
    except OSError:
        return []
    return lines


def _entry(course: Course, exercise: ExerciseMark) -> dict[str, Any]:
    return {
        "points": number(exercise.points),
        "most": number(exercise.most),
        "file": file_hash(course, exercise.exercise),
    }


def _few(ids: list[str]) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return ", ".join(ids[:_SHOWN]) + more
