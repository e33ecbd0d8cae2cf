# SPDX-License-Identifier: MIT
"""lab.toml: each mistake is one clear line; options name the valid values."""

from __future__ import annotations

from pathlib import Path

import pytest

from strata.errors import LabError, UsageError
from strata.lab import load_course, parse_lab
from support import CHAIN, lab_toml, make_course

GOOD = lab_toml(("0.1", 40, []))


@pytest.mark.parametrize(
    ("old", "new", "phrase"),
    [
        ('title = "Boot"', "title = 3", "'title' should be a str"),
        ('title = "Boot"', "", "'title' is missing"),
        ('id = "0.1"', 'id = "1.1"', "looks like 0.1"),
        ("points = 40", "points = 0", "more than 0"),
        ("points = 40", 'points = "40"', "'points' should be a int"),
        ("points = 40", "points = true", "'points' should be a int"),
        ("points = 40", "", "'points' is missing"),
        ('kind = "core"', 'kind = "hard"', "core, further"),
        ('file = "f1.c"', 'file = "../f1.c"', "inside the lab's folder"),
        ("needs = []", 'needs = "0.2"', "list of strings"),
        ("stand_in = false", "stand_in = 1", "'stand_in' should be a bool"),
        ("[[exercise]]", "[exercise]", "written as"),
        ("[[exercise]]", "[[exercise", "lab0-boot/lab.toml"),
    ],
)
def test_a_mistake_is_one_clear_line(old: str, new: str, phrase: str) -> None:
    assert old in GOOD
    with pytest.raises(LabError, match=phrase.replace("'", ".")) as raised:
        parse_lab(Path("lab0-boot"), GOOD.replace(old, new))
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith("lab0-boot/lab.toml: ")


@pytest.mark.parametrize(
    ("exercises", "phrase"),
    [
        ([("0.1", 1, ["0.9"])], "0.1 needs 0.9, which does not exist"),
        ([("0.1", 1, ["0.2"]), ("0.2", 1, ["0.1"])], "needs itself"),
        ([("0.1", 1, []), ("0.1", 1, [])], "0.1 is there twice"),
    ],
)
def test_wrong_needs_are_named(
    tmp_path: Path, exercises: list[tuple[str, int, list[str]]], phrase: str
) -> None:
    with pytest.raises(LabError, match=phrase):
        make_course(tmp_path, *exercises)


def test_no_lab_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no labN"):
        load_course(tmp_path)


def test_the_closure_is_all_below(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    assert course.closure(["0.3"]) == {"0.1", "0.2", "0.3"}
    assert course.closure([]) == frozenset()


def test_ids_are_ordered_as_numbers(tmp_path: Path) -> None:
    course = make_course(tmp_path, *CHAIN, ("0.10", 1, []))
    assert course.order(["0.10", "0.2"]) == ["0.2", "0.10"]


@pytest.mark.parametrize(
    ("word", "wanted"),
    [("", set()), ("none", set()), ("0.1,0.3", {"0.1", "0.3"}), ("0", {"0.1", "0.2", "0.3"})],
)
def test_solved_takes_labs_and_exercises(tmp_path: Path, word: str, wanted: set[str]) -> None:
    assert make_course(tmp_path).pick_exercises(word) == wanted


@pytest.mark.parametrize(
    ("word", "phrase"),
    [("0.7", "exercises 0.1, 0.2, 0.3"), ("3", "labs 0"), ("al", "none, all")],
)
def test_an_unknown_solved_names_the_valid_ones(tmp_path: Path, word: str, phrase: str) -> None:
    with pytest.raises(UsageError, match=phrase):
        make_course(tmp_path).pick_exercises(word)


def test_an_unknown_lab_names_the_valid_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="LAB=9: no lab '9'; there are 0"):
        make_course(tmp_path).pick_labs("9")
