# SPDX-License-Identifier: MIT
"""Images, by the Makefile; and whose fault it is when they cannot be built."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Mapping

from .elf import read_symbols, undefined
from .errors import BuildError
from .lab import Course, Lab

__all__ = [
    "BuildFailure",
    "Builder",
    "blame",
    "elsewhere",
    "inner_environment",
    "passed_on",
    "read_errors",
]

_PASS_ON = ("BUILD", "CC", "CROSS", "LD", "NASM", "NM", "OBJCOPY", "PYTHON", "RELEASE", "V", "QEMU")
_ERROR = re.compile(r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+)(?::\d+)?:\s*(?P<rest>.*\berror\b.*)$")
_NO_RULE = re.compile(r"No rule to make target '([^']+)'")
_UNDEFINED = re.compile(r"undefined (?:reference to|symbol:) [`']?(\w[\w.]*)")
_MACHINES_FAULT = ("No space left on device", "Read-only file system", "Disk quota exceeded")
_LINKER = re.compile(r"multiple definition|undefined|duplicate symbol|defined at|referenced by|>>>")
_SHOWN = 6
# What says a verdict, runs tests or reads the token.
_GRADERS = ("verdict_", "ktest_", "fwcfg_")
_ASIDE = "is the grader's: an exercise prints by printk, and says no result of its own"


@dataclass(frozen=True)
class BuildFailure:
    """Error lines of a build, by exercise id."""

    by_exercise: dict[str, list[str]] = field(default_factory=dict)
    log: str = ""


class Builder:
    """Runs make for one tree."""

    def __init__(self, course: Course, jobs: int) -> None:
        self._course = course
        self._jobs = jobs
        self._make = os.environ.get("MAKE") or "make"
        self._tags: dict[tuple[int, frozenset[str]], Path] = {}

    def tag(self, stage: Lab, given: frozenset[str]) -> Path:
        """The folder of the images with some exercises given."""
        key = (stage.number, given)
        if key not in self._tags:
            done = self._run(["-s", "print-tag", *self._words(stage, given)])
            if done.returncode:
                raise BuildError(f"make print-tag failed: {_last(done.stdout + done.stderr)}")
            self._tags[key] = self._course.tree / done.stdout.strip().splitlines()[-1]
        return self._tags[key]

    def images(
        self, stage: Lab, given: frozenset[str], names: Iterable[str]
    ) -> BuildFailure | None:
        """Make images; None when all are there."""
        wanted = " ".join(sorted(names))
        done = self._run(
            ["-k", f"-j{self._jobs}", "images", f"IMAGES={wanted}", *self._words(stage, given)]
        )
        if done.returncode == 0:
            forged = self._forged(stage, given)
            return BuildFailure(forged) if forged else None
        log = (done.stdout + done.stderr).replace(f"{self._course.tree}/", "")
        for trouble in _MACHINES_FAULT:
            if trouble in log:
                folder = os.environ.get("BUILD") or "build"
                raise BuildError(f"the build stopped: {trouble} (output goes to BUILD={folder})")
        return BuildFailure(blame(self._course, log, self._objects(given)), log)

    def _forged(self, stage: Lab, given: frozenset[str]) -> dict[str, list[str]]:
        """Exercises that speak to the grader themselves: they could say anything."""
        folder = self._course.tree / (os.environ.get("BUILD") or "build")
        folder /= "release" if os.environ.get("RELEASE") else "debug"
        found: dict[str, list[str]] = {}
        for lab in self._course.through(stage):
            for one in lab.exercises:
                if one.form != "code" or one.id in given:
                    continue
                path = folder / lab.folder.name / one.file
                names = sorted(undefined(path.with_suffix(".o")))
                forged = [name for name in names if name.startswith(_GRADERS)]
                if forged:
                    found[one.id] = [f"{lab.folder.name}/{one.file}: error: {forged[0]} {_ASIDE}"]
        return found

    def _objects(self, given: frozenset[str]) -> Path:
        build = os.environ.get("BUILD") or "build"
        mode = "release" if os.environ.get("RELEASE") else "debug"
        if not self._course.has_solutions:
            return self._course.tree / "objects" / mode
        return self._course.tree / build / mode / "solutions"

    def _words(self, stage: Lab, given: frozenset[str]) -> list[str]:
        ids = ",".join(self._course.order(given)) or "none"
        if given and given == frozenset(self._course.by_id):
            ids = "all"
        return [f"LAB={stage.number}", f"SOLVED={ids}", *passed_on(os.environ)]

    def _run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [self._make, "--no-print-directory", *words],
                cwd=self._course.tree,
                env=inner_environment(os.environ),
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        except FileNotFoundError:
            raise BuildError(f"{self._make} is not installed: see `make doctor`") from None


def inner_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """For a make inside make: nothing of what the outer one was asked for."""
    env = {
        key: value
        for key, value in environment.items()
        if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "GNUMAKEFLAGS")
        and key
        not in ("LAB", "STAGE", "SOLVED", "TEST", "IMAGES", "JOBS", "EX", "OUT", "OBJECTS", "CASE")
    }
    return {**env, "LC_ALL": "C"}


def passed_on(environment: Iterable[str] | dict[str, str] | os._Environ[str]) -> list[str]:
    """Variables that the user gave to the outer make, as words for the inner one."""
    get = environment.get if hasattr(environment, "get") else {}.get
    flags = get("MAKEFLAGS") or ""
    _, found, overrides = flags.partition(" -- ")
    if not found and flags.startswith("-- "):
        overrides = flags[3:]
    words = []
    for word in shlex.split(overrides.replace("$$", "$")):
        if word.split("=", 1)[0].rstrip(":") in _PASS_ON:
            words.append(word)
    return words


def elsewhere(environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """make in another tree: its first words, and an environment without this tree's folders."""
    given = [one for one in passed_on(dict(environment)) if not one.startswith("BUILD=")]
    env = inner_environment(environment)
    for name in ("BUILD", "PYTHONPATH", "PYTHONPYCACHEPREFIX"):
        env.pop(name, None)
    return [environment.get("MAKE") or "make", "--no-print-directory", *given], env


def blame(course: Course, log: str, objects: Path) -> dict[str, list[str]]:
    """Error lines for each exercise whose file does not build or link."""
    files = {
        f"{course.lab_of(one.id).folder.name}/{one.file}": one.id for one in course.exercises()
    }
    guilty: dict[str, list[str]] = {}
    for file, line in read_errors(log):
        ident = files.get(file)
        lines = guilty.setdefault(ident, []) if ident else []
        if line not in lines and len(lines) < _SHOWN:  # a file may go into several images
            lines.append(line)
    return guilty or _blame_link(files, log, objects)


def _blame_link(files: Mapping[str, str], log: str, objects: Path) -> dict[str, list[str]]:
    """Functions that went away, else whatever file the linker complains about."""
    guilty: dict[str, list[str]] = {}
    for symbol in dict.fromkeys(_UNDEFINED.findall(log)):
        for file, ident in files.items():
            if symbol in read_symbols((objects / file).with_suffix(".o")).by_name:
                guilty.setdefault(ident, []).append(f"{file}: {symbol} is not there any more")
    if guilty:
        return guilty
    for line in log.splitlines():
        for file, ident in files.items():
            if _LINKER.search(line) and os.path.splitext(file)[0] + "." in line:
                guilty.setdefault(ident, []).append(line.strip())
    return {ident: lines[:_SHOWN] for ident, lines in guilty.items()}


def read_errors(log: str) -> list[tuple[str, str]]:
    """(file, line) of compiler, assembler and missing-file errors."""
    found = []
    for line in log.splitlines():
        match = _ERROR.match(line.strip())
        if match:
            found.append((_clean(match["file"]), line.strip()))
            continue
        missing = _NO_RULE.search(line)
        if missing:
            name = _clean(missing[1])
            found.append((name, f"{name}: the file is missing"))
    return found


def _clean(file: str) -> str:
    return os.path.normpath(file)


def _last(log: str) -> str:
    lines = [line for line in log.splitlines() if line.strip()]
    return lines[-1] if lines else "no word of why"
