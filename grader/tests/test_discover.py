# SPDX-License-Identifier: MIT
"""Tests are found in their sources."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from strata.discover import discover, nearest, pick, read_kernel_tests, read_outside_tests, too_many
from strata.errors import LabError, UsageError
from support import make_course

KERNEL = """
/* Numbers come out right. */
KTEST(numbers_come_out, .exercise = "0.2", .weight = 2,
    .plain = true)
{
        expect_eq(1, 1);
}

/*
 * What stands
 * in two lines.
 */
KTEST(two_lines, .exercise = "0.3", .needs = "0.1,0.2")
{
}

KTEST(provided)
{
}
"""
OUTSIDE = '''
from strata.api import judges, Machine

@judges(exercise="0.3", weight=2, needs=["0.1"], plain=True)
def test_it_boots(machine: Machine) -> None:
    """It boots from a disk."""
    machine.boot(door="own", disk="ide")

def test_provided(machine: Machine) -> None:
    """Both ways."""
    machine.boot(door="grub", image="stageN-test.iso")

def helper() -> None:
    pass
'''


def test_kernel_tests_are_read(tmp_path: Path) -> None:
    lab = make_course(tmp_path).labs[0]
    one, two, three = read_kernel_tests(lab, Path("x_test.c"), "f/x_test.c", KERNEL)
    assert (one.id, one.line, one.title) == (
        "boot.x.numbers_come_out",
        3,
        "Numbers come out right.",
    )
    assert (one.exercise, one.weight, one.plain) == ("0.2", 2, True)
    assert two.title == "What stands in two lines." and two.needs == ("0.1", "0.2")
    assert three.exercise is None and three.title == ""


def test_outside_tests_are_read_without_running_them(tmp_path: Path) -> None:
    lab = make_course(tmp_path).labs[0]
    one, two = read_outside_tests(lab, Path("test_y.py"), "f/test_y.py", OUTSIDE)
    assert one.id == "boot.y.it_boots" and one.title == "It boots from a disk."
    assert (one.exercise, one.weight, one.needs, one.plain) == ("0.3", 2, ("0.1",), True)
    assert one.images == ("stageN.img",)
    assert two.images == ("stageN-test.iso",) and two.exercise is None


@pytest.mark.parametrize(
    ("text", "phrase"),
    [("def f(:\n", "test_y.py:1"), ("@judges(exercise=X)\ndef test_a(): pass\n", "plain values")],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, phrase: str) -> None:
    lab = make_course(tmp_path).labs[0]
    with pytest.raises(LabError, match=phrase):
        read_outside_tests(lab, Path("test_y.py"), "f/test_y.py", text)


def test_unknown_exercises_and_twins_are_named(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    folder = tmp_path / "lab0-boot" / "tests"
    folder.mkdir()
    (folder / "x_test.c").write_text('KTEST(a, .exercise = "0.9")\n')
    with pytest.raises(LabError, match="there is no exercise 0.9"):
        discover(course, course.labs)
    (folder / "x_test.c").write_text("KTEST(a)\nKTEST(a)\n")
    with pytest.raises(LabError, match="second test named boot.x.a"):
        discover(course, course.labs)


def test_a_misspelt_test_is_answered_on_a_screen(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    cases = read_kernel_tests(course.labs[0], Path("x_test.c"), "f/x_test.c", KERNEL)
    cases += [replace(cases[0], id=f"boot.many.q{n}", name=f"q{n}") for n in range(200)]
    with pytest.raises(UsageError) as caught:
        pick(cases, "two_lines,boot.x.numbers_out")
    lines = str(caught.value).splitlines()
    assert lines[0] == "TEST=boot.x.numbers_out: none matches"
    assert lines[2] == "  TEST=boot.x.numbers_come_out"
    assert "make tests" in lines[-1] and len(lines) < 8


def test_too_many_tests_are_told_on_a_screen(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    one = read_kernel_tests(course.labs[0], Path("x_test.c"), "f/x_test.c", KERNEL)[0]
    text = str(too_many("debug", [replace(one, id=f"boot.x.q{n}") for n in range(200)], "boot"))
    assert "debug takes one test; TEST=boot is 200" in text
    assert len(text.splitlines()) < 20 and "make tests TEST=boot" in text
    assert "make tests" not in str(too_many("debug", [one, one], "boot"))


def test_a_strange_name_stays_short_and_harmless(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    cases = read_kernel_tests(course.labs[0], Path("x_test.c"), "f/x_test.c", KERNEL)
    with pytest.raises(UsageError) as caught:
        pick(cases, "\x1b[31m" * 5000)
    assert "\x1b" not in str(caught.value) and len(str(caught.value)) < 500


def test_three_names_are_near_the_best_first() -> None:
    names = [f"boot.uart.{name}" for name in ("line_is_set", "line_is_sent", "line", "reset")]
    found = nearest(names, "boot.uart.line_is_sett")
    assert found[0] == "boot.uart.line_is_set" and len(found) == 3
    assert nearest(names, "0") == []
    assert nearest(["boot.monitor.the_prompt_answers"], "boot.uart.prompt_answers")
