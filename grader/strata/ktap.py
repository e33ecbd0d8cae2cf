# SPDX-License-Identifier: MIT
"""What the kernel says on the verdict port: KTAP, panics and unwritten exercises.

Every line starts with `@TOKEN `, a number that changes with each boot, so that a
kernel that prints "ok 1" on its own is seen through. Anything else on the port is
noise; noise that looks like a verdict is kept and named as forged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["NO_TOKEN", "Panic", "TestRun", "Todo", "Transcript", "own_lines", "parse"]

NO_TOKEN = "00000000"
_LINE_MAX = 4096
_RESULT = re.compile(r"(not )?ok (\d+) (?:- )?([A-Za-z_]\w*)\s*$")
_PLAN = re.compile(r"1\.\.(\d+)\s*$")
_START = re.compile(r"# start (\w+)\s*$")
_DIAGNOSTIC = re.compile(r"# (\w+): (.*)$", re.S)
_EXPECTED = re.compile(
    r"(?P<where>[^\s:]+:\d+): (?:expected (?P<expected>.*?)(?:, got (?P<seen>.*))?$)?", re.S
)
_TODO = re.compile(r"exercise (\d+\.\d+) \(([^)]*)\) is not written yet(?:: (.*))?")
_FORGED = re.compile(
    r"(?:@[0-9a-fA-F]{8} )?(KTAP version|1\.\.\d+\s*$|(not )?ok \d+|# start |# done)"
)


@dataclass(frozen=True)
class Todo:
    """A stub was reached."""

    exercise: str
    function: str

    def __str__(self) -> str:
        return f"exercise {self.exercise} ({self.function}) is not written yet"


@dataclass
class Panic:
    """The kernel's last words; facts are an exception's: vector, error, cr2, rip, ..."""

    text: str
    where: str = ""
    backtrace: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    complete: bool = False

    def __str__(self) -> str:
        where = f" at {self.where}" if self.where else ""
        return f"panic: {self.text}{where}"


@dataclass
class TestRun:
    """One in-kernel test as far as it came."""

    __test__ = False  # not a pytest class

    name: str
    started: bool = False
    passed: bool | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def facts(self) -> tuple[str, str, str]:
        """(where, expected, seen) of the first diagnostic that has them."""
        for line in self.lines:
            match = _EXPECTED.match(line)
            if match:
                return match["where"], match["expected"] or "", match["seen"] or ""
        return "", "", ""


@dataclass
class Transcript:
    """All that a boot said on the verdict port."""

    tests: dict[str, TestRun] = field(default_factory=dict)
    plan: int | None = None
    done: bool = False
    todos: list[Todo] = field(default_factory=list)
    panic: Panic | None = None
    forged: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    noise_bytes: int = 0

    @property
    def running(self) -> TestRun | None:
        """The test that started and never ended."""
        for test in self.tests.values():
            if test.started and test.passed is None:
                return test
        return None

    @property
    def ended(self) -> list[str]:
        """Names with a result, in order."""
        return [test.name for test in self.tests.values() if test.passed is not None]


def own_lines(data: bytes, token: str) -> tuple[list[str], list[str]]:
    """(lines with our token, stripped of it; all other lines)."""
    own: list[str] = []
    rest: list[str] = []
    mark = f"@{token} ".encode()
    for raw in data.split(b"\n"):
        noise, *pieces = raw.split(mark)
        own += [_text(piece) for piece in pieces]
        if noise:
            rest.append(_text(noise))
    return own, rest


def parse(data: bytes, token: str) -> Transcript:
    """Read a whole verdict log."""
    out = Transcript()
    own, rest = own_lines(data, token)
    for line in own:
        _own_line(out, line, loader=token == NO_TOKEN)
    for line in rest:
        _other_line(out, line)
    return out


def _text(raw: bytes) -> str:
    return raw[:_LINE_MAX].rstrip(b"\r").decode("utf-8", "backslashreplace")


def _own_line(out: Transcript, line: str, loader: bool = False) -> None:
    if _todo_line(out, line) or _panic_line(out, line):
        return
    if loader and _FORGED.match(line):
        out.forged.append(line)
        return
    if match := _RESULT.match(line):
        _result(out, match[3], passed=not match[1])
    elif match := _START.match(line):
        if match[1] in out.tests:
            out.duplicates.append(match[1])
        out.tests.setdefault(match[1], TestRun(match[1])).started = True
    elif match := _PLAN.match(line):
        out.plan = int(match[1])
    elif line.strip() == "# done":
        out.done = True
    elif (match := _DIAGNOSTIC.match(line)) and match[1] in out.tests:
        out.tests[match[1]].lines.append(match[2])
    elif not line.startswith("KTAP version"):
        out.other.append(line)


def _result(out: Transcript, name: str, passed: bool) -> None:
    test = out.tests.setdefault(name, TestRun(name))
    if test.passed is not None:
        out.duplicates.append(name)
        test.passed = test.passed and passed
        return
    test.passed = passed


def _todo_line(out: Transcript, line: str) -> bool:
    match = _TODO.match(line)
    if match:
        out.todos.append(Todo(match[1], match[2]))
    return bool(match)


def _panic_line(out: Transcript, line: str) -> bool:
    if line.startswith("panic: "):
        if out.panic is None:
            out.panic = Panic(line[7:])
        return True
    panic = out.panic
    if panic is None or panic.complete:
        return False
    if line.startswith("panic-at: "):
        panic.where = line[10:]
    elif line.startswith("bt: "):
        panic.backtrace.append(line[4:])
    elif line.startswith("fact: ") and "=" in line:
        name, _, value = line[6:].partition("=")
        panic.facts[name] = value
    elif line.strip() == "panic-end":
        panic.complete = True
    else:
        return False
    return True


def _other_line(out: Transcript, line: str) -> None:
    """Without our token: only the loader's stub records count."""
    mark = f"@{NO_TOKEN} "
    if line.startswith(mark) and _todo_line(out, line[len(mark) :]):
        return
    out.noise_bytes += len(line)
    if _FORGED.match(line):
        out.forged.append(line[:120])
