# SPDX-License-Identifier: MIT
"""Is there solution text where students can read it?

A secret line is one of at least 20 characters (blanks counted once) of a marked region,
or of an alternative, that occurs in no skeleton and in no provided source.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterable

from .lab import Course
from .markers import regions, skeleton

__all__ = ["find", "secret_lines"]

_LEAST = 20
_SOURCES = (".c", ".h", ".asm", ".inc", ".S", ".ld")


def find(course: Course, tree: Path) -> list[str]:
    """One line for each file below a folder that shows a secret line."""
    secrets = secret_lines(course)
    found = []
    for path in sorted(tree.rglob("*")):
        name = path.relative_to(tree)
        if name.parts[0] == ".git" or not path.is_file():
            continue
        text = _squeezed(path.read_bytes().decode("utf-8", "replace"))
        shown = [line for line in secrets if line in text]
        found += [f"{name}: shows {secrets[line]}: {line}" for line in shown]
    return found


def secret_lines(course: Course) -> dict[str, str]:
    """Secret line -> the file it is from."""
    known = _provided(course)
    secrets: dict[str, str] = {}
    for exercise in course.exercises():
        path = course.solution(exercise)
        text = path.read_text(encoding="utf-8")
        lines = text.split("\n")
        known.append(_squeezed(skeleton(text, path.name)))
        for region in regions(text, path.name):
            _add(secrets, lines[region.body : region.close], path.relative_to(course.tree))
    for lab in course.labs:
        folder = course.tree / "solutions" / lab.folder.name / "alternatives"
        for path in (one for one in sorted(folder.rglob("*")) if one.is_file()):
            lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
            _add(secrets, lines, path.relative_to(course.tree))
    public = "\n".join(known)
    return {line: where for line, where in secrets.items() if line not in public}


def _add(secrets: dict[str, str], lines: Iterable[str], where: Path) -> None:
    for line in map(_squeezed, lines):
        if len(line) >= _LEAST and not line.startswith(
            ("#include", "%include", "SPDX", "/*", "* ")
        ):
            secrets.setdefault(line, str(where))


def _provided(course: Course) -> list[str]:
    """The sources that students get anyway."""
    own = {course.lab_of(one.id).path(one) for one in course.exercises()}
    paths = (path for lab in course.labs for path in lab.folder.rglob("*"))
    return [
        _squeezed(path.read_text(encoding="utf-8", errors="replace"))
        for path in sorted(paths)
        if path.suffix in _SOURCES and path not in own
    ]


def _squeezed(text: str) -> str:
    return re.sub(r"[ \t]+", " ", text).strip()
