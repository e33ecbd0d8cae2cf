# SPDX-License-Identifier: MIT
"""The compiler's warnings: whose they are, which are shown, how they are made harmless."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from strata.compiler_words import SHOWN, read_warnings, with_warnings
from strata.lab import Course
from strata.markers import State
from strata.planning import Situation
from strata.points import Marks, mark
from support import case, failed, make_course, passed

FILE = "lab0-boot/f1.c"
GCC = """lab0-boot/f1.c: In function \u2018f1\u2019:
lab0-boot/f1.c:67:1: warning: control reaches end of non-void function [-Wreturn-type]
   67 | }
      | ^
lab0-boot/f1.c:7:2: note: declared here
In file included from lab0-boot/f1.c:3:
lab0-boot/include/lab0/f.h:1:2: warning: "X" redefined
"""


def test_a_warning_of_the_file_is_one_line() -> None:
    assert read_warnings(GCC, FILE) == [f"{FILE}:67: control reaches end of non-void function"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("f.asm:12: warning: byte exceeds bounds [-w+number-overflow]", "byte exceeds bounds"),
        ("f.asm:12:1: Warnung: unbenutzt \u2018x\u2019 [-Wunused]", "unbenutzt 'x'"),
        ("./f.asm:12:1: warning: x", "x"),
        ("\x1b[01m\x1b[Kf.asm:12:1:\x1b[m\x1b[K \x1b[35m\x1b[Kwarning: \x1b[m\x1b[Ky", "y"),
        ("f.asm:12:1: warning: #warning \x1b]0;title\x07\x00\x9b\u202e [-Wcpp]", "#warning \\x00"),
    ],
)
def test_every_compiler_is_read(said: str, shown: str) -> None:
    (line,) = read_warnings(said, "f.asm")
    assert line.startswith(f"f.asm:12: {shown}") and line.isprintable()


def test_errors_and_notes_are_no_warnings() -> None:
    said = "f.c:1:1: error: x\nf.c:1:1: note: y\nf.c:2: fatal error: z\nother.c:1:1: warning: w"
    assert read_warnings(said, "f.c") == []


@pytest.fixture(name="course")
def _course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    for name in ("BUILD", "RELEASE"):
        monkeypatch.delenv(name, raising=False)
    course = make_course(tmp_path)
    for n in (1, 2):
        (tmp_path / "lab0-boot" / f"f{n}.c").write_text("int x;\n")
    return course


def say(course: Course, file: str, text: str) -> Path:
    """What the Makefile keeps."""
    path = course.tree / "build" / "debug" / f"{file[:-2]}.o.said"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def lost(course: Course) -> Marks:
    """0.1 failed, 0.2 is right."""
    one, two = case("a", "0.1"), case("b", "0.2")
    states = {"0.1": State.WRITTEN, "0.2": State.WRITTEN, "0.3": State.NOT_BEGUN}
    found = failed(one) | passed(two)
    return mark(course, [one, two], [one, two], Situation(states), found, {})


def shown(course: Course, marks: Marks) -> list[tuple[str, ...]]:
    """The warnings of each exercise."""
    return [one.warnings for one in with_warnings(course, marks).exercises if one.tests]


def test_only_lost_points_bring_warnings(course: Course) -> None:
    say(course, FILE, GCC)
    say(course, "lab0-boot/f2.c", GCC.replace("f1", "f2"))
    wanted = (f"{FILE}:67: control reaches end of non-void function",)
    assert shown(course, lost(course)) == [wanted, ()]


def test_what_is_given_brings_none(course: Course) -> None:
    say(course, FILE, GCC)
    marks = lost(course)
    for change in ({"solved": True}, {"rescued": True}, {"errors": ("x",)}):
        given = replace(marks.exercises[0], **change)  # type: ignore[arg-type]
        assert shown(course, replace(marks, exercises=(given,))) == [()]


def test_words_about_an_older_text_are_not_shown(course: Course) -> None:
    path = say(course, FILE, GCC)
    now = (course.tree / FILE).stat().st_mtime
    os.utime(path, (now - 5, now - 5))
    assert shown(course, lost(course)) == [(), ()]


def test_there_are_few_and_short_ones(course: Course) -> None:
    lines = [f"{FILE}:{n}:1: warning: {'x' * 9000}" for n in range(1, 3000)]
    say(course, FILE, "\n".join(lines * 2))
    (found, _) = shown(course, lost(course))
    assert len(found) == SHOWN + 1 and found[-1].endswith(" more")
    assert all(len(line) < 220 for line in found)


def test_nothing_kept_is_nothing_said(course: Course) -> None:
    assert shown(course, lost(course)) == [(), ()]
