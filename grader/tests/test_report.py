# SPDX-License-Identifier: MIT
"""Reports: plain words, Gradescope's schema, JUnit's."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from strata.errors import Failure
from strata.lab import Course
from strata.markers import State
from strata.planning import Situation
from strata.points import Marks, mark
from strata.record import NOT_JUDGED, Plan, Planned, Result, write_atomically
from strata.report import closing_line, first_to_do, in_words, is_done, plain_lines, wants_plain
from strata.results import as_json, as_junit, write
from support import case, make_course, passed

A = case("a", "0.1")
B = case("b", "0.2")
C = case("c", "0.3")
STATES = {"0.1": State.WRITTEN, "0.2": State.WRITTEN, "0.3": State.NOT_BEGUN}


@pytest.fixture(name="course")
def _course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


def one_failed(course: Course, partial: bool = False) -> Marks:
    """0.1 right, 0.2 wrong, 0.3 not begun."""
    bad = Result(
        B.id,
        "failed",
        "two < three & more",
        expected="2",
        seen="3 \x01\x1b[31m",
        where="f2.c:7",
        hint="count again",
        detail="\n".join(f"line {n}" for n in range(60)),
    )
    first = passed(A) | {B.id: bad}
    return mark(course, [A, B, C], [A, B, C], Situation(STATES), first, {}, partial)


def test_plain_lines_say_everything_in_words(course: Course) -> None:
    text = "\n".join(plain_lines(one_failed(course)))
    assert "exercise 0.1 Exercise 0.1: 40 of 40" in text
    assert "  pass: a. (40 of 40)" in text
    assert "  FAIL: b. (0 of 30)" in text
    assert "exercise 0.3 Exercise 0.3: not begun, 0 of 30" in text
    assert "\x1b" not in text


def test_the_first_thing_to_do_teaches(course: Course) -> None:
    text = "\n".join(first_to_do(course, one_failed(course)))
    for part in (
        "exercise 0.2",
        "lab0-boot/f2.c",
        "expected: 2",
        "seen:     3",
        "where:    f2.c:7",
        "hint:     count again",
        "lab0-boot/README.md#exercise-0.2",
        "make debug TEST=boot.file.b",
        "make rewind TEST=boot.file.b",
        "make grade-one TEST=boot.file.b",
    ):
        assert part in text, part


SAID = "lab0-boot/f2.c:9: control reaches end of non-void function"


def warned(course: Course) -> Marks:
    """The same, where the compiler had said something."""
    marks = one_failed(course)
    second = replace(marks.exercises[1], warnings=(SAID,))
    return replace(marks, exercises=(marks.exercises[0], second, marks.exercises[2]))


def test_what_the_compiler_said_stands_with_the_exercise(course: Course) -> None:
    marks = warned(course)
    plain = plain_lines(marks)
    assert (
        plain.index(f"  warning:  {SAID}") == plain.index("exercise 0.2 Exercise 0.2: 0 of 30") + 3
    )
    assert f"  warning:  {SAID}" in first_to_do(course, marks)
    outputs = [one["output"] for one in as_json(marks)["tests"]]
    assert [SAID in output for output in outputs] == [False, True, False]
    assert SAID in as_junit(marks)


ENDED = "the run ended too early or never"
RESET = Result("", "failed", ENDED, seen="the machine was reset (a triple fault, or the guest")
FAULT = Result("", "failed", ENDED, seen="triple fault: #PF page fault at scroll+0x97 (RIP 0x1)")
FAULT.where = RESET.where = "lab0-boot/tests/test_vga.py:31"
CLAIM = Result("", "failed", "no", "2", "3", where="lab0-boot/tests/vga_test.c:31")
TAIL = "last lines on the serial line:\n  | at start+0x1234"


@pytest.mark.parametrize(
    ("results", "chosen"),
    [
        ([RESET, FAULT, CLAIM], 1),
        ([CLAIM, FAULT, FAULT], 0),
        ([replace(FAULT), RESET, FAULT], 0),
        ([RESET, RESET, RESET], 0),
        ([RESET, RESET, CLAIM], 2),
        ([replace(RESET, detail=TAIL), RESET, CLAIM], 2),
        ([replace(CLAIM, where="lab0-boot/tests/test_vga.py:3"), FAULT, CLAIM], 0),
    ],
)
def test_the_failure_that_tells_a_place_comes_first(
    course: Course, results: list[Result], chosen: int
) -> None:
    cases = [replace(case(name, "0.2"), plain=name != "r") for name in "pqr"]
    first = {one.id: replace(result, id=one.id) for one, result in zip(cases, results)}
    marks = mark(course, cases, cases, Situation(STATES), first, {})
    found = marks.exercises[1].first_failure
    assert found is not None and found.case is cases[chosen]


def test_among_places_the_plain_test_comes_first(course: Course) -> None:
    cases = [case("p", "0.2"), replace(case("q", "0.2"), plain=True)]
    first = {one.id: replace(FAULT, id=one.id) for one in cases}
    found = mark(course, cases, cases, Situation(STATES), first, {}).exercises[1].first_failure
    assert found is not None and found.case is cases[1]


def test_what_cannot_be_judged_here_is_not_done(course: Course) -> None:
    """No point was to be had, and none was won."""
    lacks = {A.id: Result(A.id, NOT_JUDGED, "no such tool")}
    marks = mark(course, [A], [A], Situation(STATES), lacks, {}, False)
    assert [in_words(one) for one in marks.exercises if one.tests] == [
        "not judged here, 0 of 1 tests"
    ]
    assert not any(is_done(one) for one in marks.exercises)
    right = mark(course, [A], [A], Situation(STATES), passed(A), {}, False)
    assert [in_words(one) for one in right.exercises if one.tests] == ["done, 1 of 1 tests"]


def test_what_is_not_begun_is_one_line(course: Course) -> None:
    marks = mark(course, [C], [C], Situation(STATES), {}, {})
    assert "  it is not begun" in first_to_do(course, marks)


def test_full_marks_leave_nothing_to_do(course: Course) -> None:
    marks = mark(course, [A], [A], Situation(STATES), passed(A), {})
    assert first_to_do(course, marks) == []
    assert closing_line(marks) == "40 of 40 points: all done"


def test_the_closing_line_is_plain(course: Course) -> None:
    assert closing_line(one_failed(course)) == "40 of 100 points"
    assert closing_line(one_failed(course, True)).startswith("stopped: 40 of 100 points so far")


def test_results_are_in_gradescopes_schema(course: Course) -> None:
    data = as_json(one_failed(course))
    assert data["score"] == 40 and data["max_score"] == 100 and data["partial"] is False
    first, second, third = data["tests"]
    assert first["status"] == "passed" and first["number"] == "0.1.1"
    assert second["status"] == "failed" and "expected: 2" in second["output"]
    assert third["output"] == "exercise 0.3: not begun"
    assert {"name", "number", "score", "max_score", "status", "output", "tags"} <= set(first)


def test_junit_is_xml_whatever_was_printed(course: Course) -> None:
    root = ElementTree.fromstring(as_junit(one_failed(course)))
    (suite,) = root.findall("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")


def test_the_same_run_is_the_same_file(course: Course, tmp_path: Path) -> None:
    for name, seconds in (("x", 1.0), ("y", 2.0)):
        write(tmp_path / name, one_failed(course), {"seed": "1"}, {"whole run": seconds})
    for name in ("results.json", "junit.xml"):
        assert (tmp_path / "x" / name).read_text() == (tmp_path / "y" / name).read_text()
    assert json.loads((tmp_path / "x" / "results.json").read_text())["seed"] == "1"


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("old")
    (tmp_path / "results.json.part").mkdir()
    with pytest.raises(OSError):
        write_atomically(path, "new")
    assert path.read_text() == "old"


@pytest.mark.parametrize("name", ["PLAIN", "NO_COLOR"])
def test_plain_is_asked_for_by_name(name: str) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert wants_plain(Terminal(), {"TERM": "xterm", name: "1"})
    assert not wants_plain(Terminal(), {"TERM": "xterm"})
    assert wants_plain(io.StringIO(), {"TERM": "xterm"})


def test_a_plan_survives_its_file(tmp_path: Path) -> None:
    one = Planned("a.b.c", "c", "kernel", "t.c", 0, 0, ("0.1",), "i", 5, "f")
    plan = Plan("/tree", (one,), {"0": ("c",)})
    plan.save(tmp_path / "plan.json")
    assert Plan.load(tmp_path / "plan.json") == plan


TRIED = """
import pytest

def test_holds():
    pass

def test_fails():
    assert 2 == 1

@pytest.fixture
def broken():
    raise ValueError

def test_errs(broken):
    pass
"""


def test_plain_proofs_are_words_not_dots(tmp_path: Path) -> None:
    (tmp_path / "test_tried.py").write_text(TRIED)
    words = [sys.executable, "-m", "pytest", "-q", "-p", "strata.spoken"]
    words += ["--color=no", "-o", "console_output_style=classic", str(tmp_path)]
    env = {"PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(words, env=env, cwd=tmp_path, text=True, capture_output=True, check=False)
    lines = done.stdout.splitlines()
    assert any(line.startswith("FAILED") and "test_fails" in line for line in lines)
    assert any(line.startswith("ERROR ") and "test_errs" in line for line in lines)
    assert lines[-1].startswith("1 failed, 1 passed, 1 error in")
    assert not any(set(line) <= set(".FE") for line in lines if line)


def test_a_run_that_is_not_recorded_offers_debug_only(course: Course) -> None:
    marks = one_failed(course)
    test = next(
        test for one in marks.exercises for test in one.tests if test.case.id == "boot.file.b"
    )
    assert test.best is not None
    test.best.unrecorded = "it has more than one CPU"
    text = "\n".join(first_to_do(course, marks))
    assert "make debug TEST=boot.file.b" in text and "make rewind" not in text


def test_a_failure_is_text_whatever_a_test_saw() -> None:
    """Who writes a test may forget that."""
    seen: Any = ["a", "list"]
    assert str(Failure("one line", seen=seen)) == "one line\nseen:     ['a', 'list']"
