# SPDX-License-Identifier: MIT
"""The verb handout: what students get, as a git repository with a commit and a tag a lab.

It is the tracked files without whatever shows a solution, the exercise files as
skeletons, and in objects/MODE/ what is taken from solutions/ elsewhere: the stripped
reference objects of stand-ins, `make rescue` and marking with prerequisites given, the
kernels of cases and the broken objects that a student's test is to catch. The commit
of a lab adds only its folders. Author and dates are fixed, so that the same tree and
compiler give the same commits. It is looked through for solution text before it gets
its name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Mapping

from . import broken, leaks, pristine, roadmap
from .errors import BuildError, StrataError, UsageError
from .lab import Course, Lab, load_course
from .markers import skeleton

__all__ = ["LEFT_OUT", "build_handout", "main"]

# What shows solutions, or is of no use without them.
LEFT_OUT = ("solutions/", "objects/", "grader/checks/", "docs/instructor.md")
_AUTHOR = ("Strata", "strata@example.org")
_MODES = (("debug", ""), ("release", "1"))


def main(_words: list[str]) -> int:
    """Read OUT, THROUGH and OBJECTS."""
    course = load_course(Path.cwd())
    if not course.has_solutions:
        raise StrataError("there is no solutions/ folder here: this is a handout already")
    out = _place(os.environ.get("OUT", ""))
    last = course.pick_stage(os.environ.get("THROUGH", ""), "THROUGH") or course.labs[-1]
    objects = _objects(course, os.environ.get("OBJECTS") or "all", last)
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        commit = build_handout(course, last, part, objects, os.environ)
        if out.exists():
            out.rmdir()
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    files = sum(path.is_file() for path in out.rglob("*") if ".git" not in path.parts)
    print(f"{out}: {files} files, commit {commit[:12]}, tag lab{last.number}")
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


def _objects(course: Course, word: str, last: Lab) -> frozenset[str]:
    """OBJECTS=: the references that go along; what stands in always does."""
    always = {one.id for one in course.exercises() if one.stand_in}
    there = {one.id for lab in course.through(last) for one in lab.exercises if one.form != "case"}
    return (course.named_exercises(word, "OBJECTS") | always) & there


def build_handout(
    course: Course, last: Lab, out: Path, objects: frozenset[str], environment: Mapping[str, str]
) -> str:
    """Labs up to the last into a new folder; the commit's id."""
    _copy(course, _tracked(course, last), out)
    for mode, release in _MODES:
        _copy_objects(course, out, objects, mode, release, environment)
        _copy_broken(course, last, out, mode, release, environment)
    if last is not course.labs[-1]:
        roadmap.rewrite(load_course(out))
    found = leaks.find(course, out)
    if found:
        raise StrataError("solution text would go along:\n" + "\n".join(found[:20]))
    return _commit(course, last, out)


def _tracked(course: Course, last: Lab) -> list[str]:
    tree = course.tree
    listed = pristine.git(tree, "ls-files", "-z")
    if not (tree / ".git").exists() or listed is None:
        raise StrataError("handout needs the repository: what git tracks is what goes along")
    if pristine.git(tree, "diff", "--quiet", "HEAD") is None:
        print("note: some files differ from the last commit; they go along as they are")
    above = tuple(f"{lab.folder.name}/" for lab in course.labs if lab.number > last.number)
    names = [name for name in listed.split("\0") if name]
    return [name for name in names if not name.startswith((*LEFT_OUT, *above))]


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
            strip(source, target, environment)


def _copy_broken(
    course: Course, last: Lab, out: Path, mode: str, release: str, environment: Mapping[str, str]
) -> None:
    """The kernels of cases with the digests of their answers, and the objects of trials."""
    words = [f"RELEASE={release}", f"LAB={last.number}"]
    _make(course.tree, ["broken", *words], environment)
    for pair in _make(course.tree, ["-s", "print-broken", *words], environment).split():
        source, _, name = pair.partition("=")
        target = out / "objects" / mode / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".elf"):
            shutil.copyfile(course.tree / source, target)
        else:
            strip(course.tree / source, target, environment)
    for lab in course.through(last):
        keys = broken.keys_text(course, lab)
        if keys and not release:
            (out / "objects" / mode / broken.keys_name(lab)).write_text(keys, encoding="utf-8")


def strip(source: Path, target: Path, environment: Mapping[str, str]) -> None:
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


def _commit(course: Course, last: Lab, out: Path) -> str:
    """A commit and a tag a lab, with fixed author, dated like the source."""
    dated = (pristine.git(course.tree, "log", "-1", "--format=%cI") or "").strip()
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for who in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{who}_NAME": _AUTHOR[0], f"GIT_{who}_EMAIL": _AUTHOR[1]}
        env[f"GIT_{who}_DATE"] = dated or "2024-01-01T00:00:00Z"
    steps: list[tuple[str, ...]] = [("init", "-q", "-b", "main")]
    for lab in course.through(last):
        later = [one for one in course.labs if one.number > lab.number]
        said = f"lab{lab.number}: {lab.title}, as it is handed out"
        steps.append(("add", "-A", "-f", "--", ".", *_without(later)))
        steps.append(("commit", "-q", "--allow-empty", "-m", said))
        steps.append(("tag", f"lab{lab.number}"))
    for words in steps:
        if pristine.git(out, *words, env=env) is None:
            raise StrataError(f"git {' '.join(words[:2])} failed in {out}")
    return (pristine.git(out, "rev-parse", "HEAD") or "").strip()


def _without(labs: list[Lab]) -> list[str]:
    """What belongs to some labs, as git leaves it out."""
    names = [
        name
        for lab in labs
        for name in (
            lab.folder.name,
            f"objects/*/{lab.folder.name}",
            f"objects/*/cases/lab{lab.number}-*",
            f"objects/*/trials/{lab.number}.*",
        )
    ]
    return [f":(exclude,glob){name}{end}" for name in names for end in ("", "/**")]
