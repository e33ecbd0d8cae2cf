# SPDX-License-Identifier: MIT
"""Exercise 0.8: the BIOS's memory map, as the kernel gets it.

The contract is loader/e820.h. An option ROM answers INT 15h AX=E820h from a table
made of the test's seed; the kernel's memory-map tag must hold just that table.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

from loader_support import MIB, SOON, Entry, at_kernel, blamed, boot_kernel, expect_end
from loader_support import hostile_bios, memory_map, simple_kernel
from strata.api import EXIT_LOADER, Failure, judges

WHERE = "loader/e820.c; the contract is loader/e820.h"
USABLE, RESERVED = 1, 2
RAM_TOP = 62 * MIB  # of the 64 MiB that these guests have
MAP_MAX = 128


def rom_with(machine: Any, entries: list[Entry], size: int = 0, **choices: Any) -> Any:
    """An option ROM with this map; answers of `size` bytes, 0: 20 and 24 mixed."""
    records = b""
    for entry in entries:
        answer = size or machine.random.choice((20, 24))
        attributes = machine.random.getrandbits(32)
        records += struct.pack("<IQQII", answer, entry.base, entry.length, entry.type, attributes)
    (machine.folder / "memory-map").write_bytes(records)
    return hostile_bios(machine, MAP_COUNT=len(entries), **choices)


def sensible_map(machine: Any) -> list[Entry]:
    """What a BIOS of some PC might say."""
    hole = 0x1000 * machine.random.randrange(16, 256)
    return [
        Entry(0, 0x9FC00, USABLE),
        Entry(0x9FC00, 0x400, RESERVED),
        Entry(0xE0000, 0x20000, RESERVED),
        Entry(MIB, RAM_TOP - hole - MIB, USABLE),
        Entry(RAM_TOP - hole, hole, machine.random.randrange(2, 5)),
        Entry(0xFFFC0000, 0x40000, RESERVED),
    ]


def check_map(machine: Any, entries: list[Entry], rom: Any, reserved: bool = True) -> None:
    """The kernel gets just this map; on request whatever the reserved words are."""
    hint = "the kernel is placed where the map that e820_collect made has usable memory"
    with blamed(WHERE, hint):
        guest, _ = at_kernel(machine, simple_kernel(), option_rom=rom, **SOON)
    seen = memory_map(guest)
    if not reserved:
        seen = [replace(entry, zero=0) for entry in seen]
    for at in range(max(len(seen), len(entries))):
        want = str(entries[at]) if at < len(entries) else "no entry"
        got = str(seen[at]) if at < len(seen) else "no entry"
        if want != got:
            raise Failure(
                f"entry {at} of the kernel's memory map is not the BIOS's",
                expected=f"{want} ({len(entries)} entries in all)",
                seen=f"{got} ({len(seen)} entries in all)",
                where=WHERE,
            )


@judges(exercise="0.8", weight=5, plain=True, needs=["0.9"], images=("mbr.bin", "loader.bin"))
def test_the_kernel_gets_the_memory_map(machine: Any) -> None:
    """A PC's usual memory map, in answers of 20 bytes, comes to the kernel."""
    entries = sensible_map(machine)
    check_map(machine, entries, rom_with(machine, entries, 20), reserved=False)


@judges(exercise="0.8", weight=1, needs=["0.9"], images=("mbr.bin", "loader.bin"))
def test_answers_of_24_bytes_are_taken(machine: Any) -> None:
    """Answers of 20 and 24 bytes mix; the attributes never show in the reserved word."""
    entries = sensible_map(machine) + sensible_map(machine)
    check_map(machine, entries, rom_with(machine, entries))


@judges(exercise="0.8", weight=1, needs=["0.9"], images=("mbr.bin", "loader.bin"))
def test_more_than_128_entries_are_cut(machine: Any) -> None:
    """A BIOS with more entries than fit: the kernel gets the first 128."""
    more = machine.random.randrange(MAP_MAX, 2 * MAP_MAX)
    entries = sensible_map(machine)
    entries += [Entry((1 << 32) + at * MIB, 0x1000, USABLE) for at in range(more)]
    check_map(machine, entries[:MAP_MAX], rom_with(machine, entries, 20))


@judges(exercise="0.8", weight=1, needs=["0.9"], images=("mbr.bin", "loader.bin"))
def test_strange_entries_are_passed_on_as_they_are(machine: Any) -> None:
    """Overlapping, empty, wrapping and unknown entries come through, in their order."""
    random = machine.random
    entries = sensible_map(machine)
    for _ in range(random.randrange(10, 60)):
        base = (1 << 32) + random.randrange(1 << 36)
        length = random.choice((0, 1, random.randrange(1 << 34), (1 << 64) - base + 5))
        entries.append(Entry(base, length, random.choice((1, 2, 3, 12, 0xFFFFFFFF))))
    entries += [entries[-1], Entry(5 * MIB, 0, RESERVED)]
    random.shuffle(entries)
    check_map(machine, entries, rom_with(machine, entries))


@judges(exercise="0.8", weight=1, needs=["0.9"], images=("mbr.bin", "loader.bin"))
def test_the_map_shows_all_of_the_memory(machine: Any) -> None:
    """From 64 MiB to more than 4 GiB, the map of QEMU's own BIOS comes through."""
    for size in (64, machine.random.randrange(65, 3000), 3328, 4096, 5120):
        guest, _ = at_kernel(machine, simple_kernel(), memory=f"{size}M")
        seen = memory_map(guest)
        usable = sum(entry.length for entry in seen if entry.type == USABLE)
        guest.close()
        if not size * MIB - MIB <= usable <= size * MIB:
            raise Failure(
                f"a machine of {size} MiB has another amount of usable memory in its map",
                expected=f"{size} MiB, less than 1 MiB of it kept by the BIOS",
                seen=f"{usable / MIB:.2f} MiB: " + "; ".join(str(entry) for entry in seen),
                where=WHERE,
            )


@judges(exercise="0.8", weight=1, needs=["0.9"], images=("mbr.bin", "loader.bin"))
def test_a_list_may_end_with_the_carry_flag(machine: Any) -> None:
    """A BIOS that says only by the carry flag that there was no further entry."""
    entries = sensible_map(machine)
    check_map(machine, entries, rom_with(machine, entries, 20, MAP_END_CARRY=1))


@judges(exercise="0.8", weight=1, needs=["0.9"], images=("mbr.bin", "loader.bin"))
def test_a_bios_without_a_map_is_named(machine: Any) -> None:
    """A BIOS that refuses AX=E820h, or does not know it, also later on: the loader says so."""
    entries = sensible_map(machine)
    later = machine.random.randrange(2, len(entries))
    cases = {
        "carry on the first call": rom_with(machine, []),
        "EAX is not SMAP": rom_with(machine, entries, MAP_SIGNATURE=0xE820),
        f"EAX is not SMAP after call {later + 1}": rom_with(
            machine, entries, MAP_SIGNATURE=0xE820, MAP_SIGNED=later
        ),
    }
    for case, rom in cases.items():
        with blamed(WHERE, case=case):
            guest = boot_kernel(machine, simple_kernel(), option_rom=rom, **SOON)
            expect_end(guest, EXIT_LOADER, "memory map", WHERE)
