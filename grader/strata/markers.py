# SPDX-License-Identifier: MIT
"""Exercise markers: from a solution to its skeleton, and how far a student's file is.

A solution holds regions

    /* EX 2.3 { see <lab2/buddy.h> */           ; EX 0.5 { see <lab0/long_mode.h>
    ...                                         ...
    /* EX 2.3 } (void)b; todo("2.3"); */        ; EX 0.5 } todo "0.5"

and its skeleton has, instead of each, a comment and the closing line's stub.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from .errors import LabError

__all__ = ["Region", "State", "reading", "regions", "skeleton", "state"]

_MARK = re.compile(
    r"^(?P<indent>[ \t]*)(?:(?P<c>/\*)|(?P<asm>;)|(?P<py>\#))[ \t]*"
    r"EX[ \t]+(?P<id>\d+\.\d+)[ \t]+(?P<brace>[{}])[ \t]*(?P<text>.*?)[ \t]*$"
)
_STRAY = re.compile(r"\bEX[ \t]+\d+\.\d+[ \t]*[{}]")
_COUNT = re.compile(r"\bExercise (?P<id>\d+\.\d+)(?: \((?P<k>\d+) of (?P<n>\d+)\))?:")


class State(Enum):
    """How far an exercise file is."""

    NOT_BEGUN = "not begun"
    BEGUN = "begun"
    WRITTEN = "written"
    MISSING = "missing"


@dataclass(frozen=True)
class Region:
    """One marked piece: lines [first, last] with both markers, 0-based."""

    id: str
    first: int
    body: int
    close: int
    last: int
    indent: str
    text: str
    stub_indent: str
    stub: str
    comment: str

    @property
    def length(self) -> int:
        """Lines of solution in it."""
        return self.close - self.body


@dataclass(frozen=True)
class _Mark:
    id: str
    brace: str
    first: int
    last: int
    indent: str
    text: str
    comment: str


def regions(text: str, name: str) -> list[Region]:
    """The marked regions of a solution; name is for error lines."""
    found: list[Region] = []
    opened: _Mark | None = None
    for mark in _marks(text.split("\n"), name):
        where = f"{name}:{mark.first + 1}"
        if mark.brace == "{":
            if opened is not None:
                raise LabError(f"{where}: EX {mark.id} opens inside EX {opened.id}")
            opened = mark
            continue
        if opened is None or opened.id != mark.id:
            raise LabError(f"{where}: EX {mark.id} closes what was not opened")
        if "todo" not in mark.text or f'"{mark.id}"' not in mark.text:
            raise LabError(f'{where}: the stub of EX {mark.id} does not say todo "{mark.id}"')
        found.append(_region(opened, mark))
        opened = None
    if opened is not None:
        raise LabError(f"{name}:{opened.first + 1}: EX {opened.id} is never closed")
    return found


def skeleton(text: str, name: str) -> str:
    """What the student gets for a solution's text."""
    found = regions(text, name)
    total: dict[str, int] = {}
    for region in found:
        total[region.id] = total.get(region.id, 0) + 1
    lines = text.split("\n")
    out: list[str] = []
    done: dict[str, int] = {}
    at = 0
    for region in found:
        done[region.id] = done.get(region.id, 0) + 1
        out += lines[at : region.first]
        out += _stub(region, done[region.id], total[region.id])
        at = region.last + 1
    return "\n".join(out + lines[at:])


def reading(text: str, name: str) -> str:
    """A solution for people: the markers gone, what they ask for kept as the skeleton's notes."""
    found = regions(text, name)
    ids = [region.id for region in found]
    lines = text.split("\n")
    out: list[str] = []
    at = 0
    for index, region in enumerate(found):
        note = _note(region, ids[: index + 1].count(region.id), ids.count(region.id))
        out += [*lines[at : region.first], note, *lines[region.body : region.close]]
        at = region.last + 1
    return "\n".join(out + lines[at:])


def state(text: str, ident: str) -> State:
    """How far a student's file is: by the stubs that it still holds."""
    stubs = len(re.findall(_stub_pattern(ident), _without_comments(text)))
    if stubs == 0:
        return State.WRITTEN
    notes = [match for match in _COUNT.finditer(text) if match["id"] == ident]
    total = max([len(notes)] + [int(match["n"]) for match in notes if match["n"]])
    return State.NOT_BEGUN if stubs >= total else State.BEGUN


def _stub_pattern(ident: str) -> str:
    return rf'\btodo\b\s*[(=]?\s*"{re.escape(ident)}"'


def _without_comments(text: str) -> str:
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    return re.sub(r"(?m)^\s*(;|#(?!\s*(define|include|if|el|end))|//).*$", "", text)


def _marks(lines: list[str], name: str) -> list[_Mark]:
    marks: list[_Mark] = []
    at = 0
    while at < len(lines):
        match = _MARK.match(lines[at].rstrip("\r"))
        if match is None:
            if _STRAY.search(lines[at]):
                raise LabError(f"{name}:{at + 1}: a marker stands alone on its line")
            at += 1
            continue
        mark = _mark(match, lines, at, name)
        marks.append(mark)
        at = mark.last + 1
    return marks


def _mark(match: re.Match[str], lines: list[str], at: int, name: str) -> _Mark:
    text, last = match["text"], at
    if match["c"]:
        while "*/" not in text:
            last += 1
            if last == len(lines):
                raise LabError(f"{name}:{at + 1}: the marker's comment is never closed")
            text += "\n" + lines[last]
        text, rest = text.split("*/", 1)
        if rest.strip():
            raise LabError(f"{name}:{last + 1}: a marker stands alone on its line")
    comment = "c" if match["c"] else ";" if match["asm"] else "#"
    return _Mark(match["id"], match["brace"], at, last, match["indent"], text.strip(), comment)


def _region(opened: _Mark, closed: _Mark) -> Region:
    return Region(
        id=opened.id,
        first=opened.first,
        body=opened.last + 1,
        close=closed.first,
        last=closed.last,
        indent=opened.indent,
        text=opened.text,
        stub_indent=closed.indent,
        stub=closed.text,
        comment=opened.comment,
    )


def _note(region: Region, k: int, n: int) -> str:
    count = f" ({k} of {n})" if n > 1 else ""
    note = f"Exercise {region.id}{count}: {region.text}"
    note = f"/* {note} */" if region.comment == "c" else f"{region.comment} {note}"
    return region.indent + note


def _stub(region: Region, k: int, n: int) -> list[str]:
    stub = [line.strip(" \t*") for line in region.stub.split("\n")]
    return [_note(region, k, n)] + [region.stub_indent + line for line in stub]
