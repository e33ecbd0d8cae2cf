# SPDX-License-Identifier: MIT
"""The labs present in a tree, as their lab.toml files describe them."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping

from .errors import LabError, UsageError

__all__ = ["Course", "Exercise", "Lab", "Question", "load_course", "parse_lab"]

_FOLDER = re.compile(r"lab(\d+)-([a-z0-9]+)$")
_ID = re.compile(r"\d+\.\d+$")
_KINDS = ("core", "further")
_FORMS = ("code", "case", "test")
_DIFFICULTIES = ("easy", "medium", "hard")


@dataclass(frozen=True)
class Exercise:
    """One exercise: one file, some points."""

    id: str
    name: str
    points: int
    kind: str
    file: str
    needs: tuple[str, ...]
    section: str
    stand_in: bool
    hours: float = 0.0
    difficulty: str = ""
    read_first: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    form: str = "code"  # or case, test: grader/README.md
    subject: str = ""  # of a test: the exercise whose broken objects it is to catch
    is_set: bool = True  # by course.toml; one that is not arrives solved, without points

    @property
    def key(self) -> tuple[int, ...]:
        """Numeric order of ids: 0.2 before 0.10."""
        return tuple(int(part) for part in self.id.split("."))


@dataclass(frozen=True)
class Question:
    """One of `make answers`."""

    id: str
    text: str
    how: str
    try_it: str


@dataclass(frozen=True)
class Lab:
    """One floor of the house."""

    number: int
    name: str
    folder: Path
    title: str
    packages: tuple[str, ...]
    exercises: tuple[Exercise, ...]
    questions: tuple[Question, ...] = ()
    due: str = ""  # by course.toml

    @property
    def points(self) -> int:
        """What the lab's exercises are worth together."""
        return sum(exercise.points for exercise in self.exercises)

    def path(self, exercise: Exercise) -> Path:
        """The student's file of an exercise."""
        return self.folder / exercise.file


@dataclass(frozen=True)
class Course:
    """All labs of a tree."""

    tree: Path
    labs: tuple[Lab, ...]
    by_id: Mapping[str, Exercise] = field(repr=False)

    def reference(self, exercise: Exercise) -> Path | None:
        """What is taken when an exercise is given: its file, or a handout's object of it."""
        if self.has_solutions:
            return self.solution(exercise)
        mode = "release" if os.environ.get("RELEASE") else "debug"
        path = self.tree / "objects" / mode / self.lab_of(exercise.id).folder.name / exercise.file
        found = (path.with_suffix(end) for end in (".o", ".bin"))
        return next((one for one in found if one.exists()), None)

    def references(self) -> frozenset[str]:
        """The exercises that can be given here."""
        return frozenset(one.id for one in self.exercises() if self.reference(one) is not None)

    @property
    def codes(self) -> frozenset[str]:
        """The exercises that are linked into stages."""
        return frozenset(one.id for one in self.exercises() if one.form == "code")

    @property
    def linked(self) -> frozenset[str]:
        """The exercises that have an object."""
        return frozenset(one.id for one in self.exercises() if one.form != "case")

    @property
    def has_solutions(self) -> bool:
        """True where the reference files are there."""
        return (self.tree / "solutions").is_dir()

    def lab_of(self, exercise_id: str) -> Lab:
        """The lab an exercise belongs to."""
        return self.lab(int(exercise_id.split(".")[0]))

    def lab(self, number: int) -> Lab:
        """A lab by its number."""
        return next(lab for lab in self.labs if lab.number == number)

    def exercises(self) -> Iterator[Exercise]:
        """Every exercise in order."""
        for lab in self.labs:
            yield from lab.exercises

    def solution(self, exercise: Exercise) -> Path:
        """The reference file of an exercise."""
        lab = self.lab_of(exercise.id)
        return self.tree / "solutions" / lab.folder.name / exercise.file

    def closure(self, ids: Iterable[str]) -> frozenset[str]:
        """The ids and all that they stand on."""
        found: set[str] = set()
        todo = list(ids)
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += self.by_id[one].needs
        return frozenset(found)

    def order(self, ids: Iterable[str]) -> list[str]:
        """Ids in reading order."""
        return sorted(ids, key=lambda one: self.by_id[one].key)

    def pick_labs(self, word: str) -> list[Lab]:
        """LAB=: nothing (all) or numbers separated by commas."""
        if word in ("", "all"):
            return list(self.labs)
        known = {str(lab.number): lab for lab in self.labs}
        names = {lab.name: lab for lab in self.labs} | {lab.folder.name: lab for lab in self.labs}
        chosen = []
        for part in word.split(","):
            lab = known.get(part.strip()) or names.get(part.strip())
            if lab is None:
                raise UsageError(f"LAB={word}: no lab '{part}'; there are {_list(known)}")
            chosen.append(lab)
        return chosen

    def through(self, last: Lab) -> list[Lab]:
        """A lab and those below it."""
        return [lab for lab in self.labs if lab.number <= last.number]

    def pick_stage(self, word: str, variable: str = "STAGE") -> Lab | None:
        """STAGE=: a number; nothing: each lab at its own."""
        if not word:
            return None
        for lab in self.labs:
            if word == str(lab.number):
                return lab
        raise UsageError(f"{variable}={word}: no such stage; there are {_list(self.numbers)}")

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of the labs present."""
        return tuple(lab.number for lab in self.labs)

    def pick_exercises(self, word: str, variable: str = "SOLVED") -> frozenset[str]:
        """SOLVED=: none, all, or labs and exercises separated by commas."""
        chosen = self.named_exercises(word, variable)
        cases = {one for one in chosen if self.by_id[one].form == "case"}  # nothing to link
        self.need_references(chosen - cases, f"{variable}={word}")
        return chosen

    def need_references(self, ids: Iterable[str], asked: str) -> None:
        """Stop where something cannot be given here."""
        missing = self.order(frozenset(ids) - self.references())
        if missing and all(self.by_id[one].form == "case" for one in missing):
            raise UsageError(
                f"{asked}: a case cannot be given here (its answer is in solutions/), and "
                "nothing stands on it"
            )
        if missing:
            raise UsageError(
                f"{asked}: this tree has no reference of {', '.join(missing)}: there is no "
                "solutions/ folder, and no object in objects/"
            )

    def named_exercises(self, word: str, variable: str) -> frozenset[str]:
        """The same, where nothing is taken from the solutions."""
        if word in ("", "none"):
            return frozenset()
        chosen: set[str] = set()
        for part in re.split(r"[,+ ]+", word):
            chosen |= self._exercises_named(part, word, variable)
        return frozenset(chosen)

    def _exercises_named(self, part: str, word: str, variable: str) -> set[str]:
        if part == "all":
            return set(self.by_id)
        if part in self.by_id:
            return {part}
        for lab in self.labs:
            if part == str(lab.number):
                return {exercise.id for exercise in lab.exercises}
        labs = _list(lab.number for lab in self.labs)
        raise UsageError(
            f"{variable}={word}: no exercise or lab '{part}'; "
            f"there are none, all, labs {labs}, exercises {_list(self.by_id)}"
        )


def load_course(tree: Path) -> Course:
    """Read every labN-*/lab.toml below a tree."""
    labs = []
    for folder in sorted(tree.glob("lab*-*")):
        if _FOLDER.match(folder.name) and folder.is_dir():
            labs.append(_load_lab(folder))
    if not labs:
        raise LabError(f"{tree}: no labN-* folder here")
    labs.sort(key=lambda lab: lab.number)
    by_id: dict[str, Exercise] = {}
    for lab in labs:
        for exercise in lab.exercises:
            if exercise.id in by_id:
                raise LabError(f"{lab.folder.name}/lab.toml: exercise {exercise.id} is there twice")
            by_id[exercise.id] = exercise
    course = Course(tree, tuple(labs), by_id)
    _check_needs(course)
    return course


def parse_lab(folder: Path, text: str) -> Lab:
    """A Lab from the text of its lab.toml."""
    where = f"{folder.name}/lab.toml"
    match = _FOLDER.match(folder.name)
    if not match:
        raise LabError(f"{folder.name}: a lab's folder is called labN-name")
    number = int(match[1])
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{where}: {error}") from None
    entries = data.get("exercise", [])
    if not isinstance(entries, list):
        raise LabError(f"{where}: exercises are written as [[exercise]]")
    exercises = [_parse_exercise(where, number, entry) for entry in entries]
    _check_unique(where, exercises)
    return Lab(
        number=number,
        name=match[2],
        folder=folder,
        title=_get(where, data, "title", str),
        packages=_strings(where, data, "packages"),
        exercises=tuple(sorted(exercises, key=lambda exercise: exercise.key)),
        questions=tuple(_parse_questions(where, data.get("question", []))),
        due=_get(where, data, "due", str, ""),
    )


def _parse_questions(where: str, entries: Any) -> Iterator[Question]:
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise LabError(f"{where}: questions are written as [[question]]")
    seen = set()
    for entry in entries:
        ident = _get(where, entry, "id", str)
        here = f"{where}: question {ident}"
        if ident in seen or _ID.match(ident):
            raise LabError(f"{here}: is there twice, or looks like an exercise")
        seen.add(ident)
        text, how = (_get(here, entry, key, str) for key in ("text", "how"))
        yield Question(ident, text, how, _get(here, entry, "try", str, ""))


def _load_lab(folder: Path) -> Lab:
    path = folder / "lab.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LabError(f"{folder.name}/lab.toml is missing") from None
    except UnicodeDecodeError:
        raise LabError(f"{folder.name}/lab.toml is not UTF-8 text") from None
    return parse_lab(folder, text)


def _parse_exercise(where: str, number: int, entry: Any) -> Exercise:
    if not isinstance(entry, dict):
        raise LabError(f"{where}: exercises are written as [[exercise]]")
    ident = _get(where, entry, "id", str)
    here = f"{where}: exercise {ident}"
    if not _ID.match(ident) or int(ident.split(".")[0]) != number:
        raise LabError(f"{here}: an id of this lab looks like {number}.1")
    points = _get(here, entry, "points", int)
    is_set = _get(here, entry, "set", bool, True)
    if points <= 0 and is_set:
        raise LabError(f"{here}: points must be more than 0")
    return Exercise(
        id=ident,
        name=_get(here, entry, "name", str),
        points=points,
        kind=_choice(here, entry, "kind", _KINDS),
        file=_inside(here, _get(here, entry, "file", str)),
        needs=_strings(here, entry, "needs"),
        section=_get(here, entry, "section", str, ""),
        stand_in=_get(here, entry, "stand_in", bool, False),
        hours=float(_get(here, entry, "hours", (int, float), 0.0)),
        difficulty=_choice(here, entry, "difficulty", _DIFFICULTIES, ""),
        read_first=_strings(here, entry, "read_first"),
        hints=_strings(here, entry, "hints"),
        form=_choice(here, entry, "form", _FORMS, "code"),
        subject=_get(here, entry, "subject", str, ""),
        is_set=is_set,
    )


def _get(where: str, table: Mapping[str, Any], key: str, kind: Any, default: Any = None) -> Any:
    value = table.get(key, default)
    if value is None:
        raise LabError(f"{where}: '{key}' is missing")
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        name = getattr(kind, "__name__", "number")
        raise LabError(f"{where}: '{key}' should be a {name}, not {value!r}")
    return value


def _strings(where: str, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise LabError(f"{where}: '{key}' should be a list of strings")
    return tuple(value)


def _choice(
    where: str, table: Mapping[str, Any], key: str, valid: tuple[str, ...], default: Any = None
) -> str:
    value: str = _get(where, table, key, str, default)
    if value != default and value not in valid:
        raise LabError(f"{where}: '{key}' is one of {', '.join(valid)}, not {value!r}")
    return value


def _inside(where: str, file: str) -> str:
    path = Path(file)
    if path.is_absolute() or ".." in path.parts or not file:
        raise LabError(f"{where}: file {file!r} must lie inside the lab's folder")
    return file


def _check_unique(where: str, exercises: list[Exercise]) -> None:
    seen: dict[str, str] = {}
    for exercise in exercises:
        for thing in (exercise.id, exercise.file):
            if thing in seen:
                raise LabError(f"{where}: {thing} is there twice")
            seen[thing] = exercise.id


def _check_needs(course: Course) -> None:
    for exercise in course.exercises():
        for need in exercise.needs:
            if need not in course.by_id:
                raise LabError(
                    f"{course.lab_of(exercise.id).folder.name}/lab.toml: "
                    f"exercise {exercise.id} needs {need}, which does not exist"
                )
        where = f"{course.lab_of(exercise.id).folder.name}/lab.toml: exercise {exercise.id}"
        subject = course.by_id.get(exercise.subject)
        if exercise.form == "test" and (subject is None or subject.form != "code"):
            raise LabError(f"{where} is a test: its 'subject' is an exercise that is code")
        if exercise.form != "test" and exercise.subject:
            raise LabError(f"{where} is no test, but has a 'subject'")
        below: frozenset[str] = course.closure(exercise.needs)
        if exercise.id in below:
            raise LabError(f"exercise {exercise.id} needs itself (through its needs)")


def _list(words: Iterable[object]) -> str:
    return ", ".join(str(word) for word in words)
