# SPDX-License-Identifier: MIT
"""A whole class with a key: the marks that grade-class gives are those that were known.

What is right is worth its points, what is not begun or does not build nothing, and a mutant
what `make grade` gives its exercise with all others given, outside any sandbox.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import time
from pathlib import Path
from typing import Callable

import pytest

import test_class
import test_graded
from conftest import environment
from made_class import TAG, Made, Maker, lay_out
from strata import sandbox
from strata.class_key import Key
from test_class import COURSE, Graded, grade_class
from test_graded import MUTANTS, Mutant, Outcome

LAB = COURSE.lab(1)
KEY = Key.of(COURSE, LAB)
MINUTES, CORES = 10, 2  # for 100
IDLE = 0.2  # of a core
pytestmark = pytest.mark.skipif(
    bool(sandbox.missing()), reason="no sandbox on this machine: " + sandbox.missing()
)
Judge = Callable[[Mutant], Outcome]
# Fixtures of others.
bench, judge_of, repository = test_graded.bench, test_graded.outcome_of, test_class.repository


def work_of_others() -> float:
    """Seconds that the processors have worked, but for children of ours that have ended."""
    words = Path("/proc/stat").read_text(encoding="ascii").split()[1:8]
    user, nice, system, _idle, _waiting, irq, softirq = map(int, words)
    ours = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
    return worked - ours.ru_utime - ours.ru_stime


def points_of(mutants: list[Mutant], outcome: Judge) -> dict[str, float]:
    """What the exercise of each mutant is worth, by `make grade`."""
    found = {}
    for mutant in mutants:
        failed = outcome(mutant).failed
        mine = [row for ident, row in KEY.tests.items() if ident not in failed]
        found[mutant.name] = sum(worth for _, ex, worth in mine if ex == mutant.exercise)
    return found


def differences(
    maker: Maker, made: list[Made], graded: Graded, points: dict[str, float]
) -> list[str]:
    """Where a mark is not the key's."""
    wrong = []
    for one in made:
        for ident, most in maker.expected(one, points).items():
            got = graded.points(one.name, ident)
            if abs(got - most) > 0.01:
                wrong.append(
                    f"{one.name}: {ident} ({one.key[ident]}) has {got:.2f}, not {most:.2f}"
                )
    return wrong


def used(maker: Maker, made: list[Made]) -> list[Mutant]:
    """The mutants that are in a class."""
    names = {word for one in made for word in one.key.values()}
    return [mutant for mutant in maker.mutants if mutant.name in names]


@pytest.mark.long
def test_a_small_class_gets_the_marks_of_its_key(
    tmp_path: Path, repository: Path, judge_of: Judge
) -> None:
    """Killed in the middle and begun again: nothing is lost, nothing graded twice."""
    maker = Maker(COURSE, LAB, tmp_path / "scratch", seed=3, mistakes=1)
    made = maker.all(2, 2, 2, 1, 1)
    lay_out(made, tmp_path / "in")
    words = [f"SUBMISSIONS={tmp_path / 'in'}", f"OUT={tmp_path / 'out'}", f"TAG={TAG}", "LAB=1"]
    first = subprocess.Popen(
        ["make", "grade-class", *words, f"BUILD={tmp_path / 'build'}"],
        cwd=repository,
        env=environment(),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    results = tmp_path / "out" / "instructor" / "results"
    until = time.monotonic() + 500
    while first.poll() is None and time.monotonic() < until:
        if len(list(results.glob("*.json"))) >= 2:
            os.killpg(first.pid, signal.SIGKILL)
        time.sleep(0.1)
    assert first.wait() == -signal.SIGKILL
    before = {path.name: path.stat().st_mtime_ns for path in results.glob("*.json")}
    graded = grade_class(repository, tmp_path / "in", tmp_path / "out", TAG=TAG, LAB="1")
    assert "are there already" in graded.said
    assert before.items() <= {one.name: one.stat().st_mtime_ns for one in results.iterdir()}.items()
    assert set(graded.rows) == {one.name for one in made}
    wrong = differences(maker, made, graded, points_of(used(maker, made), judge_of))
    assert not wrong, "\n".join(wrong)


@pytest.mark.long
def test_a_class_of_100_gets_the_marks_of_its_key(
    tmp_path: Path, repository: Path, judge_of: Judge
) -> None:
    """25 alternatives, 45 mixed mutants, 20 half done, 5 that don't build, 5 hostile.

    Its time is judged by what it takes of the processors, and on the clock where nothing
    else was at work.
    """
    maker = Maker(COURSE, LAB, tmp_path / "scratch")
    made = maker.all(25, 45, 20, 5, 5)
    lay_out(made, tmp_path / "in")
    began, others = time.monotonic(), work_of_others()
    graded = grade_class(repository, tmp_path / "in", tmp_path / "out", TAG=TAG, LAB="1")
    seconds, others = time.monotonic() - began, work_of_others() - others
    wrong = differences(maker, made, graded, points_of(used(maker, made), judge_of))
    assert not wrong, "\n".join(wrong)
    assert len(graded.rows) == len(made) == 100
    assert seconds < MINUTES * 60 or others > IDLE * seconds, f"{seconds} s, {others} s of others"
    each = re.search(r"([\d.]+) s of a processor each", graded.said)
    assert each and float(each[1]) * len(made) / CORES < MINUTES * 60, graded.said[-300:]


@pytest.mark.long
@pytest.mark.parametrize("number", COURSE.numbers)
def test_a_mistake_costs_its_own_exercise_only(
    number: int, tmp_path: Path, repository: Path
) -> None:
    """Each mutant alone: every test of another exercise is passed, if need be with it given."""
    lab = COURSE.lab(number)
    maker = Maker(COURSE, lab, tmp_path / "scratch")
    mine = [one for one in MUTANTS if COURSE.lab_of(one.exercise).number == number and not one.slow]
    lay_out([maker.single(one) for one in mine], tmp_path / "in")
    words = {"TAG": TAG, "LAB": str(number), "LIMIT": "900"}
    graded = grade_class(repository, tmp_path / "in", tmp_path / "out", **words)
    wrong = [
        f"{one.name} ({one.exercise}): {test['id']}: {test['word']}"
        for one in mine
        for test in graded.rows[one.name]["tests"]
        if test["exercise"] != one.exercise and not test["passed"]
    ]
    assert not wrong, "\n".join(wrong)
