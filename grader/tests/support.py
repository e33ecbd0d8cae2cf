# SPDX-License-Identifier: MIT
"""A small course in a temporary folder, and results to mark it with."""

from __future__ import annotations

from pathlib import Path

from strata.discover import Case
from strata.lab import Course, load_course
from strata.record import Result

EXERCISE = """
[[exercise]]
id = "{id}"
name = "Exercise {id}"
points = {points}
kind = "core"
file = "{file}"
needs = [{needs}]
section = "exercise-{id}"
stand_in = {stand_in}
"""

SOLUTION = """int
f{n}(void)
{{
        /* EX 0.{n} {{ see <lab0/f.h> */
        return {n};
        /* EX 0.{n} }} todo("0.{n}"); */
}}
"""


def lab_toml(*exercises: tuple[str, int, list[str]], stand_in: str = "") -> str:
    """A lab.toml of (id, points, needs)."""
    text = 'title = "Boot"\npackages = []\n'
    for ident, points, needs in exercises:
        text += EXERCISE.format(
            id=ident,
            points=points,
            file=f"f{ident.split('.')[1]}.c",
            needs=", ".join(f'"{need}"' for need in needs),
            stand_in=str(ident == stand_in).lower(),
        )
    return text


CHAIN: tuple[tuple[str, int, list[str]], ...] = (
    ("0.1", 40, []),
    ("0.2", 30, ["0.1"]),
    ("0.3", 30, ["0.2"]),
)


def make_course(tree: Path, *exercises: tuple[str, int, list[str]]) -> Course:
    """A tree with one lab and its solutions; exercise files are their skeletons' stubs."""
    lab = tree / "lab0-boot"
    solutions = tree / "solutions" / "lab0-boot"
    lab.mkdir(parents=True)
    solutions.mkdir(parents=True)
    (lab / "lab.toml").write_text(lab_toml(*(exercises or CHAIN)))
    for ident, _, _ in exercises or CHAIN:
        n = ident.split(".")[1]
        (solutions / f"f{n}.c").write_text(SOLUTION.format(n=n))
    return load_course(tree)


def case(name: str, exercise: str | None, weight: int = 1, *needs: str) -> Case:
    """A test."""
    return Case(
        f"boot.file.{name}", name, 0, "kernel", "t.c", 1, f"{name}.", exercise, needs, weight
    )


def passed(*cases: Case) -> dict[str, Result]:
    """Results that hold."""
    return {one.id: Result(one.id, "passed") for one in cases}


def failed(*cases: Case, fact: str = "no") -> dict[str, Result]:
    """Results that do not."""
    return {one.id: Result(one.id, "failed", fact) for one in cases}
