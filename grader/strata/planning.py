# SPDX-License-Identifier: MIT
"""Which tests run with which exercises given (marks don't cascade).

Phase 1 judges with the student's own objects; only what does not build is given.
Phase 2 judges a failed test again with those of its prerequisites given that are not
begun, not tested or wrong, and with every other exercise that is wrong: whatever is in
the kernel may have spoilt it. Where the guest itself came to an end, all others that are
not known to be right are given.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Mapping

from .discover import Case
from .lab import Course
from .markers import State, state
from .record import Result

__all__ = ["Situation", "first_phase", "prerequisites", "read_states", "second_phase", "tree_seed"]


@dataclass(frozen=True)
class Situation:
    """What the tree is like before any test runs."""

    states: Mapping[str, State]
    solved: frozenset[str] = frozenset()
    broken: Mapping[str, list[str]] | None = None
    rescued: frozenset[str] = frozenset()

    @property
    def given(self) -> frozenset[str]:
        """What even phase 1 takes from the reference."""
        return self.solved | self.rescued | frozenset(self.broken or {})

    def begun(self, ident: str) -> bool:
        """Whether there is anything to judge."""
        return ident in self.solved or self.states[ident] is not State.NOT_BEGUN


def read_states(course: Course) -> dict[str, State]:
    """How far each exercise file is."""
    states = {}
    for exercise in course.exercises():
        path = course.lab_of(exercise.id).path(exercise)
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            states[exercise.id] = State.MISSING
            continue
        states[exercise.id] = state(text, exercise.id)
    return states


def tree_seed(course: Course, lab: int, salt: str = "") -> int:
    """The seed of a lab: a hash of its exercise files, or of what the user gave."""
    digest = hashlib.sha256(f"strata {lab} {salt}".encode())
    for exercise in course.exercises():
        if course.lab_of(exercise.id).number == lab:
            path: Path = course.lab_of(exercise.id).path(exercise)
            text = path.read_bytes() if path.exists() else b""
            digest.update(exercise.id.encode() + b"\0" + text.replace(b"\r\n", b"\n") + b"\0")
    return int.from_bytes(digest.digest()[:8], "big") >> 1


def test_seed(seed: int, ident: str) -> int:
    """The seed of one outside test."""
    digest = hashlib.sha256(f"{seed:x} {ident}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


test_seed.__test__ = False  # type: ignore[attr-defined]


def prerequisites(course: Course, case: Case) -> frozenset[str]:
    """All exercises that a test goes through, without its own."""
    start = list(case.needs)
    if case.exercise:
        start += course.by_id[case.exercise].needs
    return course.closure(start) - {case.exercise or ""}


def first_phase(cases: Iterable[Case], situation: Situation) -> list[Case]:
    """The tests worth running: their exercise is begun, and builds."""
    broken = situation.broken or {}
    return [
        case
        for case in cases
        if case.exercise is None
        or (
            case.exercise not in broken
            and case.exercise not in situation.rescued
            and situation.begun(case.exercise)
        )
    ]


def second_phase(
    course: Course, cases: Iterable[Case], situation: Situation, results: Mapping[str, Result]
) -> dict[str, frozenset[str]]:
    """Test id -> what is given to it in phase 2."""
    cases = list(cases)
    suspect = _suspects(course, cases, situation, results) & course.references()
    wrong = suspect & {
        case.exercise or "" for case in cases if case.id in results and not results[case.id].passed
    }
    again: dict[str, frozenset[str]] = {}
    for case in cases:
        result = results.get(case.id)
        if result is None or result.status != "failed" or case.kind not in ("kernel", "outside"):
            continue
        # Whatever is wrong may have ended it, or kept it from starting.
        needs = suspect if result.ended else wrong | (prerequisites(course, case) & suspect)
        extra = needs - situation.given - {case.exercise or ""}
        if extra:
            again[case.id] = situation.given | extra
    return again


def _suspects(
    course: Course, cases: list[Case], situation: Situation, results: Mapping[str, Result]
) -> frozenset[str]:
    """Exercises that are not known to be right."""
    found = set()
    for exercise in course.exercises():
        mine = [
            results[case.id]
            for case in cases
            if case.exercise == exercise.id and case.id in results
        ]
        if not mine or not all(result.passed for result in mine):
            found.add(exercise.id)
    return frozenset(found) - situation.solved
