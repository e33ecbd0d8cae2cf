# SPDX-License-Identifier: MIT
"""The chain of tags on real clones: as students, instructors and self-learners use it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest

from chains import ODD, cloned, git, mend, publish, tags, write_solutions
from conftest import TREE, committed, run
from strata import leaks
from strata.lab import load_course
from strata.markers import reading
from test_grading import grade, labs, plain_tests

PAGES = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "grader/tests/test_handout.py"]
STARTS = [f"lab{n}-start" for n in labs()]
SOLVED = [f"lab{n}-solution" for n in labs()]


@pytest.fixture(name="mended")
def _mended(source: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the source, to be changed."""
    subprocess.run(["cp", "-a", str(source), str(tmp_path / "mended")], check=True)
    yield tmp_path / "mended"
    shutil.rmtree(tmp_path / "mended", ignore_errors=True)


def test_the_same_source_gives_the_same_ids(source: Path, out: Path, tmp_path: Path) -> None:
    """Again, elsewhere, and from a clone of the source; a handout's are the course's."""
    before = tags(out / "course")
    assert sorted(before) == sorted(
        [f"lab{n}{end}" for n in labs() for end in ("", "-start", "-solution", "-objects")]
    )
    again = tmp_path / "again"
    publish(source, "course", again)
    assert tags(again) == before
    assert "nothing has changed" in publish(source, "course", again)
    assert tags(again) == before
    handout = tags(out / "handout")
    assert sorted(handout) == sorted(f"lab{n}{end}" for n in labs() for end in ("", "-objects"))
    assert handout.items() <= before.items()


def test_each_tag_adds_what_it_says(out: Path) -> None:
    """A lab adds its folder, and pages tell of it; a solution changes exercise files only."""
    tree, course = out / "course", load_course(TREE)
    for lab in labs()[1:]:
        for below, tag in ((f"lab{int(lab) - 1}", f"lab{lab}"), (SOLVED[int(lab) - 1], STARTS[1])):
            added = git(tree, "diff", "--name-only", below, tag).split("\n")
            assert all(
                re.match(rf"(docs/pictures/)?lab{lab}-|.*\.md$", name) for name in added
            ), added
    for lab in labs():
        changed = git(tree, "diff", "--name-only", f"lab{lab}-start", f"lab{lab}-solution")
        mine = course.lab(int(lab))
        own = [f"{mine.folder.name}/{one.file}" for one in mine.exercises]
        assert sorted(changed.split("\n")) == sorted(own)
        listed = git(tree, "ls-tree", "-r", "--name-only", f"lab{lab}-solution").split("\n")
        assert not [name for name in listed if name.startswith(("solutions/", "objects/"))]


def test_a_handout_of_some_labs_is_how_the_next_begins(
    source: Path, out: Path, tmp_path: Path
) -> None:
    """THROUGH=0, then on top of it all: the ids of a handout made at once."""
    few = tmp_path / "few"
    publish(source, "handout", few, "THROUGH=0")
    assert sorted(tags(few)) == ["lab0", "lab0-objects"]
    assert [path.name[3] for path in few.glob("lab*-*")] == ["0"]
    publish(source, "handout", few)
    assert tags(few) == tags(out / "handout")
    assert git(few, "rev-parse", "main") == tags(few)[f"lab{labs()[-1]}"]
    done = run(["make", "handout", f"OUT={few}", "THROUGH=0"], cwd=source)
    assert done.returncode != 0 and "is published there already" in done.stdout
    done = run(["make", "course", f"OUT={few}"], cwd=source)
    assert done.returncode != 0 and "an output of its own" in done.stdout


def check_students_path(out: Path, tree: Path, *words: str) -> None:
    """clone, solve lab 0, merge lab1, solve it, grade both, hand in."""
    cloned(out / "handout", tree, "lab0")
    for lab in labs():
        if lab != "0":
            git(tree, "merge", "-q", "-m", "next", f"lab{lab}")
        write_solutions(tree, lab)
        tests = () if words else (f"TEST={plain_tests(lab)}",)
        _, text, found = grade(tree, f"LAB={lab}", *tests)
        assert found["score"] == found["max_score"] > 0, text[-3000:]
        assert "not yours to hand in" not in text
    for lab in labs() if words else ():
        done = run(["make", "handin", f"LAB={lab}"], cwd=tree)
        assert f"100 of 100 points on the tree of {tags(tree)[f'lab{labs()[-1]}'][:12]}" in (
            done.stdout.splitlines()[-1]
        ), done.stdout[-3000:]
    assert git(tree, "status", "--porcelain") == ""


def test_a_student_goes_from_lab_to_lab(out: Path, tmp_path: Path) -> None:
    """By the plain tests, without handing in."""
    check_students_path(out, tmp_path / "student")


@pytest.mark.long
def test_a_student_grades_all_and_hands_in(out: Path, tmp_path: Path) -> None:
    """The same with all tests, and handed in."""
    check_students_path(out, tmp_path / "student", "all")


def test_a_correction_reaches_a_student_who_is_at_work(
    source: Path, mended: Path, tmp_path: Path
) -> None:
    """Lab 0 is published, solved, mended; lab1 brings the mended one, without conflict."""
    out, mine = tmp_path / "out", tmp_path / "mine"
    publish(source, "handout", out, "THROUGH=0")
    before = tags(out)
    cloned(out, mine, "lab0")
    write_solutions(mine, "0")
    mend(mended)
    publish(mended, "handout", out)
    after = tags(out)
    assert before.items() <= after.items() and {"lab0.1", "lab1", "lab0-objects.1"} <= set(after)
    git(mine, "fetch", "-q", "--tags")
    git(mine, "merge", "-q", "-m", "next", "lab1")
    assert (mine / "lab0-boot/printk.c").read_text().endswith("/* mended */\n")
    mended_uart = reading((TREE / "solutions/lab0-boot/uart.c").read_text(), "uart.c")
    assert (mine / "lab0-boot/uart.c").read_text() == mended_uart
    _, text, found = grade(mine, "TEST=0.1,1.1", "SOLVED=1.1")
    assert found["score"] == found["max_score"] > 0, text[-3000:]
    assert "not yours to hand in" not in text


@pytest.mark.long
def test_a_correction_of_all_that_is_published(
    source: Path, mended: Path, out: Path, tmp_path: Path
) -> None:
    """labN.1 stands on labN and on the corrected lab below; twice gives the same ids."""
    first, second, mine = tmp_path / "first", tmp_path / "second", tmp_path / "mine"
    for one in (first, second):
        subprocess.run(["cp", "-a", str(out / "course"), str(one)], check=True)
    before = tags(first)
    cloned(first, mine, "lab1")
    write_solutions(mine, "1")
    mend(mended)
    publish(mended, "course", first)
    publish(mended, "course", second)
    after = tags(first)
    assert after == tags(second) and before.items() <= after.items()
    assert set(after) - set(before) == {f"{tag}.1" for tag in before}
    parents = git(first, "rev-parse", "lab1.1^@").split()
    assert parents == [after["lab1"], after["lab0.1"]]
    git(mine, "fetch", "-q", "--tags")
    git(mine, "merge", "-q", "-m", "mended", "lab1.1")
    assert (mine / "lab0-boot/printk.c").read_text().endswith("/* mended */\n")
    assert run(["make", "-s", "print-tag"], cwd=mine).returncode == 0
    assert (mine / "objects/tag").read_text().strip() == after["lab1-objects.1"]


def test_a_self_learner_is_rescued_and_steps_in(out: Path, tmp_path: Path) -> None:
    """As README.md says: lab0, a rescue, lab1-start, and compare."""
    tree = cloned(out / "course", tmp_path / "me", "lab0")
    assert run(["make", "rescue", "EX=0.5"], cwd=tree).returncode == 0
    shutil.copy(TREE / "solutions/lab0-boot/uart.c", tree / "lab0-boot/uart.c")
    _, text, found = grade(tree, "TEST=0.1")
    assert found["score"] == 10, text[-3000:]
    done = run(["make", "compare", "EX=0.1"], cwd=tree)
    assert done.returncode == 0 and "EX 0.1" in done.stdout, done.stdout
    git(tree, "commit", "-q", "-a", "-m", "uart")
    git(tree, "checkout", "-q", "-b", "mine1", "lab1-start")
    _, text, found = grade(tree, "TEST=0.1,0.2,1.8")
    scores = {test["id"]: test["score"] for test in found["tests"]}
    assert found["score"] == 22 and len(scores) > 6, text[-3000:]
    assert "not yours to hand in" not in text


def test_a_planted_line_is_found(mended: Path, tmp_path: Path) -> None:
    """A line of a solution in a page, as part of a longer line: nothing is published."""
    page = mended / "docs/gdb.md"
    secrets = leaks.secret_lines(load_course(mended))
    line = next(one for one, file in secrets.items() if file == "solutions/lab0-boot/uart.c")
    page.write_text(page.read_text() + f"\nIt says `{line}` there.\n")
    committed(mended)
    done = run(["make", "handout", f"OUT={tmp_path / 'out'}"], cwd=mended)
    assert done.returncode != 0 and f"shows solutions/lab0-boot/uart.c: {line}" in done.stdout
    assert not (tmp_path / "out").exists()


CORE = '[lab0]\nexercises = "core"\n[lab1]\nexercises = "core"\n'


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(CORE, id="core", marks=pytest.mark.long),
        pytest.param(ODD, id="odd"),
    ],
)
def test_a_selection_is_chained_and_graded(source: Path, tmp_path: Path, text: str) -> None:
    """What is not set arrives solved, counts nothing and is not handed in; 100 points a lab."""
    (tmp_path / "course.toml").write_text(text)
    publish(source, "handout", tmp_path / "out", f"CONFIG={tmp_path / 'course.toml'}")
    tree = cloned(tmp_path / "out", tmp_path / "mine", f"lab{labs()[-1]}")
    course = load_course(tree)
    assert [lab.points for lab in course.labs] == [100] * len(labs())
    if "due" in text:
        assert "due 2026-10-01" in run(["make", "progress"], cwd=tree).stdout
        assert sorted(path.stem for path in tree.glob("objects/debug/lab*/*")) == ["long_mode"]
    for one in (one for one in course.exercises() if one.is_set):
        path = course.lab_of(one.id).path(one)
        reference = TREE / "solutions" / path.relative_to(tree)
        path.write_text(reading(reference.read_text(), path.name))
    for lab in course.labs:
        ids = [one.id for one in lab.exercises if one.is_set]
        _, said, found = grade(tree, f"LAB={lab.number}", f"TEST={','.join(ids)}")
        assert found["score"] == found["max_score"] == 100, said[-3000:]
    assert "not yours to hand in" not in said
    done = run([sys.executable, *PAGES], cwd=tree)
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_tag_stands_alone(source: Path, out: Path) -> None:
    """make chain-check of one of them."""
    words = ["chain-check", f"OUT={out / 'course'}", "TAGS=lab0-solution", "JOBS=1"]
    done = run(["make", *words], cwd=source)
    assert done.returncode == 0 and "1 tags stand, 0 do not" in done.stdout, done.stdout[-3000:]


@pytest.mark.long
def test_every_tag_stands_alone(source: Path, out: Path) -> None:
    """make chain-check of all."""
    done = run(["make", "chain-check", f"OUT={out / 'course'}"], cwd=source, timeout=1800)
    assert done.returncode == 0 and ", 0 do not" in done.stdout, done.stdout[-3000:]
