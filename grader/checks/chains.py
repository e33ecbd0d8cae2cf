# SPDX-License-Identifier: MIT
"""A chain of tags as people use it: published, cloned, solved, mended."""

from __future__ import annotations

from pathlib import Path

from conftest import TREE, committed, run
from strata.lab import load_course
from strata.markers import reading

__all__ = ["ODD", "cloned", "git", "mend", "publish", "tags", "write_solutions"]

WHO = ["-c", "user.name=a", "-c", "user.email=a@example.org"]

# A strange course.toml: few exercises, new weights, no references.
ODD = """
salt = "a secret of at least 16 characters"
references = false
[weights]
"0.3" = 1
"0.9" = 5
[lab0]
exercises = ["0.3", "0.9"]
due = 2026-10-01
[lab1]
exercises = ["1.8", "1.10"]
"""


def git(tree: Path, *words: str) -> str:
    """What git says; it has to end well."""
    done = run(["git", *WHO, *words], cwd=tree)
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


def tags(tree: Path) -> dict[str, str]:
    """Tag -> commit."""
    rows = git(tree, "for-each-ref", "--format=%(refname:strip=2) %(objectname)", "refs/tags")
    return dict(row.split() for row in rows.splitlines())


def publish(source: Path, verb: str, out: Path, *words: str) -> str:
    """make course or handout; what it says."""
    done = run(["make", verb, f"OUT={out}", *words], cwd=source)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def cloned(out: Path, to: Path, tag: str) -> Path:
    """A clone with a branch of one's own, as the pages say."""
    git(out.parent, "clone", "-q", str(out), str(to))
    git(to, "checkout", "-q", "-b", "mine", tag)
    return to


def write_solutions(tree: Path, lab: str) -> None:
    """A lab's exercises, written and committed."""
    course = load_course(TREE)
    for one in course.lab(int(lab)).exercises:
        path = course.lab_of(one.id).path(one).relative_to(TREE)
        text = course.solution(one).read_text()
        (tree / path).write_text(reading(text, str(path)))
    git(tree, "commit", "-q", "-a", "-m", f"lab {lab}")


def mend(source: Path) -> None:
    """A provided file of lab 0 is mended, and committed."""
    path = source / "lab0-boot/printk.c"
    path.write_text(path.read_text() + "\n/* mended */\n")
    committed(source)
