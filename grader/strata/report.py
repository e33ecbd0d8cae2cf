# SPDX-License-Identifier: MIT
"""The report on the terminal: a table where there is one, plain lines elsewhere."""

from __future__ import annotations

import os
import re
import sys
from fractions import Fraction
from typing import Callable, Mapping, TextIO

from .lab import Course
from .points import ExerciseMark, Marks, TestMark
from .record import NOT_JUDGED, PASSED

__all__ = [
    "closing_line",
    "first_to_do",
    "idle_word",
    "in_words",
    "is_done",
    "lab_lines",
    "notes",
    "plain_lines",
    "points_text",
    "print_report",
    "wants_plain",
    "warned",
    "word_of",
]

_DETAIL_LINES = 24


def wants_plain(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether to print line by line, fit for a screen reader, a log or a pipe."""
    if environment.get("PLAIN") or environment.get("NO_COLOR"):
        return True
    return not stream.isatty() or environment.get("TERM", "dumb") == "dumb"


def print_report(course: Course, marks: Marks, lines: Mapping[str, str]) -> None:
    """The whole report. lines: facts to show, such as the seed and where results are."""
    if wants_plain(sys.stdout, os.environ):
        body = plain_lines(marks)
    else:
        body = []
        _table(marks)
    for line in (*body, *notes(marks), *first_to_do(course, marks)):
        print(line)
    for name, value in lines.items():
        print(f"{name}: {value}")


def points_text(points: Fraction, most: Fraction) -> str:
    """`7.5 of 10`."""
    return f"{_number(points)} of {_number(most)}"


def lab_lines(course: Course, marks: Marks) -> list[str]:
    """What each of several labs comes to."""
    sums: dict[int, list[ExerciseMark]] = {}
    for exercise in marks.exercises:
        sums.setdefault(course.lab_of(exercise.exercise.id).number, []).append(exercise)
    lines = []
    for number, mine in sums.items():
        points = sum((one.points for one in mine), Fraction(0))
        most = sum((one.most for one in mine), Fraction(0))
        lines.append(f"lab {number}: {points_text(points, most)} points")
    return lines if len(lines) > 1 else []


def closing_line(marks: Marks) -> str:
    """The last line: what it comes to."""
    text = f"{points_text(marks.points, marks.most)} points"
    if marks.alone != marks.points:
        text += f" ({_number(marks.alone)} without what was given)"
    if marks.partial:
        return f"stopped: {text} so far; the report is partial"
    return f"{text}: all done" if marks.full else text


def plain_lines(marks: Marks) -> list[str]:
    """One line an exercise, one line a test."""
    lines = []
    for exercise in marks.exercises:
        one = exercise.exercise
        head = f"exercise {one.id} {one.name}"
        idle = idle_word(exercise)
        if idle:
            lines.append(f"{head}: {idle}, {points_text(Fraction(0), exercise.most)}")
            continue
        lines.append(f"{head}: {points_text(exercise.points, exercise.most)}{_alone(exercise)}")
        for test in exercise.tests:
            lines.append(f"  {word_of(test)}: {test.case.title or test.case.id}{_worth(test)}")
            if word_of(test) == "FAIL":
                lines.append(f"        make grade-one TEST={test.case.id}")
        lines += [f"  {line}" for line in warned(exercise)]
    for test in marks.unmarked:
        lines.append(f"  {word_of(test)}: {test.case.id} (provided code, no points)")
    return lines


def first_to_do(course: Course, marks: Marks) -> list[str]:
    """The first exercise that is not whole, and all that helps."""
    todo = (one for one in marks.exercises if one.points < one.most and not one.rescued)
    exercise = next(todo, None)
    failed = next((one for one in marks.unmarked if one.judged and word_of(one) != "pass"), None)
    if exercise is None:
        return ["", *_failure(failed)] if failed else []
    one = exercise.exercise
    lab = course.lab_of(one.id)
    lines = ["", f"What to do first: exercise {one.id}, {one.name} ({lab.folder.name}/{one.file})"]
    readme = f"{lab.folder.name}/README.md" + (f"#{one.section}" if one.section else "")
    test = exercise.first_failure
    blocked = next((other for other in marks.exercises if other.errors), None)
    if blocked is not None and not exercise.errors and test is not None and test.best is None:
        exercise, one = blocked, blocked.exercise
        lines[1] = f"What to do first: exercise {one.id}, {one.name} ({lab.folder.name}/{one.file})"
    if exercise.errors:
        lines += ["  it does not build:", *(f"    {line}" for line in exercise.errors)]
    elif test is not None and test.best is None:
        lines.append(f"  it is {test.reason}")
    elif test is not None:
        lines += _failure(test)
        lines += [f"  {line}" for line in warned(exercise)]
    lines.append(f"  read:  {readme}")
    if one.read_first:
        lines.append(f"  first: {', '.join(one.read_first)}")
    if test is not None and test.best is not None and not exercise.errors:
        lines.append(f"  debug: {_debug(test)}")
        if not test.best.unrecorded:
            lines.append(f"     or: make rewind TEST={test.case.id}, backwards from the failure")
    return lines


def _debug(test: TestMark) -> str:
    """The command that looks into it."""
    if test.case.kind == "case":
        return f"make debug LAB={test.case.lab} CASE=k, where k is the kernel that you chose"
    return f"make debug TEST={test.case.id}"


def _failure(test: TestMark | None) -> list[str]:
    """A failed test in full."""
    if test is None or test.best is None:
        return []
    lines = [f"  {test.case.id}", f"  claim:    {test.case.title}"]
    if test.best.given:
        lines.append(f"  judged with {', '.join(test.best.given)} given")
    body = test.best.lines()
    lines += [f"  {line}" for line in body[:_DETAIL_LINES]]
    if len(body) > _DETAIL_LINES:
        lines.append(f"  ... the rest: make grade-one TEST={test.case.id}")
    return lines


def notes(marks: Marks) -> list[str]:
    """What this machine could not judge; what was given."""
    lines = []
    for exercise in marks.exercises:
        for test in exercise.tests:
            if test.best is not None and test.best.status == NOT_JUDGED:
                lines.append(
                    f"not judged on this machine: {test.case.id} ({_number(test.worth)} points): "
                    f"{test.best.fact}"
                )
    given = [one.exercise.id for one in marks.exercises if one.rescued]
    if given:
        lines.append(
            f"given by make rescue: {', '.join(given)}; its own tests count nothing until "
            f"make rescue EX={given[0]} UNDO=1"
        )
    return lines


def warned(exercise: ExerciseMark) -> list[str]:
    """What the compiler said of its file."""
    return [f"warning:  {line}" for line in exercise.warnings]


def idle_word(exercise: ExerciseMark) -> str:
    """Why none of its tests ran, if none did."""
    if any(test.best is not None for test in exercise.tests):
        return ""
    if not exercise.tests:
        return exercise.state.value + ", no test yet"
    reasons = {test.reason for test in exercise.tests}
    return reasons.pop() if len(reasons) == 1 else "not run"


def is_done(exercise: ExerciseMark) -> bool:
    """Whether it has all points that can be had on this machine, and there are any."""
    return 0 < exercise.points == exercise.most


def in_words(exercise: ExerciseMark) -> str:
    """How it stands, and how many of its tests passed."""
    if idle_word(exercise):
        return idle_word(exercise)
    word = "done" if is_done(exercise) else "not yet right" if exercise.most else "not judged here"
    count = sum(word_of(test).startswith("pass") for test in exercise.tests)
    return f"{word}, {count} of {len(exercise.tests)} tests"


def _alone(exercise: ExerciseMark) -> str:
    words = []
    if exercise.solved:
        words.append("given, not yours")
    if exercise.alone != exercise.points:
        words.append(f"alone {_number(exercise.alone)}")
    return f" ({', '.join(words)})" if words else ""


def word_of(test: TestMark) -> str:
    """Said in words, never by colour alone."""
    if test.best is None:
        return test.reason
    if test.best.status != PASSED:
        return {"failed": "FAIL"}.get(test.best.status, test.best.status)
    if test.alone is None or not test.alone.passed:
        return f"pass with {', '.join(test.best.given)} given"
    return "pass"


def _worth(test: TestMark) -> str:
    passed = test.best is not None and test.best.passed
    return f" ({points_text(test.worth if passed else Fraction(0), test.worth)})"


def _number(value: Fraction) -> str:
    return re.sub(r"\.?0+$", "", f"{float(value):.2f}") if value else "0"


def _table(marks: Marks) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_edge=False, pad_edge=False)
    for name in ("exercise", "", "result", "points"):
        table.add_column(name, justify="right" if name == "points" else "left")
    paint: Callable[[str], str] = _paint
    for exercise in marks.exercises:
        one = exercise.exercise
        table.add_row(
            Text(one.id, style="bold"),
            Text(one.name, style="bold"),
            Text(
                in_words(exercise) + _alone(exercise),
                style="green" if is_done(exercise) else "yellow",
            ),
            Text(points_text(exercise.points, exercise.most), style="bold"),
        )
        for test in () if idle_word(exercise) else exercise.tests:
            words = word_of(test)
            if words != "pass":
                title = test.case.title + (f"\n{test.case.id}" if words == "FAIL" else "")
                table.add_row("", Text(title), Text(words, style=paint(words)), "")
        for line in exercise.warnings:
            table.add_row("", Text(line), Text("warning", style="yellow"), "")
    Console().print(table)


def _paint(word: str) -> str:
    return "green" if word.startswith("pass") else "red" if word == "FAIL" else "yellow"
