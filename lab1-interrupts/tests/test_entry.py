# SPDX-License-Identifier: MIT
"""Exercise 1.2 from outside: what the CPU's registers are when interrupt_dispatch begins.

A debugger stands at its first instruction; the guest runs a test that sends it
interrupts with random registers and a stack at any address.
"""

from __future__ import annotations

import struct
from typing import Any

from interrupt_support import stop_in
from strata.api import EXIT_OK, Failure, GuestEnded, expect_eq, judges

FRAME_WORDS = 22
NAMES = "r15 r14 r13 r12 r11 r10 r9 r8 rbp rdi rsi rdx rcx rbx rax".split()
VECTOR, RIP, CS, SS = 15, 17, 18, 21
DIRECTION, INTERRUPT = 1 << 10, 1 << 9
LOOKS = 24
RING3_TEST = "ring_3_keeps_its_gs"
TEST = "the_handler_finds_what_the_abi_says"


@judges(exercise="1.2", weight=2, needs=["1.3"], images=["stageN-test.stripped.elf"])
def test_the_call_is_as_the_abi_wants_it(machine: Any) -> None:
    """At the call RSP is a multiple of 16, DF clear, RDI the frame and RBP at {RBP, RIP}."""
    guest = machine.boot(
        image="stageN-test.stripped.elf", cmdline=f"test={TEST}", paused=True, icount=7
    )
    stop_in(guest, f"ktest_{TEST}", "the test starts")
    gdb = guest.gdb()
    gdb.break_at("interrupt_dispatch")
    for looks in range(LOOKS):
        try:
            gdb.cont()
        except GuestEnded:
            if not looks:
                raise
            break  # the test in the guest found something; that is for it to say
        look(gdb)


@judges(exercise="1.2", weight=1, needs=["1.3"], images=["stageN-test.stripped.elf"])
def test_an_nmi_before_swapgs_finds_the_kernels_gs(machine: Any) -> None:
    """An NMI at the first instruction of an entry from ring 3: the kernel's GS, then ring 3's."""
    guest = machine.boot(
        image="stageN-test.stripped.elf", cmdline=f"test={RING3_TEST}", paused=True, icount=7
    )
    gdb = stop_in(guest, f"ktest_{RING3_TEST}", "the test starts")
    entries = struct.unpack("<256Q", gdb.read("vector_entries", 256 * 8))
    gdb.break_at(entries[3])
    gdb.cont()
    gdb.clear(entries[3])
    ours, theirs = guest.symbol("percpu_start"), gdb.regs()["gs_base"]
    guest.hmp("nmi")
    gdb.break_at("interrupt_dispatch")
    for vector in (2, 3):
        gdb.cont()
        regs = gdb.regs()
        seen = int.from_bytes(gdb.read(regs["rdi"] + VECTOR * 8, 8), "little")
        expect_eq(seen, vector, "the vector that comes: the NMI, then int3")
        expect_eq(regs["gs_base"], ours, f"the base of GS at the call for vector {vector}")
        expect_eq(regs["kernel_gs_base"], theirs, f"the other base, ring 3's, at vector {vector}")
    gdb.clear("interrupt_dispatch")
    gdb.detach()
    guest.wait_exit(EXIT_OK)


def look(gdb: Any) -> None:
    """Judge the registers at interrupt_dispatch's first instruction."""
    regs = gdb.regs()
    expect_eq((regs["rsp"] + 8) % 16, 0, "RSP at the call, modulo 16 (a CALL pushes 8 bytes)")
    expect_eq(regs["eflags"] & DIRECTION, 0, "the direction flag at the call")
    expect_eq(regs["eflags"] & INTERRUPT, 0, "the interrupt flag at the call")
    frame = struct.unpack(f"<{FRAME_WORDS}Q", gdb.read(regs["rdi"], FRAME_WORDS * 8))
    expect_eq((frame[CS], frame[SS]), (8, 0x10), "(CS, SS) in the frame that RDI points at")
    wanted = struct.pack("<2Q", frame[NAMES.index("rbp")], frame[RIP])
    try:
        pair = gdb.read(regs["rbp"], 16)
    except Failure:
        pair = b""
    if pair != wanted:
        raise Failure(
            "RBP at the call does not point at the interrupted code's {RBP, RIP}",
            expected=f"bytes {wanted.hex(' ')}, as the frame has them",
            seen=f"{pair.hex(' ') or 'no memory'} at {regs['rbp']:#x}",
            hint="a backtrace takes the two words for a caller's frame",
        )
