# SPDX-License-Identifier: MIT
"""course.toml: one class's choice of exercises, weights and dates, laid over the labs.

    salt = "..."                      # a secret of the class; never travels
    references = true                 # false: only what the rest cannot do without; or ids
    [weights]
    "0.2" = 20                        # instead of lab.toml's points, before they re-scale
    [lab0]
    exercises = "core"                # or "all", or ids
    due = 2026-10-01

An exercise that is not set arrives solved and counts nothing. Points re-scale to 100.
"""

from __future__ import annotations

import datetime
import posixpath
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Container, Iterable, Mapping

from .errors import LabError
from .lab import Course, Exercise, Lab

__all__ = ["Selection", "lab_page", "lab_toml", "parse", "read", "scale", "without_links"]

_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s]+)\)")
_SUM = r"\d+\s+points\s+and\s+about\s+[\d.]+\s+hours\."
_SUMS = re.compile(rf"Core:\s+{_SUM}\s+All\s+of\s+it:\s+{_SUM}")
_KEYS = ("salt", "references", "weights")


@dataclass(frozen=True)
class Selection:
    """What one class does. points: of the exercises that are set, by lab 100 together."""

    points: Mapping[str, int]
    references: frozenset[str]
    due: Mapping[int, str] = field(default_factory=dict)
    salt: str = ""

    def is_set(self, exercise: Exercise) -> bool:
        """Whether students write it."""
        return exercise.id in self.points


def read(course: Course, word: str) -> Selection:
    """CONFIG=: a file; without one every exercise is set, with lab.toml's points."""
    try:
        return parse(course, Path(word).read_text(encoding="utf-8") if word else "", word)
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"CONFIG={word}: cannot be read: {error}") from None


def parse(course: Course, text: str, name: str = "course.toml") -> Selection:
    """The Selection of a course.toml's text."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{name}: {error}") from None
    labs = {f"lab{lab.number}": lab for lab in course.labs}
    for key in data:
        if key not in (*_KEYS, *labs):
            known = ", ".join((*_KEYS, *labs))
            raise LabError(f"{name}: there is no '{key}'; there are {known}")
    weights = _weights(course, data.get("weights", {}), name)
    points: dict[str, int] = {}
    due: dict[int, str] = {}
    for key, lab in labs.items():
        table = data.get(key, {})
        if not isinstance(table, dict):
            raise LabError(f"{name}: {key} is a table: [{key}], with exercises and due below it")
        for word in sorted(set(table) - {"exercises", "due"}):
            raise LabError(f"{name}: [{key}] has no '{word}'; there are exercises, due")
        chosen = _chosen(lab, table.get("exercises", "all"), f"{name}: [{key}] exercises")
        points |= scale({one.id: weights.get(one.id, one.points) for one in chosen})
        if "due" in table:
            due[lab.number] = _date(table["due"], f"{name}: [{key}] due")
    for ident in weights:
        if ident not in points:
            raise LabError(
                f"{name}: [weights] {ident} is not set: its lab's exercises leave it out"
            )
    salt = data.get("salt", "")
    if not isinstance(salt, str) or 0 < len(salt) < 16:
        raise LabError(f"{name}: salt is a string of at least 16 characters")
    return Selection(points, _references(course, data.get("references", True), name), due, salt)


def _weights(course: Course, table: Any, name: str) -> dict[str, int]:
    if not isinstance(table, dict):
        raise LabError(f'{name}: weights is a table: [weights], with "0.1" = 20 below it')
    for ident, weight in table.items():
        if ident not in course.by_id:
            known = ", ".join(course.by_id)
            raise LabError(f"{name}: [weights] there is no exercise '{ident}'; there are {known}")
        if not isinstance(weight, int) or isinstance(weight, bool) or weight <= 0:
            raise LabError(f"{name}: [weights] {ident} is a whole number above 0, not {weight!r}")
    return dict(table)


def _chosen(lab: Lab, word: Any, where: str) -> list[Exercise]:
    if word == "all":
        return list(lab.exercises)
    if word == "core":
        return [one for one in lab.exercises if one.kind == "core"]
    known = {one.id: one for one in lab.exercises}
    right = isinstance(word, list) and word
    strange = _unknown(word, known) if right else [word]
    if strange:
        every = ", ".join(known)
        raise LabError(f'{where} is "all", "core" or a list of some of {every}; not {strange[0]!r}')
    return [one for ident, one in known.items() if ident in word]


def _unknown(words: list[Any], known: Container[str]) -> list[Any]:
    return [one for one in words if not isinstance(one, str) or one not in known]


def _date(value: Any, where: str) -> str:
    if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
        raise LabError(f"{where} is a date like 2026-10-01, not {value!r}")
    return value.isoformat()


def _references(course: Course, word: Any, name: str) -> frozenset[str]:
    """What has an object to give; what stands in always goes along."""
    always = {one.id for one in course.exercises() if one.stand_in}
    if isinstance(word, bool):
        return course.linked if word else frozenset(always)
    strange = _unknown(word, course.by_id) if isinstance(word, list) else [word]
    if strange:
        every = ", ".join(course.by_id)
        raise LabError(
            f"{name}: references is true, false or a list of some of {every}; not {strange[0]!r}"
        )
    return frozenset(word) & course.linked | always


def scale(weights: Mapping[str, int], total: int = 100) -> dict[str, int]:
    """Whole points, at least 1 each, in the weights' proportions; the largest remainders
    get what rounding left."""
    whole = sum(weights.values())
    exact = {ident: weight * total / whole for ident, weight in weights.items()}
    points = {ident: max(1, int(share)) for ident, share in exact.items()}
    while points and sum(points.values()) != total:
        step = 1 if sum(points.values()) < total else -1
        able = [ident for ident in points if step > 0 or points[ident] > 1]
        ident = max(able, key=lambda one: step * (exact[one] - points[one]))
        points[ident] += step
    return points


def lab_toml(text: str, lab: Lab, chosen: Selection) -> str:
    """A lab.toml with these points; what is not set says so."""
    parts = re.split(r"(?m)^(?=\[\[)", text)
    known = {one.id: one for one in lab.exercises}
    for at, part in enumerate(parts):
        ident = re.search(r'(?m)^id *= *"([^"]+)"', part)
        if part.startswith("[[exercise]]") and ident and ident[1] in known:
            points = chosen.points.get(ident[1], 0)
            line = f"points = {points}" + ("" if points else "\nset = false")
            parts[at] = re.sub(r"(?m)^points *=.*$", line, part, count=1)
    text = "".join(parts)
    if lab.number in chosen.due:
        line = f'due = "{chosen.due[lab.number]}"'
        text = re.sub(r"(?m)^title *=.*$", lambda found: f"{found[0]}\n{line}", text, count=1)
    return text


def lab_page(text: str, lab: Lab, chosen: Selection) -> str:
    """A handout's page with these points in the facts of its exercises."""
    for one in lab.exercises:
        points = chosen.points.get(one.id, 0)
        facts = re.compile(rf"(?m)^(`{re.escape(one.file)}` - {one.kind}, )\d+( points\b.*)$")
        end = "" if points else " - arrives solved"
        text = facts.sub(rf"\g<1>{points}\g<2>{end}", text)
    return _with_sums(text, lab, chosen)


def _with_sums(text: str, lab: Lab, chosen: Selection) -> str:
    """The sentence on the lab's points and hours, of what is set."""
    mine = [one for one in lab.exercises if chosen.is_set(one)]
    if all(chosen.points.get(one.id) == one.points for one in lab.exercises):
        return text
    said = f"To write: {sum(chosen.points[one.id] for one in mine)} points"
    said += f" and about {sum(one.hours for one in mine):g} hours."
    return _SUMS.sub(said, text)


def without_links(text: str, page: str, gone: Iterable[str]) -> str:
    """A page of Markdown whose links to files that are not there are plain words."""
    missing = set(gone)

    def plain(match: re.Match[str]) -> str:
        target = match[2].partition("#")[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
        return match[1] if target and "://" not in target and path in missing else match[0]

    return _LINK.sub(plain, text)
