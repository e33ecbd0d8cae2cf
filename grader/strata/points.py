# SPDX-License-Identifier: MIT
"""Points: an exercise's points, split by its tests' weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Iterable, Mapping

from .discover import Case
from .lab import Course, Exercise
from .markers import State
from .planning import Situation, prerequisites
from .record import NOT_JUDGED, Result

__all__ = ["ExerciseMark", "Marks", "TestMark", "mark"]


@dataclass(frozen=True)
class TestMark:
    """One test's result and worth."""

    __test__ = False

    case: Case
    worth: Fraction
    alone: Result | None
    given: Result | None
    reason: str = ""  # why it was not run

    @property
    def best(self) -> Result | None:
        """The result that counts by default: with what it needs given."""
        return self.given or self.alone

    @property
    def judged(self) -> bool:
        """False when this machine lacks a tool for it."""
        return self.best is None or self.best.status != NOT_JUDGED


@dataclass(frozen=True)
class ExerciseMark:
    """One exercise with its tests."""

    exercise: Exercise
    state: State
    solved: bool
    errors: tuple[str, ...]
    tests: tuple[TestMark, ...]
    rescued: bool = False
    warnings: tuple[str, ...] = ()  # what the compiler said of its file

    @property
    def most(self) -> Fraction:
        """Points that could be had here."""
        return sum((test.worth for test in self.tests if test.judged), Fraction(0))

    @property
    def points(self) -> Fraction:
        """With what it needs given."""
        return sum((test.worth for test in self.tests if _passed(test.best)), Fraction(0))

    @property
    def alone(self) -> Fraction:
        """With the student's own objects only."""
        return sum((test.worth for test in self.tests if _passed(test.alone)), Fraction(0))

    @property
    def first_failure(self) -> TestMark | None:
        """The failed test to begin with: one that tells a place, a plain one before others."""
        failed = [test for test in self.tests if test.judged and not _passed(test.best)]
        placed = [test for test in failed if test.best is not None and test.best.tells_place]
        plain = [test for test in placed if test.case.plain]
        return next(iter((*plain, *placed, *failed)), None)


@dataclass(frozen=True)
class Marks:
    """A whole run."""

    exercises: tuple[ExerciseMark, ...]
    partial: bool = False
    unmarked: tuple[TestMark, ...] = field(default=())

    @property
    def most(self) -> Fraction:
        """All points that could be had."""
        return sum((one.most for one in self.exercises), Fraction(0))

    @property
    def points(self) -> Fraction:
        """With prerequisites given."""
        return sum((one.points for one in self.exercises), Fraction(0))

    @property
    def alone(self) -> Fraction:
        """With own objects only."""
        return sum((one.alone for one in self.exercises), Fraction(0))

    @property
    def full(self) -> bool:
        """Nothing is missing."""
        rest = all(_passed(test.best) for test in self.unmarked if test.judged)
        return not self.partial and self.points == self.most and rest


def mark(
    course: Course,
    every: Iterable[Case],
    chosen: Iterable[Case],
    situation: Situation,
    first: Mapping[str, Result],
    second: Mapping[str, Result],
    partial: bool = False,
) -> Marks:
    """Put results and points together. every: all tests there are; chosen: those asked for."""
    every, chosen = list(every), list(chosen)
    weights: dict[str, int] = {}
    for case in every:
        if case.exercise:
            weights[case.exercise] = weights.get(case.exercise, 0) + case.weight
    by_exercise: dict[str, list[TestMark]] = {}
    unmarked = []
    for case in chosen:
        test = _test_mark(course, case, weights, situation, first, second)
        if case.exercise:
            by_exercise.setdefault(case.exercise, []).append(test)
        else:
            unmarked.append(test)
    if len(chosen) >= sum(one.exercise is not None for one in every):
        labs = {one.lab for one in every}
        for exercise in course.exercises():
            if course.lab_of(exercise.id).number in labs:
                by_exercise.setdefault(exercise.id, [])
    broken = situation.broken or {}
    marks = tuple(
        ExerciseMark(
            course.by_id[ident],
            situation.states[ident],
            ident in situation.solved,
            tuple(broken.get(ident, ())),
            tuple(by_exercise[ident]),
            ident in situation.rescued,
        )
        for ident in course.order(by_exercise)
    )
    return Marks(marks, partial, tuple(unmarked))


def _test_mark(
    course: Course,
    case: Case,
    weights: Mapping[str, int],
    situation: Situation,
    first: Mapping[str, Result],
    second: Mapping[str, Result],
) -> TestMark:
    worth = Fraction(0)
    if case.exercise:
        worth = Fraction(course.by_id[case.exercise].points * case.weight, weights[case.exercise])
    alone, given = first.get(case.id), second.get(case.id)
    broken = situation.broken or {}
    if alone is not None and prerequisites(course, case) & set(broken):
        alone, given = None, given or alone  # it was judged with them given
    return TestMark(case, worth, alone, given, _reason(case, situation, alone or given))


def _reason(case: Case, situation: Situation, result: Result | None) -> str:
    if result is not None or case.exercise is None:
        return ""
    if case.exercise in situation.rescued:
        return "given"
    if case.exercise in (situation.broken or {}):
        return "does not build"
    if not situation.begun(case.exercise):
        return "not begun"
    if situation.broken:
        return f"not run, as {', '.join(situation.broken)} does not build"
    return "not run"


def _passed(result: Result | None) -> bool:
    return result is not None and result.passed
