# SPDX-License-Identifier: MIT
"""The verb handout: what students get, as a git repository of one commit, tagged labN.

It is the tracked files without whatever shows a solution, the exercise files as
skeletons, and in objects/MODE/ the stripped reference objects that stand-ins, `make
rescue` and marking with prerequisites given take. Author and dates are fixed, so that
the same tree and compiler give the same commit. It is looked through for solution text
before it gets its name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Mapping

from . import leaks, pristine
from .errors import BuildError, StrataError, UsageError
from .lab import Course, load_course
from .markers import skeleton

__all__ = ["LEFT_OUT", "build_handout", "main"]

# What shows solutions, or is of no use without them.
LEFT_OUT = ("solutions/", "objects/", "grader/checks/", "docs/instructor.md")
_AUTHOR = ("Strata", "strata@example.org")
_MODES = (("debug", ""), ("release", "1"))


def main(_words: list[str]) -> int:
    """Read OUT and OBJECTS."""
    course = load_course(Path.cwd())
    if not course.has_solutions:
        raise StrataError("there is no solutions/ folder here: this is a handout already")
    out = _place(os.environ.get("OUT", ""))
    objects = _objects(course, os.environ.get("OBJECTS") or "all")
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        commit = build_handout(course, part, objects, os.environ)
        if out.exists():
            out.rmdir()
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    files = sum(path.is_file() for path in out.rglob("*") if ".git" not in path.parts)
    tag = f"lab{course.labs[-1].number}"
    print(f"{out}: {files} files, commit {commit[:12]}, tag {tag}")
    print(f"reference objects: {', '.join(course.order(objects))}; no solution text")
    return 0


def _place(word: str) -> Path:
    if not word:
        raise UsageError("handout needs a new folder: make handout OUT=dir")
    out = Path(word).expanduser().absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"OUT={word}: is there already, and not an empty folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    return out


def _objects(course: Course, word: str) -> frozenset[str]:
    """OBJECTS=: the references that go along; what stands in always does."""
    always = {one.id for one in course.exercises() if one.stand_in}
    return course.named_exercises(word, "OBJECTS") | always


def build_handout(
    course: Course, out: Path, objects: frozenset[str], environment: Mapping[str, str]
) -> str:
    """Everything into a new folder; the commit's id."""
    files = _tracked(course.tree)
    _copy(course, files, out)
    for mode, release in _MODES:
        _copy_objects(course, out, objects, mode, release, environment)
    found = leaks.find(course, out)
    if found:
        raise StrataError("solution text would go along:\n" + "\n".join(found[:20]))
    return _commit(course, out)


def _tracked(tree: Path) -> list[str]:
    listed = pristine.git(tree, "ls-files", "-z")
    if not (tree / ".git").exists() or listed is None:
        raise StrataError("handout needs the repository: what git tracks is what goes along")
    if pristine.git(tree, "diff", "--quiet", "HEAD") is None:
        print("note: some files differ from the last commit; they go along as they are")
    return [name for name in listed.split("\0") if name and not name.startswith(LEFT_OUT)]


def _copy(course: Course, files: list[str], out: Path) -> None:
    own = pristine.exercise_paths(course)
    for name in files:
        source, target = course.tree / name, out / name
        if not source.exists() and name not in own:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if name not in own:
            shutil.copy2(source, target, follow_symlinks=False)
            continue
        solution = course.solution(course.by_id[own[name]])
        text = solution.read_text(encoding="utf-8")
        target.write_text(skeleton(text, str(solution)), encoding="utf-8", newline="")


def _copy_objects(
    course: Course,
    out: Path,
    objects: frozenset[str],
    mode: str,
    release: str,
    environment: Mapping[str, str],
) -> None:
    """Build the references of a mode and copy them without names and debug information."""
    words = [f"RELEASE={release}", f"LAB={course.labs[-1].number}"]
    _make(course.tree, ["references", *words], environment)
    listed = _make(course.tree, ["-s", "print-references", *words], environment).split()
    own = {name.rpartition(".")[0]: one for name, one in pristine.exercise_paths(course).items()}
    for path in listed:
        name = path.rpartition("/solutions/")[2]
        if own[name.rpartition(".")[0]] not in objects:
            continue
        source, target = course.tree / path, out / "objects" / mode / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".bin":
            shutil.copyfile(source, target)
        else:
            _strip(source, target, environment)


def _strip(source: Path, target: Path, environment: Mapping[str, str]) -> None:
    tool = environment.get("OBJCOPY") or environment.get("CROSS", "") + "objcopy"
    words = [tool, "--strip-unneeded", "--remove-section=.comment", str(source), str(target)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(words)}: {done.stderr.strip()}")


def _make(tree: Path, words: list[str], environment: Mapping[str, str]) -> str:
    from .build import inner_environment, passed_on

    make = environment.get("MAKE") or "make"
    done = subprocess.run(
        [make, "--no-print-directory", *passed_on(dict(environment)), *words],
        cwd=tree,
        env=inner_environment(environment),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise BuildError("the references were not built:\n" + (done.stdout + done.stderr)[-2000:])
    return done.stdout


def _commit(course: Course, out: Path) -> str:
    """One commit with fixed author, dated like the source."""
    dated = (pristine.git(course.tree, "log", "-1", "--format=%cI") or "").strip()
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for who in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{who}_NAME": _AUTHOR[0], f"GIT_{who}_EMAIL": _AUTHOR[1]}
        env[f"GIT_{who}_DATE"] = dated or "2024-01-01T00:00:00Z"
    last = course.labs[-1]
    steps = (
        ("init", "-q", "-b", "main"),
        ("add", "-A", "-f"),
        ("commit", "-q", "-m", f"lab{last.number}: {last.title}, as it is handed out"),
        ("tag", f"lab{last.number}"),
    )
    for words in steps:
        if pristine.git(out, *words, env=env) is None:
            raise StrataError(f"git {' '.join(words)} failed in {out}")
    return (pristine.git(out, "rev-parse", "HEAD") or "").strip()
