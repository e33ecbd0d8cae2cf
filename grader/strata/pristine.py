# SPDX-License-Identifier: MIT
"""The tag: the tree as it was handed out, and what of it was changed since.

In a handout that is the newest of labN, labN.g and labN-start that HEAD stands on (its root
commit where there is none); in the repository with its solutions, HEAD.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from .errors import StrataError
from .lab import Course

__all__ = ["age", "changed_provided", "exercise_paths", "few", "find", "git", "unpack"]

_SHOWN = 6


def git(tree: Path, *words: str, env: dict[str, str] | None = None) -> str | None:
    """What git says about a tree; None when it fails, or is not there."""
    try:
        done = subprocess.run(
            ["git", "-C", str(tree), *words],
            env=env,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def exercise_paths(course: Course) -> dict[str, str]:
    """Path in the tree -> exercise id, of those that students write."""
    every = (one for one in course.exercises() if one.is_set)
    return {f"{course.lab_of(one.id).folder.name}/{one.file}": one.id for one in every}


def find(course: Course) -> str | None:
    """The tag's commit; None in a tree without git."""
    if not (course.tree / ".git").exists():
        return None
    if course.has_solutions:
        return _line(git(course.tree, "rev-parse", "-q", "--verify", "HEAD"))
    last = f"lab{course.labs[-1].number}"
    names = [f"{last}{end}{more}" for end in ("", "-start") for more in ("", ".*")]
    merged = git(course.tree, "tag", "--list", "--merged", "HEAD", *names) or ""
    tag = f"refs/tags/{max(merged.split() or [last], key=age)}^{{commit}}"
    tagged = _line(git(course.tree, "rev-parse", "-q", "--verify", tag))
    return tagged or _line(git(course.tree, "rev-list", "--max-parents=0", "HEAD"))


def age(tag: str) -> tuple[int, bool]:
    """Order of tags: by the number of the correction; labN comes after labN-start."""
    name, _, correction = tag.partition(".")
    return int(correction) if correction.isdecimal() else 0, "-" not in name


def changed_provided(course: Course) -> list[str]:
    """Provided files that differ from the tag, and new sources beside them."""
    commit = find(course)
    if commit is None:
        return []
    changed = git(course.tree, "diff", "--name-only", "-z", commit, "--") or ""
    folders = [f"{lab.folder.name}/" for lab in course.labs]
    new = git(course.tree, "ls-files", "-z", "--others", "--exclude-standard", "--", *folders) or ""
    own = {*exercise_paths(course), *(f"{folder}answers.toml" for folder in folders)}
    names = [name for name in (changed + new).split("\0") if name]
    return sorted(name for name in dict.fromkeys(names) if name not in own)


def unpack(course: Course, commit: str, folder: Path) -> None:
    """The tag's files in a folder; what is there already is kept, when it is the same tag."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = subprocess.Popen(
        ["git", "-C", str(course.tree), "archive", "--format=tar", commit],
        stdout=subprocess.PIPE,
    )
    done = subprocess.run(["tar", "-xf", "-", "-C", str(folder)], stdin=archive.stdout, check=False)
    if archive.stdout:
        archive.stdout.close()
    if archive.wait() or done.returncode:
        raise StrataError(f"the files of commit {commit[:12]} cannot be unpacked into {folder}")
    if not course.has_solutions:
        words = ["sh", "grader/objects.sh", str(course.labs[-1].number), str(folder.absolute())]
        subprocess.run(words, cwd=course.tree, check=False)


def few(names: list[str]) -> str:
    """Some of them."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _line(text: str | None) -> str | None:
    lines = (text or "").split()
    return lines[0] if lines else None
