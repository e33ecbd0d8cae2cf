# SPDX-License-Identifier: MIT
"""Publishing as an instructor does it, and a handout as a student finds it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Iterator

import pytest

from chains import ODD, cloned, git, mend, publish, tags, write_solutions
from conftest import TREE, environment, run
from strata.lab import Course, load_course
from strata.markers import reading
from test_docs import anchors
from test_grading import grade, labs


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["handout", "THROUGH=77"], "THROUGH=77: no such stage; there are 0, 1"),
        (["handout", "REVEAL=77"], "REVEAL=77: "),
        (["handout", "THROUGH=0", "REVEAL=1"], "REVEAL=1: is above THROUGH=0"),
        (["course", "REVEAL=1"], "REVEAL= is for make handout"),
        (["handout", "CONFIG=pyproject.toml"], "pyproject.toml: there is no 'project'; there are"),
        (["handout", "CONFIG=nowhere"], "CONFIG=nowhere: cannot be read"),
        (["handout", "OBJECTS=9.9"], "OBJECTS=9.9: "),
        (["handout", "OUT=docs"], "OUT=docs: has files in it, and no course"),
        (["chain-check", "OUT=docs"], "there is no course in it (make course OUT=dir)"),
    ],
)
def test_a_wrong_word_is_one_line(
    source: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    """And nothing is published."""
    out = [] if "OUT=" in words[1] else [f"OUT={tmp_path / 'out'}"]
    done = run(["make", *words, *out], cwd=source)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("make")]
    assert done.returncode == 2 and len(lines) == 1 and said in lines[0], done.stdout
    assert not (tmp_path / "out").exists()


def test_what_is_not_committed_does_not_go_along(source: Path, out: Path, tmp_path: Path) -> None:
    """A note says so; an output whose files were changed is left alone."""
    assert out.exists()  # so that the source has its objects
    subprocess.run(["cp", "-a", str(source), str(tmp_path / "source")], check=True)
    (tmp_path / "source/requirements.txt").write_text("not committed\n")
    said = publish(tmp_path / "source", "handout", tmp_path / "out", "THROUGH=0")
    assert "note: some files differ from the last commit" in said
    text = (tmp_path / "out/requirements.txt").read_text()
    assert text == (source / "requirements.txt").read_text() != "not committed\n"
    (tmp_path / "out/Makefile").write_text("changed")
    before = tags(tmp_path / "out")
    done = run(["make", "handout", f"OUT={tmp_path / 'out'}"], cwd=tmp_path / "source")
    assert done.returncode == 2 and "Makefile: not as published. Mend the source" in done.stdout
    assert tags(tmp_path / "out") == before and len(before) == 2
    shutil.rmtree(tmp_path / "source")


def solution_lines(course: Course) -> dict[str, set[str]]:
    """Exercise -> long lines that are in its solution only, told without the grader's own check."""
    own = {course.lab_of(one.id).path(one) for one in course.exercises()}
    paths = [path for lab in course.labs for path in lab.folder.rglob("*") if path.is_file()]
    known = {
        line.strip()
        for path in paths
        if path not in own and path.suffix in (".c", ".h", ".asm", ".inc")
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
    }
    found = {}
    for one in (one for one in course.exercises() if one.form != "case"):
        path = course.lab_of(one.id).path(one)
        given = {line.strip() for line in path.read_text().splitlines()}
        text = reading(course.solution(one).read_text(), path.name)
        lines = {line.strip() for line in text.splitlines()} - given - known
        found[one.id] = {line for line in lines if len(line) >= 20 and not line.startswith("#")}
    return found


def lines_of_objects(repository: Path) -> set[bytes]:
    """Of every object, loose, packed, referred to or not."""
    words = ["git", "-C", str(repository), "cat-file", "--batch-all-objects", "--batch"]
    done = subprocess.run(words, capture_output=True, check=True)
    return {line.strip() for line in done.stdout.split(b"\n")}


def test_a_handout_shows_the_solutions_that_are_revealed(
    source: Path, out: Path, tmp_path: Path
) -> None:
    """None; then lab 0's and no other's, in a clone, packed, and in a bare output."""
    secret = solution_lines(load_course(source))
    assert all(len(lines) > 2 for lines in secret.values())
    shown = tmp_path / "shown"
    subprocess.run(["cp", "-a", str(out / "handout"), str(shown)], check=True)
    publish(source, "handout", shown, "REVEAL=1")
    assert set(tags(shown)) - set(tags(out / "handout")) == {
        *("lab0-start", "lab0-solution", "lab1-start")
    }
    git(shown, "gc", "-q", "--prune=now")
    git(tmp_path, "clone", "-q", "--mirror", str(shown), "bare")
    git(tmp_path, "clone", "-q", "--no-local", str(shown), "clone")
    git(tmp_path, "clone", "-q", "--no-local", str(out / "handout"), "nothing")
    nothing, course = lines_of_objects(tmp_path / "nothing"), lines_of_objects(out / "course")
    places = [lines_of_objects(tmp_path / name) for name in ("shown", "bare", "clone")]
    allowed = {line for ident in secret if ident[0] == "0" for line in secret[ident]}
    for ident, lines in secret.items():
        wanted = {line.encode() for line in lines}
        assert not wanted & nothing and wanted <= course, ident
        right = {line.encode() for line in lines & allowed}  # two labs may share a line
        assert [wanted & place for place in places] == [right] * 3, ident
    assert sum(len(lines - allowed) for lines in secret.values()) > 100
    folder = str(source).encode()
    assert not [line for place in places for line in place if folder in line]


def test_text_that_is_in_the_output_already_stops_it(
    source: Path, out: Path, tmp_path: Path
) -> None:
    """Though no tag has it; and the line that is said mends it."""
    mine = tmp_path / "mine"
    subprocess.run(["cp", "-a", str(out / "handout"), str(mine)], check=True)
    git(mine, "hash-object", "-w", str(TREE / "solutions/lab0-boot/uart.c"))
    before = tags(mine)
    done = run(["make", "handout", f"OUT={mine}"], cwd=source)
    assert done.returncode == 2 and "there is solution text in" in done.stdout
    assert tags(mine) == before
    for words in re.findall(r"git -C \S+ ([^;\n]+)", done.stdout):
        git(mine, *words.split())
    assert "nothing has changed" in publish(source, "handout", mine)


@pytest.fixture(name="fresh")
def _fresh(out: Path, tmp_path: Path) -> Iterator[Path]:
    """A clone of the handout on its first day, untouched."""
    yield cloned(out / "handout", tmp_path / "fresh", "lab0")
    shutil.rmtree(tmp_path / "fresh", ignore_errors=True)


def test_an_untouched_handout_behaves(fresh: Path) -> None:
    """The verbs that a student says first; none of them changes a file of the tree."""
    assert not (fresh / "grader/checks").exists() and not (fresh / "solutions").exists()
    assert run(["make"], cwd=fresh).returncode == 0
    status, text, found = grade(fresh)
    assert status != 0 and found["score"] == 0 and text.count(": not begun, 0 of ") == 9, text
    for words, said in (
        (["hint", "EX=0.1"], "hint 1 of "),
        (["rescue", "EX=0.5"], "0.5: given; lab0-boot/long_mode.asm stays as it is"),
        (["progress"], "done 0, given 1, open 8; 0 of 100 points"),
        (["rescue", "EX=0.5", "UNDO=1"], "0.5: taken back"),
        (["doctor"], "doctor: "),
        (["run", "CMDLINE=main=exit"], ""),
        (["help"], "grade"),
    ):
        done = run(["make", *words], cwd=fresh)
        assert done.returncode == 0 and said in done.stdout, done.stdout[-3000:]
    for verb in ("course", "handout", "skeletons", "mistakes", "gradescope"):
        done = run(["make", verb, f"OUT={fresh.parent}/x", "LAB=0"], cwd=fresh)
        lines = [line for line in done.stdout.splitlines() if not line.startswith("make")]
        assert done.returncode == 2 and len(lines) == 1, done.stdout
    assert git(fresh, "status", "--porcelain") == ""


def test_each_link_of_a_handout_leads_somewhere(out: Path, tmp_path: Path) -> None:
    """In each tag's pages, pictures and walkthroughs too; none leads out of the tree."""
    tree = cloned(out / "course", tmp_path / "mine", "lab0")
    for tag in (one for one in tags(tree) if not one.endswith("-objects")):
        git(tree, "checkout", "-q", "--detach", tag)
        for page in [path for path in sorted(tree.rglob("*.md")) if path.parts[-2] != ".git"]:
            text = page.read_text(encoding="utf-8")
            for target in re.findall(r"\]\(([^)\s]+)\)", text):
                name, _, anchor = target.partition("#")
                if "://" in target:
                    continue
                there = (page.parent / name).resolve() if name else page
                assert there.exists() and tree.resolve() in there.parents, (tag, page, target)
                assert not anchor or anchor in anchors(there.read_text(encoding="utf-8")), target


@pytest.mark.long
@pytest.mark.parametrize("tag", [f"lab{n}" for n in labs()])
def test_a_handouts_own_check_passes(out: Path, tmp_path: Path, tag: str) -> None:
    """make check in a student's tree: what a student has, and all of it holds."""
    tree = cloned(out / "handout", tmp_path / "mine", tag)
    done = run(["make", "check"], cwd=tree, timeout=1200)
    assert done.returncode == 0 and ", 0 failed" in done.stdout.splitlines()[-1], done.stdout[
        -4000:
    ]
    assert "grader/checks: not here" in done.stdout
    assert git(tree, "status", "--porcelain") == ""


@pytest.mark.long
def test_the_check_passes_where_some_exercises_arrive_solved(source: Path, tmp_path: Path) -> None:
    """And where no reference goes along but those without which nothing boots."""
    (tmp_path / "course.toml").write_text(ODD)
    publish(source, "handout", tmp_path / "out", f"CONFIG={tmp_path / 'course.toml'}")
    tree = cloned(tmp_path / "out", tmp_path / "mine", f"lab{labs()[-1]}")
    done = run(["make", "check"], cwd=tree, timeout=1200)
    assert done.returncode == 0 and ", 0 failed" in done.stdout.splitlines()[-1], done.stdout[
        -4000:
    ]


NASTY = """[user]
name = Somebody Else
email = else@example.com
[core]
autocrlf = true
compression = 0
quotepath = true
[commit]
gpgSign = true
[tag]
gpgSign = true
[i18n]
commitEncoding = ISO-8859-1
[init]
defaultBranch = trunk
[fetch]
prune = true
pruneTags = true
[log]
date = relative
showSignature = true
[safe]
directory = *
"""


@pytest.mark.long
def test_the_same_ids_on_another_machine(source: Path, out: Path, tmp_path: Path) -> None:
    """Another folder, clone, umask, time zone, language, home and git settings."""
    home = tmp_path / "home of another"
    home.mkdir()
    (home / ".gitconfig").write_text(NASTY)
    there = tmp_path / "quite" / "another-place"
    there.parent.mkdir()
    env = {"HOME": str(home), "TZ": "Pacific/Auckland", "LC_ALL": "C", "USER": "else"}
    env |= {"GIT_AUTHOR_NAME": "x", "GIT_COMMITTER_DATE": "2001-01-01T00:00:00", "LANG": "tr_TR"}
    env |= {"XDG_CONFIG_HOME": str(home)}
    for line in (
        f"git clone -q {source} {there}",
        f"cd {there} && make course OUT={tmp_path}/out",
    ):
        done = run(["sh", "-c", f"umask 077; {line}"], **env)
        assert done.returncode == 0, done.stdout[-3000:]
    assert tags(tmp_path / "out") == tags(out / "course")
    shutil.rmtree(there)


@pytest.mark.long
def test_a_kill_leaves_what_was_published(source: Path, out: Path, tmp_path: Path) -> None:
    """At any moment: the old tags, or all of the new ones; the same call then goes on."""
    mended = tmp_path / "mended"
    subprocess.run(["cp", "-a", str(source), str(mended)], check=True)
    mend(mended)
    began = time.monotonic()
    right = tmp_path / "right"
    subprocess.run(["cp", "-a", str(out / "handout"), str(right)], check=True)
    publish(mended, "handout", right)
    publish(mended, "handout", right)  # a second time: nothing is compiled
    whole = (time.monotonic() - began) / 2
    ends: list[bool] = []
    for part in (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97):
        mine = tmp_path / "mine"
        subprocess.run(["cp", "-a", str(out / "handout"), str(mine)], check=True)
        child = subprocess.Popen(
            ["make", "handout", f"OUT={mine}"],
            cwd=mended,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(part * whole)
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()
        assert tags(mine) in (tags(out / "handout"), tags(right))
        ends.append(tags(mine) == tags(right))
        git(mine, "fsck", "--strict")
        (mine / ".git/index.lock").unlink(missing_ok=True)
        git(mine, "reset", "-q", "--hard")
        publish(mended, "handout", mine)
        assert tags(mine) == tags(right)
        assert git(mine, "rev-parse", "main") == git(right, "rev-parse", "main")
        shutil.rmtree(mine)
    assert not all(ends), "no kill came in time"
    shutil.rmtree(mended)


def typed(page: Path) -> list[str]:
    """The lines that a self-learner types, from README.md."""
    block = page.read_text(encoding="utf-8").partition("make course OUT=")[2].partition("```")[0]
    return [line.partition("#")[0].strip() for line in f"make course OUT={block}".splitlines()]


@pytest.mark.long
def test_a_self_learner_types_what_the_readme_says(source: Path, tmp_path: Path) -> None:
    """Line by line, with a rescue on the way, and the answers compared and shown."""
    here = tmp_path / "strata"
    git(tmp_path, "clone", "-q", str(source), str(here))
    course, clone, *steps = typed(here / "README.md")
    assert clone.endswith("cd ../strata-mine") and len(steps) == 3
    said = run(["sh", "-ec", f"{course} && {clone} && {steps[0]}"], cwd=here)
    assert said.returncode == 0, said.stdout[-3000:]
    mine = tmp_path / "strata-mine"
    for words in (["rescue", "EX=0.5"], ["compare", "EX=0.5"]):
        done = run(["make", *words], cwd=mine)
    assert done.returncode == 2 and "0.5 is given" in done.stdout
    for name in ("name", "email"):
        git(mine, "config", f"user.{name}", "me@example.org")
    write_solutions(mine, "0")
    _, text, found = grade(mine, "LAB=0")
    assert found["score"] == 100 - load_course(TREE).by_id["0.5"].points, text[-3000:]
    done = run(["make", "compare", "EX=0.1"], cwd=mine)
    assert done.returncode == 0, done.stdout
    assert run(["make", "rescue", "EX=0.5", "UNDO=1"], cwd=mine).returncode == 0
    assert grade(mine, "LAB=0")[2]["score"] == 100
    for line in steps[1:]:
        done = run(["sh", "-ec", line], cwd=mine)
        assert done.returncode == 0, (line, done.stdout[-3000:])
        _, text, found = grade(mine, "LAB=0")
        assert found["score"] == 100, (line, text[-3000:])
        assert "not yours to hand in" not in text
    shown = run(["git", "show", "lab0-solution"], cwd=mine).stdout
    assert "+++ b/lab0-boot/uart.c" in shown
    assert git(mine, "status", "--porcelain") == ""
