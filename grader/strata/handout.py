# SPDX-License-Identifier: MIT
"""What students get: the files of each lab's trees, made from a commit of the source.

A tree has the tracked files without whatever shows a solution, and the exercise files as
skeletons, or solved. chain.py makes commits and tags of them, handout_objects.py the
objects that go along.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Callable, Mapping

from . import pristine, roadmap
from .errors import StrataError
from .lab import Course, Exercise, Lab, load_course
from .markers import reading, skeleton
from .plumbing import File, Repository
from .selection import Selection, lab_page, lab_toml, without_links

__all__ = ["LEFT_OUT", "Source", "read_source", "tree_files"]

# What shows solutions, or is of no use to a student: an instructor's pages and hooks, and the
# tests of what only an instructor does. (Its code goes along: the package is one.)
LEFT_OUT = (
    "solutions/",
    "objects/",
    "grader/checks/",
    "grader/gradescope/",
    "grader/tests/test_chain.py",
    "grader/tests/test_class.py",
    "grader/tests/test_gradescope.py",
    "grader/tests/test_mistakes.py",
    "docs/instructor.md",
    "docs/instructor/",
    ".github/workflows/check.yml",
)


@dataclass(frozen=True)
class Source:
    """A commit of the source, unpacked."""

    course: Course
    files: Mapping[str, File]
    date: str
    commit: str


def read_source(tree: Path, folder: Path) -> Source:
    """HEAD's files, in a folder in which objects are built; what is the same is not touched."""
    commit = (pristine.git(tree, "rev-parse", "-q", "--verify", "HEAD") or "").strip()
    if not (tree / ".git").exists() or not commit:
        raise StrataError("this needs the repository: what git tracks is what goes along")
    if pristine.git(tree, "diff", "--quiet", "HEAD") is None:
        print("note: some files differ from the last commit; it is the commit that goes along")
    source = Repository(tree)
    files = source.files(commit)
    strange = sorted(name for name, one in files.items() if one.mode not in ("100644", "100755"))
    if strange:
        raise StrataError(f"{strange[0]}: neither a file nor a program, so it cannot go along")
    _lay_out(files, folder)
    date = source.run("log", "-1", "--format=%cI", commit)
    return Source(load_course(folder), files, date, commit)


def _lay_out(files: Mapping[str, File], folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True) if folder.exists() else []:
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in files and not name.startswith("build/"):
            path.unlink()
        elif path.is_dir() and not name.startswith("build") and not any(path.iterdir()):
            path.rmdir()
    for name, one in files.items():
        path = folder / name
        if path.is_file() and path.read_bytes() == one.data:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one.data)
        path.chmod(0o755 if one.mode == "100755" else 0o644)


def tree_files(
    source: Source, last: Lab, chosen: Selection, solved: Callable[[Exercise], bool]
) -> dict[str, File]:
    """The files of labs 0 to the last; what is solved, or not set, as its solution."""
    course = source.course
    later = [lab for lab in course.labs if lab.number > last.number]
    above = tuple(
        place
        for lab in later
        for place in (f"{lab.folder.name}/", f"docs/pictures/lab{lab.number}-")
    )
    here = [name for name in source.files if not name.startswith((*LEFT_OUT, *above))]
    files = {name: source.files[name] for name in here}
    for lab in course.through(last):
        for exercise in lab.exercises:
            name = f"{lab.folder.name}/{exercise.file}"
            text = course.solution(exercise).read_text(encoding="utf-8")
            whole = solved(exercise) or not chosen.is_set(exercise)
            made = (reading if whole else skeleton)(text, name)
            files[name] = File(made.encode())
        name = f"{lab.folder.name}/lab.toml"
        _edit(files, name, partial(lab_toml, lab=lab, chosen=chosen))
        page = f"{lab.folder.name}/README.md"
        _edit(files, page, partial(lab_page, lab=lab, chosen=chosen))
    table = roadmap.table(_below(course, last))
    _edit(files, roadmap.PART.page.as_posix(), partial(roadmap.PART.put, made=table))
    gone = _gone(source.files, files)
    for name in (name for name in files if name.endswith(".md")):
        _edit(files, name, partial(without_links, page=name, gone=gone))
    return files


def _below(course: Course, last: Lab) -> Course:
    labs = tuple(course.through(last))
    return Course(course.tree, labs, {one.id: one for lab in labs for one in lab.exercises})


def _edit(files: dict[str, File], name: str, change: Callable[[str], str]) -> None:
    if name in files:
        text = files[name].data.decode()
        files[name] = File(change(text).encode(), files[name].mode)


def _gone(before: Mapping[str, File], after: Mapping[str, File]) -> set[str]:
    """Files and folders that are not there any more."""

    def places(files: Mapping[str, File]) -> set[str]:
        parents = {path.as_posix() for name in files for path in Path(name).parents}
        return {*files, *parents}

    return places(before) - places(after)
