# SPDX-License-Identifier: MIT
"""Exercise 0.7: address line A20, and the switch to 32-bit protected mode.

The contract is loader/protected.inc. The guest is stopped where the loader's C code
begins (loader_main), and, for what Multiboot2 promises, where a kernel begins.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from loader_support import MIB, SOON, at_kernel, blamed, disk_with, hostile_bios
from loader_support import simple_kernel, stop_at
from strata.api import Failure, GuestEnded, expect_eq, judges

WHERE = "loader/protected.asm; the contract is loader/protected.inc"
CODE32, DATA32 = 0x08, 0x10
WHOLE = 0xFFFFFFFF
PE, PG, IF = 1 << 0, 1 << 31, 1 << 9
MULTIBOOT2_MAGIC = 0x36D76289
# Memory that a look may write to: low and 1 MiB above, without the BIOS's and the stack.
LOOKED_AT = ((0x500, 0x6C00), (0x7C00, 0x80000), (1 << 20, (1 << 20) + 0xFFF0))
# What FFFF:xxxx reaches above 1 MiB.
REACHED = 0xFFF0
# Bits of port 92h that a20_enable has to leave as they were; not 0 (reset) and 1 (A20).
PORT_A_BITS = 0xFC
# What protected_enter keeps, besides the upper halves and EBX, which says where to go.
KEPT = ("rcx", "rdx", "rsi", "rdi", "rbp")
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
    stop_at(guest, "loader_main", "stage 2 comes to its C code (loader_main)", WHERE)
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


@judges(exercise="0.7", weight=7, plain=True, images=("mbr.bin", "loader.bin"))
def test_the_loader_comes_to_protected_mode(machine: Any) -> None:
    """The loader's C code is reached in 32-bit protected mode with flat segments."""
    guest = at_loader_main(machine)
    check_flat(guest)
    check_a20(guest)


@judges(exercise="0.7", weight=1, images=("mbr.bin", "loader.bin"))
def test_interrupts_are_off_in_protected_mode(machine: Any) -> None:
    """No interrupt can come before there is an interrupt table for it."""
    guest = at_loader_main(machine)
    flags = guest.regs()["rflags"]
    expect_eq(
        flags & IF, 0, f"EFLAGS.IF is off in protected mode (EFLAGS = {flags:#x})", where=WHERE
    )


@judges(exercise="0.7", weight=1, images=("mbr.bin", "loader.bin"))
def test_an_open_a20_is_left_alone(machine: Any) -> None:
    """Where A20 is open already the BIOS is not asked, whatever the memory happens to hold."""
    rom = hostile_bios(machine, A20_BIOS=ENDS_THE_RUN)
    for like in ("as it is", "a copy of that from 0 on"):
        guest = machine.boot(
            door="own", image=disk_with(machine, simple_kernel()), option_rom=rom, paused=True
        )
        gdb = stop_at(guest, "a20_enable", "stage 2 calls a20_enable", WHERE)
        if like != "as it is":
            gdb.write(MIB, guest.read_phys(0, REACHED))
        try:
            stop_at(guest, "protected_enter", "a20_enable returns with carry clear", WHERE)
        except GuestEnded as ended:
            if f"{A20_ASKED:#x}" in ended.seen:
                ended.fact = "the BIOS was asked to open A20, which is open already"
                ended.expected = "no INT 15h AX=2401h: a20_enable looks first"
                ended.seen = f"INT 15h AX=2401h; the memory from 1 MiB on is {like}"
            raise


@judges(exercise="0.7", weight=1, images=("mbr.bin", "loader.bin"))
def test_a20_is_opened_by_the_bios_or_without_it(machine: Any) -> None:
    """A closed A20 is opened, also when the BIOS refuses to do it."""
    for bios in (0, REFUSES):
        rom = hostile_bios(machine, A20_CLOSED=1, A20_BIOS=bios)
        check_a20(at_loader_main(machine, option_rom=rom))


@judges(exercise="0.7", weight=1, images=("mbr.bin", "loader.bin"))
def test_a_bios_that_lies_about_a20_is_not_believed(machine: Any) -> None:
    """The BIOS says that A20 is open, but it is not: another way is tried."""
    rom = hostile_bios(machine, A20_CLOSED=1, A20_BIOS=LIES)
    check_a20(at_loader_main(machine, option_rom=rom))


@judges(exercise="0.7", weight=1, images=("mbr.bin", "loader.bin"))
def test_port_92_opens_a20_when_nothing_else_does(machine: Any) -> None:
    """Neither the BIOS nor the keyboard controller opens A20: port 92h does, by bit 1 only."""
    kept = machine.random.randrange(4, 256) & PORT_A_BITS
    rom = hostile_bios(machine, A20_CLOSED=1, A20_BIOS=REFUSES, PORT_A_BITS=kept)
    image = disk_with(machine, simple_kernel())
    guest = machine.boot(door="own", image=image, paused=True, option_rom=rom)
    gdb = stop_at(guest, "a20_enable", "stage 2 calls a20_enable")
    gdb.write(guest.symbol("kbc_wait"), DEAF_KBC)
    stop_at(guest, "loader_main", "stage 2 comes to its C code (loader_main)", WHERE)
    check_a20(guest)
    port = int(guest.hmp("i /bx 0x92").split("=")[1], 16)
    if port & PORT_A_BITS != kept:
        raise Failure(
            "other bits of port 92h than the one for A20 have changed",
            expected=f"{kept | 2:#04x}: bit 1 and what was set before",
            seen=f"{port:#04x}",
            where=WHERE,
            hint="read the port, change its bits 0 and 1, write it back",
        )


@judges(exercise="0.7", weight=1, images=("mbr.bin", "loader.bin"))
def test_the_switch_keeps_the_other_registers(machine: Any) -> None:
    """protected_enter keeps ECX, EDX, ESI, EDI, EBP and ESP, and turns interrupts off."""
    guest = machine.boot(door="own", image=disk_with(machine, simple_kernel()), paused=True)
    gdb = stop_at(guest, "protected_enter", "stage 2 calls protected_enter", WHERE)
    wanted = {name: machine.random.getrandbits(32) for name in KEPT}
    for name, value in wanted.items():
        gdb.set(name, value)
    gdb.set("rsp", gdb.regs()["rsp"] - 4 * machine.random.randrange(1, 64))
    before = gdb.regs()
    gdb.set("eflags", before["eflags"] | IF)
    stop_at(guest, before["rbx"], "protected_enter goes on at EBX", WHERE)
    after = guest.regs()
    for name in (*wanted, "rsp"):
        fact = f"protected_enter keeps e{name[1:]}"
        expect_eq(after[name], before[name], fact, where=WHERE)
    expect_eq(after["rflags"] & IF, 0, "protected_enter turns interrupts off", where=WHERE)


@judges(exercise="0.7", weight=1, images=("mbr.bin", "loader.bin"))
def test_a_look_at_a20_leaves_no_trace(machine: Any) -> None:
    """Memory that was written to for a look is put back; ds, es and ss stay 0."""
    for rom in (None, hostile_bios(machine, A20_CLOSED=1)):
        with blamed(WHERE, case="with A20 closed" if rom else "with A20 open"):
            check_traces(machine, rom)


def check_traces(machine: Any, rom: Path | None) -> None:
    """What is as before after the first call of a20_enable."""
    image = disk_with(machine, simple_kernel())
    guest = machine.boot(door="own", image=image, option_rom=rom, paused=True)
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
        expect_eq(regs[f"{name}_base"], 0, f"a20_enable keeps {name}: its base is 0", where=WHERE)


@judges(exercise="0.7", weight=1, needs=["0.9"], images=("mbr.bin", "loader.bin"))
def test_a_kernel_is_entered_as_multiboot2_says(machine: Any) -> None:
    """After all BIOS calls: EAX = 36D76289h, EBX = the tags, flat, A20 open, IF off."""
    rom = hostile_bios(machine, A20_CLOSED=1)
    guest, _ = at_kernel(machine, simple_kernel(), option_rom=rom, where=WHERE, **SOON)
    check_flat(guest)
    check_a20(guest)
    regs = guest.regs()
    expect_eq(regs["rax"], MULTIBOOT2_MAGIC, "EAX holds Multiboot2's magic number", where=WHERE)
    expect_eq(regs["rflags"] & IF, 0, "interrupts are off when the kernel is entered", where=WHERE)
    expect_eq(
        regs["rbx"] % 8, 0, "EBX, the address of the tags, is aligned to 8 bytes", where=WHERE
    )
