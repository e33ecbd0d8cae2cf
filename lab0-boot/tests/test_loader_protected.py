# SPDX-License-Identifier: MIT
"""Exercise 0.7: address line A20, and the switch to 32-bit protected mode.

The contract is loader/protected.inc. The guest is stopped where the loader's C code
begins (loader_main), and, for what Multiboot2 promises, where a kernel begins.
"""

from __future__ import annotations

import re
from typing import Any

from loader_support import at_kernel, disk_with, hostile_bios, simple_kernel, stop_at
from strata.api import Failure, GuestEnded, expect_eq, judges

WHERE = "loader/protected.asm; the contract is loader/protected.inc"
CODE32, DATA32 = 0x08, 0x10
WHOLE = 0xFFFFFFFF
PE, PG, IF = 1 << 0, 1 << 31, 1 << 9
MULTIBOOT2_MAGIC = 0x36D76289
# Memory that a look may write to: low and 1 MiB above, without the BIOS's and the stack.
LOOKED_AT = ((0x500, 0x6C00), (0x7C00, 0x80000), (1 << 20, (1 << 20) + 0xFFF0))
# What the option ROM does with INT 15h AX=2401h.
REFUSES, LIES, ENDS_THE_RUN = 1, 2, 3
A20_ASKED = 0x20  # the exit code then
# Instead of kbc_wait: push ax; mov al, 0xdd; out 0x60, al; pop ax; ret. So the controller gets
# `closed` for the byte after D1h, and the right byte means nothing to it.
DEAF_KBC = bytes.fromhex("50 b0dd e660 58 c3")


def at_loader_main(machine: Any, /, **how: Any) -> Any:
    """A guest that stands at the first C function of the loader."""
    image = disk_with(machine, simple_kernel())
    guest = machine.boot(door="own", image=image, paused=True, **how)
    stop_at(guest, "loader_main", "stage 2 comes to its C code (loader_main)")
    return guest


def check_flat(guest: Any) -> None:
    """Protected mode, and every segment is all of 0..4 GiB."""
    text = guest.hmp("info registers")
    regs = guest.regs()
    if not regs["cr0"] & PE or regs["cr0"] & PG:
        raise Failure(
            "the CPU is not in protected mode without paging",
            expected="CR0.PE set, CR0.PG clear",
            seen=f"CR0 = {regs['cr0']:#x}",
            where=WHERE,
        )
    for name in ("CS", "DS", "ES", "FS", "GS", "SS"):
        match = re.search(rf"^{name} ?=([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)", text, re.M)
        assert match is not None, text
        selector, base, limit = (int(word, 16) for word in match.groups())
        wanted = CODE32 if name == "CS" else DATA32
        if (selector, base, limit) != (wanted, 0, WHOLE):
            raise Failure(
                f"{name} is not the flat segment of the loader's GDT",
                expected=f"{name} = {wanted:#x}, base 0, limit {WHOLE:#x}",
                seen=f"{name} = {selector:#x}, base {base:#x}, limit {limit:#x}",
                where=WHERE,
            )


def check_a20(guest: Any) -> None:
    """The line is open, as QEMU knows."""
    if "A20=1" not in guest.hmp("info registers"):
        raise Failure(
            "address line A20 is still closed in protected mode",
            expected="A20=1 in QEMU's `info registers`",
            seen="A20=0",
            where=WHERE,
            hint="a20_enable has to look after each way that it tries",
        )


@judges(exercise="0.7", weight=6, plain=True, images=("mbr.bin", "stage2.bin"))
def test_the_loader_comes_to_protected_mode(machine: Any) -> None:
    """The loader's C code is reached in 32-bit protected mode with flat segments."""
    guest = at_loader_main(machine)
    check_flat(guest)
    check_a20(guest)


@judges(exercise="0.7", weight=1, images=("mbr.bin", "stage2.bin"))
def test_interrupts_are_off_in_protected_mode(machine: Any) -> None:
    """No interrupt can come before there is an interrupt table for it."""
    guest = at_loader_main(machine)
    flags = guest.regs()["rflags"]
    expect_eq(
        flags & IF, 0, f"EFLAGS.IF is off in protected mode (EFLAGS = {flags:#x})", hint=WHERE
    )


@judges(exercise="0.7", weight=1, images=("mbr.bin", "stage2.bin"))
def test_an_open_a20_is_left_alone(machine: Any) -> None:
    """Where A20 is open already, the BIOS is not asked to open it."""
    rom = hostile_bios(machine, A20_BIOS=ENDS_THE_RUN)
    try:
        check_a20(at_loader_main(machine, option_rom=rom))
    except GuestEnded as ended:
        if f"{A20_ASKED:#x}" in ended.seen:
            ended.fact = "the BIOS was asked to open A20, which is open already"
            ended.expected = "no INT 15h AX=2401h: a20_enable looks first"
            ended.seen = "INT 15h AX=2401h"
        raise


@judges(exercise="0.7", weight=1, images=("mbr.bin", "stage2.bin"))
def test_a20_is_opened_by_the_bios_or_without_it(machine: Any) -> None:
    """A closed A20 is opened, also when the BIOS refuses to do it."""
    for bios in (0, REFUSES):
        rom = hostile_bios(machine, A20_CLOSED=1, A20_BIOS=bios)
        check_a20(at_loader_main(machine, option_rom=rom))


@judges(exercise="0.7", weight=1, images=("mbr.bin", "stage2.bin"))
def test_a_bios_that_lies_about_a20_is_not_believed(machine: Any) -> None:
    """The BIOS says that A20 is open, but it is not: another way is tried."""
    rom = hostile_bios(machine, A20_CLOSED=1, A20_BIOS=LIES)
    check_a20(at_loader_main(machine, option_rom=rom))


@judges(exercise="0.7", weight=1, images=("mbr.bin", "stage2.bin"))
def test_port_92_opens_a20_when_nothing_else_does(machine: Any) -> None:
    """Neither the BIOS nor the keyboard controller opens A20: port 92h does, without reset."""
    rom = hostile_bios(machine, A20_CLOSED=1, A20_BIOS=REFUSES)
    image = disk_with(machine, simple_kernel())
    guest = machine.boot(door="own", image=image, paused=True, option_rom=rom)
    gdb = stop_at(guest, "a20_enable", "stage 2 calls a20_enable")
    gdb.write(guest.symbol("kbc_wait"), DEAF_KBC)
    stop_at(guest, "loader_main", "stage 2 comes to its C code (loader_main)")
    check_a20(guest)


@judges(exercise="0.7", weight=1, images=("mbr.bin", "stage2.bin"))
def test_a_look_at_a20_leaves_no_trace(machine: Any) -> None:
    """Memory that was written to for a look is put back; ds, es and ss stay 0."""
    image = disk_with(machine, simple_kernel())
    guest = machine.boot(door="own", image=image, paused=True)
    stop_at(guest, "a20_enable", "stage 2 calls a20_enable")
    before = [guest.read_phys(start, end - start) for start, end in LOOKED_AT]
    stop_at(guest, "protected_enter", "a20_enable returns with carry clear, and stage 2 goes on")
    for (start, end), old in zip(LOOKED_AT, before):
        new = guest.read_phys(start, end - start)
        for at in (at for at in range(end - start) if old[at] != new[at]):
            raise Failure(
                f"a20_enable has changed the byte at {start + at:#x}",
                expected=f"{old[at]:#04x}, as it was before",
                seen=f"{new[at]:#04x}",
                where=WHERE,
                hint="a look at A20 writes to memory that is not its own: put it back",
            )
    regs = guest.regs()
    for name in ("ds", "es", "ss"):
        expect_eq(regs[f"{name}_base"], 0, f"a20_enable keeps {name}: its base is 0", hint=WHERE)


@judges(exercise="0.7", weight=1, needs=["0.9"], images=("mbr.bin", "stage2.bin"))
def test_a_kernel_is_entered_as_multiboot2_says(machine: Any) -> None:
    """After all BIOS calls: EAX = 36D76289h, EBX = the tags, flat, A20 open, IF off."""
    rom = hostile_bios(machine, A20_CLOSED=1)
    guest, _ = at_kernel(machine, simple_kernel(), option_rom=rom)
    check_flat(guest)
    check_a20(guest)
    regs = guest.regs()
    expect_eq(regs["rax"], MULTIBOOT2_MAGIC, "EAX holds Multiboot2's magic number")
    expect_eq(regs["rflags"] & IF, 0, "interrupts are off when the kernel is entered")
    expect_eq(regs["rbx"] % 8, 0, "EBX, the address of the tags, is aligned to 8 bytes")
