# SPDX-License-Identifier: MIT
"""The grader's records: what is to be run, and what became of it, as plain JSON."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["Plan", "Planned", "Result", "printable", "write_atomically"]

_Kind = TypeVar("_Kind")

PASSED = "passed"
FAILED = "failed"
NOT_JUDGED = "not judged"
BROKEN = "could not be judged"  # the test or QEMU failed, not the student
FATAL = "fatal"  # nothing can be judged: no QEMU, no space

ENDED = "the run ended too early or never"  # the fact of a guest's own end
SERIAL_TAIL = "last lines on the serial line:"
_OUTSIDE = re.compile(r"\.py(:\d+)?$")
_PLACE = re.compile(r"\w\+0x[0-9a-f]+\b|\(RIP 0x")


@dataclass(frozen=True)
class Planned:
    """One test to be run in one variant."""

    id: str
    name: str
    kind: str
    file: str
    lab: int
    stage: int
    given: tuple[str, ...]
    images: str
    seed: int
    folder: str
    exercise: str = ""  # which it judges; nothing: provided code
    cost: float = 0.0  # seconds that it took last time: long ones start first


@dataclass(frozen=True)
class Plan:
    """All that one pytest session runs."""

    tree: str
    tests: tuple[Planned, ...]
    kernel_tests: dict[str, tuple[str, ...]]  # stage: every name in its test image

    def save(self, path: Path) -> None:
        """Write it for the workers."""
        write_atomically(path, json.dumps(asdict(self)))

    @staticmethod
    def load(path: Path) -> Plan:
        """Read it back."""
        data = json.loads(path.read_text(encoding="utf-8"))
        tests = tuple(_with_tuples(Planned, one) for one in data["tests"])
        names = {key: tuple(value) for key, value in data["kernel_tests"].items()}
        return Plan(data["tree"], tests, names)


@dataclass
class Result:
    """What became of one test in one variant."""

    id: str
    status: str
    fact: str = ""
    expected: str = ""
    seen: str = ""
    where: str = ""
    hint: str = ""
    detail: str = ""
    given: tuple[str, ...] = ()
    ended: bool = False  # the guest came to an end of its own
    unrecorded: str = ""  # why there is no `make rewind` for it
    seconds: float = field(default=0.0, compare=False)
    qemu_s: float = field(default=0.0, compare=False)  # processor time of its guests

    @staticmethod
    def of(data: dict[str, Any]) -> Result:
        """From a worker's words."""
        return _with_tuples(Result, data)

    @property
    def passed(self) -> bool:
        """True when the claim held."""
        return self.status == PASSED

    @property
    def tells_place(self) -> bool:
        """Whether the failure says where: an address or function of the guest, a line of C,
        or, where the run did not just end, the line of the test."""
        if self.where and (self.fact != ENDED or not _OUTSIDE.search(self.where)):
            return True
        detail = self.detail.partition(SERIAL_TAIL)[0]
        return bool(_PLACE.search("\n".join((self.fact, self.seen, detail))))

    def lines(self) -> list[str]:
        """The failure, line by line."""
        pairs = (
            ("", self.fact),
            ("expected: ", self.expected),
            ("seen:     ", self.seen),
            ("where:    ", self.where),
            ("hint:     ", self.hint),
            ("", self.detail),
        )
        out: list[str] = []
        for name, text in pairs:
            if text:
                out += (name + text).split("\n")
        return out


def _with_tuples(kind: type[_Kind], data: dict[str, Any]) -> _Kind:
    words: dict[str, Any] = {**data, "given": tuple(data.get("given", ()))}
    return kind(**words)


def printable(text: str) -> str:
    """What a stranger's program said, without what a terminal would obey."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def write_atomically(path: Path, text: str) -> None:
    """The whole file or none of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
