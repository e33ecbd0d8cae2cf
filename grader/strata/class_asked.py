# SPDX-License-Identifier: MIT
"""What an instructor asks of grade-class, read and tried before anything is built."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Mapping

from . import sandbox
from .discover import discover, pick
from .errors import StrataError, UsageError
from .lab import Course, Exercise, Lab, load_course
from .selection import Selection, read
from .submissions import listed

__all__ = ["Class", "asked_for", "number_of", "of_class", "try_out"]

_SECONDS = 240
_SECONDS_MOST = 3600
_JOBS_MOST = 256
_TAG = re.compile(r"[A-Za-z0-9_][^\s~^:?*\[\\\x00-\x1f]*\Z")
_ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://\S+\Z")


@dataclass(frozen=True)
class Class:
    """What the instructor asked for. course: with the class's points and choice."""

    course: Course
    lab: Lab
    submissions: Path
    out: Path
    jobs: int
    scheduler: str
    tag: str
    against: Path | None
    seconds: float
    test: str
    config: str = ""
    salt: str = ""

    @property
    def wanted(self) -> list[str]:
        """The exercise files that are taken: of the lab and of those below, what is set."""
        return [
            f"{lab.folder.name}/{one.file}"
            for lab in self.course.through(self.lab)
            for one in lab.exercises
            if one.is_set
        ]


def asked_for(environment: Mapping[str, str]) -> Class:
    """Read SUBMISSIONS, LAB, OUT, JOBS, LIMIT, SCHEDULER, TAG, AGAINST, CONFIG and TEST."""
    missing = [one for one in ("SUBMISSIONS", "LAB", "OUT") if not environment.get(one)]
    if missing:
        raise UsageError(
            f"{' and '.join(missing)} not said: make grade-class SUBMISSIONS=dir LAB=n OUT=dir"
        )
    config = _place(environment, "CONFIG")
    course = load_course(Path.cwd())
    if config is not None and not course.has_solutions:
        raise UsageError("CONFIG= makes a handout, and this tree is one already: leave it out")
    chosen = read(course, str(config or ""))
    course = of_class(course, chosen) if config else course
    labs = course.pick_labs(environment["LAB"])
    if len(labs) != 1:
        raise UsageError("grade-class takes one lab: LAB=0")
    submissions, out = _place(environment, "SUBMISSIONS"), _place(environment, "OUT")
    assert submissions is not None and out is not None
    listed(submissions)
    _check_out(submissions, out)
    against = _place(environment, "AGAINST")
    if against is not None:
        listed(against, "AGAINST")
    test = environment.get("TEST", "")
    pick([case for case in discover(course, labs) if case.exercise], test)
    return Class(
        course=course,
        lab=labs[0],
        submissions=submissions,
        out=out,
        jobs=number_of(environment, "JOBS", len(os.sched_getaffinity(0)), _JOBS_MOST),
        scheduler=_matching(environment, "SCHEDULER", _ADDRESS, "an address like tcp://host:8786"),
        tag=_matching(environment, "TAG", _TAG, "the name of a tag or branch"),
        against=against,
        seconds=float(number_of(environment, "LIMIT", _SECONDS, _SECONDS_MOST)),
        test=test,
        config=str(config) if config else "",
        salt=chosen.salt,
    )


def of_class(course: Course, chosen: Selection) -> Course:
    """The course as a class does it: its points, what is set."""

    def changed(one: Exercise) -> Exercise:
        return replace(one, points=chosen.points.get(one.id, 0), is_set=chosen.is_set(one))

    labs = tuple(
        replace(lab, exercises=tuple(changed(one) for one in lab.exercises)) for lab in course.labs
    )
    by_id = {one.id: one for lab in labs for one in lab.exercises}
    return replace(course, labs=labs, by_id=by_id)


def try_out(asked: Class) -> None:
    """Whether this machine can do it, before it has worked for a minute."""
    trouble = sandbox.missing()
    if trouble:
        raise StrataError(trouble)
    packages = {"distributed": "python3-distributed", "cryptography": "python3-cryptography"}
    for module, package in packages.items():
        if find_spec(module) is None:
            raise StrataError(f"Python's {module} is missing (Debian: apt install {package})")
    try:
        asked.out.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=asked.out):
            pass
    except OSError as error:
        raise UsageError(f"OUT={asked.out}: cannot be written to: {error.strerror}") from None
    if shutil.disk_usage(asked.out).free < 256 * sandbox.MIB:
        raise UsageError(f"OUT={asked.out}: less than 256 MiB are free there")


def _place(environment: Mapping[str, str], name: str) -> Path | None:
    word = environment.get(name, "")
    return Path(os.path.abspath(Path(word).expanduser())) if word else None


def _check_out(submissions: Path, out: Path) -> None:
    """Results are no submissions, and the other way round."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"OUT={out}: is there already, and no folder")
    inner, outer = submissions.resolve(), out.resolve()
    if outer == inner or inner in outer.parents:
        raise UsageError(f"OUT={out}: lies among the submissions; take a folder beside them")
    if inner in (outer / "students", outer / "instructor"):
        raise UsageError(f"SUBMISSIONS={submissions}: is a folder of results")


def number_of(environment: Mapping[str, str], name: str, usual: int, most: int) -> int:
    """A number from 1 to `most` that a user gave by name, or the usual one."""
    word = environment.get(name, "") or str(usual)
    if not re.fullmatch("[0-9]{1,9}", word) or not 1 <= int(word) <= most:
        raise UsageError(f"{name}={word}: a number from 1 to {most}")
    return int(word)


def _matching(environment: Mapping[str, str], name: str, form: re.Pattern[str], what: str) -> str:
    word = environment.get(name, "")
    if word and not form.match(word):
        raise UsageError(f"{name}={word}: {what}")
    return word
