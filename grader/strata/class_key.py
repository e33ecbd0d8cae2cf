# SPDX-License-Identifier: MIT
"""What may come out of the sandbox: exactly the tests of the untouched tree, at their worth.

A submission's results are read with the key beside them: the results of the references.
Points are counted anew from the tests; a test that the key does not know is an error.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any, Mapping

from .discover import discover, pick
from .lab import Course, Lab

__all__ = ["Key", "Result", "TestResult", "judge", "nothing"]

_OUTPUT = 16000
_SAID = 8000


@dataclass(frozen=True)
class TestResult:
    """One test of one submission."""

    __test__ = False

    id: str
    name: str
    exercise: str
    points: float
    most: float
    passed: bool
    alone: bool
    word: str
    output: str


@dataclass
class Result:
    """One submission, judged."""

    name: str
    form: str
    digest: str
    seed: str
    notes: list[str] = field(default_factory=list)
    tests: list[TestResult] = field(default_factory=list)
    trouble: str = ""
    seconds: float = 0.0
    cpu: float = 0.0  # seconds of a processor
    said: str = ""  # of a grade that gave no results, for the instructor
    limit: float = 0.0  # seconds that it could have

    @property
    def points(self) -> float:
        """With what an exercise needs given (rule 4)."""
        return round(sum(one.points for one in self.tests if one.passed), 2)

    @property
    def alone(self) -> float:
        """With the student's own files only."""
        return round(sum(one.points for one in self.tests if one.alone), 2)

    @property
    def most(self) -> float:
        """What could be had."""
        return round(sum(one.most for one in self.tests), 2)

    def as_json(self) -> dict[str, Any]:
        """For a file."""
        sums = {"score": self.points, "score_alone": self.alone, "max_score": self.most}
        return {**asdict(self), **sums}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Result:
        """From a file."""
        words = {name: data[name] for name in cls.__dataclass_fields__ if name != "tests"}
        return cls(**words, tests=[TestResult(**one) for one in data["tests"]])


@dataclass(frozen=True)
class Key:
    """The tests that there are: id -> (name, exercise, points)."""

    tests: Mapping[str, tuple[str, str, float]]

    @classmethod
    def of(cls, course: Course, lab: Lab, test: str = "") -> Key:
        """From the lab's own tests (of those that TEST= picks), read without running them."""
        cases = [case for case in discover(course, [lab]) if case.exercise]
        sums: dict[str, int] = {}
        for case in cases:
            sums[case.exercise or ""] = sums.get(case.exercise or "", 0) + case.weight
        found = {}
        for ident in course.order(sums):
            for case in (one for one in cases if one.exercise == ident):
                worth = course.by_id[ident].points * case.weight / sums[ident]
                found[case.id] = (f"{case.id}: {case.title}", ident, worth)
        chosen = {case.id for case in pick(cases, test)}
        return cls({ident: row for ident, row in found.items() if ident in chosen})


def judge(result: Result, key: Key, results: Any, said: str) -> Result:
    """Put what came out of the sandbox into a result; doubtful results are none."""
    try:
        rows = {str(one["id"]): one for one in results["tests"]}
        if len(rows) != len(results["tests"]) or set(rows) - set(key.tests):
            return nothing(result, key, "the results are not those of this lab: they count nothing")
        partial = bool(results["partial"])
        result.tests = [_row(ident, rows.get(ident), key) for ident in key.tests]
    except (KeyError, TypeError, ValueError, AttributeError):
        result.said = _plain(said[-_SAID:])
        return nothing(result, key, f"it could not be graded: {_last(result.said)}")
    if partial:
        result.trouble = result.trouble or "its time was over before all tests had run"
    return result


def _last(said: str) -> str:
    """The last line of a grade's own; make only says that there was an error."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    own = [line for line in lines if not re.match(r"make(\[\d+\])?: ", line)]
    return (own or lines or ["no word of why"])[-1]


def nothing(result: Result, key: Key, why: str) -> Result:
    """No points, and why."""
    result.trouble = result.trouble or why
    result.tests = [_row(ident, None, key) for ident in key.tests]
    return result


def _row(ident: str, row: Any, key: Key) -> TestResult:
    name, exercise, worth = key.tests[ident]
    if row is None:
        return TestResult(ident, name, exercise, worth, worth, False, False, "not run", "")
    most = worth if float(row["max_score"]) else 0.0  # this machine cannot judge it
    passed = row.get("status") == "passed" and most > 0
    alone = passed and row["passed_alone"] is True
    output = _plain(str(row["output"])[:_OUTPUT])
    word = _plain(str(row["tags"][2]))
    return TestResult(ident, name, exercise, worth, most, passed, alone, word, output)


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
