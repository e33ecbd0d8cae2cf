# SPDX-License-Identifier: MIT
"""The verb handin: the exercise files over the untouched tree, graded there, and zipped.

Only exercise files travel, the student's own, of the lab and of those below, on which it
stands: of a given exercise the one that was kept. The zip has a stable order and stable
times: the same work is the same zip.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

from . import memory, pristine, rescue
from .build import elsewhere
from .errors import StrataError, UsageError
from .lab import Course, Lab, load_course

__all__ = ["lay_over", "main", "own_files", "write_zip"]

_TIME = (1980, 1, 1, 0, 0, 0)


def main(_words: list[str]) -> int:
    """Read LAB; 0 when the zip was written, whatever the marks."""
    course = load_course(Path.cwd())
    labs = course.pick_labs(os.environ.get("LAB", ""))
    if len(labs) != 1:
        raise UsageError("handin takes one lab: make handin LAB=0")
    lab = labs[0]
    commit = pristine.find(course)
    if commit is None:
        raise StrataError(
            "there is no tag to lay your files over: this folder is not a git clone of the "
            "handout (or git is missing, see `make doctor`)"
        )
    out = course.tree / (os.environ.get("BUILD") or "build") / "handin"
    zipped = out / f"lab{lab.number}.zip"
    zipped.unlink(missing_ok=True)
    files = own_files(course, lab)
    _pristine_tree(course, commit, out / "tree")
    lay_over(course, lab, files, out / "tree")
    found = _grade(course, out / "tree", lab)
    write_zip(zipped, files)
    shown = os.path.relpath(zipped, course.tree)
    print(
        f"{shown if not shown.startswith('..') else zipped}: {len(files)} files, "
        f"{found['score']} of {found['max_score']} points on the tree of {commit[:12]}"
    )
    return 0


def own_files(course: Course, lab: Lab) -> dict[str, bytes]:
    """Path in the tree -> the student's bytes."""
    files: dict[str, bytes] = {}
    given = memory.given(course)
    every = (one for below in course.through(lab) for one in below.exercises if one.is_set)
    for exercise in every:
        path = course.lab_of(exercise.id).path(exercise)
        name = path.relative_to(course.tree).as_posix()
        kept = rescue.kept_path(course, exercise)
        source = kept if exercise.id in given and kept.exists() else path
        if source.is_file():
            files[name] = source.read_bytes()
        else:
            print(f"note: {name} is missing, and will be missing in what you hand in")
    return files


def _pristine_tree(course: Course, commit: str, folder: Path) -> None:
    """The tag unpacked; what was built of the same tag is kept."""
    stamp = folder / "build" / "tag"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != commit:
        shutil.rmtree(folder, ignore_errors=True)
    pristine.unpack(course, commit, folder)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(commit, encoding="utf-8")


def lay_over(course: Course, lab: Lab, files: dict[str, bytes], folder: Path) -> None:
    """Exactly the student's exercise files up to that lab; what was given stays given."""
    own = {one.id for below in course.through(lab) for one in below.exercises}
    for name in (name for name, ident in pristine.exercise_paths(course).items() if ident in own):
        target = folder / name
        target.unlink(missing_ok=True)
        if name in files:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(files[name])
    inner = load_course(folder)
    memory.set_given(inner, memory.given(course) & set(inner.by_id))


def _grade(course: Course, folder: Path, lab: Lab) -> dict[str, Any]:
    """make grade there, its words passed on, its paths as seen from here; the results."""
    results = folder / "build" / "grade" / "results.json"
    results.unlink(missing_ok=True)
    words, env = elsewhere(os.environ)
    done = subprocess.run(
        [*words, "-k", "grade", f"LAB={lab.number}"],
        cwd=folder,
        env={**env, "SHOWN_FROM": str(course.tree)},
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    try:
        found = json.loads(results.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        why = done.stderr.strip() or "no word of why"
        raise StrataError(f"not graded there, so no zip was written:\n{why}") from None
    if found.get("partial"):
        raise StrataError("the grade was stopped, so no zip was written")
    return dict(found)


def write_zip(path: Path, files: dict[str, bytes]) -> None:
    """A zip that depends on nothing but the files."""
    part = path.with_name(path.name + ".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            zipped.writestr(entry, files[name])
    part.replace(path)
