# SPDX-License-Identifier: MIT
"""`make check`: every proof that the tree offers, and one count at the end.

    grader/tests     the grader on canned transcripts, without QEMU
    grader/checks    the tree as its users meet it: marks, builds, bad input
    provided code    the in-kernel and outside tests that carry no marks
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from .lab import Course, load_course
from .record import write_atomically

__all__ = ["Count", "count_junit", "count_lines", "main", "times_of"]

_LINE = re.compile(r"^(\d+) passed, (\d+) failed", re.M)


@dataclass(frozen=True)
class Count:
    """How many proofs held."""

    passed: int
    failed: int

    def __add__(self, other: Count) -> Count:
        return Count(self.passed + other.passed, self.failed + other.failed)


def count_junit(text: str) -> Count:
    """The counts of a junit.xml; an error counts as failed."""
    failed = total = 0
    for suite in ElementTree.fromstring(text).iter("testsuite"):
        total += int(suite.get("tests", "0")) - int(suite.get("skipped", "0"))
        failed += int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
    return Count(max(0, total - failed), failed)


def times_of(text: str) -> dict[str, float]:
    """Seconds by test of a junit.xml."""
    cases = ElementTree.fromstring(text).iter("testcase")
    return {one.get("name", ""): round(float(one.get("time", "0")), 2) for one in cases}


def count_lines(text: str, status: int) -> Count:
    """The last `N passed, N failed` of an output; without one the run itself failed."""
    found = _LINE.findall(text)
    if not found:
        return Count(0, 1)
    passed, failed = map(int, found[-1])
    return Count(passed, failed or int(status != 0))


def _pytest(build: Path, name: str, extra: list[str]) -> Count:
    """One pytest run; its own output is shown as it comes."""
    if not Path("grader", name).is_dir():
        print(f"grader/{name}: not here, as in a handout: left out", flush=True)
        return Count(0, 0)
    report = build / f"{name}.xml"
    report.unlink(missing_ok=True)
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    words += [f"--junitxml={report}", f"grader/{name}", *extra]
    if os.environ.get("PLAIN"):
        words += ["-p", "strata.spoken", "--color=no", "-o", "console_output_style=classic"]
    only = os.environ.get("ONLY")
    if only:
        words += ["-k", only]
    status = subprocess.run(words, check=False).returncode
    if status == 5 and only:
        return Count(0, 0)
    if not report.exists():
        return Count(0, 1)
    text = report.read_text(encoding="utf-8")
    if not only:
        write_atomically(build / f"{name}-times.json", json.dumps(times_of(text), indent=1) + "\n")
    count = count_junit(text)
    return count if count.failed or status == 0 else count + Count(0, 1)


def _to_give(course: Course) -> str:
    """SOLVED= for a finished kernel; nothing where a handout lacks references for that."""
    mine = {one.id for one in course.exercises() if one.is_set} & course.codes
    if course.has_solutions or course.linked <= course.references():
        return "all"
    return ",".join(course.order(mine)) if mine <= course.references() else ""


def _provided(lab: int, stage: int, solved: str) -> Count:
    """The tests without marks of one lab, at a stage."""
    words = [sys.executable, "-m", "strata", "provided"]
    env = {**os.environ, "LAB": str(lab), "STAGE": str(stage), "SOLVED": solved, "PLAIN": "1"}
    done = subprocess.run(words, env=env, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, end="", flush=True)
    return count_lines(done.stdout, done.returncode)


def main(argv: list[str]) -> int:
    """Run all proofs; --all also what takes long."""
    build = Path(os.environ.get("BUILD") or "build") / "check"
    build.mkdir(parents=True, exist_ok=True)
    jobs = os.environ.get("JOBS") or str(os.cpu_count() or 1)
    count = _pytest(build, "tests", ["-n", jobs])
    if not os.environ.get("ONLY"):
        course = load_course(Path.cwd())
        solved, numbers = _to_give(course), course.numbers
        if not solved:
            print("provided code: this handout has no references to finish it: left out")
        for lab in numbers if solved else ():
            for stage in sorted({lab, numbers[-1]}):
                count += _provided(lab, stage, solved)
    extra = ["-n", jobs, "--durations=10", *(["--all"] if "--all" in argv else [])]
    count += _pytest(build, "checks", extra)
    print(f"{count.passed} passed, {count.failed} failed", flush=True)
    return 1 if count.failed or not count.passed else 0
