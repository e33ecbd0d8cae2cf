# SPDX-License-Identifier: MIT
"""Interrupts over the boot, and the monitor's view of them: provided code, no marks."""

from __future__ import annotations

import re
from typing import Any

from interrupt_support import stop_in
from monitor_support import answer
from strata.api import expect, expect_eq

INTERRUPT = 1 << 9


def test_interrupts_stay_off_until_the_first_late_step(machine: Any) -> None:
    """IF is clear in each boot step up to interrupts_enable, and set in the monitor."""
    guest = machine.boot(paused=True)
    steps = ("kernel_main", "gdt_init", "idt_init", "ist_init", "interrupt_init")
    for step in (*steps, "interrupts_enable"):
        gdb = stop_in(guest, step, "the boot steps run in the order of lab.mk")
        expect_eq(gdb.regs()["eflags"] & INTERRUPT, 0, f"the interrupt flag in {step}")
    gdb = stop_in(guest, "monitor_main", "the kernel comes up to its monitor")
    expect_eq(gdb.regs()["eflags"] & INTERRUPT, INTERRUPT, "the interrupt flag in the monitor")


def test_the_firmware_leaves_no_interrupt_behind(machine: Any) -> None:
    """With the BIOS's lines open before, the kernel comes up by our loader, nothing unexpected."""
    guest = machine.boot(door="own")
    guest.wait_serial(b"strata> ")
    text = answer(guest, "interrupts")
    expect("spurious 0, wanted by nobody 0" in text, "no interrupt is unexpected", seen=text)


def test_the_monitor_shows_vectors_and_counts(machine: Any) -> None:
    """`interrupts` has a row for each vector that came, with its count."""
    guest = machine.boot()
    guest.wait_serial(b"strata> ")
    answer(guest, "fault bp")
    text = answer(guest, "interrupts")
    row = re.search(r"^ *3 +(\d+) +breakpoint", text, re.M)
    expect(row and int(row[1]) == 1, "one breakpoint is counted", seen=text)
    expect("wanted by nobody 0" in text, "nothing was unexpected", seen=text)
