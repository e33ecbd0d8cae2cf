# SPDX-License-Identifier: MIT
"""Points and substitution: marks do not cascade."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from strata.discover import Case, lint, pick
from strata.errors import UsageError
from strata.lab import Course
from strata.markers import State
from strata.planning import Situation, first_phase, prerequisites, second_phase, tree_seed
from strata.points import Marks, mark
from strata.record import Result
from support import case, failed, make_course, passed

A1 = case("a1", "0.1", 1)
A2 = case("a2", "0.1", 3)
B1 = case("b1", "0.2", 1)
C1 = case("c1", "0.3", 1)
ALL = [A1, A2, B1, C1]
WRITTEN = {"0.1": State.WRITTEN, "0.2": State.WRITTEN, "0.3": State.WRITTEN}


@pytest.fixture(name="course")
def _course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


def marks(
    course: Course,
    first: dict[str, Result],
    second: dict[str, Result] | None = None,
    situation: Situation = Situation(WRITTEN),
    chosen: list[Case] | None = None,
) -> Marks:
    """Marks of the chain course."""
    return mark(course, ALL, chosen or ALL, situation, first, second or {})


def test_points_are_split_by_weight(course: Course) -> None:
    got = marks(course, passed(A1, B1, C1) | failed(A2))
    assert got.exercises[0].points == 10 and got.exercises[0].most == 40
    assert got.points == 70 and got.most == 100 and not got.full


def test_all_passed_is_full_marks(course: Course) -> None:
    assert marks(course, passed(*ALL)).full


def test_a_filter_counts_what_was_chosen(course: Course) -> None:
    got = marks(course, passed(A2), chosen=[A2])
    assert got.most == 30 and got.full


def test_what_is_not_begun_is_not_run(course: Course) -> None:
    situation = Situation({**WRITTEN, "0.2": State.NOT_BEGUN})
    assert first_phase(ALL, situation) == [A1, A2, C1]
    got = marks(course, passed(A1, A2, C1), situation=situation)
    assert got.exercises[1].tests[0].reason == "not begun" and got.points == 70


def test_solved_exercises_are_begun(course: Course) -> None:
    situation = Situation({**WRITTEN, "0.2": State.NOT_BEGUN}, frozenset(["0.2"]))
    assert B1 in first_phase(ALL, situation)


def test_a_guest_that_ended_early_is_judged_with_all_that_is_wrong_given(course: Course) -> None:
    """Not only with what the test declares: anything may have ended it. Its own stays."""
    ended = Result(A1.id, "failed", "the run ended too early or never", ended=True)
    results = {A1.id: ended, **passed(A2), **failed(C1, B1)}
    again = second_phase(course, ALL, Situation(WRITTEN), results)
    assert again[A1.id] == {"0.2", "0.3"} and again[B1.id] == {"0.1", "0.3"}


@pytest.mark.parametrize("fact", ["the run ended too early or never", "the kernel panicked"])
def test_an_end_may_come_from_what_is_not_begun(course: Course, fact: str) -> None:
    """Else only what a test stands on, and what is known to be wrong, is given."""
    situation = Situation({**WRITTEN, "0.3": State.NOT_BEGUN})
    results = {B1.id: Result(B1.id, "failed", fact, ended=True), **passed(A1, A2)}
    assert second_phase(course, ALL, situation, results) == {B1.id: {"0.3"}}
    assert not second_phase(course, ALL, situation, failed(B1) | passed(A1, A2))


def test_prerequisites_are_transitive(course: Course) -> None:
    assert prerequisites(course, C1) == {"0.1", "0.2"}
    assert prerequisites(course, case("d", "0.1", 1, "0.2")) == {"0.2"}


def test_a_failure_is_judged_again_with_all_that_is_wrong_given(course: Course) -> None:
    """Also what the test does not stand on: the panic's report is everybody's."""
    results = failed(A1, B1, C1) | passed(A2)
    again = second_phase(course, ALL, Situation(WRITTEN), results)
    assert {key: sorted(value) for key, value in again.items()} == {
        A1.id: ["0.2", "0.3"],
        B1.id: ["0.1", "0.3"],
        C1.id: ["0.1", "0.2"],
    }


def test_a_failure_on_right_ground_stays(course: Course) -> None:
    assert not second_phase(course, ALL, Situation(WRITTEN), passed(A1, A2, C1) | failed(B1))


def test_prerequisites_not_begun_are_given(course: Course) -> None:
    situation = Situation({**WRITTEN, "0.1": State.NOT_BEGUN})
    again = second_phase(course, ALL, situation, failed(B1) | passed(C1))
    assert again == {B1.id: frozenset(["0.1"])}


def test_both_marks_are_told(course: Course) -> None:
    second = {B1.id: Result(B1.id, "passed", given=("0.1",))}
    got = marks(course, failed(A1, B1) | passed(A2, C1), second)
    assert got.alone == 60 and got.points == 90


def test_what_does_not_build_costs_its_own_points_only(course: Course) -> None:
    situation = Situation(WRITTEN, frozenset(), {"0.1": ["f1.c:1: error: no"]})
    assert first_phase(ALL, situation) == [B1, C1]
    got = marks(course, passed(B1, C1), situation=situation)
    assert got.points == 60 and got.alone == 0
    assert got.exercises[0].errors == ("f1.c:1: error: no",)
    assert got.exercises[0].tests[0].reason == "does not build"


def test_a_test_that_cannot_be_judged_here_costs_nothing(course: Course) -> None:
    got = marks(course, passed(A1, A2, B1) | {C1.id: Result(C1.id, "not judged", "no tool")})
    assert got.most == 70 and got.points == 70 and got.full


def test_a_partial_run_is_not_full(course: Course) -> None:
    assert not mark(course, ALL, ALL, Situation(WRITTEN), passed(*ALL), {}, True).full


def test_odd_weights_sum_up_exactly(course: Course) -> None:
    thirds = [case(name, "0.1", 1) for name in ("x", "y", "z")]
    got = mark(course, thirds, thirds, Situation(WRITTEN), passed(*thirds), {})
    assert got.exercises[0].points == Fraction(40)


def test_the_seed_is_the_exercise_files(course: Course) -> None:
    first = tree_seed(course, 0)
    assert first == tree_seed(course, 0)
    (course.tree / "lab0-boot" / "f1.c").write_text("x\n")
    changed = tree_seed(course, 0)
    assert changed != first
    (course.tree / "lab0-boot" / "f1.c").write_text("x\r\n")
    assert tree_seed(course, 0) == changed, "line ends are no reason for other numbers"


@pytest.mark.parametrize("word", ["boot.file.a1", "a1", "boot.file.a*1", "boot.file.a1,a1"])
def test_tests_are_picked_by_name(word: str) -> None:
    assert pick(ALL, word) == [A1]


def test_tests_are_picked_by_exercise_and_part() -> None:
    assert pick(ALL, "0.1") == [A1, A2]
    assert pick(ALL, "boot.file") == ALL


def test_an_unknown_test_names_the_valid_ones() -> None:
    with pytest.raises(UsageError, match="boot.file.c1"):
        pick(ALL, "nothing")


def test_lint_names_exercises_without_tests(course: Course) -> None:
    assert lint(course)[0] == "exercise 0.1 has no test"
