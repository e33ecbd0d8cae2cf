# SPDX-License-Identifier: MIT
"""`make check`: every proof that the tree offers; at the end what failed, and one count.

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

__all__ = ["Count", "closing_lines", "count_junit", "count_lines", "main", "times_of"]

_LINE = re.compile(r"^(\d+) passed, (\d+) failed", re.M)
_NAMED = re.compile(r"^(?!not judged)[a-z][a-z ]*: (\S+)$", re.M)


@dataclass(frozen=True)
class Count:
    """How many proofs held."""

    passed: int
    failed: int
    names: tuple[str, ...] = ()

    def __add__(self, other: Count) -> Count:
        names = (*self.names, *other.names)
        return Count(self.passed + other.passed, self.failed + other.failed, names)


def count_junit(text: str, part: str = "") -> Count:
    """The counts of a junit.xml; an error counts as failed."""
    failed = total = 0
    names = []
    root = ElementTree.fromstring(text)
    for suite in root.iter("testsuite"):
        total += int(suite.get("tests", "0")) - int(suite.get("skipped", "0"))
        failed += int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
    for one in root.iter("testcase"):
        if one.find("failure") is not None or one.find("error") is not None:
            file = one.get("classname", "").replace(".", "/")
            names.append(f"{part}{file}.py::{one.get('name', '')}")
    return Count(max(0, total - failed), failed, tuple(names))


def times_of(text: str) -> dict[str, float]:
    """Seconds by test of a junit.xml."""
    cases = ElementTree.fromstring(text).iter("testcase")
    return {one.get("name", ""): round(float(one.get("time", "0")), 2) for one in cases}


def count_lines(text: str, status: int, part: str = "") -> Count:
    """The last `N passed, N failed` of an output; without one the run itself failed."""
    found = _LINE.findall(text)
    if not found:
        return Count(0, 1, (f"{part}: it ended with status {status} and no count",))
    passed, failed = map(int, found[-1])
    if status and not failed:
        return Count(passed, 1, (f"{part}: no test failed, but it ended with status {status}",))
    names = _NAMED.findall(text) if failed else []
    return Count(passed, failed, tuple(f"{part}: {name}" for name in names))


def closing_lines(count: Count) -> list[str]:
    """What failed, by name, and the count."""
    lines = ["what failed:", *(f"  {name}" for name in count.names)] if count.names else []
    return [*lines, f"{count.passed} passed, {count.failed} failed"]


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
        return Count(0, 1, (f"grader/{name}: pytest ended with status {status} and no report",))
    text = report.read_text(encoding="utf-8")
    if not only:
        write_atomically(build / f"{name}-times.json", json.dumps(times_of(text), indent=1) + "\n")
    count = count_junit(text)
    if status and not count.failed:
        said = f"grader/{name}: no test failed, but pytest ended with status {status}"
        return count + Count(0, 1, (said,))
    return count


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
    return count_lines(done.stdout, done.returncode, f"provided code of lab {lab} at stage {stage}")


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
    print("\n".join(closing_lines(count)), flush=True)
    return 1 if count.failed or not count.passed else 0
