# SPDX-License-Identifier: MIT
"""The page that a real grade leaves: whole, alone, and never one of an older run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import run
from strata.lab import load_course
from strata.markers import reading

WILD = "\n\tif (count == 0)\n\t\t*(volatile int *)0x123456789000 = 1;\n"
TEST = "boot.backtrace"


@pytest.fixture(name="wrong")
def _wrong(clone: Path) -> Path:
    """A tree whose 0.4 writes where nothing is mapped."""
    course = load_course(clone)
    exercise = course.by_id["0.4"]
    text = reading(course.solution(exercise).read_text(encoding="utf-8"), exercise.file)
    text = re.sub(r"(\nsymbol_find\(.*?\n\n)", lambda found: found[1] + WILD, text, 1, re.S)
    assert WILD in text
    course.lab_of("0.4").path(exercise).write_text(text, encoding="utf-8")
    return clone


def test_a_grade_leaves_one_page(wrong: Path) -> None:
    page = wrong / "build" / "grade" / "index.html"
    words = ["make", "grade", "LAB=0", f"TEST={TEST}", "SOLVED=0.1,0.2,0.3,0.5"]
    done = run(words, cwd=wrong)
    assert "\nlab 0: " in done.stdout, done.stdout
    assert done.stdout.count("build/grade/index.html") == 1
    text = page.read_text(encoding="utf-8")
    assert [one.name for one in page.parent.glob("*.part")] == []
    assert "#PF page fault, error code 0x2 (writing to an unmapped address 0x123456789000)" in text
    assert "<code>*(volatile int *)0x123456789000 = 1;</code>" in text
    assert "make debug TEST=boot.backtrace.symbols_are_found_at_the_edges" in text
    for found in re.findall(r'href="([^"#]+)', text):
        assert found == "data:," or (page.parent / found).exists(), found
    assert not re.search(r"<script|https?://|\ssrc=\"(?!data:)", text)

    (wrong / "lab0-boot" / "boot.c").write_text("no C\n", encoding="utf-8")
    done = run(words, cwd=wrong)
    assert done.returncode == 2 and "boot.c" in done.stdout
    assert not page.exists()
