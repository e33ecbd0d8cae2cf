# SPDX-License-Identifier: MIT
"""Exercises that are not code: cases with their keys, and tests on trial."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from strata import broken, trials
from strata.discover import discover
from strata.errors import Failure, LabError, UsageError
from strata.forms import cases_of, judge_cause, judge_function, read_answer
from strata.ktap import parse
from strata.lab import Course, load_course
from strata.markers import State, skeleton, state
from support import make_course

PATCH = """function: f1, f1_part
cause: fence-post
symptom: It counts wrong.

--- a/lab0-boot/f1.c
+++ b/lab0-boot/f1.c
@@ -2,6 +2,6 @@
 f1(void)
 {
         /* EX 0.1 { see <lab0/f.h> */
-        return 1;
+        return 2;
         /* EX 0.1 } todo("0.1"); */
 }
"""
FORMS = """
[[exercise]]
id = "0.8"
name = "A case"
points = 5
kind = "further"
form = "case"
file = "case.toml"

[[exercise]]
id = "0.9"
name = "A test"
points = 5
kind = "further"
form = "test"
file = "tests/own/f1_test.c"
subject = "0.1"
"""
CAUSES = {"fence-post": "one too many", "no-check": "it did not look"}


@pytest.fixture(name="course")
def _course(tmp_path: Path) -> Course:
    """One exercise of each form; one case, two trials."""
    make_course(tmp_path, ("0.1", 90, []))
    toml = tmp_path / "lab0-boot" / "lab.toml"
    toml.write_text(toml.read_text() + FORMS)
    for name in ("cases/1", "trials/0.9/low", "trials/0.9/high"):
        path = tmp_path / "solutions" / "lab0-boot" / f"{name}.patch"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PATCH)
    return load_course(tmp_path)


@pytest.mark.parametrize(
    "wrong,said",
    [
        (FORMS.replace('"case"', '"essay"'), "code, case, test"),
        (FORMS.replace('subject = "0.1"', ""), "'subject'"),
        (FORMS.replace('subject = "0.1"', 'subject = "0.8"'), "'subject'"),
        (FORMS.replace('"case.toml"', '"case.toml"\nsubject = "0.1"'), "is no test"),
    ],
    ids=["form", "no subject", "subject is no code", "needless subject"],
)
def test_a_form_is_checked(tmp_path: Path, wrong: str, said: str) -> None:
    make_course(tmp_path, ("0.1", 90, []))
    toml = tmp_path / "lab0-boot" / "lab.toml"
    toml.write_text(toml.read_text() + wrong)
    with pytest.raises(LabError, match=said):
        load_course(tmp_path)


def test_a_form_brings_its_tests(course: Course) -> None:
    cases = cases_of(course, course.labs[0])
    assert [one.id for one in cases] == [
        "boot.case.names_the_function",
        "boot.case.names_the_cause",
        "boot.own_f1.passes_and_catches_one",
        "boot.own_f1.catches_two",
        "boot.own_f1.catches_three",
    ]
    assert {one.exercise for one in discover(course, course.labs)} == {"0.8", "0.9"}
    assert cases[-1].images == tuple(f"trials/0.9-{at}.stripped.elf" for at in range(3))
    shares = [one.weight / 5 for one in cases if one.exercise == "0.8" and one.plain]
    assert shares == [0.6]


def test_only_code_is_linked_and_a_case_is_never_refused(course: Course) -> None:
    assert course.codes == {"0.1"}
    (course.tree / "solutions").rename(course.tree / "gone")
    objects = course.tree / "objects" / "debug" / "lab0-boot"
    (objects / "tests" / "own").mkdir(parents=True)
    for name in ("f1.o", "tests/own/f1_test.o"):
        (objects / name).write_text("")
    assert course.pick_exercises("all") == {"0.1", "0.8", "0.9"}
    with pytest.raises(UsageError, match="cannot be given here"):
        course.need_references(["0.8"], "EX=0.8")


def test_an_answer_file_is_a_skeleton_that_is_toml() -> None:
    solution = '# EX 0.8 { kernel = 1 to 4\nkernel = 1\n# EX 0.8 } todo = "0.8"\n'
    text = skeleton(solution, "case.toml")
    assert text == '# Exercise 0.8: kernel = 1 to 4\ntodo = "0.8"\n'
    assert state(text, "0.8") is State.NOT_BEGUN
    assert state("kernel = 1\n", "0.8") is State.WRITTEN


@cache
def key() -> dict[int, broken.Key]:
    """The key of a case that wants f1 and fence-post."""
    salt = "00ff"
    functions = tuple(broken.digest(salt, name) for name in ("f1", "f1_part"))
    found = tuple(broken.digest(salt, f"{name} fence-post") for name in ("f1", "f1_part"))
    return {1: broken.Key("It counts wrong.", salt, functions, found)}


def answer(function: str = "f1", cause: str = "fence-post") -> dict[str, object]:
    return {"kernel": 1, "function": function, "cause": cause}


def names() -> frozenset[str]:
    return frozenset(("f1", "f2"))


@pytest.mark.parametrize(
    "text,said",
    [
        ("kernel = ", "can be read"),
        ('function = "f1"', "which kernel"),
        ("kernel = 7", "which kernel"),
        ("kernel = true", "which kernel"),
        ("kernel = 1\nfunction = 3", "function is text"),
    ],
)
def test_an_answer_that_says_nothing_is_told_so(text: str, said: str) -> None:
    with pytest.raises(Failure, match=said):
        read_answer(text, "case.toml", key())


def test_the_right_function_and_cause_pass() -> None:
    found = read_answer('kernel = 1\nfunction = " f1 "\ncause = "fence-post"', "x", key())
    judge_function(found, key(), names)
    judge_function(answer("f1()"), key(), frozenset)
    judge_cause(found, key(), CAUSES)
    judge_cause(answer("f1_part", "Fence-Post"), key(), CAUSES)


@pytest.mark.parametrize(
    "function,said", [("", "no function"), ("f9", "has no function f9"), ("f2", "not in f2")]
)
def test_a_wrong_function_is_not_told_the_right_one(function: str, said: str) -> None:
    with pytest.raises(Failure, match=said) as caught:
        judge_function(answer(function), key(), names)
    assert "f1" not in str(caught.value) and "It counts wrong." in str(caught.value)


@pytest.mark.parametrize(
    "cause,said", [("", "no cause"), ("magic", "none of the causes"), ("no-check", "is not what")]
)
def test_a_wrong_cause_is_not_told_the_right_one(cause: str, said: str) -> None:
    with pytest.raises(Failure, match=said) as caught:
        judge_cause(answer(cause=cause), key(), CAUSES)
    assert ("fence-post" in str(caught.value)) == (cause != "no-check")  # the list, or nothing


def test_keys_travel_without_the_answer(course: Course) -> None:
    lab = course.labs[0]
    text = broken.keys_text(course, lab)
    assert "f1_part" not in text and "fence-post" not in text
    made = broken.keys(course, lab)
    assert made[1].is_function("f1_part") and made[1].is_cause("f1", "fence-post")
    assert not made[1].is_function("f2") and not made[1].is_cause("f1", "no-check")
    (course.tree / "solutions").rename(course.tree / "gone")
    assert not broken.keys(course, lab)
    path = course.tree / "objects" / "debug" / broken.keys_name(lab)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert broken.keys(course, lab) == made
    assert set(json.loads(text)) == {"1"}


def test_a_patch_breaks_the_reference_with_or_without_markers(course: Course) -> None:
    patch = course.tree / "solutions" / "lab0-boot" / "cases" / "1.patch"
    name, text = broken.patched(course, patch)
    assert name == "lab0-boot/f1.c" and "return 2;" in text and "EX 0.1" in text
    plain = PATCH.replace("/* EX 0.1 { see", "/* Exercise 0.1: see")
    plain = plain.replace('         /* EX 0.1 } todo("0.1"); */\n', "").replace("2,6", "2,5")
    patch.write_text(plain)
    assert "return 2;" in broken.patched(course, patch)[1]
    patch.write_text(PATCH.replace("return 1", "return 5"))
    with pytest.raises(LabError, match="does not fit"):
        broken.patched(course, patch)
    patch.write_text(PATCH.replace("cause", "reason"))
    with pytest.raises(LabError, match="function, cause, symptom"):
        broken.keys(course, course.labs[0])


def trial(label: str, said: str, done: bool = True) -> trials.Trial:
    """What a kernel's words make of it."""
    lines = ["KTAP version 1", *said.split("; "), *(["# done"] if done else [])]
    log = parse("".join(f"@01234567 {line}\n" for line in lines if line).encode(), "01234567")
    return trials.trial_of(label, log, Failure)


PASSES = "# start a; ok 1 a"
FAILS = "# start a; # a: t.c:7: expected 1 (0x1), got 2 (0x2) from f(); not ok 1 a"


def outcomes(reference: str, *objects: str) -> list[trials.Trial]:
    return [trial("the reference", reference), *(trial(f"object {one}", one) for one in objects)]


@pytest.mark.parametrize("caught", range(4))
def test_as_many_claims_hold_as_objects_are_caught(caught: int) -> None:
    found = outcomes(PASSES, *[FAILS] * caught, *[PASSES] * (4 - caught))
    for wanted, claim in trials.CLAIMS.items():
        if caught >= wanted:
            trials.judge(claim, found)
            continue
        with pytest.raises(Failure, match=f"catches {caught} of 4") as failure:
            trials.judge(claim, found)
        assert "the reference: all 1 passed" in failure.value.detail


def test_a_test_that_fails_on_the_reference_counts_nothing() -> None:
    for claim in trials.CLAIMS.values():
        with pytest.raises(Failure, match="fails on the reference") as failure:
            trials.judge(claim, outcomes(FAILS, *[FAILS] * 4))
        assert failure.value.where == "t.c:7" and "2 (0x2)" in failure.value.seen


def test_a_kernel_that_never_ends_is_caught_but_is_no_reference() -> None:
    hangs = trial("broken object A", "# start a", done=False)
    assert hangs.failure is not None and not hangs.ended and "a runs to its end" in hangs.words
    trials.judge(trials.CLAIMS[1], [*outcomes(PASSES), hangs])
    with pytest.raises(Failure, match="fails on the reference"):
        trials.judge(trials.CLAIMS[1], [hangs])


def test_a_file_without_a_test_is_told_so() -> None:
    with pytest.raises(Failure) as failure:
        trials.judge(trials.CLAIMS[2], outcomes("1..0"))
    assert failure.value.seen == "no KTEST"
