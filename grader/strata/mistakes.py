# SPDX-License-Identifier: MIT
"""The verb mistakes: docs/instructor/mistakes.md, what students get wrong in each exercise.

Made from the mutants of solutions/, each of which is one mistake, in a student's words,
with the test that catches it and what that test says; and from the cases and the broken
objects that exercises of these forms stand on. The page shows answers: no handout has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator

from .broken import header_words, read_header, trial_names
from .errors import LabError, StrataError
from .lab import Course, Exercise, Lab, load_course
from .made_part import MadePart

__all__ = ["Mutant", "listing", "main", "mutants", "read_mutant"]

_PART = MadePart("mistakes", Path("docs") / "instructor" / "mistakes.md")
_KEYS = {"exercise", "caught-by", "phrase", "edge", "mistake"}


@dataclass(frozen=True)
class Mutant:
    """One plausible wrong solution."""

    path: Path
    exercise: str
    caught_by: str
    phrase: str
    edge: bool
    mistake: str
    slow: bool = False

    @property
    def name(self) -> str:
        """Its file's name."""
        return self.path.stem


def read_mutant(path: Path) -> Mutant:
    """The header of a patch."""
    words = header_words(path)
    if set(words) - {"slow"} != _KEYS:
        raise LabError(f"{path}: the header has one line each of {', '.join(sorted(_KEYS))}")
    if words["edge"] not in ("yes", "no") or words.get("slow", "yes") != "yes":
        raise LabError(f"{path}: edge is yes or no; slow, if it is there, is yes")
    return Mutant(
        path=path,
        exercise=words["exercise"],
        caught_by=words["caught-by"],
        phrase=words["phrase"],
        edge=words["edge"] == "yes",
        mistake=words["mistake"],
        slow="slow" in words,
    )


def mutants(course: Course) -> list[Mutant]:
    """All of them, by the names of their files."""
    if not course.has_solutions:
        raise StrataError("there is no solutions/ folder here: the mutants are in it")
    folders = (course.tree / "solutions" / lab.folder.name / "mutants" for lab in course.labs)
    found = [read_mutant(path) for folder in folders for path in sorted(folder.glob("*.patch"))]
    for one in found:
        if one.exercise not in course.by_id:
            raise LabError(f"{one.path}: there is no exercise {one.exercise}")
    return found


def listing(course: Course) -> str:
    """The made part of the page."""
    found = mutants(course)
    return "\n\n".join(part for lab in course.labs for part in _lab(course, lab, found))


def main(argv: list[str]) -> int:
    """Write the page; with --check only compare."""
    course = load_course(Path.cwd())
    return _PART.update(course.tree, listing(course), argv)


def _lab(course: Course, lab: Lab, found: Iterable[Mutant]) -> Iterator[str]:
    yield f"## Lab {lab.number}: {lab.title.lower()}"
    for one in lab.exercises:
        mine = [mutant for mutant in found if mutant.exercise == one.id]
        plain = [mutant for mutant in mine if not mutant.edge]
        edges = [mutant for mutant in mine if mutant.edge]
        yield f"### {one.id} {one.name}"
        yield (
            f"`{one.file}`, {one.points} points: {len(mine)} mistakes, {len(plain)} of them in"
            " the plain case."
        )
        if one.form == "case":
            yield _cases(course, lab)
        if one.form == "test":
            yield _trials(course, one)
        yield "\n".join(
            [
                "| what the student would say | case | the failed test says | test |",
                "|---|---|---|---|",
            ]
            + [_row(mutant) for mutant in (*plain, *edges)]
        )


def _row(mutant: Mutant) -> str:
    case = "edge" if mutant.edge else "plain"
    test = mutant.caught_by.rpartition(".")[2]
    return f"| {_cell(mutant.mistake)} | {case} | {_code(mutant.phrase)} | `{test}` |"


def _cases(course: Course, lab: Lab) -> str:
    folder = course.tree / "solutions" / lab.folder.name / "cases"
    lines = ["The answers:", "", "| kernel | symptom | function | cause |", "|---|---|---|---|"]
    for path in sorted(folder.glob("[0-9].patch")):
        words = read_header(path)
        lines.append(
            f"| {path.stem} | {_cell(words['symptom'])} | `{words['function']}`"
            f" | {words['cause']} |"
        )
    return "\n".join(lines)


def _trials(course: Course, exercise: Exercise) -> str:
    names = ", ".join(name.replace("-", " ") for name in trial_names(course, exercise.id))
    return f"The broken objects, by the names of their patches: {names}."


def _cell(text: str) -> str:
    return text.replace("|", "&#124;").replace("<", "&lt;")


def _code(text: str) -> str:
    """As code in a table's cell, where a bar would end it in one dialect or the other."""
    if "|" in text or "`" in text:
        return f"<code>{_cell(text.replace('&', '&amp;')).replace('`', '&#96;')}</code>"
    return f"`{text}`"
