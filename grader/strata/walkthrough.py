# SPDX-License-Identifier: MIT
"""`make walkthroughs`: the pages of docs/walkthroughs and labN-*/walkthroughs, played.

A page's `make debug` starts the machine as that verb does, with the same first commands
of a real GDB; only the terminals are pipes. What GDB and the serial line say is compared
with the page, line by line. The guest runs under icount, so a page holds or fails for good.

A page that plants a mistake and rewinds is played in a copy of the tree, with that verb.

With SOLVED= the exercises come from there, else as the pages say: all, where all can be given.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Mapping, Sequence

from . import memory
from .budget import BOARD
from .build import inner_environment
from .debug import find_gdb, stage_spec
from .debuggee import Debuggee
from .errors import StrataError, UsageError
from .gdb_process import GdbOfMake, GdbProcess, Limit, TURN_S
from .lab import Course, load_course
from .markers import State
from .planning import read_states
from .walkthrough_page import Difference, Expected, Page, Step, compare, fill, parse
from .walkthrough_serial import PROMPT, SerialLine

__all__ = ["Failed", "find_pages", "main", "pick_pages", "play"]

_WALL_MAX_S = 120.0
# Of the board's watchdog, as in budget.py: QEMU pauses the guest, and GDB says SIGALRM.
_ARM, _DISARM = "monitor o /b 0x443 0xd", "monitor o /b 0x441 0"
_LEFT = (".git", "__pycache__", ".mypy_cache", "course", "class")
_RUNS = ("c", "continue", "finish", "until", "advance", "ni", "nexti", "n", "next", "s", "step")


class Failed(Exception):
    """A step that did not go as the page says."""

    def __init__(self, page: Page, line: int, text: str) -> None:
        super().__init__(f"{page.path}:{line}: {text}")


def main(_words: list[str]) -> int:
    """Play the pages that TEST names; the status is 0 if all hold."""
    course = load_course(Path.cwd())
    if find_gdb() is None:
        raise StrataError("gdb is not installed; see `make doctor`")
    pages = find_pages(course.tree)
    told = [_told(course, path) for path in pick_pages(pages, os.environ.get("TEST", ""))]
    if told.count(None) == len(told):
        raise UsageError(f"no walkthrough was played; there are\n{_listed(pages)}")
    print(f"{told.count(True)} walkthroughs hold, {told.count(False)} do not")
    return 1 if False in told else 0


def find_pages(tree: Path) -> list[Path]:
    """The pages of a tree, relative to it."""
    found = [*tree.glob("docs/walkthroughs/*.md"), *tree.glob("lab[0-9]*-*/walkthroughs/*.md")]
    return sorted(path.relative_to(tree) for path in found)


def pick_pages(pages: Sequence[Path], pattern: str) -> list[Path]:
    """TEST=: parts of their paths, or globs of their names or paths, separated by commas."""
    chosen: set[Path] = set()
    for part in (one.strip() for one in pattern.split(",")):
        found = [path for path in pages if _matches(path, part)]
        if not found:
            near = _nearest(pages, part)
            hint = f" (did you mean {near}?)" if near else ""
            wrong = f"TEST={pattern}: no such walkthrough as '{part}'{hint}"
            raise UsageError(f"{wrong}; there are\n{_listed(pages)}")
        chosen |= set(found)
    return [path for path in pages if path in chosen]


def _matches(path: Path, part: str) -> bool:
    whole = path.as_posix()
    return part in whole or any(fnmatchcase(name, part) for name in (path.stem, whole))


def _nearest(pages: Sequence[Path], part: str) -> str:
    """The name of the page that comes closest to a word, as a whole or in one of its words."""
    names = {word: path.stem for path in pages for word in (*path.stem.split("-"), path.stem)}
    near = difflib.get_close_matches(Path(part).stem.lower(), names, 1)
    return names[near[0]] if near else ""


def _listed(pages: Sequence[Path]) -> str:
    return "\n".join(f"  {path}" for path in pages) or "  none"


def _told(course: Course, path: Path) -> bool | None:
    """Play one page and say how it went; None when it was left out."""
    page = parse(path, (course.tree / path).read_text(encoding="utf-8"))
    missing = _not_written(course, page, os.environ)
    if missing:
        print(f"left out {path}: it walks through exercise {', '.join(missing)}, not written yet")
        if _finished(course):
            print("  SOLVED=all plays it on the finished kernel")
        return None
    try:
        play(course, page, os.environ)
    except Failed as failed:
        print(f"not ok {failed}", flush=True)
        return False
    print(f"ok {path}: {len(page.steps)} steps", flush=True)
    return True


def _not_written(course: Course, page: Page, environment: Mapping[str, str]) -> list[str]:
    """Exercises that a page stands on and that are neither given nor written."""
    unknown = [one for one in page.needs if one not in course.by_id]
    if unknown:
        raise UsageError(f"{page.path}: no exercise {', '.join(unknown)}")
    given = course.pick_exercises(_solved(course, environment)) | memory.given(course)
    states = read_states(course)
    open_states = (State.NOT_BEGUN, State.MISSING)
    return [one for one in page.needs if one not in given and states[one] in open_states]


def _solved(course: Course, environment: Mapping[str, str]) -> str:
    return environment.get("SOLVED") or ("all" if _finished(course) else "none")


def _finished(course: Course) -> bool:
    """Whether SOLVED=all can be said here, as the pages do."""
    return course.linked <= course.references()


def play(course: Course, page: Page, environment: Mapping[str, str]) -> None:
    """Play a page; Failed at its first wrong line."""
    player = _Player(course, page, environment)
    try:
        for at, step in enumerate(page.steps):
            following = page.steps[at + 1].kind if at + 1 < len(page.steps) else ""
            player.step(step, following)
    finally:
        player.close()


def _copy_of(tree: Path) -> Path:
    """A copy of a tree to be changed. What is built goes along where make finds it again:
    from another build folder the names that objects depend on would be wrong."""
    copy = Path(tempfile.mkdtemp(prefix="walk")) / tree.name
    left = _LEFT if (os.environ.get("BUILD") or "build") == "build" else (*_LEFT, "build")
    shutil.copytree(tree, copy, symlinks=True, ignore=shutil.ignore_patterns(*left))
    return copy


def _plain_environment() -> dict[str, str]:
    """A reader's: nothing of the make that plays the page."""
    inner = inner_environment(os.environ)
    kept = {name: value for name, value in inner.items() if name not in ("BUILD", "SEED", "V")}
    return {**kept, "GIT_CEILING_DIRECTORIES": tempfile.gettempdir()}  # the copy is in no clone


def _said(words: list[str], tree: Path, environment: Mapping[str, str]) -> str:
    """What a command prints."""
    done = subprocess.run(
        words,
        cwd=tree,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_WALL_MAX_S,
        check=False,
    )
    return done.stdout.decode("utf-8", "backslashreplace")


class _Player:
    """The terminals of one page."""

    def __init__(self, course: Course, page: Page, environment: Mapping[str, str]) -> None:
        self._course = course
        self._page = page
        self._asked = environment.get("SOLVED") or ""
        self._environment = {**environment, "SOLVED": _solved(course, environment)}
        self._copy = _copy_of(course.tree) if page.planted else None
        self._values: dict[str, str] = {}
        self._machine: Debuggee | None = None
        self._gdb: GdbProcess | None = None
        self._serial: SerialLine | None = None
        self._running: list[Expected] | None = None  # GDB waits; what it says first

    def step(self, step: Step, following: str) -> None:
        """Type what a step types, and compare what is seen."""
        command = fill(step.command, self._values)
        if step.kind == "shell":
            seen = self._shell(step, command)
        elif self._gdb is None:  # a step in a session
            raise Failed(self._page, step.line, "no `make debug` comes before this")
        elif self._serial is None and step.kind != "gdb":
            raise Failed(self._page, step.line, "a recorded run takes no keys")
        elif step.kind == "gdb" and self._running is not None:
            raise Failed(self._page, step.line, "the guest runs: GDB takes no command")
        elif step.kind == "gdb":
            seen = self._type(self._gdb, step, command, following)
        elif step.kind == "serial" and self._serial and self._running is not None:
            self._serial.type(command)
            seen = self._listen(step, following)
        elif self._running is not None:
            seen = self._wait_gdb(step)
            step = replace(step, expected=[*self._running, *step.expected])
            self._running = None
        else:
            raise Failed(self._page, step.line, "the guest does not run: `continue` first")
        if self._environment.get("V"):
            print(f"{step.line}: {command}", seen.rstrip(), sep="\n")
        wrong = compare(step, seen, self._values)
        if wrong:
            raise Failed(self._page, wrong.line, self._text(step, wrong))

    def close(self) -> None:
        """End GDB and the machine, and remove the copy."""
        self._end()
        if self._copy is not None:
            shutil.rmtree(self._copy.parent, ignore_errors=True)

    def _end(self) -> None:
        if self._gdb is not None:
            self._gdb.close()
        if self._serial is not None:
            self._serial.close()
        if self._machine is not None:
            self._machine.__exit__(None, None, None)
        self._gdb = self._serial = self._machine = self._running = None

    def _text(self, step: Step, wrong: Difference) -> str:
        what = f"after `{step.command}`" if step.command else "without a command"
        return f"{what}\n  expected: {wrong.expected}\n  seen:     {wrong.seen}"

    def _shell(self, step: Step, command: str) -> str:
        words = shlex.split(command)
        if words[:1] == ["make"]:
            self._end()
        if words[:2] == ["make", "rewind"] and self._copy is not None:
            self._gdb = GdbOfMake([*words, *self._given()], self._copy, _plain_environment())
            return self._wait_gdb(step)
        if words[:2] != ["make", "debug"]:
            return self._run(command)
        options = dict(word.split("=", 1) for word in words[2:] if "=" in word)
        solved = self._environment["SOLVED"]  # who plays the page says what is given
        environment = {**self._environment, **options, "SOLVED": solved}
        machine = Debuggee(
            stage_spec(self._course, environment), (), environment.get("STOP") == "reset"
        )
        self._machine = machine
        machine.start(BOARD)
        self._serial = SerialLine(machine.serial_socket)
        self._gdb = GdbProcess(
            machine.gdb_words(find_gdb() or "gdb"), self._course.tree, machine.pid
        )
        seen = self._wait_gdb(step)
        machine.check()
        return seen

    def _given(self) -> list[str]:
        """Who plays the page says what is given; else the verbs of tests do."""
        solved = self._environment["SOLVED"]
        return [f"SOLVED={solved}"] if self._asked or solved == "none" else []

    def _run(self, command: str) -> str:
        if self._copy is not None:
            words = shlex.split(command)
            given = self._given() if words[0] == "make" else []
            return _said([*words, *given], self._copy, _plain_environment())
        build = self._environment.get("BUILD") or "build"
        line = re.sub(r"(?<![\w/.])build/", f"{build}/", command)
        return _said(["sh", "-c", line], self._course.tree, os.environ)

    def _type(self, gdb: GdbProcess, step: Step, command: str, following: str) -> str:
        """A GDB command; when the serial line comes next, the guest runs on meanwhile."""
        if command == "quit":
            self._end()
            return ""
        runs = command.split()[0] in _RUNS
        if runs and self._serial is not None:
            gdb.send(_DISARM if following == "serial" else _ARM)
            gdb.wait()
        gdb.send(command)
        if runs and following == "serial":
            self._running = step.expected  # GDB's terminal shows it now, we read it later
            return "\n".join(one.text for one in step.expected)
        return self._wait_gdb(step)

    def _wait_gdb(self, step: Step) -> str:
        assert self._gdb is not None
        seen = self._gdb.wait(self._read_serial)
        if seen is None:
            what = f"`{step.command}`" if step.command else "the guest's run"
            raise Failed(self._page, step.line, f"{what} does not come to an end")
        return seen

    def _read_serial(self) -> None:
        if self._serial is not None:
            self._serial.read()

    def _listen(self, step: Step, following: str) -> str:
        """What the serial line says: up to its prompt, or until GDB stops the guest."""
        assert self._machine is not None and self._serial is not None
        if following == "more":
            return "\n".join(one.text for one in step.expected)
        limit = Limit(self._machine.pid)
        while not self._serial.prompted():
            self._serial.wait(TURN_S)
            if limit.reached() or self._machine.ended():
                raise Failed(self._page, step.line, f"no {PROMPT} after `{step.command}`")
        return self._serial.answer()
