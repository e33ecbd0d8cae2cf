# SPDX-License-Identifier: MIT
"""Exercise 0.5, long mode: what the CPU and its page tables are at entry64.

The contract is include/lab0/boot_tables.inc. The tables are walked in guest
memory as the CPU would walk them, so any right way of filling them passes.
"""

from __future__ import annotations

from typing import Any

from loader_support import stop_at
from strata.api import EXIT_OK, Failure, judges

PRESENT, WRITE, LARGE, NX = 1, 2, 0x80, 1 << 63
ADDRESS = 0x000F_FFFF_FFFF_F000
GIB = 1 << 30
DIRECT_MAP = 0xFFFF_8000_0000_0000
KERNEL_VMA = 0xFFFF_FFFF_8000_0000
# Registers, bits set before the call that harm nobody (NE and AM; DE and OSFXSR; SCE), bits named
# by the contract (WP and PG; PAE; LME, NXE and, by the CPU itself, LMA).
CONTROL = (
    ("cr0", 0x40020, 0x80010000),
    ("cr4", 0x208, 0x20),
    ("efer", 0x1, 0xD00),
)
WHERE = "long_mode.asm; the contract is include/lab0/boot_tables.inc"


def at_entry64(machine: Any) -> Any:
    """A guest that stands at its first 64-bit instruction."""
    guest = machine.boot(door="pvh", image="stageN.stripped.elf", cmdline="main=exit", paused=True)
    stop_at(guest, "entry64", "long_mode_enter jumps to entry64")
    return guest


def entry(guest: Any, table: int, slot: int) -> int:
    """One 8-byte entry of a table."""
    return int.from_bytes(guest.read_phys(table + 8 * slot, 8), "little")


def walk(guest: Any, address: int) -> tuple[int, int, list[int]]:
    """(physical address, bits all levels grant, entries), as the CPU sees it."""
    table, entries = guest.regs()["cr3"] & ADDRESS, []
    rights = PRESENT | WRITE
    no_execute = 0
    for level in (4, 3, 2, 1):
        shift = 12 + 9 * (level - 1)
        one = entry(guest, table, address >> shift & 511)
        entries.append(one)
        rights &= one
        no_execute |= one & NX
        if not one & PRESENT:
            break
        if level == 1 or one & LARGE and level in (2, 3):
            size = 1 << shift
            return (one & ADDRESS & -size) + address % size, rights | no_execute, entries
        table = one & ADDRESS
    raise Failure(
        f"virtual address {address:#x} is not mapped",
        expected="an entry with the present bit at every level",
        seen=" -> ".join(f"{one:#x}" for one in entries),
        where=WHERE,
    )


def check_maps(guest: Any, virtual: int, physical: int, no_execute: bool) -> None:
    """A virtual address shows this physical one, writable, with this right to execute."""
    seen, rights, entries = walk(guest, virtual)
    chain = " -> ".join(f"{one:#x}" for one in entries)
    if seen != physical:
        raise Failure(
            f"virtual address {virtual:#x} shows the wrong memory",
            expected=f"physical {physical:#x}",
            seen=f"physical {seen:#x}; entries {chain}",
            where=WHERE,
        )
    if not rights & WRITE or bool(rights & NX) != no_execute:
        raise Failure(
            f"virtual address {virtual:#x} has the wrong rights",
            expected="writable, " + ("not executable" if no_execute else "executable"),
            seen=f"entries {chain} (bit 1: writable, bit 63: no-execute)",
            where=WHERE,
        )


def samples(machine: Any, below: int) -> list[int]:
    """The ends of a range of physical memory, page borders, and places from the seed."""
    inside = [machine.seed * prime % below for prime in (7919, 104729, 1299709)]
    return [0, 0x1FFFFF, 0x200000, below - 0x200000, below - 1, *inside]


@judges(exercise="0.5", weight=5, plain=True)
def test_the_kernel_comes_up_in_long_mode(machine: Any) -> None:
    """The kernel's 64-bit code is reached and the boot goes through to its end."""
    guest = machine.boot(door="pvh", image="stageN.stripped.elf", cmdline="main=exit")
    guest.wait_exit(EXIT_OK)


@judges(exercise="0.5", weight=1)
def test_the_control_registers_are_as_the_contract_says(machine: Any) -> None:
    """PAE, LME, LMA, NXE, PG, WP and PE are on, and the code segment is a 64-bit one."""
    guest = at_entry64(machine)
    regs = guest.regs()
    wanted = {
        "CR0.PE": ("cr0", 0),
        "CR0.WP": ("cr0", 16),
        "CR0.PG": ("cr0", 31),
        "CR4.PAE": ("cr4", 5),
        "EFER.LME": ("efer", 8),
        "EFER.LMA": ("efer", 10),
        "EFER.NXE": ("efer", 11),
    }
    missing = [name for name, (reg, bit) in wanted.items() if not regs[reg] >> bit & 1]
    if missing:
        raise Failure(
            "a bit that long mode stands on is off at entry64",
            expected=", ".join(wanted) + " on",
            seen=", ".join(missing)
            + " off; "
            + ", ".join(f"{reg}={regs[reg]:#x}" for reg in ("cr0", "cr4", "efer")),
            where=WHERE,
        )
    if regs["cs"] != 8:
        raise Failure(
            "the far jump took another code segment",
            expected="cs = 0x8 (BOOT_CS)",
            seen=f"cs = {regs['cs']:#x}",
            where=WHERE,
        )
    shown = next(line for line in guest.hmp("info registers").splitlines() if line[:2] == "CS")
    if "CS64" not in shown:
        raise Failure(
            "entry64 is reached, but the CPU still runs 32-bit code",
            expected="a far jump, which loads the 64-bit segment BOOT_CS of our GDT into cs",
            seen=" ".join(shown.split()),
            where=WHERE,
        )


@judges(exercise="0.5", weight=1)
def test_the_identity_map_covers_four_gibibytes(machine: Any) -> None:
    """Virtual addresses 0 to 4 GiB show the same physical ones, executable."""
    guest = at_entry64(machine)
    for physical in samples(machine, 4 * GIB):
        check_maps(guest, physical, physical, no_execute=False)


@judges(exercise="0.5", weight=1)
def test_the_direct_map_is_complete_and_never_executable(machine: Any) -> None:
    """ffff800000000000 and up show physical 0 to 4 GiB, writable and no-execute."""
    guest = at_entry64(machine)
    for physical in samples(machine, 4 * GIB):
        check_maps(guest, DIRECT_MAP + physical, physical, no_execute=True)


@judges(exercise="0.5", weight=1)
def test_the_kernel_window_shows_the_first_gibibyte(machine: Any) -> None:
    """KERNEL_VMA and up show physical 0 to 1 GiB, executable."""
    guest = at_entry64(machine)
    for physical in samples(machine, GIB):
        check_maps(guest, KERNEL_VMA + physical, physical, no_execute=False)


@judges(exercise="0.5", weight=1)
def test_what_the_boot_loader_passed_comes_through(machine: Any) -> None:
    """edi and esi hold at entry64 what they held before long_mode_enter."""
    guest = machine.boot(door="pvh", image="stageN.stripped.elf", cmdline="main=exit", paused=True)
    stop_at(guest, "long_mode_enter", "the kernel's entry calls long_mode_enter")
    before = guest.regs()
    stop_at(guest, "entry64", "long_mode_enter jumps to entry64")
    after = guest.regs()
    for name in ("edi", "esi"):
        wide = "r" + name[1:]
        if after[wide] & 0xFFFFFFFF != before[name]:
            raise Failure(
                f"{name} was lost on the way: it carries the boot loader's word",
                expected=f"{name} = {before[name]:#x}",
                seen=f"{name} = {after[wide] & 0xFFFFFFFF:#x}",
                where=WHERE,
            )


@judges(exercise="0.5", weight=1)
def test_bits_that_are_not_named_stay_as_they_were(machine: Any) -> None:
    """CR0, CR4 and EFER change in the named bits only, and cr3 is boot_pml4."""
    guest = machine.boot(door="pvh", image="stageN.stripped.elf", cmdline="main=exit", paused=True)
    gdb = stop_at(guest, "long_mode_enter", "the kernel's entry calls long_mode_enter")
    before = gdb.regs()
    wanted = {}
    for name, strange, named in CONTROL:
        gdb.set(name, before[name] | strange)
        wanted[name] = before[name] | strange | named
    wanted["cr3"] = guest.symbol("boot_pml4")
    stop_at(guest, "entry64", "long_mode_enter jumps to entry64")
    regs = guest.regs()
    wrong = [name for name in wanted if regs[name] != wanted[name]]
    if wrong:
        raise Failure(
            "a control register is not its old value with the named bits added",
            expected=", ".join(f"{name} = {wanted[name]:#x}" for name in wrong),
            seen=", ".join(f"{name} = {regs[name]:#x}" for name in wrong),
            hint="read it, add bits with `or`, write it: harmless bits were set before the call",
            where=WHERE,
        )
