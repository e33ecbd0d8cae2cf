# SPDX-License-Identifier: MIT
"""The kernel's own mapping, walked in guest memory: provided code, no marks."""

from __future__ import annotations

from typing import Any

from strata.api import EXIT_PANIC, Failure

from test_long_mode import NX, PRESENT, WRITE, entry, walk

PAGE = 4096


def running_kernel(machine: Any) -> Any:
    """A guest that waits at its prompt."""
    guest = machine.boot(door="pvh", image="stageN.stripped.elf")
    guest.wait_serial(b"strata> ")
    return guest


def rights_of(guest: Any, start: str, end: str, guards: bool = False) -> set[tuple[bool, bool]]:
    """(writable, executable) of all pages between two symbols; guards: single ones have none."""
    found, guard = set(), 0
    for address in range(guest.symbol(start), guest.symbol(end), PAGE):
        try:
            physical, rights, _ = walk(guest, address)
        except Failure:
            if not guards or guard == address - PAGE:
                raise
            guard = address
            continue
        if physical != address - 0xFFFFFFFF80000000:
            raise Failure(f"{address:#x} shows {physical:#x}")
        found.add((bool(rights & WRITE), not rights & NX))
    return found


def test_the_image_has_the_rights_of_its_sections(machine: Any) -> None:
    """Text is r-x, read-only data r--, data rw-; nothing is writable and executable."""
    guest = running_kernel(machine)
    assert rights_of(guest, "kernel_text", "kernel_text_end") == {(False, True)}
    assert rights_of(guest, "kernel_rodata", "kernel_rodata_end") == {(False, False)}
    stack = guest.symbol("boot_stack")
    data = rights_of(guest, "kernel_data", "boot_stack_guard")
    upper = machine.stage > 0  # upper labs have stacks of their own, with guard pages
    assert data | rights_of(guest, "boot_stack", "kernel_end", upper) == {(True, False)}
    assert stack - guest.symbol("boot_stack_guard") == PAGE


def test_below_the_boot_stack_and_at_zero_nothing_is_mapped(machine: Any) -> None:
    """The guard page and the first page have no present entry."""
    guest = running_kernel(machine)
    for address in (guest.symbol("boot_stack_guard"), 0, 0x100000):
        try:
            walk(guest, address)
        except Failure:
            continue
        raise Failure(f"{address:#x} is mapped")


def test_only_three_regions_are_mapped(machine: Any) -> None:
    """The top table has the direct map and the kernel, and no user half."""
    guest = running_kernel(machine)
    table = guest.regs()["cr3"]
    used = [slot for slot in range(512) if entry(guest, table, slot) & PRESENT]
    assert used == [256, 511], used


def test_write_protection_and_segments_hold_in_the_kernel(machine: Any) -> None:
    """CR0.WP is on, cs is 64-bit, and gs points at the boot CPU's variables."""
    guest = running_kernel(machine)
    regs = guest.regs()
    assert regs["cr0"] >> 16 & 1
    assert regs["efer"] & 0xD00 == 0xD00
    assert (regs["cs"], regs["ss"]) == (0x08, 0x10)
    assert regs["gs_base"] == guest.symbol("percpu_start")


def test_a_cpu_without_long_mode_is_refused_in_words(machine: Any) -> None:
    """A 32-bit CPU gets a sentence and an end, not a reset."""
    guest = machine.boot(door="pvh", image="stageN.stripped.elf", cpu="qemu32")
    guest.wait_exit(EXIT_PANIC)
    assert b"no 64-bit mode" in guest.verdict_log
