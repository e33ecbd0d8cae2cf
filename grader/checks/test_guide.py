# SPDX-License-Identifier: MIT
"""The instructor's guide: complete, true to the labs, and in no handout."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from conftest import TREE, run, tracked_files
from strata.handout import read_source, tree_files
from strata.lab import Lab, load_course
from strata.selection import parse
from test_commands import check, commands

COURSE = load_course(TREE)
GUIDE = TREE / "docs" / "instructor"
each_lab = pytest.mark.parametrize("lab", COURSE.labs, ids=lambda lab: f"lab{lab.number}")


def sections(text: str, level: int) -> dict[str, str]:
    """The text under each heading of a level."""
    parts = re.split(rf"^{'#' * level} (.+)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def page_of(lab: Lab) -> dict[str, str]:
    """The parts of a lab's page for instructors."""
    return sections((GUIDE / f"lab{lab.number}.md").read_text(encoding="utf-8"), 2)


def test_no_handout_has_a_page_for_instructors(source: Path, tmp_path: Path) -> None:
    """Nor a link to one."""
    pages = [name for name in tracked_files() if name.startswith("docs/instructor")]
    assert len(pages) >= 5
    made = read_source(source, tmp_path / "source")
    for last in made.course.labs:
        files = tree_files(made, last, parse(made.course, ""), lambda _: False)
        assert not set(pages) & set(files)
        for name in (one for one in files if one.endswith(".md")):
            linked = re.findall(r"\]\(([^)]*instructor[^)]*)\)", files[name].data.decode())
            assert not linked, (name, linked)


@each_lab
def test_every_exercise_has_questions_for_a_talk(lab: Lab) -> None:
    asked = sections(page_of(lab)["Questions for a talk"], 3)
    assert list(asked) == [f"{one.id} {one.name}" for one in lab.exercises]
    for name, text in asked.items():
        questions = re.findall(r"^- \*[^*]+\*\s+\S+", text, re.M)
        assert len(questions) >= 2, name


@each_lab
def test_every_question_of_the_handout_has_its_answer(lab: Lab) -> None:
    numbered = re.compile(r"^(\d+)\. ", re.M)
    handout = sections((lab.folder / "README.md").read_text(encoding="utf-8"), 2)
    asked = numbered.findall(handout["Questions"])
    assert asked and numbered.findall(page_of(lab)["The handout's questions"]) == asked
    rows = re.findall(r"^\| (q\d+): ", page_of(lab)["`make answers`"], re.M)
    assert rows == [one.id for one in lab.questions]


@pytest.mark.parametrize("weeks", ["Ten weeks: the core", "Fourteen weeks: everything"])
def test_a_plan_has_every_exercise_once_and_its_hours(weeks: str) -> None:
    """Those that stand; hours are the sums of lab.toml's."""
    plan = sections((GUIDE / "plan.md").read_text(encoding="utf-8"), 2)[weeks]
    named: list[str] = []
    for ids, hours in re.findall(r"\| ((?:\d\.\d+(?:, )?)+): ([\d.]+) h", plan):
        found = ids.split(", ")
        assert sum(COURSE.by_id[one].hours for one in found) == float(hours), ids
        named += found
    core = [one.id for one in COURSE.exercises() if one.kind == "core"]
    wanted = core if "core" in weeks else [one.id for one in COURSE.exercises()]
    assert sorted(named) == sorted(wanted)
    further = ", ".join(re.findall(r"Further: ([\d., ]+)", plan)).replace(" ", "").split(",")
    assert "core" not in weeks or sorted(named + further) == sorted(COURSE.by_id)


@each_lab
def test_the_table_of_hours_is_that_of_the_lab(lab: Lab) -> None:
    core = [one for one in lab.exercises if one.kind == "core"]
    row = (
        f"| {lab.number} {lab.title.lower()} "
        f"| {sum(one.points for one in core)}, {sum(one.hours for one in core):g} "
        f"| {lab.points}, {sum(one.hours for one in lab.exercises):g} | stands |"
    )
    assert row in (GUIDE / "plan.md").read_text(encoding="utf-8")
    said = (
        f"Core: {sum(one.points for one in core)} points"
        f" and about {sum(one.hours for one in core):g} hours. All of it: {lab.points} points"
        f" and about {sum(one.hours for one in lab.exercises):g} hours."
    )
    assert said in " ".join((lab.folder / "README.md").read_text(encoding="utf-8").split())


@pytest.mark.parametrize("page", sorted(GUIDE.glob("*.md")), ids=lambda page: str(page.stem))
def test_the_guide_names_verbs_that_are_there(page: Path) -> None:
    verbs = set(re.findall(r"^([a-z][a-z-]*):", (TREE / "Makefile").read_text("utf-8"), re.M))
    named = set(re.findall(r"`make ([a-z][a-z-]*)\b", page.read_text(encoding="utf-8")))
    assert named <= verbs, named - verbs


@pytest.mark.long
def test_the_guide_is_played_command_by_command(source: Path, tmp_path: Path) -> None:
    """running.md, as an instructor types it: publish, grade, correct, regrade, extend."""
    tree = tmp_path / "strata"
    subprocess.run(["cp", "-a", str(source), str(tree)], check=True)
    who = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", "a"), ("EMAIL", "a@example.org"))
    }
    played = commands(GUIDE / "running.md")
    assert len(played) >= 25 and sum(bool(one.shown) for one in played) >= 10
    for command in played:
        done = run(["sh", "-c", command.text], cwd=tree, **who)
        unfinished = re.match(r"make -C \S+ grade\b(?!-)", command.text) and done.returncode == 2
        check(command, 0 if unfinished else done.returncode, done.stdout)
