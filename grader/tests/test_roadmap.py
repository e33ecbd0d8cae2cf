# SPDX-License-Identifier: MIT
"""The roadmap table: rows from lab.toml, each with a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from strata.errors import LabError
from strata.lab import Course, load_course
from strata.made_part import MadePart
from strata.roadmap import check, table
from support import make_course

ROW = """
[[roadmap]]
phase = "2 boot"
row = "{row}"
exercises = [{exercises}]
files = [{files}]
tests = [{tests}]
"""
KTEST = """/* It counts. */
KTEST({name}{attributes})
{{
}}
"""


def course_with(tree: Path, *rows: str) -> Course:
    """One exercise with a test, one provided file with another."""
    make_course(tree, ("0.1", 100, []))
    lab = tree / "lab0-boot"
    (lab / "tests").mkdir()
    (lab / "tests" / "mine_test.c").write_text(
        KTEST.format(name="mine", attributes=', .exercise = "0.1"')
    )
    (lab / "tests" / "given_test.c").write_text(KTEST.format(name="it_counts", attributes=""))
    (lab / "given.c").write_text("")
    toml = lab / "lab.toml"
    toml.write_text(toml.read_text() + "".join(rows))
    return load_course(tree)


def row(name: str, exercises: str = "", files: str = "", tests: str = "") -> str:
    """One row of lab.toml."""
    return ROW.format(row=name, exercises=exercises, files=files, tests=tests)


MINE = row("counting", exercises='"0.1"')


def test_an_exercise_brings_its_own_tests(tmp_path: Path) -> None:
    course = course_with(tmp_path, MINE)
    assert check(course) == []
    line = table(course).splitlines()[-1]
    assert line.startswith("| 2 boot | counting | 0 | [0.1 Exercise 0.1](../lab0-boot/README.md#")
    assert line.endswith("| [`mine_test.c`](../lab0-boot/tests/mine_test.c) |")


def test_a_provided_file_names_its_tests(tmp_path: Path) -> None:
    course = course_with(tmp_path, MINE, row("given", files='"given.c"', tests='"boot.given"'))
    assert check(course) == []
    assert "[`given.c`](../lab0-boot/given.c) | [`given_test.c`]" in table(course)


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (row("bare", files='"given.c"'), "roadmap row 'bare': no test judges it"),
        (row("gone", files='"gone.c"'), "there is no file gone.c"),
        (row("none", exercises='"0.7"'), "there is no exercise 0.7"),
        (row("lost", files='"given.c"', tests='"boot.lost"'), "no test matches 'boot.lost'"),
        (row("air", tests='"boot.given"'), "neither an exercise nor a file covers it"),
    ],
)
def test_a_row_that_nothing_proves_is_a_fault(tmp_path: Path, bad: str, fault: str) -> None:
    lines = check(course_with(tmp_path, MINE, bad))
    assert len(lines) == 1
    assert fault in lines[0]


def test_a_handout_need_not_have_the_checks(tmp_path: Path) -> None:
    """Where the folder is there, the file has to be, too."""
    line = row("proved", files='"given.c"', tests='"grader/checks/test_it.py"')
    course = course_with(tmp_path, MINE, line)
    assert check(course) == []
    (tmp_path / "grader" / "checks").mkdir(parents=True)
    assert len(check(course)) == 1


def test_every_exercise_is_in_a_row(tmp_path: Path) -> None:
    course = course_with(tmp_path, row("given", files='"given.c"', tests='"boot.given"'))
    assert check(course) == ["exercise 0.1 is in no roadmap row"]


def test_a_lab_without_rows_is_a_fault(tmp_path: Path) -> None:
    assert "lab0-boot/lab.toml has no roadmap row" in check(course_with(tmp_path))


PART = MadePart("list", Path("docs") / "list.md")
BEGIN, END = PART.begin, PART.end


def test_only_what_lies_between_the_marks_is_made() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert PART.put(page, "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    for bad in ("no marks", f"{END}\n{BEGIN}\n", page + page):
        with pytest.raises(LabError, match="docs/list.md: the marks"):
            PART.put(bad, "new")


def test_a_page_is_written_once_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "docs" / "list.md"
    path.parent.mkdir()
    path.write_text(f"{BEGIN}{END}")
    states = []
    for words in (["--check"], [], ["--check"], []):
        states.append(PART.update(tmp_path, "new", words))
    assert states == [1, 0, 0, 0]
    assert path.read_text() == f"{BEGIN}\n\nnew\n\n{END}"
    assert capsys.readouterr().out.splitlines() == [
        "list: docs/list.md is old: make list",
        "list: docs/list.md is written",
        "list: up to date",
        "list: docs/list.md is up to date",
    ]
