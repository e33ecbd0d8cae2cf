# SPDX-License-Identifier: MIT
"""Functions of the kernel called from outside, and QEMU's view of the 8259 pair."""

from __future__ import annotations

import re
from dataclasses import dataclass

from interrupt_support import stop_in
from strata.api import Failure, Guest

_ARGUMENTS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
_FLAGS = 0x2  # nothing but the bit that is always 1: interrupts are off


class Calls:
    """Calls functions of a kernel that has come up, before its monitor begins.

    The guest is booted paused. Each call runs on the stack of the boot, below what is
    in use, with interrupts off.
    """

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self._gdb = stop_in(guest, "monitor_main", "the kernel comes up to its monitor")
        self._before = self._gdb.regs()

    def call(self, function: str, *arguments: int) -> int:
        """What it returns."""
        gdb, home = self._gdb, self._before["rip"]
        stack = (self._before["rsp"] - 0x400 & ~15) - 8
        gdb.write(stack, home.to_bytes(8, "little"))
        gdb.set("rsp", stack)
        gdb.set("eflags", _FLAGS)
        for name, value in zip(_ARGUMENTS, arguments):
            gdb.set(name, value)
        gdb.set("rip", self._guest.symbol(function))
        gdb.break_at(home)
        stopped = gdb.cont()
        gdb.clear(home)
        after = gdb.regs()
        if stopped != home or after["rsp"] != stack + 8:
            raise Failure(f"{function} did not return", seen=f"rip {stopped:#x}")
        return after["rax"]


@dataclass(frozen=True)
class Chip:
    """One 8259, as QEMU has it."""

    requested: int
    masked: int
    in_service: int
    vector: int


def pair(guest: Guest) -> tuple[Chip, Chip]:
    """Master and slave."""
    text = guest.hmp("info pic")
    found = {}
    pattern = r"pic(\d): irr=(\w+) imr=(\w+) isr=(\w+) .*irq_base=(\w+)"
    for name, *numbers in re.findall(pattern, text):
        found[name] = Chip(*(int(number, 16) for number in numbers))
    if set(found) != {"0", "1"}:
        raise Failure("QEMU did not show the 8259 pair", seen=text)
    return found["0"], found["1"]


def masks(guest: Guest) -> int:
    """All 16 mask bits; bit n is input n's."""
    master, slave = pair(guest)
    return master.masked | slave.masked << 8
