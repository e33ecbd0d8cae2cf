# SPDX-License-Identifier: MIT
"""The verb hint: an exercise's ladder of hints, one rung at a time."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import Mapping

from . import memory
from .errors import UsageError
from .lab import Course, Exercise, load_course

__all__ = ["main", "next_rungs"]

_HINTS = "hints.json"


def main(_words: list[str]) -> int:
    """Read EX and ALL; without EX, the first exercise that is not whole."""
    course = load_course(Path.cwd())
    for exercise in _asked(course, os.environ):
        for line in next_rungs(course, exercise, bool(os.environ.get("ALL"))):
            print(line)
    return 0


def _asked(course: Course, environment: Mapping[str, str]) -> list[Exercise]:
    if environment.get("EX"):
        ids = course.order(course.named_exercises(environment["EX"], "EX"))
        if not ids:
            raise UsageError(f"EX={environment['EX']}: exercises are {', '.join(course.by_id)}")
        return [course.by_id[ident] for ident in ids]
    given = memory.given(course)
    for one in course.exercises():
        if one.id not in given and not memory.is_whole(course, one):
            return [one]
    raise UsageError("every exercise has its points; make hint EX=0.1 shows an old hint")


def next_rungs(course: Course, exercise: Exercise, everything: bool) -> list[str]:
    """The next rung, or all of them; and what comes after. Remembers how far it is."""
    rungs = exercise.hints
    if not rungs:
        readme = f"{course.lab_of(exercise.id).folder.name}/README.md"
        return [f"{exercise.id} has no hints yet: read {readme}#{exercise.section}"]
    known = memory.read(course.tree, _HINTS)
    seen = known.get(exercise.id, 0)
    seen = min(seen, len(rungs)) if isinstance(seen, int) else 0
    again = everything or seen == len(rungs)
    first, last = (0, len(rungs)) if again else (seen, seen + 1)
    memory.write(course.tree, _HINTS, {**known, exercise.id: last})
    lines = [f"exercise {exercise.id}, {exercise.name}"]
    for at in range(first, last):
        lines += ["", f"hint {at + 1} of {len(rungs)}", *_wrapped(rungs[at])]
    return [*lines, "", _then(exercise, last)]


def _then(exercise: Exercise, shown: int) -> str:
    if shown < len(exercise.hints):
        return f"further: make hint EX={exercise.id} (each call is one rung)"
    return (
        "that was the last one; further: make debug TEST=.. (make grade names the test), "
        f"docs/when-stuck.md, make rescue EX={exercise.id}"
    )


def _wrapped(text: str) -> list[str]:
    return [
        line
        for part in text.strip().split("\n")
        for line in textwrap.wrap(part, 78, initial_indent="  ", subsequent_indent="  ") or [""]
    ]
