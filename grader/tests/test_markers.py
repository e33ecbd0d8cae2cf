# SPDX-License-Identifier: MIT
"""Markers: one source, two readings."""

from __future__ import annotations

from pathlib import Path

import pytest

from strata.errors import LabError, StrataError
from strata.markers import State, regions, skeleton, state
from strata.skeletons import check, generate
from support import make_course

C_SOURCE = """int
uart_putc(int port)
{
        /* EX 0.1 { see <lab0/uart.h> */
        outb(port, 1);
        return 0;
        /* EX 0.1 } (void)port; todo("0.1"); */
}
"""
C_SKELETON = """int
uart_putc(int port)
{
        /* Exercise 0.1: see <lab0/uart.h> */
        (void)port; todo("0.1");
}
"""
NASM_SOURCE = """long_mode_enter:
        ; EX 0.5 { see boot_tables.inc
        mov eax, 1
        ; EX 0.5 } todo "0.5"
"""
NASM_SKELETON = """long_mode_enter:
        ; Exercise 0.5: see boot_tables.inc
        todo "0.5"
"""


@pytest.mark.parametrize(
    ("source", "wanted"), [(C_SOURCE, C_SKELETON), (NASM_SOURCE, NASM_SKELETON)]
)
def test_a_skeleton_is_all_but_the_solution(source: str, wanted: str) -> None:
    assert skeleton(source, "x") == wanted


def test_several_regions_are_counted() -> None:
    text = skeleton(C_SOURCE * 3, "x")
    assert "Exercise 0.1 (1 of 3): see" in text and "(3 of 3)" in text


def test_a_comment_over_several_lines_is_one_marker() -> None:
    text = C_SOURCE.replace("see <lab0/uart.h>", "see\n         * <lab0/uart.h>")
    assert "        /* Exercise 0.1: see\n         * <lab0/uart.h> */\n" in skeleton(text, "x")


def test_windows_line_ends_are_kept_apart() -> None:
    assert "outb" not in skeleton(C_SOURCE.replace("\n", "\r\n"), "x")


@pytest.mark.parametrize(
    ("source", "phrase"),
    [
        ('/* EX 0.1 { a */\n/* EX 0.1 { b */\n/* EX 0.1 } todo("0.1"); */', "opens inside"),
        ('/* EX 0.1 } todo("0.1"); */', "closes what was not opened"),
        ("/* EX 0.1 { a */", "never closed"),
        ("/* EX 0.1 { a */\n/* EX 0.1 } return; */", "does not say todo"),
        ("x = 1; /* EX 0.1 { a */", "alone on its line"),
        ('/* EX 0.1 { a */\n/* EX 0.2 } todo("0.2"); */', "closes what was not opened"),
    ],
)
def test_a_wrong_marker_is_named(source: str, phrase: str) -> None:
    with pytest.raises(LabError, match=phrase) as raised:
        regions(source, "file.c")
    assert str(raised.value).startswith("file.c:")


def test_states_follow_the_stubs() -> None:
    both = skeleton(C_SOURCE + C_SOURCE.replace("putc", "getc"), "x")
    half = both.replace('(void)port; todo("0.1");', "return 1;", 1)
    assert state(both, "0.1") is State.NOT_BEGUN
    assert state(half, "0.1") is State.BEGUN
    assert state(half.replace("/* Exercise 0.1 (1 of 2): see <lab0/uart.h> */\n", ""), "0.1") is (
        State.BEGUN
    )
    assert state(C_SOURCE, "0.1") is State.WRITTEN
    assert state(NASM_SKELETON, "0.5") is State.NOT_BEGUN
    assert state(NASM_SKELETON.replace("todo", "; todo"), "0.5") is State.WRITTEN
    assert state("", "0.1") is State.WRITTEN


def test_generating_writes_then_has_nothing_to_do(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    assert len(generate(course, tmp_path / "build")) == 3
    assert generate(course, tmp_path / "build") == []
    assert check(course) == []


def test_an_edited_skeleton_is_never_overwritten(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    generate(course, tmp_path / "build")
    edited = tmp_path / "lab0-boot" / "f2.c"
    edited.write_text(edited.read_text() + "/* mine */\n")
    for n in (1, 2):
        source = tmp_path / "solutions" / "lab0-boot" / f"f{n}.c"
        source.write_text("/* new head */\n" + source.read_text())
    with pytest.raises(StrataError, match="lab0-boot/f2.c: edited by somebody"):
        generate(course, tmp_path / "build")
    assert edited.read_text().endswith("/* mine */\n")
    assert (tmp_path / "lab0-boot" / "f1.c").read_text().startswith("/* new head */")


def test_drift_is_named(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    generate(course, tmp_path / "build")
    (tmp_path / "lab0-boot" / "f3.c").write_text("\n")
    (tmp_path / "solutions" / "lab0-boot" / "stray.c").write_text("\n")
    lines = check(course)
    assert any(line.startswith("lab0-boot/f3.c: differs") for line in lines)
    assert any("stray.c: belongs to no exercise" in line for line in lines)
