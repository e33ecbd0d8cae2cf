# SPDX-License-Identifier: MIT
"""Which submissions look alike, by Debian's similarity-tester (sim_c, sim_8086).

What everybody was given is taken out first: only lines that the skeleton has not. Each is
held against each other, against the reference and against the submissions of AGAINST=.
A figure is a reason to read both files, and no proof.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping, Sequence

from .lab import Course, Exercise, Lab
from .markers import reading, skeleton
from .submissions import Submission, listed, read

__all__ = ["Rows", "compare", "own_lines", "read_sim"]

_LEAST = 60  # per cent: below that two right solutions of one exercise often are
_WORDS = 30  # a file shorter than that says nothing
_KEPT = 2000  # pairs; a class that copies from one file has thousands
_TOKENS = "12"  # a run that counts as the same
_LINE = re.compile(r"^(\S+) consists for (\d+) % of (\S+) material", re.M)


@dataclass
class Rows:
    """(one, the other, exercise, per cent), the most alike first; or why there are none."""

    rows: list[tuple[str, str, str, int]] = field(default_factory=list)
    missing: str = ""
    left: int = 0  # so many more, less alike


def compare(
    course: Course,
    lab: Lab,
    come: Sequence[Submission],
    against: Path | None,
    wanted: Sequence[str],
) -> Rows:
    """All pairs of the lab's exercises."""
    if shutil.which("sim_c") is None or shutil.which("sim_8086") is None:
        return Rows(missing="likeness was not looked at: apt install similarity-tester")
    before: list[Submission] = []
    if against is not None:
        before = [read(name, path, wanted, "") for name, path in listed(against)]
    found = Rows()
    for exercise in (one for one in lab.exercises if one.form != "case" and one.is_set):
        name = f"{lab.folder.name}/{exercise.file}"
        given = _skeleton(course, exercise, lab)
        texts = _texts(come, name, given)
        others = {f"earlier: {who}": text for who, text in _texts(before, name, given).items()}
        if course.has_solutions:
            source = course.solution(exercise).read_text(encoding="utf-8")
            others["the reference"] = own_lines(reading(source, name), given)
        found.rows += [
            (one, other, exercise.id, percent)
            for one, other, percent in _pairs(texts, others, Path(exercise.file).suffix)
        ]
    found.rows.sort(key=lambda row: (-row[3], row[0], row[1], row[2]))
    found.left = len(found.rows[_KEPT:])
    del found.rows[_KEPT:]
    return found


def _skeleton(course: Course, exercise: Exercise, lab: Lab) -> str:
    if course.has_solutions:
        path = course.solution(exercise)
        return skeleton(path.read_text(encoding="utf-8"), str(path))
    from . import pristine

    name = f"{lab.folder.name}/{exercise.file}"
    commit = pristine.find(course) or "HEAD"
    return pristine.git(course.tree, "show", f"{commit}:{name}") or ""


def own_lines(text: str, given: str) -> str:
    """The lines that are not the skeleton's."""
    known = {line.strip() for line in given.splitlines()}
    return "\n".join(line for line in text.splitlines() if line.strip() not in known) + "\n"


def _texts(come: Sequence[Submission], name: str, given: str) -> dict[str, str]:
    found = {}
    for one in come:
        if name in one.files:
            text = own_lines(one.files[name].decode("utf-8", "replace"), given)
            if len(re.findall(r"\w+|[^\w\s]", text)) >= _WORDS:
                found[one.name] = text
    return found


def _pairs(
    texts: Mapping[str, str], others: Mapping[str, str], suffix: str
) -> list[tuple[str, str, int]]:
    """The pairs of the texts, and of each with each of the others."""
    if not texts:
        return []
    names = [*texts, *others]
    tool = "sim_8086" if suffix == ".asm" else "sim_c"
    with tempfile.TemporaryDirectory(prefix="strata-sim-") as folder:
        for at, text in enumerate([*texts.values(), *others.values()]):
            Path(folder, f"{at}.c").write_text(text, encoding="utf-8")
        words = [tool, "-p", "-e", "-r", _TOKENS, "-t", str(_LEAST)]
        words += [f"{at}.c" for at in range(len(names))]
        try:
            done = subprocess.run(
                words,
                cwd=folder,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=300,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return []
    best: dict[tuple[int, int], int] = {}
    for one, percent, other in read_sim(done.stdout):
        pair = (min(one, other), max(one, other))
        if pair[0] < len(texts):
            best[pair] = max(percent, best.get(pair, 0))
    return [(names[one], names[other], percent) for (one, other), percent in best.items()]


def read_sim(text: str) -> list[tuple[int, int, int]]:
    """(file, per cent, file) of sim's lines; files are named by numbers."""
    found = []
    for one, percent, other in _LINE.findall(text):
        found.append((int(Path(one).stem), min(100, int(percent)), int(Path(other).stem)))
    return found
