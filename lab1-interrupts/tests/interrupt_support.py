# SPDX-License-Identifier: MIT
"""What the outside tests of lab 1 share: a guest that stands still, its tables decoded."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Any

from strata.api import Failure, expect_eq

GATE_BYTES = 16
TSS_BYTES = 104


def stop_in(guest: Any, symbol: str, why: str) -> Any:
    """The debugger of a guest that stands at this function."""
    gdb = guest.gdb()
    gdb.break_at(symbol)
    if gdb.cont() != guest.symbol(symbol):
        raise Failure(f"the guest does not come to {symbol}", expected=why)
    gdb.clear(symbol)
    return gdb


def booted(machine: Any, **more: Any) -> tuple[Any, Any]:
    """(guest, debugger) of a kernel that has come up to its monitor."""
    guest = machine.boot(paused=True, **more)
    return guest, stop_in(guest, "monitor_main", "the kernel comes up to its monitor")


@dataclass(frozen=True)
class Segments:
    """What the CPU's own registers say, from QEMU's `info registers`."""

    gdt: tuple[int, int]
    idt: tuple[int, int]
    tr: int
    tr_base: int
    tr_limit: int
    selectors: dict[str, int]
    kinds: dict[str, str]


def segments(guest: Any) -> Segments:
    """The segment registers and the table registers."""
    text = guest.hmp("info registers")

    def table(name: str) -> tuple[int, int]:
        found = re.search(rf"^{name}= *([0-9a-f]+) ([0-9a-f]+)", text, re.M)
        assert found
        return int(found[1], 16), int(found[2], 16)

    rows = re.findall(
        r"^([CDEFGS]S|TR) *=([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) [0-9a-f]+ *(.*)$", text, re.M
    )
    named = {row[0]: row for row in rows}
    return Segments(
        gdt=table("GDT"),
        idt=table("IDT"),
        tr=int(named["TR"][1], 16),
        tr_base=int(named["TR"][2], 16),
        tr_limit=int(named["TR"][3], 16),
        selectors={name: int(row[1], 16) for name, row in named.items()},
        kinds={name: row[4] for name, row in named.items()},
    )


@dataclass(frozen=True)
class Descriptor:
    """A segment descriptor, or the first half of a system one."""

    base: int
    limit: int
    kind: int
    system: bool
    dpl: int
    present: bool
    long: bool
    big: bool
    pages: bool


def descriptor(raw: bytes) -> Descriptor:
    """Eight bytes, taken apart as the SDM has them."""
    low, high = struct.unpack("<II", raw)
    return Descriptor(
        base=low >> 16 | (high & 0xFF) << 16 | high & 0xFF000000,
        limit=low & 0xFFFF | high & 0xF0000,
        kind=high >> 8 & 15,
        system=not high >> 12 & 1,
        dpl=high >> 13 & 3,
        present=bool(high >> 15 & 1),
        long=bool(high >> 21 & 1),
        big=bool(high >> 22 & 1),
        pages=bool(high >> 23 & 1),
    )


@dataclass(frozen=True)
class Gate:
    """A slot of the IDT."""

    entry: int
    selector: int
    ist: int
    kind: int
    dpl: int
    present: bool


def gates(guest: Any) -> list[Gate]:
    """The whole IDT in use."""
    base, limit = segments(guest).idt
    expect_eq(limit, 256 * GATE_BYTES - 1, "the limit of the IDT: 256 gates less a byte")
    raw = guest.read_virt(base, limit + 1)
    return [_gate(raw[at : at + GATE_BYTES]) for at in range(0, len(raw), GATE_BYTES)]


def _gate(raw: bytes) -> Gate:
    low, selector, ist, rights, middle, high, _ = struct.unpack("<HHBBHII", raw)
    return Gate(
        entry=low | middle << 16 | high << 32,
        selector=selector,
        ist=ist & 7,
        kind=rights & 31,
        dpl=rights >> 5 & 3,
        present=bool(rights >> 7),
    )


@dataclass(frozen=True)
class Tss:
    """The fields of the 64-bit TSS that mean something."""

    rsp: tuple[int, ...]
    ist: tuple[int, ...]
    iomap: int


def tss(guest: Any) -> Tss:
    """The TSS that TR points at."""
    raw = guest.read_virt(segments(guest).tr_base, TSS_BYTES)
    words = struct.unpack("<4x3Q8x7Q8xHH", raw)
    return Tss(rsp=words[:3], ist=words[3:10], iomap=words[11])
