# SPDX-License-Identifier: MIT
"""The verb answers: questions whose answers come from the student's own build or run.

A lab's questions stand in its lab.toml, after the exercises:

    [[question]]
    id = "q1"
    text = "..."
    try = "a command that shows it"
    how = "pvh_entry"       # a function of labN-*/tests/answers.py: Build -> Truth

Answers are read from labN-*/answers.toml (`q1 = "0x10005a"`), or asked for on a terminal.
"""

from __future__ import annotations

import importlib.util
import os
import struct
import sys
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping

from .build import Builder
from .elf import read_symbols
from .errors import BuildError, Failure, LabError, StrataError, UsageError
from .lab import Course, Lab, Question, load_course
from .machine import Guest
from .record import write_atomically
from .spec import MachineSpec

__all__ = ["Build", "Truth", "judge", "main", "parse"]


@dataclass(frozen=True)
class Truth:
    """The true answer: any number of a range; and what to say when it was missed."""

    least: int
    most: int
    pointer: str

    @staticmethod
    def of(value: int, pointer: str) -> Truth:
        """One number."""
        return Truth(value, value, pointer)


@dataclass(frozen=True)
class Build:
    """The student's own build of a stage."""

    objects: Path  # build/debug/labN-name
    images: Path  # build/debug/own
    stage: int

    @property
    def elf(self) -> Path:
        """The kernel with its symbols."""
        return self.images / f"stage{self.stage}.elf"

    def symbol(self, name: str) -> int:
        """An address in the kernel."""
        found = read_symbols(self.elf).by_name
        if name not in found:
            raise LabError(f"{self.elf.name} has no symbol {name}")
        return found[name]

    def section(self, path: Path, name: str) -> bytes:
        """A section of an ELF64 file."""
        data = path.read_bytes()
        (table,) = struct.unpack_from("<Q", data, 0x28)
        size, count, names = struct.unpack_from("<HHH", data, 0x3A)
        headers = [struct.unpack_from("<IIQQQQ", data, table + at * size) for at in range(count)]
        for header in headers:
            start = headers[names][4] + header[0]
            if data[start : data.index(b"\0", start)].decode() == name:
                return data[header[4] : header[4] + header[5]]
        return b""

    def start(self, door: str = "pvh", cmdline: str = "") -> Guest:
        """The kernel in a machine that waits for a debugger; a context."""
        image = self.images / f"stage{self.stage}.stripped.elf"
        return Guest(MachineSpec(door, image, "00000000", cmdline=cmdline), paused=True)


def main(_words: list[str]) -> int:
    """Read LAB; 0 when all questions were answered right."""
    course = load_course(Path.cwd())
    labs = [lab for lab in course.pick_labs(os.environ.get("LAB", "")) if lab.questions]
    if not labs:
        raise UsageError("there are no questions in this lab")
    return max(_ask_lab(course, lab) for lab in labs)


def _ask_lab(course: Course, lab: Lab) -> int:
    given = _read_answers(lab)
    build = _build(course, lab)
    checkers = _checkers(lab)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    right = 0
    for question in lab.questions:
        print("\n".join(_shown(question)))
        answer = given.get(question.id, "")
        if not answer and terminal:
            answer = _typed()
        if not answer:
            print("  not answered yet\n")
            continue
        good, line = _judged(checkers[question.id], answer, build)
        if good:
            right += 1
            if given.get(question.id) != answer:
                _write_answers(lab, given | {question.id: answer})
                given[question.id] = answer
        print(f"  {answer}: {line}\n")
    name = f"{lab.folder.name}/answers.toml"
    print(f'answers are kept in {name}, as in {lab.questions[0].id} = "0x1234"')
    print(f"lab {lab.number}: {right} of {len(lab.questions)} questions answered right")
    return 0 if right == len(lab.questions) else 1


def _typed() -> str:
    try:
        return input("  answer (empty: later): ").strip()
    except EOFError:
        print()
        return ""


def _judged(how: Callable[[Build], Truth], answer: str, build: Build) -> tuple[bool, str]:
    try:
        return judge(how(build), answer, build)
    except OSError as error:
        name = Path(error.filename or "something").name
        return False, f"cannot be told, as your build has no {name} (was that exercise given?)"
    except Failure as error:
        return False, f"cannot be told, as your kernel does not get that far: {error.fact}"


def judge(truth: Truth, answer: str, build: Build) -> tuple[bool, str]:
    """Whether an answer is right, and what to say."""
    value = parse(answer, build)
    if value is None:
        return False, "that is neither a number (0x.. or decimal) nor symbol+offset"
    if truth.least <= value <= truth.most:
        return True, "right"
    return False, f"wrong; {truth.pointer}"


def parse(answer: str, build: Build) -> int | None:
    """A number, or a symbol of the kernel with or without an offset."""
    word = answer.strip().strip("<>").lower()
    try:
        return int(word, 0)
    except ValueError:
        pass
    name, _, offset = answer.strip().strip("<>").partition("+")
    found = read_symbols(build.elf).by_name
    try:
        return found[name] + (int(offset, 0) if offset else 0)
    except (KeyError, ValueError):
        return None


def _shown(question: Question) -> list[str]:
    lines = textwrap.wrap(f"{question.id}: {' '.join(question.text.split())}", 79)
    return [*lines, *(f"  try: {line}" for line in question.try_it.strip().splitlines())]


def _build(course: Course, lab: Lab) -> Build:
    builder = Builder(course, len(os.sched_getaffinity(0)))
    stage = f"stage{lab.number}"
    none: frozenset[str] = frozenset()
    failed = builder.images(lab, none, [f"{stage}.elf", f"{stage}.stripped.elf", f"{stage}.img"])
    if failed is not None:
        log = "\n".join(failed.log.strip().splitlines()[-12:])
        raise BuildError(f"the questions are about your own build, which fails:\n{log}")
    images = builder.tag(lab, none)
    return Build(images.parent / lab.folder.name, images, lab.number)


def _checkers(lab: Lab) -> dict[str, Callable[[Build], Truth]]:
    path = lab.folder / "tests" / "answers.py"
    spec = importlib.util.spec_from_file_location("answers_of_lab", path)
    if not path.exists() or spec is None or spec.loader is None:
        raise LabError(f"{lab.folder.name}/tests/answers.py is missing")
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for question in lab.questions:
        if not hasattr(module, question.how):
            raise LabError(f"{lab.folder.name}/tests/answers.py has no {question.how}")
    return {question.id: getattr(module, question.how) for question in lab.questions}


def _read_answers(lab: Lab) -> dict[str, str]:
    path = lab.folder / "answers.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{lab.folder.name}/answers.toml: {error}") from None
    known = {question.id for question in lab.questions}
    odd = sorted(set(data) - known)
    if odd:
        raise UsageError(
            f"{lab.folder.name}/answers.toml: no question {', '.join(odd)}; "
            f"there are {', '.join(sorted(known))}"
        )
    return {name: str(value) for name, value in data.items()}


def _write_answers(lab: Lab, given: Mapping[str, str]) -> None:
    lines = [f"{name} = '{given[name]}'\n" for name in sorted(given) if "'" not in given[name]]
    try:
        write_atomically(lab.folder / "answers.toml", "".join(lines))
    except OSError as error:
        raise StrataError(f"the answers were not kept: {error.strerror}") from None
