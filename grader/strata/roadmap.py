# SPDX-License-Identifier: MIT
"""The verb roadmap: which lab, exercise or file covers a row of the roadmap, and which
test judges it.

Rows stand in lab.toml, after the exercises:

    [[roadmap]]
    phase = "2 boot"
    row = "the 16550 UART"
    exercises = ["0.1"]         # their tests are found by themselves
    files = ["uart.c"]          # provided files, relative to the lab's folder
    tests = ["boot.doors"]      # as in TEST=, or a file of the grader's own tests

The table in docs/roadmap.md lies between two marks; the rest of that page is
written by hand. A row without a test, or with a name of nothing, is an error.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .discover import Case, discover, pick
from .errors import LabError, UsageError
from .lab import Course, Lab, load_course
from .made_part import MadePart

__all__ = ["PART", "Row", "check", "main", "read_rows", "row_tests", "table"]

PART = MadePart("roadmap", Path("docs") / "roadmap.md")
CHECKS = "grader/checks/"
_KEYS = {"phase", "row", "exercises", "files", "tests"}


@dataclass(frozen=True)
class Row:
    """One row of the roadmap that a lab covers."""

    lab: Lab
    phase: str
    name: str
    exercises: tuple[str, ...]
    files: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def where(self) -> str:
        """For messages."""
        return f"{self.lab.folder.name}/lab.toml: roadmap row '{self.name}'"


def read_rows(lab: Lab) -> list[Row]:
    """The [[roadmap]] entries of one lab."""
    data = tomllib.loads((lab.folder / "lab.toml").read_text(encoding="utf-8"))
    entries = data.get("roadmap", [])
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise LabError(f"{lab.folder.name}/lab.toml: rows are written as [[roadmap]]")
    return [_row(lab, entry) for entry in entries]


def row_tests(row: Row, course: Course, cases: list[Case]) -> list[str]:
    """The files with the tests of a row, relative to the tree."""
    found = [case.file for case in cases if case.exercise in row.exercises]
    for word in row.tests:
        if (course.tree / word).is_file() or _left_out(course, word):
            found.append(word)
            continue
        try:
            found += [case.file for case in pick(cases, word)]
        except UsageError:
            raise LabError(f"{row.where}: no test matches '{word}'") from None
    return sorted(set(found))


def check(course: Course) -> list[str]:
    """What is wrong with the rows: one line each."""
    cases = discover(course, course.labs)
    lines = []
    for lab in course.labs:
        rows = read_rows(lab)
        if not rows:
            lines.append(f"{lab.folder.name}/lab.toml has no roadmap row")
        for row in rows:
            lines += _faults(row, course, cases)
        covered = {ident for row in rows for ident in row.exercises}
        lines += [
            f"exercise {one.id} is in no roadmap row"
            for one in lab.exercises
            if one.id not in covered
        ]
    return lines


def table(course: Course) -> str:
    """The Markdown table; links are relative to docs/."""
    cases = discover(course, course.labs)
    lines = ["| phase | row | lab | exercise or provided file | tests |", "|---|---|---|---|---|"]
    for lab in course.labs:
        for row in read_rows(lab):
            pieces = [_exercise_link(course, ident) for ident in row.exercises]
            pieces += [_file_link(course, lab.folder / file) for file in row.files]
            files = row_tests(row, course, cases)
            tests = [_file_link(course, course.tree / file) for file in files]
            lines.append(
                f"| {row.phase} | {row.name} | {lab.number} "
                f"| {', '.join(pieces)} | {', '.join(tests)} |"
            )
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Write the table into docs/roadmap.md; with --check only compare."""
    course = load_course(Path.cwd())
    lines = check(course)
    if lines:
        print("\n".join(lines))
        return 1
    return PART.update(course.tree, table(course), argv)


def _row(lab: Lab, entry: dict[str, Any]) -> Row:
    where = f"{lab.folder.name}/lab.toml: a roadmap row"
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise LabError(f"{where} has no '{unknown[0]}'; there are {', '.join(sorted(_KEYS))}")
    for key in ("phase", "row"):
        if not isinstance(entry.get(key), str) or not entry[key]:
            raise LabError(f"{where} needs '{key}', a string")
    lists = {key: entry.get(key, []) for key in ("exercises", "files", "tests")}
    for key, words in lists.items():
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise LabError(f"{where}: '{key}' should be a list of strings")
    return Row(
        lab,
        entry["phase"],
        entry["row"],
        tuple(lists["exercises"]),
        tuple(lists["files"]),
        tuple(lists["tests"]),
    )


def _faults(row: Row, course: Course, cases: list[Case]) -> list[str]:
    lines = [
        f"{row.where}: there is no exercise {ident}"
        for ident in row.exercises
        if ident not in course.by_id
    ]
    lines += [
        f"{row.where}: there is no file {file}"
        for file in row.files
        if not (row.lab.folder / file).exists()
    ]
    if not row.exercises and not row.files:
        lines.append(f"{row.where}: neither an exercise nor a file covers it")
    try:
        if not lines and not row_tests(row, course, cases):
            lines.append(f"{row.where}: no test judges it")
    except LabError as error:
        lines.append(str(error))
    return lines


def _left_out(course: Course, word: str) -> bool:
    """A handout has no folder of checks; its rows are proved where it was made."""
    return word.startswith(CHECKS) and not (course.tree / CHECKS).exists()


def _exercise_link(course: Course, ident: str) -> str:
    one = course.by_id[ident]
    folder = course.lab_of(ident).folder.name
    anchor = f"#{one.section}" if one.section else ""
    return f"[{ident} {one.name}](../{folder}/README.md{anchor})"


def _file_link(course: Course, path: Path) -> str:
    relative = os.path.relpath(path, course.tree / PART.page.parent)
    if relative.startswith(f"../{CHECKS}"):  # these stay out of handouts
        return f"`{relative[3:]}`"
    return f"[`{path.name}`]({relative})"
