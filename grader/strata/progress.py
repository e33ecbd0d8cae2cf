# SPDX-License-Identifier: MIT
"""The verb progress: what is done, given and open, with points and hours."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from . import memory
from .lab import Course, Exercise, Lab, load_course
from .planning import read_states

__all__ = ["Standing", "lines_of", "main", "standings"]


@dataclass(frozen=True)
class Standing:
    """How far one exercise is."""

    exercise: Exercise
    word: str
    points: float

    @property
    def hours_left(self) -> float:
        """What the rest of it will take, as lab.toml has it."""
        return 0.0 if self.word in ("done", "given") else self.exercise.hours


def main(_words: list[str]) -> int:
    """Read LAB."""
    course = load_course(Path.cwd())
    for lab in course.pick_labs(os.environ.get("LAB", "")):
        for line in lines_of(lab, standings(course, lab)):
            print(line)
    return 0


def standings(course: Course, lab: Lab) -> list[Standing]:
    """Every exercise of a lab, by its file and by the last run."""
    states, given = read_states(course), memory.given(course)
    last = memory.read(course.tree, "last.json").get("exercises", {})
    found = []
    for exercise in (one for one in lab.exercises if one.is_set):
        known = last.get(exercise.id, {})
        points = float(known.get("points", 0))
        word = states[exercise.id].value
        if exercise.id in given:
            word, points = "given", 0.0
        elif memory.is_whole(course, exercise):
            word = "done"
        elif not known:
            word += ", not graded" if word == "written" else ""
        elif known.get("file") != memory.file_hash(course, exercise):
            word += ", changed since it was graded"
        found.append(Standing(exercise, word, points))
    return found


def lines_of(lab: Lab, found: list[Standing]) -> list[str]:
    """A table in plain text, and the sums."""
    wide = max((len(one.exercise.name) for one in found), default=0)
    lines = [f"lab {lab.number}, {lab.title}" + (f", due {lab.due}" if lab.due else "")]
    for one in found:
        exercise = one.exercise
        lines.append(
            f"  {exercise.id:<4} {exercise.name:<{wide}}  {one.points:>5g} of {exercise.points:>3}"
            f"  {exercise.hours:>4g} h  {exercise.kind:<7}  {one.word}"
        )
    done = [one for one in found if one.word == "done"]
    given = [one for one in found if one.word == "given"]
    lines.append(
        f"done {len(done)}, given {len(given)}, open {len(found) - len(done) - len(given)}; "
        f"{sum(one.points for one in found):g} of {lab.points} points; "
        f"{sum(one.hours_left for one in found):g} of "
        f"{sum(one.exercise.hours for one in found):g} hours are left"
    )
    return lines
