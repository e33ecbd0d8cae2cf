# SPDX-License-Identifier: MIT
"""Is there solution text where students can read it?

A secret line is one of at least 20 characters (blanks counted once) of a marked region,
of an alternative, or what a patch (a mutant, a case, a broken object) puts in, that occurs
in no skeleton and in no provided source.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Container, Iterable, Mapping

from .lab import Course
from .markers import regions, skeleton

__all__ = ["find", "secret_lines", "shown", "squeezed"]

_LEAST = 20
_SOURCES = (".c", ".h", ".asm", ".inc", ".S", ".ld")


def find(course: Course, tree: Path) -> list[str]:
    """One line for each file below a folder that shows a secret line."""
    files = (path for path in sorted(tree.rglob("*")) if path.is_file())
    named = ((path.relative_to(tree), path) for path in files)
    texts = ((str(name), path.read_bytes()) for name, path in named if name.parts[0] != ".git")
    return shown(secret_lines(course), texts)


def shown(secrets: Mapping[str, str], texts: Iterable[tuple[str, bytes]]) -> list[str]:
    """One line for each text (its name, its bytes) that shows a secret line."""
    found = []
    for name, data in texts:
        text = squeezed(data.decode("utf-8", "replace"))
        found += [f"{name}: shows {secrets[line]}: {line}" for line in secrets if line in text]
    return found


def secret_lines(course: Course, revealed: Container[str] = ()) -> dict[str, str]:
    """Secret line -> the file it is from. The references of some exercises may be shown."""
    known = _provided(course)
    secrets: dict[str, str] = {}
    for exercise in course.exercises():
        path = course.solution(exercise)
        text = path.read_text(encoding="utf-8")
        lines = text.split("\n")
        if exercise.id in revealed:
            known.append(squeezed(text))
            continue
        known.append(squeezed(skeleton(text, path.name)))
        for region in regions(text, path.name):
            body = lines[region.body : region.close]
            if exercise.form == "case":  # a cause is a word of a list that students get
                body = [line for line in body if not line.startswith("cause")]
            _add(secrets, body, path.relative_to(course.tree))
    for lab in course.labs:
        folder = course.tree / "solutions" / lab.folder.name / "alternatives"
        for path in (one for one in sorted(folder.rglob("*")) if one.is_file()):
            lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
            lines = [line for line in lines if not line.startswith("cause = ")]
            _add(secrets, lines, path.relative_to(course.tree))
        for path in sorted((course.tree / "solutions" / lab.folder.name).rglob("*.patch")):
            lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
            added = [line[1:] for line in lines if line.startswith("+") and line[:3] != "+++"]
            _add(secrets, added, path.relative_to(course.tree))
    public = "\n".join(known)
    return {line: where for line, where in secrets.items() if line not in public}


def _add(secrets: dict[str, str], lines: Iterable[str], where: Path) -> None:
    for line in map(squeezed, lines):
        if len(line) >= _LEAST and not line.startswith(
            ("#include", "%include", "SPDX", "/*", "* ")
        ):
            secrets.setdefault(line, str(where))


def _provided(course: Course) -> list[str]:
    """The sources that students get anyway."""
    own = {course.lab_of(one.id).path(one) for one in course.exercises()}
    paths = (path for lab in course.labs for path in lab.folder.rglob("*"))
    return [
        squeezed(path.read_text(encoding="utf-8", errors="replace"))
        for path in sorted(paths)
        if path.suffix in _SOURCES and path not in own
    ]


def squeezed(text: str) -> str:
    """Blanks counted once."""
    return re.sub(r"[ \t]+", " ", text).strip()
