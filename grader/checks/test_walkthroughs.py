# SPDX-License-Identifier: MIT
"""Each walkthrough holds on the reference and on the alternatives, and fails on the mutant
that it names, at a line of its own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from conftest import TREE, run
from strata.walkthrough import find_pages
from strata.walkthrough_page import Page, parse
from test_graded import ALTERNATIVES, COURSE, MUTANTS, mutated

PAGES: list[Page] = [
    parse(path, (TREE / path).read_text(encoding="utf-8")) for path in find_pages(TREE)
]
RED = [(page, name) for page in PAGES for name in page.red_on]


def name_of(page: Page) -> str:
    """A page's name for TEST=."""
    return page.path.stem


def test_every_page_names_a_mutant_it_fails_on() -> None:
    """One that cannot fail proves nothing."""
    known = {one.name for one in MUTANTS}
    assert PAGES
    for page in PAGES:
        assert page.red_on, f"{page.path} names no mutant"
        assert set(page.red_on) <= known, f"{page.path}: no mutant {set(page.red_on) - known}"


def test_the_pages_hold_on_the_reference(clone: Path) -> None:
    """As a reader of the finished kernel meets them."""
    done = run(["make", "walkthroughs"], cwd=clone)
    assert done.returncode == 0, done.stdout[-3000:]
    assert done.stdout.count("\nok ") + done.stdout.startswith("ok ") == len(PAGES), done.stdout


def test_the_pages_hold_on_the_alternatives(clone: Path) -> None:
    """What a page says is the contract's, not the reference's."""
    laid = set()
    for ident, path in ALTERNATIVES:
        exercise = COURSE.by_id[ident]
        if ident not in laid:
            shutil.copyfile(path, clone / COURSE.lab_of(ident).folder.name / exercise.file)
            laid.add(ident)
    others = ",".join(one.id for one in COURSE.exercises() if one.id not in laid)
    done = run(["make", "walkthroughs", f"SOLVED={others or 'none'}"], cwd=clone)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    ("page", "name"), RED, ids=[f"{page.path.stem}-{name}" for page, name in RED]
)
def test_a_page_goes_red_on_its_mutant(page: Page, name: str, clone: Path, tmp_path: Path) -> None:
    """With the page's line, what it expects there and what was seen."""
    mutant = next(one for one in MUTANTS if one.name == name)
    place = COURSE.lab_of(mutant.exercise).folder.name
    file = clone / place / COURSE.by_id[mutant.exercise].file
    file.write_text(mutated(mutant, tmp_path / "scratch"), encoding="utf-8")
    others = ",".join(one.id for one in COURSE.exercises() if one.id != mutant.exercise)
    words = ["make", "walkthroughs", f"TEST={name_of(page)}", f"SOLVED={others}"]
    done = run(words, cwd=clone)
    assert done.returncode != 0, f"{page.path} holds on {name}"
    said = re.search(
        rf"^not ok {page.path}:(\d+): .*\n  expected: .+\n  seen: .+", done.stdout, re.M
    )
    assert said, done.stdout[-3000:]


def test_a_wrong_line_is_named(clone: Path) -> None:
    """A page with a mistake of its own: file, line, expected, seen."""
    page = PAGES[0].path
    text = (clone / page).read_text(encoding="utf-8")
    line = text[: text.index("Continuing.")].count("\n") + 1
    (clone / page).write_text(text.replace("Continuing.", "Stopping.", 1), encoding="utf-8")
    done = run(["make", "walkthroughs", f"TEST={page.stem}"], cwd=clone)
    assert done.returncode != 0
    assert f"{page}:{line}: after `continue`" in done.stdout, done.stdout[-2000:]
    assert "expected: Stopping." in done.stdout and "seen:     Continuing." in done.stdout


def test_an_unwritten_exercise_leaves_a_page_out(clone: Path) -> None:
    """It says which; a page that is not there is a clear line."""
    done = run(["make", "walkthroughs", "TEST=reset-to-kernel", "SOLVED=none"], cwd=clone)
    assert done.returncode != 0 and "no walkthrough was played" in done.stdout, done.stdout
    assert "exercise 0.5, 0.6, 0.7, 0.9, not written" in done.stdout, done.stdout[-2000:]
    done = run(["make", "walkthroughs", "TEST=nowhere"], cwd=clone)
    assert done.returncode != 0 and "no such walkthrough" in done.stdout
    assert all(f"  {page.path}\n" in done.stdout for page in PAGES), done.stdout
    assert "Traceback" not in done.stdout


def test_pages_hold_on_the_exercises_they_need(clone: Path) -> None:
    """No more have to be written than the header says."""
    for page in PAGES:
        words = ["make", "walkthroughs", f"TEST={page.path}", f"SOLVED={','.join(page.needs)}"]
        done = run(words, cwd=clone)
        assert done.returncode == 0 and f"ok {page.path}" in done.stdout, done.stdout[-3000:]


def test_pages_hold_in_a_handout(out: Path, tmp_path: Path) -> None:
    """Nothing is written there: as the pages say, from objects, and none is left out. A tree of
    lab 0 has its own pages and patches only; what `make rescue` gave counts as written."""
    clone = tmp_path / "student"
    run(["git", "clone", "-q", str(out / "handout"), str(clone)], cwd=tmp_path)
    for tag, pages in (
        ("lab0", [one for one in PAGES if one.path.parts[0] == "docs"]),
        ("lab1", PAGES),
    ):
        run(["git", "checkout", "-q", tag], cwd=clone)
        done = run(["make", "walkthroughs"], cwd=clone)
        assert done.returncode == 0 and "left out" not in done.stdout, done.stdout[-3000:]
        assert f"{len(pages)} walkthroughs hold, 0 do not" in done.stdout, done.stdout[-3000:]
        assert bool(list(clone.glob("lab1*/walkthroughs/*.patch"))) == (tag == "lab1")
    run(["make", "rescue", "LAB=1"], cwd=clone)
    done = run(["make", "walkthroughs", "TEST=timer", "SOLVED=none"], cwd=clone)
    assert done.returncode == 0 and "1 walkthroughs hold" in done.stdout, done.stdout[-3000:]
