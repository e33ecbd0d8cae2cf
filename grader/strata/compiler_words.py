# SPDX-License-Identifier: MIT
"""What the compiler said of an exercise's file: its warnings, for the report.

The Makefile keeps the words of the last compilation beside the object, so that they are
there when nothing was compiled anew, too.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace

from .lab import Course, Exercise
from .points import ExerciseMark, Marks
from .record import printable

__all__ = ["SHOWN", "read_warnings", "with_warnings"]

SHOWN = 3  # of an exercise
_LONGEST = 200  # characters of a line
_BYTES = 64 * 1024  # of what was said
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
# A compiler that speaks another language ends its warnings by their option, as all do.
_SAID = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+):(?:\d+:)? (?P<text>\w+: .*)$")
_WARNING = re.compile(r"^warning: |\[-[Ww][\w+=/-]+\]$")
_OPTION = re.compile(r" \[-[Ww][^\]]*\]$")


def with_warnings(course: Course, marks: Marks) -> Marks:
    """The marks, with what was said of those exercises that lost points."""
    found = tuple(
        replace(one, warnings=_of(course, one.exercise)) if _lost(one) else one
        for one in marks.exercises
    )
    return replace(marks, exercises=found)


def _lost(mark: ExerciseMark) -> bool:
    """Whether it is the student's, was built, run, and lost points."""
    own = not (mark.solved or mark.rescued or mark.errors)
    ran = any(test.best is not None for test in mark.tests)
    return own and ran and mark.points < mark.most


def _of(course: Course, exercise: Exercise) -> tuple[str, ...]:
    lab = course.lab_of(exercise.id)
    name = f"{lab.folder.name}/{exercise.file}"
    mode = "release" if os.environ.get("RELEASE") else "debug"
    base = course.tree / (os.environ.get("BUILD") or "build") / mode / name
    lines: list[str] = []
    for kind in (".o.said", ".bin.said"):
        said = base.with_suffix(kind)
        try:
            if said.stat().st_mtime_ns < lab.path(exercise).stat().st_mtime_ns:
                continue  # of an older text
            with open(said, "rb") as stream:
                text = stream.read(_BYTES).decode("utf-8", "replace")
        except OSError:
            continue
        lines += [line for line in read_warnings(text, name) if line not in lines]
    if len(lines) > SHOWN:
        lines[SHOWN:] = [f"and {len(lines) - SHOWN} more"]
    return tuple(lines)


def read_warnings(said: str, file: str) -> list[str]:
    """`file:line: text` of each warning of that very file."""
    lines: list[str] = []
    for raw in said.splitlines():
        match = _SAID.match(_ESCAPE.sub("", raw).translate({0x2018: "'", 0x2019: "'"}).rstrip())
        if match is None or os.path.normpath(match["file"]) != file:
            continue
        if not _WARNING.search(match["text"]):
            continue
        text = _OPTION.sub("", match["text"]).partition(": ")[2]
        line = printable(f"{file}:{match['line']}: {text}")
        line = line if len(line) <= _LONGEST else line[:_LONGEST] + "..."
        if line not in lines:
            lines.append(line)
    return lines
