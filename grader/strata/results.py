# SPDX-License-Identifier: MIT
"""results.json (Gradescope's schema) and junit.xml. No times in them: times.json has those,
so that the same submission gives the same file."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .points import ExerciseMark, Marks, TestMark
from .record import write_atomically
from .report import warned

__all__ = ["as_json", "as_junit", "number", "write"]


def write(folder: Path, marks: Marks, facts: dict[str, Any], times: dict[str, float]) -> None:
    """All result files of a run. facts: seed and the like, kept beside the scores."""
    text = json.dumps({**as_json(marks), **facts}, indent=2, ensure_ascii=False)
    write_atomically(folder / "results.json", text + "\n")
    write_atomically(folder / "junit.xml", as_junit(marks))
    write_atomically(folder / "times.json", json.dumps(times, indent=1, sort_keys=True) + "\n")


def as_json(marks: Marks) -> dict[str, Any]:
    """Gradescope's words, and ours beside them."""
    tests = []
    for exercise in marks.exercises:
        for at, test in enumerate(exercise.tests, 1):
            tests.append(_test_json(exercise, test, f"{exercise.exercise.id}.{at}"))
    return {
        "score": number(marks.points),
        "max_score": number(marks.most),
        "score_alone": number(marks.alone),
        "partial": marks.partial,
        "tests": tests,
    }


def number(value: Fraction) -> float | int:
    """Points as people write them."""
    rounded = round(float(value), 2)
    return int(rounded) if rounded == int(rounded) else rounded


def outcome(test: TestMark) -> str:
    """One word: passed, failed, not begun, does not build, not judged, ..."""
    if test.best is None:
        return test.reason
    return test.best.status


def _test_json(exercise: ExerciseMark, test: TestMark, place: str) -> dict[str, Any]:
    passed = test.best is not None and test.best.passed
    words: dict[str, Any] = {
        "name": f"{test.case.id}: {test.case.title}",
        "number": place,
        "score": number(test.worth) if passed else 0,
        "max_score": number(test.worth) if test.judged else 0,
        "status": "passed" if passed else "failed",
        "output": "\n".join(_output(exercise, test)),
        "tags": [exercise.exercise.id, exercise.exercise.kind, outcome(test)],
        "id": test.case.id,
        "passed_alone": test.alone is not None and test.alone.passed,
        "given": list(test.best.given) if test.best is not None else [],
    }
    if not test.judged:
        del words["status"]
    return words


def _output(exercise: ExerciseMark, test: TestMark) -> list[str]:
    if test.best is None:
        return [f"exercise {exercise.exercise.id}: {test.reason}", *exercise.errors]
    lines = test.best.lines()
    if test.given is not None and test.alone is not None and not test.alone.passed:
        lines = [f"judged with {' '.join(test.given.given)} given", *lines]
        if test.given.passed:
            lines += ["alone:", *test.alone.lines()]
    if test.judged and not test.best.passed:
        lines = [*lines, *warned(exercise)]
    return lines


def as_junit(marks: Marks) -> str:
    """JUnit's format, for machines that show test reports."""
    lines = []
    total = failures = skipped = 0
    for exercise in marks.exercises:
        for test in exercise.tests:
            total += 1
            head = (
                f'    <testcase classname="strata.{exercise.exercise.id}" '
                f"name={quoteattr(test.case.id)}"
            )
            text = escape("".join(c for c in "\n".join(_output(exercise, test)) if _legal(c)))
            if not test.judged:
                skipped += 1
                lines.append(f"{head}><skipped>{text}</skipped></testcase>")
            elif test.best is not None and test.best.passed:
                lines.append(f"{head}/>")
            else:
                failures += 1
                first = quoteattr(text.split("\n")[0])
                lines.append(f"{head}><failure message={first}>{text}</failure></testcase>")
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            "<testsuites>",
            f'  <testsuite name="strata" tests="{total}" failures="{failures}" '
            f'skipped="{skipped}">',
            *lines,
            "  </testsuite>",
            "</testsuites>",
            "",
        ]
    )


def _legal(char: str) -> bool:
    return char in "\t\n" or ord(char) >= 32
