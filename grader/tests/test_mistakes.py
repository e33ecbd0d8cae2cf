# SPDX-License-Identifier: MIT
"""The list of mistakes: the mutants' headers, and the rows that are made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from strata.errors import LabError, StrataError
from strata.lab import Course, load_course
from strata.mistakes import listing, mutants, read_mutant
from support import make_course

HEADER = {
    "exercise": "0.1",
    "caught-by": "boot.file.it_counts",
    "phrase": "1 | 2, `x` & <y>",
    "edge": "no",
    "mistake": "I took a|b for <b>.",
}


def course_with(tree: Path, *headers: dict[str, str]) -> Course:
    """One exercise, and a mutant of each header."""
    course = make_course(tree, ("0.1", 100, []))
    folder = tree / "solutions" / "lab0-boot" / "mutants"
    folder.mkdir()
    for at, words in enumerate(headers):
        text = "".join(f"{key}: {word}\n" for key, word in words.items())
        (folder / f"f1-{at}.patch").write_text(f"{text}\n--- a/lab0-boot/f1.c\n")
    return course


def test_a_row_keeps_its_cells(tmp_path: Path) -> None:
    """Plain mistakes first; bars, quotes and brackets do not end a cell or begin markup."""
    edge = {**HEADER, "edge": "yes", "phrase": "plain words", "slow": "yes"}
    made = listing(course_with(tmp_path, edge, HEADER)).splitlines()
    assert made[-2:] == [
        "| I took a&#124;b for &lt;b>. | plain | <code>1 &#124; 2, &#96;x&#96; &amp; &lt;y></code>"
        " | `it_counts` |",
        "| I took a&#124;b for &lt;b>. | edge | `plain words` | `it_counts` |",
    ]
    assert "`f1.c`, 100 points: 2 mistakes, 1 of them in the plain case." in made


@pytest.mark.parametrize(
    "text",
    [
        "",
        "exercise: 0.1\n",
        "".join(f"{key}: {word}\n" for key, word in HEADER.items()) + "edge: yes\n",
        "".join(f"{key}: {word}\n" for key, word in HEADER.items()) + "words\n",
        "".join(f"{key}: {word}\n" for key, word in {**HEADER, "edge": "maybe"}.items()),
        "".join(f"{key}: {word}\n" for key, word in {**HEADER, "slow": "no"}.items()),
    ],
    ids=["nothing", "too few", "one twice", "no key", "edge", "slow"],
)
def test_a_header_that_is_not_whole_is_named(tmp_path: Path, text: str) -> None:
    """The file is in the message."""
    path = tmp_path / "a.patch"
    path.write_text(f"{text}\n--- a/lab0-boot/f1.c\n")
    with pytest.raises(LabError, match="a.patch: "):
        read_mutant(path)


def test_a_mutant_of_no_exercise_is_not_lost(tmp_path: Path) -> None:
    """It would be in no row."""
    with pytest.raises(LabError, match="f1-0.patch: there is no exercise 0.9"):
        mutants(course_with(tmp_path, {**HEADER, "exercise": "0.9"}))


def test_a_handout_has_no_mistakes(tmp_path: Path) -> None:
    """The mutants lie beside the solutions."""
    make_course(tmp_path)
    (tmp_path / "solutions").rename(tmp_path / "elsewhere")
    with pytest.raises(StrataError, match="no solutions/ folder"):
        mutants(load_course(tmp_path))
