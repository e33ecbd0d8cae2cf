# SPDX-License-Identifier: MIT
"""OUT of course and handout: what can be published onto, and how new tags get there.

Nothing is written there before a publication is whole and looked through. Then git takes
all new tags or none, and files follow: a kill leaves what was published before, or all of
what is new.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Iterator

from . import pristine
from .errors import StrataError, UsageError
from .plumbing import AUTHOR, Repository

__all__ = ["TAG", "hand_over", "place", "published"]

TAG = re.compile(r"(lab(\d+)(-start|-solution|-objects)?)(\.\d+)?$")


def place(word: str, verb: str) -> Path:
    """OUT=: a folder that is new or empty, an empty repository, or an earlier publication."""
    if not word:
        raise UsageError(f"{verb} needs a folder: make {verb} OUT=dir")
    if "://" in word or re.match(r"[\w.-]+@[\w.-]+:", word):
        raise UsageError(
            f"OUT={word}: is an address. Name a folder here, then: git -C dir push --tags {word}"
        )
    out = Path(word).expanduser().absolute()
    wrong = _wrong(out)
    if wrong:
        raise UsageError(f"OUT={word}: {wrong}")
    return out


def _wrong(out: Path) -> str:
    """What is against publishing there, and what to do."""
    there = next(one for one in (out, *out.parents) if os.path.lexists(one))
    if not there.is_dir():
        return f"{there} is no folder; name another one"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} cannot be written; name a folder where you may write"
    if there != out or not any(out.iterdir()):
        return ""
    if not _is_repository(out):
        return "has files in it, and no course; name a new or empty folder"
    return _wrong_repository(out)


def _wrong_repository(out: Path) -> str:
    repo = Repository(out)
    other = "name another folder"
    try:
        words = ("--absolute-git-dir", "--path-format=absolute", "--git-path", "objects")
        inner, objects = map(Path, repo.run("rev-parse", *words).splitlines())
    except StrataError as error:
        return f"git cannot read what is there; {other} ({error})"
    if not os.access(objects, os.W_OK | os.X_OK):
        return f"{objects} cannot be written; get the right to, or {other}"
    form = "--format=%(refname) %(committeremail)%(*committeremail)"
    rows = [row.split() for row in repo.run("for-each-ref", form).splitlines()]
    tags = {row[0].removeprefix("refs/tags/"): row[1:] for row in rows}
    mine = {tag: who for tag, who in tags.items() if TAG.match(tag)}
    if rows and not mine:
        return f"is a git repository, and no course in it; {other}"
    strange = [tag for tag, who in mine.items() if who != [f"<{AUTHOR[1]}>"]]
    if strange:
        return f"its tag {strange[0]} is not one of make course or make handout; {other}"
    if repo.run("rev-parse", "--is-bare-repository") == "true":
        return ""
    if _unborn(repo):  # a publication that was stopped has the tags already
        more = sorted(path.name for path in out.iterdir() if path.name != ".git")
        return f"has files beside ({pristine.few(more)}); {other}" if more and not mine else ""
    lock = inner / "index.lock"
    if lock.exists():
        return f"git is at work there, or was killed: when no git runs, rm {lock}, then again"
    return _dirty(repo, out)


def _dirty(repo: Repository, out: Path) -> str:
    rows = repo.run("status", "--porcelain", "--untracked-files=no").splitlines()
    names = [row.strip().partition(" ")[2].strip() for row in rows]
    if not names:
        return ""
    return (
        f"{pristine.few(names)}: not as published. Mend the source, not this folder; to throw "
        f"away what was changed here: git -C {out} reset --hard"
    )


def _unborn(repo: Repository) -> bool:
    """No commit was ever the branch's: new, or a first publication was stopped there."""
    return not any(repo.holds("rev-parse", "-q", "--verify", one) for one in ("HEAD", "main"))


def _is_repository(out: Path) -> bool:
    return (out / ".git").exists() or (out / "HEAD").exists()


def published(out: Path) -> dict[str, str]:
    """The tags of an output that is there already."""
    if not _is_repository(out):
        return {}
    return {tag: ident for tag, ident in Repository(out).tags().items() if TAG.match(tag)}


def hand_over(made: Path, out: Path, tip: str) -> Iterator[str]:
    """New tags of a repository into the output; its branch main follows where it can."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StrataError(
            f"OUT={out}: cannot be made; name another folder ({error.strerror})"
        ) from None
    repo = Repository(out)
    if not _is_repository(out):
        repo.run("init", "-q", "-b", "main")
    tags = "refs/tags/*:refs/tags/*"
    repo.run("fetch", "-q", "--atomic", "--no-prune", "--no-tags", str(made), tags)
    bare = repo.run("rev-parse", "--is-bare-repository") == "true"
    if _unborn(repo):
        repo.run("symbolic-ref", "HEAD", "refs/heads/main")
        if bare:
            repo.run("update-ref", "refs/heads/main", tip)
        else:
            (out / ".git" / "index.lock").unlink(missing_ok=True)
            repo.run("reset", "-q", "--hard", tip)
        return
    if bare and repo.stands_on(tip, "refs/heads/main"):
        repo.run("update-ref", "refs/heads/main", tip)
        return
    on_main = not bare and repo.run("branch", "--show-current") == "main"
    if on_main and repo.holds("merge", "-q", "--ff-only", tip):
        return
    yield f"note: the tags are there, but main of {out} could not follow: git merge {tip[:12]}"
