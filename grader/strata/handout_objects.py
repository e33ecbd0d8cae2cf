# SPDX-License-Identifier: MIT
"""What a handout brings as objects, without names and debug information.

The references of stand-ins, `make rescue` and marking with prerequisites given; the
kernels of cases with the digests of their answers; the broken objects that a student's
test is to catch. They are built in the unpacked source.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Iterator, Mapping

from . import broken, pristine
from .build import elsewhere
from .errors import BuildError
from .lab import Course, Lab
from .plumbing import File

__all__ = ["build_objects"]

_MODES = (("debug", ""), ("release", "1"))


def build_objects(
    course: Course, references: frozenset[str], environment: Mapping[str, str]
) -> dict[int, dict[str, File]]:
    """By lab: name below objects/ -> what is there once that lab is the last."""
    found: dict[int, dict[str, File]] = {}
    for mode, release in _MODES:
        make = _Make(course.tree, release, environment)
        make.run("references", f"LAB={course.labs[-1].number}")
        for lab in course.labs:
            files = found.setdefault(lab.number, {})
            files.update(_references(course, lab, make, mode, references))
            files.update(_broken(course, lab, make, mode))
    return found


class _Make:
    """make in the unpacked source, in one mode."""

    def __init__(self, tree: Path, release: str, environment: Mapping[str, str]) -> None:
        self.tree = tree
        self.environment = environment
        self._release = release

    def run(self, *words: str) -> str:
        """What it prints."""
        head, env = elsewhere(self.environment)
        done = subprocess.run(
            [*head, f"RELEASE={self._release}", "PATHLESS=1", *words],
            cwd=self.tree,
            env=env,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            said = (done.stdout + done.stderr)[-2000:]
            raise BuildError("the references were not built:\n" + said)
        return done.stdout

    def bare(self, path: str) -> File:
        """An object without names; anything else as it is."""
        source = self.tree / path
        if source.suffix != ".o":
            return File(source.read_bytes())
        target = self.tree / "build" / "bare.o"
        cross = self.environment.get("CROSS", "")
        tool = self.environment.get("OBJCOPY") or f"{cross}objcopy"
        words = [tool, "--strip-unneeded", "--remove-section=.comment", str(source), str(target)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildError(f"{' '.join(words)}: {done.stderr.strip()}")
        return File(target.read_bytes())


def _references(
    course: Course, last: Lab, make: _Make, mode: str, references: frozenset[str]
) -> Iterator[tuple[str, File]]:
    listed = make.run("-s", "print-references", f"LAB={last.number}").split()
    own = {name.rpartition(".")[0]: one for name, one in pristine.exercise_paths(course).items()}
    for path in listed:
        name = path.rpartition("/solutions/")[2]
        ident = own[name.rpartition(".")[0]]
        if ident in references and course.lab_of(ident).number <= last.number:
            yield f"{mode}/{name}", make.bare(path)


def _broken(course: Course, last: Lab, make: _Make, mode: str) -> Iterator[tuple[str, File]]:
    words = [f"LAB={last.number}"]
    make.run("broken", *words)
    for pair in make.run("-s", "print-broken", *words).split():
        source, _, name = pair.partition("=")
        yield f"{mode}/{name}", make.bare(source)
    for lab in course.through(last):
        keys = broken.keys_text(course, lab)
        if keys and mode == "debug":
            yield f"{mode}/{broken.keys_name(lab)}", File(keys.encode())
