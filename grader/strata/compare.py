# SPDX-License-Identifier: MIT
"""The verb compare: the student's file beside the reference, after a pass."""

from __future__ import annotations

import difflib
import os
import shutil
import sys
from pathlib import Path

from . import memory, pristine
from .errors import StrataError, UsageError
from .lab import Course, Exercise, load_course
from .report import wants_plain
from .rescue import reference_text

__all__ = ["main", "side_by_side"]


def main(_words: list[str]) -> int:
    """Read EX; two columns, or a unified diff where PLAIN is asked for."""
    course = load_course(Path.cwd())
    word = os.environ.get("EX", "")
    ids = course.order(course.named_exercises(word, "EX"))
    if len(ids) != 1:
        raise UsageError(f"compare needs one exercise: EX= one of {', '.join(course.by_id)}")
    exercise = course.by_id[ids[0]]
    _allowed(course, exercise)
    path = course.lab_of(exercise.id).path(exercise)
    name = str(path.relative_to(course.tree))
    mine = path.read_text(encoding="utf-8", errors="replace").expandtabs(8).splitlines()
    theirs = _reference(course, exercise).expandtabs(8).splitlines()
    if mine == theirs:
        print(f"{name}: the same as the reference")
        return 0
    if wants_plain(sys.stdout, os.environ):
        lines = list(difflib.unified_diff(mine, theirs, name, "reference", lineterm=""))
    else:
        lines = side_by_side(mine, theirs, shutil.get_terminal_size((160, 24)).columns)
    print("\n".join(lines))
    return 0


def _allowed(course: Course, exercise: Exercise) -> None:
    ident = exercise.id
    if ident in memory.given(course):
        raise StrataError(f"{ident} is given; make rescue EX={ident} UNDO=1 brings yours back")
    if not memory.is_whole(course, exercise):
        raise StrataError(
            f"{ident} first needs all its points, for the file as it is now: "
            f"make grade TEST={ident}"
        )


def _reference(course: Course, exercise: Exercise) -> str:
    """From solutions/, or from a course's newest tag labN-solution."""
    if course.has_solutions:
        return reference_text(course, exercise)
    lab = course.lab_of(exercise.id)
    name = f"lab{lab.number}-solution"
    tags = (pristine.git(course.tree, "tag", "--list", name, f"{name}.*") or "").split()
    tag = max(tags, key=pristine.age, default=name)
    path = lab.path(exercise).relative_to(course.tree).as_posix()
    text = pristine.git(course.tree, "show", f"{tag}:{path}")
    if text is None or not (course.tree / ".git").exists():
        raise StrataError(
            f"the text of {exercise.id}'s reference is not in this tree (there is no solutions/ "
            f"folder and no tag {name}); your instructor has it"
        )
    return text


def side_by_side(mine: list[str], theirs: list[str], width: int) -> list[str]:
    """Two columns: `|` between lines that differ, `<` and `>` where only one side has any."""
    column = max(20, (width - 3) // 2)
    lines = [_row("yours", " ", "the reference", column), "-" * (2 * column + 3)]
    matcher = difflib.SequenceMatcher(None, mine, theirs, autojunk=False)
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        for at in range(max(a1 - a0, b1 - b0)):
            left = mine[a0 + at] if a0 + at < a1 else None
            right = theirs[b0 + at] if b0 + at < b1 else None
            mark = " " if tag == "equal" else ">" if left is None else "<" if right is None else "|"
            lines.append(_row(left or "", mark, right or "", column))
    return lines


def _row(left: str, mark: str, right: str, column: int) -> str:
    return f"{left[:column]:<{column}} {mark} {right[:column]}".rstrip()
