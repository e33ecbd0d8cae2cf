# SPDX-License-Identifier: MIT
"""Exercises 1.1, 1.2 and 1.5 from outside: the tables that the CPU uses.

GDTR, IDTR and TR are the CPU's, as QEMU shows them; what they point at is read in
guest memory and taken apart here.
"""

from __future__ import annotations

import struct
from typing import Any

from fault_support import mapped
from interrupt_support import booted, descriptor, gates, segments, stop_in, tss
from strata.api import Failure, expect, expect_eq, judges

# Selector: (name, type, DPL, 64-bit). Type: 11 code readable, 3 data writable, accessed.
WANTED = {
    0x08: ("kernel code", 11, 0, True),
    0x10: ("kernel data", 3, 0, False),
    0x20: ("user code, 32-bit", 11, 3, False),
    0x28: ("user data", 3, 3, False),
    0x30: ("user code", 11, 3, True),
}
STACKS = {8: 1, 2: 2, 18: 3, 1: 4}
PAGE, IST_BYTES = 4096, 8192


@judges(exercise="1.1", weight=3, plain=True)
def test_the_cpu_uses_the_new_segments(machine: Any) -> None:
    """GDTR points at nine slots; CS, SS, DS and ES are the kernel's; each slot decodes."""
    guest = machine.boot(paused=True)
    gdb = stop_in(guest, "load_gdt", "gdt_load_cpu loads the table that gdt_fill made")
    limit, base = struct.unpack("<HQ", gdb.read(gdb.regs()["rdi"], 10))
    expect_eq(limit, 9 * 8 - 1, "the limit of the GDT: nine slots less a byte")
    raw = guest.read_virt(base, limit + 1)
    expect_eq(raw[:8] + raw[0x18:0x20], bytes(16), "the null slot and the empty one, 0x18")
    for selector, (name, kind, dpl, long) in WANTED.items():
        one = descriptor(raw[selector : selector + 8])
        accessed = one.kind | 1  # the CPU may have set it by itself
        seen_words = (one.present, one.system, accessed, one.dpl, one.long, one.big)
        wanted = (True, False, kind, dpl, long, not long)
        expect_eq(
            seen_words,
            wanted,
            f"{name}, selector {selector:#x}: (present, system, type, DPL, L, D/B)",
        )
    stop_in(guest, "monitor_main", "the kernel comes up to its monitor")
    seen = segments(guest)
    expect_eq(seen.gdt, (base, limit), "(base, limit) in GDTR")
    for name, selector in (("CS", 8), ("SS", 0x10), ("DS", 0x10), ("ES", 0x10)):
        expect_eq(seen.selectors[name], selector, f"the selector in {name}")
    expect("CS64" in seen.kinds["CS"], "CS is 64-bit code", seen=seen.kinds["CS"])
    expect_eq(gdb.regs()["gs_base"], guest.symbol("percpu_start"), "the base of GS")


@judges(exercise="1.1", weight=2)
def test_the_task_register_points_at_the_tss(machine: Any) -> None:
    """TR holds selector 0x38; its base and limit are the TSS's, which has RSP0 and no I/O map."""
    guest, _ = booted(machine)
    seen = segments(guest)
    expect_eq(seen.tr, 0x38, "the selector in TR")
    expect_eq(seen.tr_limit, 103, "the limit of the TSS: 104 bytes less one")
    base, _limit = seen.gdt
    low, high = guest.read_virt(base + 0x38, 8), guest.read_virt(base + 0x40, 8)
    one = descriptor(low)
    expect_eq(
        one.base | int.from_bytes(high, "little") << 32,
        seen.tr_base,
        "the base in the TSS's two slots, against TR's",
    )
    expect_eq((one.system, one.kind, one.present), (True, 11, True), "(system, type busy, present)")
    data = range(guest.symbol("kernel_data"), guest.symbol("kernel_end"))
    expect(seen.tr_base in data, "the TSS lies in the kernel's data", seen=f"{seen.tr_base:#x}")
    task = tss(guest)
    expect_eq(task.rsp[0], guest.symbol("boot_stack_top"), "RSP0")
    expect_eq(task.rsp[1:], (0, 0), "RSP1 and RSP2")
    expect(task.iomap >= 104, "the I/O map starts behind the TSS's end", seen=task.iomap)


@judges(exercise="1.2", weight=2)
def test_every_gate_leads_into_the_kernel(machine: Any) -> None:
    """256 present interrupt gates into the kernel's code, each to an entry of its own."""
    guest, _ = booted(machine)
    table = gates(guest)
    text = range(guest.symbol("kernel_text"), guest.symbol("kernel_text_end"))
    for vector, gate in enumerate(table):
        expect_eq(
            (gate.present, gate.kind, gate.selector),
            (True, 14, 8),
            f"gate {vector}: (present, type: interrupt gate, selector)",
        )
        expect_eq(gate.dpl, 3 if vector == 3 else 0, f"gate {vector}: DPL")
        if gate.entry not in text:
            raise Failure(
                f"gate {vector} points outside the kernel's code",
                expected=f"{text.start:#x} to {text.stop:#x}",
                seen=f"{gate.entry:#x}",
            )
    expect_eq(len({gate.entry for gate in table}), 256, "entries that differ from each other")


@judges(exercise="1.5", weight=2, needs=["1.2"])
def test_four_gates_switch_to_stacks_with_guard_pages(machine: Any) -> None:
    """#DF, NMI, #MC and #DB name an IST stack; each is mapped, the page below it is not."""
    guest, _ = booted(machine)
    for vector, gate in enumerate(gates(guest)):
        expect_eq(gate.ist, STACKS.get(vector, 0), f"gate {vector}: IST")
    tops = tss(guest).ist
    expect_eq(tops[4:], (0, 0, 0), "IST 5 to 7 of the TSS")
    expect_eq(len(set(tops[:4])), 4, "stacks that differ from each other")
    for number, top in enumerate(tops[:4], 1):
        expect_eq(top % 16, 0, f"IST {number}, modulo 16")
        for at in (top - 1, top - IST_BYTES):
            expect(mapped(guest, at), f"the stack of IST {number} is mapped", seen=f"{at:#x}")
        below = top - IST_BYTES - 1
        expect(
            not mapped(guest, below),
            f"below the stack of IST {number} there is a page that is not mapped",
            seen=f"{below:#x} is mapped",
        )
