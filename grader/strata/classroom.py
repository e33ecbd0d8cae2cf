# SPDX-License-Identifier: MIT
"""What .github/workflows/classroom.yml runs: each lab graded as by `make handin`, the points
told to GitHub Classroom.

Classroom reads an annotation titled "Autograding report" off the run; its own reporter action
writes the same two notices. Source: github.com/classroom-resources/autograding-grading-reporter,
src/notify-classroom.js.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from . import handin
from .errors import StrataError
from .grade_page import NAME
from .lab import load_course

__all__ = ["main", "notices", "summary"]


def main(_words: list[str]) -> int:
    """Read LAB: one lab, or nothing for each that is there; 0 only at full marks."""
    course = load_course(Path.cwd())
    if course.has_solutions:
        print("classroom: this is the source, no student's repository: nothing to grade")
        return 0
    out = course.tree / (os.environ.get("BUILD") or "build") / "handin"
    found: dict[int, dict[str, Any]] = {}
    for lab in course.pick_labs(os.environ.get("LAB", "")):
        os.environ["LAB"] = str(lab.number)
        handin.main([])
        folder = out / "tree" / "build" / "grade"
        found[lab.number] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        shutil.copyfile(folder / NAME, out / f"lab{lab.number}.html")
    if not found:
        raise StrataError("there is no lab to grade")
    print("\n".join(notices(found)), flush=True)
    if os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(os.environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as stream:
            stream.write(summary(found))
    return 0 if all(one["score"] == one["max_score"] for one in found.values()) else 1


def notices(found: dict[int, dict[str, Any]]) -> list[str]:
    """The two lines that GitHub turns into annotations."""
    points = round(sum(float(one["score"]) for one in found.values()), 2)
    most = round(sum(float(one["max_score"]) for one in found.values()), 2)
    report = json.dumps({"totalPoints": points, "maxPoints": most})
    return [
        f"::notice title=Autograding complete::Points {points:g}/{most:g}",
        f"::notice title=Autograding report::{report}",
    ]


def summary(found: dict[int, dict[str, Any]]) -> str:
    """The page of the run: a table a lab, in Markdown; what a guest said is not in it."""
    lines = []
    for lab, one in found.items():
        lines += [f"## Lab {lab}: {one['score']:g} of {one['max_score']:g} points", ""]
        lines += ["| test | result | points |", "|---|---|---:|"]
        for test in one["tests"]:
            score = f"{test['score']:g} of {test['max_score']:g}"
            lines.append(f"| `{test['id']}` | {test['tags'][2]} | {score} |")
        lines.append("")
    return "\n".join(lines) + "\n"
