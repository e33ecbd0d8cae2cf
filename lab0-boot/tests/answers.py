# SPDX-License-Identifier: MIT
"""What `make answers` takes for true: computed from the student's own build and run."""

from __future__ import annotations

import struct

from strata.answers import Build, Truth

_KERNEL_VMA = 0xFFFFFFFF80000000
_SECTOR = 512
_LONGEST_INSTRUCTION = 15
_PVH_NOTE = 18


def pvh_door(build: Build) -> Truth:
    """Where QEMU's -kernel enters: the address in the Xen note."""
    note = build.section(build.elf, ".note.pvh")
    name_size, size, kind = struct.unpack_from("<III", note)
    assert kind == _PVH_NOTE and size == 8, "entry.asm changed"
    (address,) = struct.unpack_from("<Q", note, 12 + (name_size + 3 & ~3))
    return Truth.of(address, "the note's last 8 bytes are the address, lowest byte first")


def image_end(build: Build) -> Truth:
    """The first physical address behind the kernel."""
    pointer = "kernel_end is virtual: the kernel lies KERNEL_VMA above its physical place"
    return Truth.of(build.symbol("kernel_end") - _KERNEL_VMA, pointer)


def stage2_sectors(build: Build) -> Truth:
    """How many sectors the second stage fills."""
    size = (build.images / "loader.bin").stat().st_size
    pointer = "a sector has 512 bytes, and the last one is read whole, however little is in it"
    return Truth.of(-(-size // _SECTOR), pointer)


def uart_code(build: Build) -> Truth:
    """The bytes of machine code made of uart.c."""
    size = len(build.section(build.objects / "uart.o", ".text"))
    return Truth.of(size, "only the section .text is code; readelf -S prints sizes in hexadecimal")


def who_mapped_the_kernel(build: Build) -> Truth:
    """The instruction that wrote the top-level entry of the kernel's half."""
    entry = build.symbol("boot_pml4") + 511 * 8
    with build.start(cmdline="main=exit") as guest:
        gdb = guest.gdb()
        gdb.break_at(build.symbol("pvh_entry"))
        gdb.cont()
        gdb.watch(entry)
        while True:
            gdb.cont()
            if any(gdb.read(entry, 8)):
                behind = gdb.regs()["rip"]
                break
    pointer = (
        "set the watchpoint after pvh_entry was reached, go on until the word is not 0, and take "
        "the address where GDB stopped, or that of the instruction before it"
    )
    return Truth(behind - _LONGEST_INSTRUCTION, behind, pointer)
