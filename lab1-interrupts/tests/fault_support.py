# SPDX-License-Identifier: MIT
"""What the tests of exceptions share: the kernel's records, QEMU's own log, a walk."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from strata.api import Failure

PRESENT, WRITE, LARGE, NX = 1, 2, 0x80, 1 << 63
ADDRESS = 0x000F_FFFF_FFFF_F000
TABLES = {4: "PML4", 3: "PDPT", 2: "PD", 1: "PT"}
GENERAL = [f"r{name}" for name in ("ax bx cx dx si di bp sp 8 9 10 11 12 13 14 15").split()]


@dataclass
class Record:
    """One panic on the verdict port."""

    text: str
    facts: dict[str, str] = field(default_factory=dict)
    backtrace: list[str] = field(default_factory=list)
    complete: bool = False

    def number(self, name: str) -> int:
        """A fact that is a number."""
        if name not in self.facts:
            raise Failure(f"the panic's record has no {name}", seen=self.text)
        return int(self.facts[name], 16)


def records(guest: Any) -> list[Record]:
    """All panics so far, in order."""
    found: list[Record] = []
    for line in guest.verdicts:
        kind, _, rest = line.partition(": ")
        if kind == "panic":
            found.append(Record(rest))
        elif found and kind == "fact":
            name, _, value = rest.partition("=")
            found[-1].facts[name] = value
        elif found and kind == "bt":
            found[-1].backtrace.append(rest.partition(" ")[2].partition("+")[0])
        elif found and kind == "panic-end":
            found[-1].complete = True
    return found


def provoke(guest: Any, command: str) -> Record:
    """Type a command that panics, and wait until the monitor is back; its record."""
    before = len(records(guest))
    guest.send(command + "\r")
    guest.wait_serial("look around")
    guest.wait_serial("strata> ")
    found = records(guest)
    if len(found) != before + 1 or not found[-1].complete:
        told = "\n".join(guest.verdicts[-40:])
        raise Failure(f"`{command}` sends one whole record of a panic", seen=told)
    return found[-1]


@dataclass(frozen=True)
class Taken:
    """An exception as QEMU's log has it (`-d int`)."""

    vector: int
    error: int
    software: bool
    registers: dict[str, int]


_TAKEN = re.compile(r"^ *\d+: v=(?P<v>[0-9a-f]+) e=(?P<e>[0-9a-f]+) i=(?P<i>\d) ", re.M)
_NUMBER = re.compile(r"\b(R[A-Z0-9]{1,2}|RFL|CR[0234]) ?=([0-9a-f]+)")
_SEGMENT = re.compile(r"^([CDEFGS]S) =([0-9a-f]{4}) ", re.M)


def taken(log: Path) -> list[Taken]:
    """The exceptions of a log, in order; interrupts of devices are left out."""
    text = log.read_text(encoding="utf-8", errors="replace")
    starts = list(_TAKEN.finditer(text))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    found = []
    for match, end in zip(starts, ends):
        body = text[match.start() : end]
        registers = {name.lower(): int(value, 16) for name, value in _NUMBER.findall(body)}
        registers |= {name.lower(): int(value, 16) for name, value in _SEGMENT.findall(body)}
        one = Taken(int(match["v"], 16), int(match["e"], 16), match["i"] == "1", registers)
        if one.vector < 32:
            found.append(one)
    return found


def walk(guest: Any, cr3: int, address: int) -> list[tuple[int, int]]:
    """(level, entry) on the way to an address, down to the page or what is not present."""
    table, steps = cr3, []
    for level in (4, 3, 2, 1):
        place = (table & ADDRESS) + 8 * (address >> 12 + 9 * (level - 1) & 511)
        table = int.from_bytes(guest.read_phys(place, 8), "little")
        steps.append((level, table))
        if not table & PRESENT or (table & LARGE and level in (3, 2)):
            break
    return steps


def mapped(guest: Any, address: int) -> bool:
    """Whether the page tables in use show something there."""
    return bool(walk(guest, guest.regs()["cr3"], address)[-1][1] & PRESENT)
