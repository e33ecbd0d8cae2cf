# SPDX-License-Identifier: MIT
"""The verb skeletons: lab folders' exercise files, generated from solutions/.

A file that somebody edited is never overwritten: it may be replaced only when it
is byte for byte what this tool wrote last (remembered in the build folder) or
what it would have written from a committed version of the solution.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Iterator

from .errors import LabError, StrataError
from .lab import Course, Exercise
from .markers import regions, skeleton

__all__ = ["check", "generate", "problems"]

_MEMORY = "skeletons.json"
_MAX_LINES = 60
_BESIDE = ("alternatives", "mutants", "cases", "trials")
_MAX_VERSIONS = 40


def generate(course: Course, build: Path) -> list[str]:
    """Write what is missing or stale; the lines to print. Stops at an edited file."""
    _need_solutions(course)
    memory = _read_memory(build)
    edited, lines = [], []
    for exercise, name, path, text in _wanted(course):
        now = _read(path)
        if now == text:
            memory[name] = _hash(text)
        elif now is None or _is_ours(course, exercise, name, now, memory):
            _write(path, text)
            memory[name] = _hash(text)
            lines.append(f"{name}: written")
        else:
            edited.append(name)
    _write_memory(build, memory)
    if edited:
        raise StrataError(
            f"{', '.join(edited)}: edited by somebody, so it is left as it is; "
            "put the change into solutions/, or remove the file, and run this again"
        )
    return lines


def check(course: Course) -> list[str]:
    """One line for each skeleton that is not what its solution gives."""
    _need_solutions(course)
    lines = []
    for _, name, path, text in _wanted(course):
        now = _read(path)
        if now is None:
            lines.append(f"{name}: missing; `make skeletons` writes it")
        elif now != text:
            lines.append(f"{name}: differs from its solution's skeleton; run `make skeletons`")
    return lines + problems(course)


def problems(course: Course) -> list[str]:
    """What is wrong with the solutions' markers."""
    lines = []
    known = {course.solution(exercise): exercise for exercise in course.exercises()}
    for path, exercise in known.items():
        lines += _marker_problems(course, path, exercise)
    for lab in course.labs:
        folder = course.tree / "solutions" / lab.folder.name
        for path in sorted(folder.rglob("*")):
            inner = path.relative_to(folder).parts
            if path.is_file() and inner[0] not in _BESIDE and path not in known:
                lines.append(f"{path.relative_to(course.tree)}: belongs to no exercise")
    return lines


def _marker_problems(course: Course, path: Path, exercise: Exercise) -> list[str]:
    name = str(path.relative_to(course.tree))
    text = _read(path)
    if text is None:
        return [f"{name}: missing (exercise {exercise.id})"]
    lines = []
    found = regions(text, name)
    if not found:
        lines.append(f"{name}: no EX {exercise.id} region")
    for region in found:
        if region.id != exercise.id:
            lines.append(f"{name}:{region.first + 1}: EX {region.id} in the file of {exercise.id}")
    if sum(region.length for region in found) > _MAX_LINES * max(1, len(found)):
        lines.append(f"{name}: more than {_MAX_LINES} lines a region")
    return lines


def _need_solutions(course: Course) -> None:
    if not course.has_solutions:
        raise StrataError("there is no solutions/ folder here: skeletons are generated from it")


def _wanted(course: Course) -> Iterator[tuple[Exercise, str, Path, str]]:
    for exercise in course.exercises():
        lab = course.lab_of(exercise.id)
        source = course.solution(exercise)
        text = _read(source)
        if text is None:
            raise LabError(f"{source.relative_to(course.tree)}: missing (exercise {exercise.id})")
        name = f"{lab.folder.name}/{exercise.file}"
        yield exercise, name, lab.path(exercise), skeleton(text, f"solutions/{name}")


def _is_ours(
    course: Course, exercise: Exercise, name: str, now: str, memory: dict[str, str]
) -> bool:
    if memory.get(name) == _hash(now):
        return True
    source = course.solution(exercise).relative_to(course.tree)
    for old in _versions(course.tree, source):
        try:
            if skeleton(old, name) == now:
                return True
        except LabError:
            continue
    return False


def _versions(tree: Path, source: Path) -> Iterator[str]:
    """Committed texts of a file, newest first."""
    log = _git(tree, "log", f"-{_MAX_VERSIONS}", "--format=%H", "--", str(source))
    for commit in log.split():
        yield _git(tree, "show", f"{commit}:./{source.as_posix()}")


def _git(tree: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(tree), *words], capture_output=True, text=True, check=False
        )
    except (OSError, UnicodeDecodeError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _read(path: Path) -> str | None:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read_memory(build: Path) -> dict[str, str]:
    try:
        data = json.loads((build / _MEMORY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _write_memory(build: Path, memory: dict[str, str]) -> None:
    build.mkdir(parents=True, exist_ok=True)
    part = build / (_MEMORY + ".part")
    part.write_text(json.dumps(memory, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(part, build / _MEMORY)
