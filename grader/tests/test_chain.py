# SPDX-License-Identifier: MIT
"""The chain of tags: its pure parts, and publishing in small repositories."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from strata import chain, chain_check, leaks, pristine, selection
from strata.errors import LabError, StrataError
from strata.lab import Course, parse_lab
from strata.plumbing import File, Repository
from support import lab_toml, make_course

DATE = "2026-01-01T00:00:00+00:00"


@pytest.fixture(name="course")
def _course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "tree")


@pytest.fixture(name="repo")
def _repo(tmp_path: Path) -> Repository:
    folder = tmp_path / "repo"
    folder.mkdir()
    repo = Repository(folder)
    repo.run("init", "-q", "--bare")
    return repo


def test_points_are_whole_and_make_a_hundred() -> None:
    assert selection.scale({"a": 40, "b": 30, "c": 30}) == {"a": 40, "b": 30, "c": 30}
    assert selection.scale({"a": 1, "b": 1, "c": 1}) == {"a": 34, "b": 33, "c": 33}
    assert selection.scale({"a": 7}) == {"a": 100} and selection.scale({}) == {}
    assert selection.scale({"a": 100000, "b": 1}) == {"a": 99, "b": 1}
    many = {str(n): n + 1 for n in range(60)}
    assert sum(selection.scale(many).values()) == 100


def test_without_a_file_everything_is_set(course: Course) -> None:
    chosen = selection.read(course, "")
    assert chosen.points == {"0.1": 40, "0.2": 30, "0.3": 30}
    assert chosen.references == {"0.1", "0.2", "0.3"} and not chosen.salt


def test_a_choice_is_weighed_anew_and_written_into_lab_toml(course: Course) -> None:
    text = 'references = ["0.1"]\n[weights]\n"0.3" = 10\n'
    text += '[lab0]\nexercises = ["0.1", "0.3"]\ndue = 2026-10-01\n'
    chosen = selection.parse(course, text)
    assert chosen.points == {"0.1": 80, "0.3": 20} and chosen.references == {"0.1"}
    lab = course.labs[0]
    made = parse_lab(
        lab.folder, selection.lab_toml((lab.folder / "lab.toml").read_text(), lab, chosen)
    )
    assert [(one.points, one.is_set) for one in made.exercises] == [
        (80, True),
        (0, False),
        (20, True),
    ]
    assert made.points == 100 and made.due == "2026-10-01"
    page = "`f2.c` - core, 30 points, about 1 hour, easy\n`f3.c` - core, 30 points, easy"
    assert selection.lab_page(page, lab, chosen).split("\n") == [
        "`f2.c` - core, 0 points, about 1 hour, easy - arrives solved",
        "`f3.c` - core, 20 points, easy",
    ]
    sums = "So. Core: 67 points and about 7 hours. All of it:\n100 points and about 12 hours."
    hours = sum(one.hours for one in lab.exercises if chosen.is_set(one))
    said = f"So. To write: 100 points and about {hours:g} hours."
    assert selection.lab_page(sums, lab, chosen) == said
    assert selection.lab_page(sums, lab, selection.parse(course, "")) == sums


@pytest.mark.parametrize(
    "text,said",
    [
        ("x = 1", "there is no 'x'; there are salt"),
        ("[", "course.toml: "),
        ('[lab0]\nexercises = ["0.9"]', "some of 0.1, 0.2, 0.3"),
        ("[lab0]\nexercises = []", "some of 0.1"),
        ("[lab0]\ndue = 7", "a date like"),
        ("[lab0]\npoints = 7", "nothing else"),
        ('[weights]\n"0.9" = 1', "no exercise '0.9'"),
        ('[weights]\n"0.1" = 0', "above 0"),
        ('[weights]\n"0.1" = 1\n[lab0]\nexercises = ["0.2"]', "is not set"),
        ('salt = "short"', "at least 16"),
        ('references = "some"', "true, false or a list"),
    ],
)
def test_a_wrong_course_toml_gets_a_clear_line(course: Course, text: str, said: str) -> None:
    with pytest.raises(LabError, match="course.toml") as caught:
        selection.parse(course, text)
    assert said in str(caught.value)


def test_points_of_nothing_are_for_exercises_that_are_not_set() -> None:
    text = lab_toml(("0.1", 0, []))
    with pytest.raises(LabError, match="more than 0"):
        parse_lab(Path("lab0-boot"), text)


def test_links_to_what_is_not_there_are_plain_words() -> None:
    text = "[one](../lab1-x/README.md#a) ![two](lab1-x/p.svg) [three](b.md) [four](https://x/y)"
    made = selection.without_links(text, "docs/a.md", {"lab1-x/README.md", "docs/lab1-x/p.svg"})
    assert made == "one two [three](b.md) [four](https://x/y)"


def test_tags_have_an_order() -> None:
    tags = ["lab1", "lab1-start.2", "lab1.10", "lab1.2", "lab1-start"]
    assert sorted(tags, key=pristine.age) == [
        "lab1-start",
        "lab1",
        "lab1-start.2",
        "lab1.2",
        "lab1.10",
    ]
    there = {tag: f"of {tag}" for tag in tags}
    assert chain.newest(there, "lab1") == ("lab1.10", "of lab1.10")
    assert chain.newest(there, "lab0") == ("", "")


def test_the_lines_of_a_plan(course: Course) -> None:
    lab = course.labs[0]
    assert [one.name for one in chain.wanted(chain.Plan(lab))] == ["lab0", "lab0-objects"]
    whole = chain.wanted(chain.Plan(lab, whole=True))
    assert [(one.name, one.below) for one in whole] == [
        ("lab0", ""),
        ("lab0-solution", "lab0"),
        ("lab0-objects", ""),
    ]


def make_lines(repo: Repository, zero: bytes, one: bytes = b"1") -> list[chain.Line]:
    """Two labs and their objects."""
    first = {"a": File(zero)}
    trees = [repo.write_tree(first), repo.write_tree({**first, "b": File(one, "100755")})]
    made = repo.write_tree({"o": File(zero)})
    return [
        chain.Line("lab0", "", "zero", trees[0]),
        chain.Line("lab1", "lab0", "one", trees[1]),
        chain.Line("lab0-objects", "", "objects\n\nof x", made),
        chain.Line("lab1-objects", "", "objects\n\nof y", made),
    ]


def test_a_correction_stands_on_both_and_nothing_moves(repo: Repository) -> None:
    tips, first = chain.publish(repo, make_lines(repo, b"0"), DATE, {})
    assert list(first) == ["lab0", "lab1", "lab0-objects", "lab1-objects"]
    repo.add_tags(first)
    assert chain.publish(repo, make_lines(repo, b"0"), DATE, repo.tags()) == (tips, {})
    _, second = chain.publish(repo, make_lines(repo, b"mended"), DATE, repo.tags())
    assert list(second) == ["lab0.1", "lab1.1", "lab0-objects.1", "lab1-objects.1"]
    repo.add_tags(second)
    assert repo.run("rev-parse", "lab1.1^@").split() == [first["lab1"], second["lab0.1"]]
    _, third = chain.publish(repo, make_lines(repo, b"mended", b"2"), DATE, repo.tags())
    assert list(third) == ["lab1.2", "lab1-objects.2"]
    with pytest.raises(StrataError):
        repo.add_tags({"lab0": second["lab0.1"]})
    assert repo.tags() == {**first, **second}
    assert repo.files("lab1.1") == {"a": File(b"mended"), "b": File(b"1", "100755")}


def test_ids_are_those_of_the_contents(repo: Repository, tmp_path: Path) -> None:
    other = Repository(tmp_path)
    other.run("init", "-q", "--bare", "other")
    other = Repository(tmp_path / "other")
    made = [chain.publish(one, make_lines(one, b"0"), DATE, {}) for one in (repo, other)]
    assert made[0] == made[1]
    tree = git_id("tree", b"100644 a\0" + bytes.fromhex(git_id("blob", b"0")))
    who = "Strata <strata@example.org> 1767225600 +0000"
    text = f"tree {tree}\nauthor {who}\ncommitter {who}\n\nzero\n"
    assert made[0][0]["lab0"] == git_id("commit", text.encode())


def git_id(kind: str, data: bytes) -> str:
    """What git calls an object."""
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data).hexdigest()


def test_a_leak_is_found_in_any_object(course: Course, repo: Repository) -> None:
    path = course.tree / "solutions/lab0-boot/f1.c"
    path.write_text(path.read_text().replace("return 1;", "return the_long_secret + 1;"))
    repo.run("hash-object", "-w", "--stdin", data=b"so: return  the_long_secret + 1;")
    texts = [(f"{kind} {ident}", data) for kind, ident, data in repo.texts()]
    (line,) = leaks.shown(leaks.secret_lines(course), texts)
    assert line.startswith("blob ") and "solutions/lab0-boot/f1.c" in line
    assert leaks.shown(leaks.secret_lines(course, {"0.1"}), texts) == []


def test_which_grades_a_tag_gets(course: Course) -> None:
    lab = course.labs[0]
    assert chain_check.grades_of(course, lab, "lab0-solution") == [
        chain_check.Grade(0, "none", 100)
    ]
    skeleton = [chain_check.Grade(0, "all", 100), chain_check.Grade(0, "none", 0)]
    assert chain_check.grades_of(course, lab, "lab0.2") == skeleton
