# SPDX-License-Identifier: MIT
"""What `make answers` takes for true: computed from the student's own build and run."""

from __future__ import annotations

import re
import struct

from strata.answers import Build, Truth
from strata.errors import Failure

_TIMER = 0xE0
_LINE0 = 0x20
_TSS_SLOT = 7
_PT_LOAD = 1


def _read(build: Build, address: int, length: int) -> bytes:
    """Bytes of the kernel's image by their virtual address."""
    data = build.elf.read_bytes()
    (table,) = struct.unpack_from("<Q", data, 0x20)
    size, count = struct.unpack_from("<HH", data, 0x36)
    for at in range(count):
        header = struct.unpack_from("<IIQQQQ", data, table + at * size)
        kind, _, offset, virtual, _, in_file = header
        if kind == _PT_LOAD and virtual <= address < virtual + in_file:
            start = offset + address - virtual
            return data[start : start + length]
    raise Failure(f"nothing of the image lies at {address:#x}")


def _entry(build: Build, vector: int) -> int:
    """Where a vector's gate points."""
    words = _read(build, build.symbol("vector_entries") + vector * 8, 8)
    (address,) = struct.unpack("<Q", words)
    return int(address)


def entry_length(build: Build) -> Truth:
    """Bytes from one entry to the next."""
    first, second = _entry(build, _LINE0), _entry(build, _LINE0 + 1)
    if first == second:
        raise Failure("exercise 1.2 is not written yet")
    pointer = "the distance of the two addresses in vector_entries, the later one minus the other"
    return Truth.of(abs(second - first), pointer)


def double_fault_stack(build: Build) -> Truth:
    """The top of the stack that vector 8 starts on."""
    (top,) = struct.unpack("<Q", _read(build, build.symbol("kernel_stacks") + 16, 8))
    pointer = "IST 1 is kernel_stacks[0], and a stack is used from its end, hi, downwards"
    return Truth.of(top, pointer)


def marked_instructions(build: Build) -> Truth:
    """The entries of the exception table."""
    size = len(build.section(build.elf, "exception_table"))
    return Truth.of(size // 16, "an entry is two addresses; readelf prints sizes in hexadecimal")


def tss_slot(build: Build) -> Truth:
    """The first half of the TSS descriptor, as it is when the kernel runs."""
    with build.start(cmdline="main=exit") as guest:
        gdb = guest.gdb()
        gdb.break_at(build.symbol("pvh_entry"))
        gdb.cont()
        gdb.break_at(build.symbol("verdict_exit"))
        gdb.cont()
        found = re.search(r"GDT=\s+([0-9a-f]+) ([0-9a-f]+)", guest.hmp("info registers"))
        if found is None or int(found[2], 16) < _TSS_SLOT * 8 + 15:
            raise Failure("exercise 1.1 is not written yet")
        (slot,) = struct.unpack("<Q", gdb.read(int(found[1], 16) + _TSS_SLOT * 8, 8))
    return Truth.of(slot, "slot 7 as it is at the prompt: the CPU has changed it when it loaded TR")


def interrupted_first(build: Build) -> Truth:
    """The instruction before which the first timer interrupt came."""
    entry = _entry(build, _TIMER)
    with build.start(cmdline="clock=pit main=exit") as guest:
        gdb = guest.gdb()
        gdb.break_at(build.symbol("pvh_entry"))
        gdb.cont()
        gdb.break_at(entry)
        gdb.break_at(build.symbol("verdict_exit"))
        gdb.cont()
        regs = gdb.regs()
        if regs["rip"] != entry:
            raise Failure("there was no timer interrupt: 1.1, 1.2, 1.3 and 1.8 have to be written")
        (back,) = struct.unpack("<Q", gdb.read(regs["rsp"], 8))
    pointer = (
        "stop at vector_entries[0xe0], at its first instruction; the word that RSP points at is "
        "the address of the instruction that would have been next"
    )
    return Truth.of(back, pointer)
