# SPDX-License-Identifier: MIT
"""Exercise 0.6, the boot sector: what it loads, and what it says when it cannot.

The contract is loader/mbr.inc. Stage 2 is replaced by random bytes, so that nothing
but the boot sector runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loader_support import MBR_BASE, SECTOR, SOON, STAGE2, blamed, disk_with, expect_end
from loader_support import hostile_bios, simple_kernel, stop_at
from strata.api import EXIT_LOADER, Failure, expect_eq, judges

WHERE = "loader/mbr.asm; the contract is loader/mbr.inc"
DRIVE = 0x80  # the BIOS's number of the first hard disk
HALT = b"\xf4\xeb\xfd"  # hlt; jmp to it
MAX_SECTORS = 64
READ_FAILED = "boot sector: stage 2 cannot be read"
NO_EXTENSIONS = "boot sector: the BIOS has no INT 13h extensions"


def stage2_of(machine: Any, sectors: int) -> bytes:
    """A stage 2 that halts, filled up with random bytes."""
    rest: bytes = machine.random.randbytes(sectors * SECTOR - len(HALT))
    return HALT + rest


def at_stage2(machine: Any, stage2: bytes, /, **how: Any) -> Any:
    """A guest that stands at stage 2's first instruction; the whole of it has come."""
    image = disk_with(machine, simple_kernel(), stage2=stage2)
    guest = machine.boot(door="own", image=image, paused=True, **SOON, **how)
    stop_at(guest, STAGE2, f"the boot sector jumps to stage 2, at {STAGE2:#x}", WHERE)
    check_loaded(guest, stage2)
    return guest


def check_loaded(guest: Any, stage2: bytes) -> None:
    """Stage 2 lies where it belongs."""
    seen = guest.read_phys(STAGE2, len(stage2))
    if seen == stage2:
        return
    at = next(at for at in range(len(stage2)) if seen[at] != stage2[at])
    raise Failure(
        f"stage 2 is not whole in memory: byte {at} of {len(stage2)} is wrong",
        expected=f"{stage2[at : at + 8].hex(' ')} at {STAGE2 + at:#x}",
        seen=f"{seen[at : at + 8].hex(' ')} (sector {at // SECTOR} of {len(stage2) // SECTOR})",
        where=WHERE,
        hint="its length in sectors is [stage2_sectors]; it begins at LBA STAGE2_LBA",
    )


@judges(exercise="0.6", weight=6, plain=True, images=("mbr.bin", "loader.bin"))
def test_stage_2_is_loaded_and_entered(machine: Any) -> None:
    """Stage 2 is read from the gap, as long as it is, and the boot sector jumps to it."""
    at_stage2(machine, stage2_of(machine, machine.random.randrange(2, 40)))


@judges(exercise="0.6", weight=1, images=("mbr.bin", "loader.bin"))
def test_the_longest_stage_2_is_loaded_from_ide(machine: Any) -> None:
    """A stage 2 of 32 KiB is loaded whole, from an IDE disk."""
    at_stage2(machine, stage2_of(machine, MAX_SECTORS), disk="ide")


@judges(exercise="0.6", weight=2, images=("mbr.bin", "loader.bin"))
def test_a_read_error_is_followed_by_another_try(machine: Any) -> None:
    """One error, then two errors: the boot sector resets the drive and reads again."""
    for errors in (1, 2):
        stage2 = stage2_of(machine, machine.random.randrange(2, 40))
        sector = machine.random.randrange(1, 1 + len(stage2) // SECTOR)
        rules = [{"sector": sector, "once": True}] * errors
        times = "once" if errors == 1 else "twice"
        hint = f"sector {sector} failed {times}; is the packet's block count set again?"
        with blamed(WHERE, hint):
            at_stage2(machine, stage2, read_errors=rules)


@judges(exercise="0.6", weight=1, images=("mbr.bin", "loader.bin"))
def test_a_drive_that_wants_a_reset_gets_one(machine: Any) -> None:
    """A drive that reads nothing until it is reset (AH=00h) is reset after the error."""
    rom = hostile_bios(machine, WANTS_RESET=1)
    with blamed(WHERE, "this drive fails each read until INT 13h AH=00h has reset it"):
        at_stage2(machine, stage2_of(machine, 4), option_rom=rom)


@judges(exercise="0.6", weight=1, images=("mbr.bin", "loader.bin"))
def test_a_disk_that_cannot_be_read_is_named(machine: Any) -> None:
    """When every try fails, screen and COM1 say that stage 2 cannot be read."""
    image = disk_with(machine, simple_kernel(), stage2=stage2_of(machine, 4))
    guest = machine.boot(
        door="own",
        image=image,
        read_errors=[{"sector": 2}],
        vga="std",
        paused=True,
        **SOON,
    )
    stop_on_exit(guest)
    screen = "\n".join(line.rstrip() for line in guest.screen_text()).strip()
    if READ_FAILED not in screen:
        raise Failure(
            "the screen does not say that stage 2 cannot be read",
            expected=f"a line with '{READ_FAILED}'",
            seen=screen or "an empty screen",
            where=WHERE,
        )
    guest.gdb().detach()
    expect_end(guest, EXIT_LOADER, READ_FAILED, WHERE)


def stop_on_exit(guest: Any) -> None:
    """Run up to the boot sector's own way out: its loader_end sends the exit code."""
    code = guest_code(guest.spec.image)
    out = code.rindex(b"\x66\xe7\xf4")  # out 0xf4, eax
    stop_at(guest, MBR_BASE + out, "the boot sector gives up with its message", WHERE)


def guest_code(image: Path) -> bytes:
    """The boot sector of an image."""
    with open(image, "rb") as file:
        return file.read(SECTOR)


@judges(exercise="0.6", weight=1, images=("mbr.bin", "loader.bin"))
def test_a_bios_without_extensions_is_named(machine: Any) -> None:
    """Without INT 13h extensions the boot sector says so and reads nothing."""
    image = disk_with(machine, simple_kernel(), stage2=stage2_of(machine, 4))
    for sign in (1, 2, 3):  # in the carry flag, in BX, in CX
        rom = hostile_bios(machine, NO_EXTENSIONS=sign)
        guest = machine.boot(door="own", image=image, option_rom=rom)
        expect_end(guest, EXIT_LOADER, NO_EXTENSIONS, WHERE)


@judges(exercise="0.6", weight=1, images=("mbr.bin", "loader.bin"))
def test_the_drive_is_the_one_the_bios_named(machine: Any) -> None:
    """Stage 2 is read from the drive in DL, and gets its number in DL, segments 0."""
    wrong, right = stage2_of(machine, 3), stage2_of(machine, 3)
    first = disk_with(machine, simple_kernel(), stage2=wrong)
    second = disk_with(machine, simple_kernel(), stage2=right)
    more = ["-drive", f"file={second},format=raw,if=none,id=second"]
    more += ["-device", "virtio-blk-pci,drive=second,bootindex=1"]
    guest = machine.boot(door="own", image=first, args=more, paused=True)
    gdb = stop_at(guest, MBR_BASE, "the BIOS enters the boot sector")
    gdb.set("rdx", DRIVE + 1)
    stop_at(guest, STAGE2, f"the boot sector jumps to stage 2, at {STAGE2:#x}", WHERE)
    regs = guest.regs()
    if guest.read_phys(STAGE2, len(right)) == wrong:
        raise Failure(
            "stage 2 was read from another drive than the one in DL",
            expected=f"drive {DRIVE + 1:#x}",
            seen=f"drive {DRIVE:#x}",
            where=WHERE,
        )
    expect_eq(regs["rdx"] & 0xFF, DRIVE + 1, "DL at stage 2 is the drive's number", where=WHERE)
    for name in ("cs", "ds", "es", "ss"):
        expect_eq(regs[f"{name}_base"], 0, f"{name} is 0 when stage 2 starts", where=WHERE)
