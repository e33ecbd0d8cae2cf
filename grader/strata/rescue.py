# SPDX-License-Identifier: MIT
"""The verb rescue: one exercise is given, so that what stands on it can go on.

With solutions/ at hand the reference file takes the student's place, which is kept in
.strata/kept/; in a handout the student's file stays, and its object is not linked but the
reference's. Either way .strata/given says so, and marks show it. UNDO=1 takes it back.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator, Mapping

from . import memory
from .errors import UsageError
from .lab import Course, Exercise, load_course
from .markers import reading
from .record import write_atomically

__all__ = ["kept_path", "main", "reference_text", "rescue", "undo"]


def main(_words: list[str], environment: Mapping[str, str] | None = None) -> int:
    """Read EX, LAB and UNDO; say what was done."""
    env = os.environ if environment is None else environment
    course = load_course(Path.cwd())
    ids, left = _asked(course, env, bool(env.get("UNDO")))
    lines = undo(course, ids) if env.get("UNDO") else rescue(course, ids)
    for line in (*left, *lines):
        print(line)
    return 0


def _asked(course: Course, env: Mapping[str, str], back: bool) -> tuple[list[str], list[str]]:
    """The exercises meant, and lines on those of a whole lab that are left as they are."""
    if env.get("EX"):
        return course.order(course.named_exercises(env["EX"], "EX")), []
    if not env.get("LAB"):
        raise UsageError(
            "rescue needs an exercise or a lab: make rescue EX=0.5, make rescue LAB=0; "
            f"exercises are {', '.join(course.by_id)}"
        )
    every = [one for lab in course.pick_labs(env["LAB"]) for one in lab.exercises]
    cases = {one.id for one in every if one.form == "case"} - course.references()
    ids = [one.id for one in every if one.id not in cases]
    if back:
        return [ident for ident in ids if ident in memory.given(course)], []
    whole = [ident for ident in ids if memory.is_whole(course, course.by_id[ident])]
    left = [f"{', '.join(whole)}: yours, and right: left as it is"] if whole else []
    return [ident for ident in ids if ident not in whole], left


def rescue(course: Course, ids: list[str]) -> list[str]:
    """Give exercises; the lines to print."""
    course.need_references(ids, f"rescue of {', '.join(ids)}")
    now = memory.given(course)
    lines = [f"{ident}: is given already" for ident in ids if ident in now]
    for ident in (ident for ident in ids if ident not in now):
        lines.append(_give(course, course.by_id[ident]))
        memory.set_given(course, memory.given(course) | {ident})
    points = sum(course.by_id[ident].points for ident in ids)
    lines.append(
        f"given are {', '.join(course.order(memory.given(course)))}: the tests of "
        f"{'these' if len(ids) > 1 else ids[0] if ids else 'nothing'} count nothing now "
        f"({points} points), all that stands on it is judged as ever; UNDO=1 takes it back"
    )
    return lines


def undo(course: Course, ids: list[str]) -> list[str]:
    """Take exercises back; the lines to print."""
    lines = []
    for ident in ids:
        if ident not in memory.given(course):
            lines.append(f"{ident}: was not given")
            continue
        lines.append(_take_back(course, course.by_id[ident]))
        memory.set_given(course, memory.given(course) - {ident})
    return lines or ["nothing was given"]


def reference_text(course: Course, exercise: Exercise) -> str:
    """The reference file as a person reads it, without markers."""
    path = course.solution(exercise)
    return reading(path.read_text(encoding="utf-8"), path.name)


def kept_path(course: Course, exercise: Exercise) -> Path:
    """Where the student's own file is while the reference has its place."""
    folder = course.lab_of(exercise.id).folder.name
    return course.tree / memory.FOLDER / "kept" / folder / exercise.file


def _give(course: Course, exercise: Exercise) -> str:
    path, kept = course.lab_of(exercise.id).path(exercise), kept_path(course, exercise)
    name = path.relative_to(course.tree)
    if not course.has_solutions:
        return f"{exercise.id}: given; {name} stays as it is, the reference's object is linked"
    if path.exists():
        if kept.exists():
            kept.replace(_free(kept))
        _put_aside(path, kept)
    write_atomically(path, reference_text(course, exercise))
    return f"{exercise.id}: given; your {name} is in {kept.relative_to(course.tree)}"


def _take_back(course: Course, exercise: Exercise) -> str:
    path, kept = course.lab_of(exercise.id).path(exercise), kept_path(course, exercise)
    name = path.relative_to(course.tree)
    if not kept.exists():
        return f"{exercise.id}: taken back; {name} is linked again"
    line = f"{exercise.id}: taken back; {name} is yours again"
    if path.exists() and path.read_bytes() != _given_bytes(course, exercise):
        spare = _free(kept)
        _put_aside(path, spare)
        line += f"; what you changed in the given one is in {spare.relative_to(course.tree)}"
    path.write_bytes(kept.read_bytes())
    kept.unlink()
    return line


def _given_bytes(course: Course, exercise: Exercise) -> bytes | None:
    return reference_text(course, exercise).encode() if course.has_solutions else None


def _put_aside(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(path.read_bytes())


def _free(kept: Path) -> Path:
    """The first name beside it that is free."""
    return next(one for one in _numbered(kept) if not one.exists())


def _numbered(kept: Path) -> Iterator[Path]:
    number = 1
    while True:
        yield kept.with_name(f"{kept.name}.{number}")
        number += 1
