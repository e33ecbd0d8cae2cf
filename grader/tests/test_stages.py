# SPDX-License-Identifier: MIT
"""Several labs, and the tests of a lab at the stage of a higher one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strata import debug, grade, handin, report
from strata.build import Builder
from strata.discover import at_stage, kernel_tests
from strata.errors import UsageError
from strata.fixture import Machine, Variant
from strata.lab import Course, load_course
from strata.markers import State
from strata.planning import Situation
from strata.points import mark
from support import case, lab_toml, make_course, passed

UPPER = lab_toml(("0.7", 100, ["0.1"])).replace('"0.7"', '"1.1"')


@pytest.fixture(name="course")
def _course(tmp_path: Path) -> Course:
    """Two labs, with a KTEST each."""
    make_course(tmp_path, ("0.1", 100, []))
    (tmp_path / "lab1-upper").mkdir()
    (tmp_path / "lab1-upper" / "lab.toml").write_text(UPPER)
    for lab, ident in (("lab0-boot", "0.1"), ("lab1-upper", "1.1")):
        (tmp_path / lab / "tests").mkdir()
        text = f'/* It holds. */\nKTEST(of_{lab[:4]}, .exercise = "{ident}")\n{{\n}}\n'
        (tmp_path / lab / "tests" / "a_test.c").write_text(text)
    return load_course(tmp_path)


def asked(course: Course, monkeypatch: pytest.MonkeyPatch, **words: str) -> grade.Request:
    """What a user asked for in that tree."""
    monkeypatch.chdir(course.tree)
    return grade.request(words, "grade")


def test_each_lab_is_at_its_own_stage(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    found = asked(course, monkeypatch)
    assert [found.stage_of(lab).number for lab in found.labs] == [0, 1] and found.at_home


def test_a_stage_takes_the_labs_up_to_it(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    found = asked(course, monkeypatch, LAB="0", STAGE="1")
    assert [found.stage_of(lab).number for lab in found.labs] == [1] and not found.at_home
    assert [lab.number for lab in asked(course, monkeypatch, STAGE="0").labs] == [0]
    assert asked(course, monkeypatch, LAB="1", STAGE="1").at_home


@pytest.mark.parametrize(
    "words,said",
    [
        ({"STAGE": "2"}, "no such stage; there are 0, 1"),
        ({"STAGE": "x"}, "no such stage"),
        ({"LAB": "1", "STAGE": "0"}, "below lab 1"),
    ],
    ids=lambda value: str(value),
)
def test_a_stage_that_cannot_be_is_named(
    course: Course, monkeypatch: pytest.MonkeyPatch, words: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        asked(course, monkeypatch, **words)


def test_an_image_is_named_for_any_stage() -> None:
    assert at_stage("stageN-test.stripped.elf", 3) == "stage3-test.stripped.elf"
    assert at_stage("mbr.bin", 3) == "mbr.bin"


def test_a_stages_image_has_the_tests_of_all_labs_below(course: Course) -> None:
    assert kernel_tests(course, 0) == ("of_lab0",)
    assert kernel_tests(course, 1) == ("of_lab0", "of_lab1")


def test_a_plan_runs_a_labs_tests_at_the_stage(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = asked(course, monkeypatch, LAB="0", STAGE="1")
    builder = Builder(course, 1)
    monkeypatch.setattr(builder, "tag", lambda stage, given: Path(f"of{stage.number}"))
    plan = grade.planned(found, builder, {found.cases[0]: frozenset()}, "")
    assert [(one.lab, one.stage, one.images) for one in plan.tests] == [(0, 1, "of1")]
    assert plan.kernel_tests == {"1": ("of_lab0", "of_lab1")}
    home = asked(course, monkeypatch, LAB="0")
    assert grade.planned(home, builder, {}, "").kernel_tests == {"0": ("of_lab0",)}


def test_a_machine_finds_the_images_of_its_stage(tmp_path: Path) -> None:
    (tmp_path / "stage1-test.img").write_bytes(b"disk")
    variant = Variant(tmp_path, 0, 1, (), tmp_path)
    machine = Machine(variant, 1, tmp_path)
    assert machine.stage == 1
    assert machine.file("stageN-test.img") == tmp_path / "stage1-test.img"
    assert machine.copy("stageN-test.img").read_bytes() == b"disk"


def test_debug_takes_the_stage_of_the_graded_run(course: Course) -> None:
    results = course.tree / "results.json"
    lower, upper = course.labs
    assert debug.recorded_stage(results, course, lower) is None
    results.write_text(json.dumps({"stage": {"lab0": 1}}))
    assert debug.recorded_stage(results, course, lower) == upper
    assert debug.recorded_stage(results, course, upper) is None


def test_each_of_several_labs_has_its_sum(course: Course) -> None:
    cases = [case("a", "0.1"), case("b", "1.1")]
    situation = Situation({one.id: State.WRITTEN for one in course.exercises()})
    marks = mark(course, cases, cases, situation, passed(cases[0]), {})
    assert report.lab_lines(course, marks) == [
        "lab 0: 100 of 100 points",
        "lab 1: 0 of 100 points",
    ]
    alone = mark(course, cases[:1], cases[:1], situation, passed(cases[0]), {})
    assert report.lab_lines(course, alone) == []


def test_what_is_handed_in_stands_on_the_labs_below(course: Course) -> None:
    for lab in course.labs:
        lab.path(lab.exercises[0]).write_text(f"mine {lab.number}")
    files = {"lab0-boot/f1.c": b"mine 0", "lab1-upper/f7.c": b"mine 1"}
    assert handin.own_files(course, course.labs[1]) == files
    assert set(handin.own_files(course, course.labs[0])) == {"lab0-boot/f1.c"}
