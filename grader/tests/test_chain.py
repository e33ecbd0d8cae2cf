# SPDX-License-Identifier: MIT
"""The chain of tags: its pure parts, and publishing in small repositories."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from strata import chain, chain_check, leaks, output, pristine, selection
from strata.errors import LabError, StrataError, UsageError
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
        ("x = 1", "there is no 'x'; there are salt, references, weights, lab0"),
        ("[lab1]", "there is no 'lab1'; there are salt, references, weights, lab0"),
        ("[", "course.toml: "),
        ("lab0 = 1", "lab0 is a table"),
        ('[lab0]\nexercises = ["0.1", "0.9"]', "some of 0.1, 0.2, 0.3; not '0.9'"),
        ("[lab0]\nexercises = []", '"all", "core" or a list of some of 0.1'),
        ("[lab0]\nexercises = [[1]]", "some of 0.1, 0.2, 0.3; not [1]"),
        ('[lab0]\nexercises = "some"', "not 'some'"),
        ("[lab0]\ndue = 7", "[lab0] due is a date like 2026-10-01, not 7"),
        ("[lab0]\ndue = 2026-10-01T00:00:00", "is a date like 2026-10-01"),
        ("[lab0]\ndue = 2026-13-01", "course.toml: "),
        ("[lab0]\npoints = 7", "[lab0] has no 'points'; there are exercises, due"),
        ("weights = 1", "weights is a table"),
        ('[weights]\n"0.9" = 1', "[weights] there is no exercise '0.9'; there are 0.1, 0.2, 0.3"),
        ('[weights]\n"0.1" = 0', "[weights] 0.1 is a whole number above 0, not 0"),
        ('[weights]\n"0.1" = 2.5', "above 0, not 2.5"),
        ('[weights]\n"0.1" = true', "above 0, not True"),
        ('[weights]\n"0.1" = 1\n[lab0]\nexercises = ["0.2"]', "0.1 is not set"),
        ('salt = "short"', "salt is a string of at least 16"),
        ("salt = 12345678901234567", "salt is a string of at least 16"),
        ('references = "some"', "true, false or a list of some of 0.1, 0.2, 0.3; not 'some'"),
        ('references = ["0.1", "9.9"]', "not '9.9'"),
        ("references = [1]", "true, false or a list of some of 0.1, 0.2, 0.3; not 1"),
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


def test_the_first_start_is_lab0_whenever_it_is_shown(repo: Repository) -> None:
    lines = make_lines(repo, b"0")
    _, first = chain.publish(repo, lines, DATE, {})
    repo.add_tags(first)
    shown = [*lines, chain.Line("lab0-solution", "lab0", "solved", lines[1].tree)]
    _, second = chain.publish(repo, shown, DATE, repo.tags())
    assert list(second) == ["lab0-solution", "lab0-start"]
    assert second["lab0-start"] == first["lab0"]
    repo.add_tags(second)
    shown = [*make_lines(repo, b"mended"), shown[-1]]
    _, third = chain.publish(repo, shown, DATE, repo.tags())
    assert third["lab0-start.1"] == third["lab0.1"]


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


def secret_course(course: Course) -> dict[str, str]:
    """Its secrets, one of them long enough to be looked for."""
    path = course.tree / "solutions/lab0-boot/f1.c"
    path.write_text(path.read_text().replace("return 1;", "return the_long_secret + 1;"))
    patch = course.tree / "solutions/lab0-boot/mutants/m.patch"
    patch.parent.mkdir()
    patch.write_text("exercise: 0.1\n\n--- a/f\n+++ b/f\n-x\n+return what_a_mutant_says;\n")
    return leaks.secret_lines(course)


@pytest.mark.parametrize("word", ["return  the_long_secret + 1;", "return what_a_mutant_says;"])
@pytest.mark.parametrize("place", ["loose", "packed", "unreferenced", "message"])
def test_a_leak_is_found_in_any_object(
    course: Course, repo: Repository, word: str, place: str
) -> None:
    secrets = secret_course(course)
    text = "nothing" if place == "message" else f"so: {word}"
    tree = repo.write_tree({"a/page.md": File(text.encode())})
    commit = repo.commit(tree, [], word if place == "message" else "said", DATE)
    if place != "loose":
        repo.run("update-ref", "refs/heads/main", commit)
        repo.run("gc", "-q")
    if place == "unreferenced":  # stays in the pack
        repo.run("update-ref", "-d", "refs/heads/main")
    texts = [(f"{kind} {ident}", data) for kind, ident, data in repo.texts()]
    (line,) = leaks.shown(secrets, texts)
    kind = "commit" if place == "message" else "blob"
    assert line.startswith(f"{kind} ") and "solutions/lab0-boot/" in line
    assert repo.paths().get(line.split()[1][:-1]) == ("a/page.md" if place == "packed" else None)


def test_what_is_revealed_is_no_secret(course: Course) -> None:
    secrets = secret_course(course)
    left = leaks.secret_lines(course, {"0.1"})
    assert set(secrets) - set(left) == {"return the_long_secret + 1;"}


def published_to(out: Path, repo: Repository, zero: bytes) -> dict[str, str]:
    """Two labs, or their correction, handed over."""
    tips, tags = chain.publish(repo, make_lines(repo, zero), DATE, repo.tags())
    repo.add_tags(tags)
    assert not list(output.hand_over(repo.folder, out, tips["lab1"]))
    assert output.published(out) == repo.tags()
    assert Repository(out).run("rev-parse", "main") == tips["lab1"]
    return tips


@pytest.mark.parametrize("kind", ["new", "empty", "bare", "cloned"])
def test_what_can_be_published_onto(repo: Repository, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "some" / "out"
    if kind != "new":
        out.mkdir(parents=True)
    if kind in ("bare", "cloned"):
        Repository(out).run("init", "-q", "-b", "master", *(["--bare"] if kind == "bare" else []))
    assert output.place(str(out), "course") == out
    published_to(out, repo, b"0")
    assert (out / "a").exists() == (kind != "bare")
    assert output.place(str(out), "course") == out
    published_to(out, repo, b"mended")
    if kind != "bare":
        assert (out / "a").read_bytes() == b"mended"
        (out / "b").write_text("changed")
        with pytest.raises(UsageError, match=r"b: not as published.* git -C \S+ reset --hard"):
            output.place(str(out), "course")


def test_a_stopped_publication_goes_on(repo: Repository, tmp_path: Path) -> None:
    """The tags are there, the files not yet, nor the branch."""
    out = tmp_path / "out"
    tips, tags = chain.publish(repo, make_lines(repo, b"0"), DATE, {})
    repo.add_tags(tags)
    out.mkdir()
    stopped = Repository(out)
    stopped.run("init", "-q", "-b", "main")
    stopped.run("fetch", "-q", "--no-tags", str(repo.folder), "refs/tags/*:refs/tags/*")
    (out / "a").write_text("half of it")
    (out / ".git/index.lock").touch()
    assert output.place(str(out), "course") == out
    assert not list(output.hand_over(repo.folder, out, tips["lab1"]))
    assert (out / "a").read_text() == "0" and stopped.run("status", "--porcelain") == ""
    (out / ".git/index.lock").touch()
    with pytest.raises(UsageError, match="git is at work there, or was killed: .* rm /"):
        output.place(str(out), "course")


def test_a_published_tag_never_moves(repo: Repository, tmp_path: Path) -> None:
    """Where one of the new tags is there with another commit, none is taken."""
    out = tmp_path / "out"
    published_to(out, repo, b"0")
    before = output.published(out)
    other = Repository(tmp_path / "other")
    other.folder.mkdir()
    other.run("init", "-q", "--bare")
    tips, tags = chain.publish(other, make_lines(other, b"another"), DATE, {})
    other.add_tags({**tags, "lab0.1": tips["lab0"]})
    with pytest.raises(StrataError, match="fetch"):
        list(output.hand_over(other.folder, out, tips["lab1"]))
    assert output.published(out) == before


def make_out(kind: str, out: Path) -> None:
    """What cannot be published onto."""
    if kind == "file":
        out.write_text("")
        return
    out.mkdir()
    repo = Repository(out)
    if kind == "broken":
        (out / ".git").mkdir()
        return
    if kind != "folder":
        repo.run("init", "-q")
    if kind in ("folder", "begun"):
        (out / "a").write_text("")
    if kind in ("other", "named"):
        tree = repo.write_tree({"a": File(b"")})
        words = ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit-tree", tree]
        env = {"GIT_COMMITTER_EMAIL": "a@example.org"}
        commit = repo.run(*words, data=b"mine", **env)
        repo.run("update-ref", f"refs/{'heads/main' if kind == 'other' else 'tags/lab0'}", commit)


@pytest.mark.parametrize(
    "kind,said",
    [
        ("file", "is no folder; name another one"),
        ("folder", "has files in it, and no course; name a new or empty folder"),
        ("begun", r"has files beside \(a\); name another folder"),
        ("broken", "git cannot read what is there; name another folder"),
        ("other", "is a git repository, and no course in it; name another folder"),
        ("named", "its tag lab0 is not one of make course or make handout"),
    ],
)
def test_what_cannot_be_published_onto(tmp_path: Path, kind: str, said: str) -> None:
    make_out(kind, tmp_path / "out")
    with pytest.raises(UsageError, match=f"OUT=.*{said}") as caught:
        output.place(str(tmp_path / "out"), "course")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("word", ["https://example.org/a.git", "git@example.org:a/b", ""])
def test_an_output_is_a_folder(word: str) -> None:
    with pytest.raises(UsageError, match="(git -C dir push --tags|make course OUT=dir)"):
        output.place(word, "course")


@pytest.mark.parametrize("locked", ["out", "out/.git/objects", "."])
def test_an_output_that_cannot_be_written_is_named(
    repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locked: str
) -> None:
    """Faked: root may write anywhere."""
    out = tmp_path / "out"
    if locked != ".":
        published_to(out, repo, b"0")
    there = tmp_path / locked
    monkeypatch.setattr("os.access", lambda path, _: Path(path) != there)
    with pytest.raises(UsageError, match=f"OUT=.*{there} cannot be written; .*folder"):
        output.place(str(out), "course")


def test_which_grades_a_tag_gets(course: Course) -> None:
    lab = course.labs[0]
    assert chain_check.grades_of(course, lab, "lab0-solution") == [
        chain_check.Grade(0, "none", 100)
    ]
    skeleton = [chain_check.Grade(0, "all", 100), chain_check.Grade(0, "none", 0)]
    assert chain_check.grades_of(course, lab, "lab0.2") == skeleton
