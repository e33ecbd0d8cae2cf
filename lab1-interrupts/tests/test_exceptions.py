# SPDX-License-Identifier: MIT
"""Exceptions from outside: what the kernel reports, against what QEMU's CPU did."""

from __future__ import annotations

import re
from typing import Any

from fault_support import (
    ADDRESS,
    GENERAL,
    NX,
    PRESENT,
    TABLES,
    WRITE,
    Record,
    mapped,
    provoke,
    records,
    taken,
    walk,
)
from interrupt_support import booted
from monitor_support import answer
from strata.api import EXIT_PANIC, Failure, expect, expect_eq, judges

DIRECT_MAP = 0xFFFF_8000_0000_0000
ACCESSED = 0x60  # and dirty: set as the kernel runs on
GUARD, STACK = 4096, 16384
# Kind of `fault`: (vector, what the sentence says). Three a boot: each goes deeper.
KINDS = {
    "de": (0, "divide error at provoke_de+"),
    "of": (4, "overflow at provoke_of+"),
    "br": (5, "bound range exceeded at provoke_br+"),
    "ud": (6, "invalid opcode at provoke_ud+"),
    "nm": (7, "no FPU available at provoke_nm+"),
    "mf": (16, "x87 floating-point error at provoke_mf+"),
    "df": (8, "double fault at provoke_df+"),
    "np": (11, "error code 0x18: GDT slot 3 (selector 0x18)"),
    "ss": (12, "error code 0x18: GDT slot 3 (selector 0x18)"),
    "gp-selector": (13, "error code 0xfff8: GDT slot 8191 (selector 0xfff8)"),
    "gp": (13, ": 0x8000000000000000 is no canonical address"),
    "ts": (10, "error code 0x38: GDT slot 7 (selector 0x38)"),
    "pf-null": (14, "page fault: write to 0x0000000000000010 by the kernel at provoke_write+"),
    "pf-read": (14, "page fault: read from 0xffffc00000123450 by the kernel at provoke_read+"),
    "pf-rodata": (14, ": PT entry read-only"),
    "pf-exec": (14, "(called from provoke_execute+0x2): PT entry no-execute"),
}


def _compare(record: Record, truth: Any, kind: str) -> None:
    """Every register of a report against the CPU's at that moment."""
    expect_eq(record.number("vector"), truth.vector, f"fault {kind}: the vector")
    expect_eq(record.number("error"), truth.error, f"fault {kind}: the error code")
    wanted = {name: truth.registers[name] for name in GENERAL + ["cr2", "cs", "ss"]}
    wanted["rip"] = truth.registers["rip"] + (2 if truth.software else 0)
    wanted["rflags"] = truth.registers["rfl"]
    seen = {name: record.number(name) for name in wanted}
    for name, value in wanted.items():
        expect_eq(seen[name], value, f"fault {kind}: {name} as the CPU had it")


def test_every_exception_is_reported_as_it_was(machine: Any) -> None:
    """Each kind of `fault` is one record whose registers are those of QEMU's own log."""
    kinds = list(KINDS)
    for start in range(0, len(kinds), 3):
        log = machine.folder / f"int{start}.log"
        guest = machine.boot(args=("-d", "int", "-D", str(log)))
        guest.wait_serial("strata> ")
        seen = [(kind, provoke(guest, f"fault {kind}")) for kind in kinds[start : start + 3]]
        guest.send("poweroff\r")
        guest.wait_exit()
        truths = taken(log)
        for kind, record in seen:
            vector, words = KINDS[kind]
            expect(words in record.text, f"fault {kind}: the sentence", seen=record.text)
            last = [one for one in truths if one.vector == vector]
            expect(last, f"fault {kind}: QEMU took vector {vector}", seen=truths)
            same = [one for one in last if one.registers["rsp"] == record.number("rsp")]
            expect(same, f"fault {kind}: RSP as the CPU had it", seen=record.facts["rsp"])
            _compare(record, same[-1], kind)
            names = record.backtrace + [record.facts.get("caller", "")]
            caller = "provoke_execute" if kind == "pf-exec" else "fault_command"
            if kind != "df":  # has no stack
                expect(caller in names, f"fault {kind}: the backtrace", seen=names)


def test_the_screen_shows_what_the_record_has(machine: Any) -> None:
    """Registers, code bytes and backtrace on the screen are those of the record and the image."""
    guest = machine.boot()
    guest.wait_serial("strata> ")
    guest.send("fault pf-null\r")
    guest.wait_serial("panic: page fault")
    screen = guest.wait_serial("last log lines").decode().replace("\r", "")
    record = records(guest)[-1]
    shown = dict(re.findall(r"\b([a-z0-9]+) +([0-9a-f]{16})\b", screen))
    for name in GENERAL + ["rip"]:
        expect_eq(int(shown.get(name, "0"), 16), record.number(name), f"{name} on the screen")
    expect("cr2 10 " in screen, "CR2 on the screen is the fault's", seen=screen)
    code = re.search(r"^code:((?: <?[0-9a-f]{2}>?)+)$", screen, re.M)
    if code is None:
        raise Failure("the screen shows the bytes of the code", seen=screen)
    words = code[1].split()
    marked = [number for number, word in enumerate(words) if word.startswith("<")]
    expect_eq(len(marked), 1, "bytes of the code that are marked")
    raw = guest.read_virt(record.number("rip") - marked[0], len(words))
    expect_eq([word.strip("<>") for word in words], [f"{byte:02x}" for byte in raw], "the code")
    names = re.findall(r"^  #\d+ [0-9a-f]{16} (\w+)\+", screen, re.M)
    expect_eq(names, record.backtrace[1:], "names of the backtrace")
    expect_eq(names[-2:], ["kernel_main", "entry64_high"], "the end of the backtrace")


def _refusal(steps: list[tuple[int, int]], access: str) -> tuple[str, int, int]:
    """(cause, level, entry) of an access of ring 0."""
    for level, entry in steps:
        if not entry & PRESENT:
            return "not_present", level, entry
        if access == "write" and not entry & WRITE:
            return "read_only", level, entry
        if access == "execute" and entry & NX:
            return "no_execute", level, entry
    return "none", 0, 0


def _bad_accesses(machine: Any, guest: Any) -> list[tuple[str, int]]:
    """One access of each kind that must fault, at random places."""
    rand = machine.random.randrange

    def inside(low: str, high: str) -> int:
        return int(rand(guest.symbol(low), guest.symbol(high)))

    return [
        ("read", rand(0, 1 << 47)),
        ("write", DIRECT_MAP + rand(1 << 32, 1 << 38)),
        ("write", inside("kernel_text", "kernel_text_end")),
        ("write", inside("kernel_rodata", "kernel_rodata_end")),
        ("exec", inside("kernel_data", "kernel_end")),
        ("exec", DIRECT_MAP + rand(0, 64 << 20)),
        ("read", guest.symbol("boot_stack_guard") + rand(GUARD)),
        ("read", 0xFFFF_FFFF_C000_0000 + rand(1 << 30)),
    ]


@judges(exercise="1.4", weight=1, needs=["1.3", "0.1"])
def test_a_report_says_what_the_tables_say(machine: Any) -> None:
    """The report of a bad access names cause, level and entry as the tables in memory have it."""
    for turn in range(2):
        guest = machine.boot()
        guest.wait_serial("strata> ")
        for kind, address in _bad_accesses(machine, guest)[turn * 4 : turn * 4 + 4]:
            record = provoke(guest, f"fault pf-{kind} {address:#x}")
            access = "execute" if kind == "exec" else kind
            cr3 = guest.regs()["cr3"] & ADDRESS
            cause, level, entry = _refusal(walk(guest, cr3, address), access)
            what = f"a kernel's {access} at {address:#x}"
            if "cause" not in record.facts:
                raise Failure(f"the report of {what} is explained", seen=record.text)
            expect_eq(record.number("address"), address, f"{what}: the address")
            expect_eq(record.facts["access"], access, f"{what}: the access")
            expect_eq(record.facts["cause"], cause, f"{what}: the cause")
            seen = record.number("entry") & ~ACCESSED
            named = f"{TABLES.get(record.number('level'), 'none')} {seen:#x}"
            wanted = f"{TABLES[level]} {entry & ~ACCESSED:#x}"
            expect_eq(named, wanted, f"{what}: table and entry (but accessed and dirty)")


@judges(exercise="1.9", weight=1, needs=["1.3", "0.1", "0.2"])
def test_the_monitor_looks_anywhere(machine: Any) -> None:
    """peek at random addresses shows what is there, or says that nothing is, and goes on."""
    guest = machine.boot()
    guest.wait_serial("strata> ")
    addresses = [address for _, address in _bad_accesses(machine, guest)]
    addresses += [machine.random.getrandbits(64) for _ in range(4)]
    addresses += [DIRECT_MAP + machine.random.randrange(32 << 20) & ~15]
    for address in addresses:
        there = address >> 47 in (0, 0x1FFFF) and mapped(guest, address)
        wanted = f"{guest.read_virt(address, 1)[0]:02x}" if there else f"{address:#x} is not mapped"
        told = answer(guest, f"peek {address:#x} 1").partition("\n")[2]
        expect(wanted in told, f"`peek {address:#x} 1` answers {wanted!r}", seen=told)


def test_breakpoints_and_single_steps_resume(machine: Any) -> None:
    """#BP and #DB leave a line with address and symbol, and the kernel goes on."""
    guest = machine.boot()
    guest.wait_serial("strata> ")
    for kind, words in (("bp", "breakpoint at"), ("db", "debug exception (single step) at")):
        text = answer(guest, f"fault {kind}")
        match = re.search(re.escape(words) + r" 0x([0-9a-f]{16}) (\w+)\+0x([0-9a-f]+)", text)
        if match is None or f"{kind}: the kernel goes on" not in text:
            raise Failure(f"fault {kind} leaves a line and resumes", seen=text)
        expect_eq(match[2], f"provoke_{kind}", f"fault {kind}: the function")
        start = int(match[1], 16) - int(match[3], 16)
        expect_eq(start, guest.symbol(match[2]), f"fault {kind}: address less offset")
    expect_eq(records(guest), [], "panics")


def test_a_full_stack_is_reported_on_another(machine: Any) -> None:
    """A recursion of any step ends in a report that names the stack and the function."""
    for step in [1, 2048] + [machine.random.randrange(1, 2048) for _ in range(4)]:
        guest = machine.boot()
        guest.wait_serial("strata> ")
        record = provoke(guest, f"fault stack {step}")
        low = guest.symbol("boot_stack")
        what = f"a recursion of {step} bytes a call"
        expect(
            "kernel stack overflow: the boot stack is full in provoke_deeper+" in record.text,
            f"{what} is reported as an overflow",
            seen=record.text,
        )
        expect_eq(record.facts.get("stack"), "boot stack", f"{what}: the stack")
        rsp = record.number("rsp")
        expect(low - GUARD <= rsp <= low + STACK // 2, f"{what}: RSP is at its end", seen=hex(rsp))
        expect(record.backtrace.count("provoke_deeper") > 3, f"{what}: the backtrace")


def test_a_stray_access_to_a_guard_page_is_no_overflow(machine: Any) -> None:
    """An access to a guard page from a stack with room is a page fault that names the page."""
    guest = machine.boot()
    guest.wait_serial("strata> ")
    record = provoke(guest, f"fault pf-write {guest.symbol('boot_stack') - 8:#x}")
    words = "PT entry not present, in the guard page of the boot stack"
    expect(record.text.endswith(words), f"the sentence ends with {words!r}", seen=record.text)
    expect("stack" not in record.facts, "no stack is called full", seen=record.facts)


def test_a_worthless_rbp_ends_the_backtrace_only(machine: Any) -> None:
    """With rubbish in RBP the report is whole; the backtrace has the place and ends."""
    guest = machine.boot()
    guest.wait_serial("strata> ")
    stack = guest.symbol("boot_stack_top")
    for rbp in (machine.random.getrandbits(64), stack - 8, 7):
        record = provoke(guest, f"fault rbp {rbp:#x}")
        expect_eq(record.number("rbp"), rbp, "RBP of the report")
        expect_eq(record.backtrace, ["provoke_rbp"], f"the backtrace with RBP {rbp:#x}")


def test_a_fault_while_reporting_ends_the_machine(machine: Any) -> None:
    """A fault in a listener of the panic adds a line to the record and ends the run."""
    guest = machine.boot()
    guest.wait_serial("strata> ")
    guest.send("fault nested\r")
    guest.wait_exit(EXIT_PANIC)
    again = [line for line in guest.verdicts if line.startswith("panic-again: page fault")]
    expect_eq(len(again), 1, "lines about the second fault")
    expect("in_panic+" in again[0], "the second fault's function", seen=again)
    expect(records(guest)[0].complete, "the first record is whole")


def _boot_spoiled(machine: Any, functions: list[str], command: str) -> Any:
    """A guest with ud2 where these functions begin, and a command typed at its prompt."""
    guest, gdb = booted(machine, cmdline="panic=exit")
    for name in functions:
        gdb.write(guest.symbol(name), b"\x0f\x0b")
    guest.send(command + "\r")
    gdb.detach()
    return guest


def test_a_report_survives_broken_code(machine: Any) -> None:
    """Broken formatting, explaining and reporting each end the run, never in a loop."""
    for broken, words in (
        (["vsnprintk"], "panic-again: invalid opcode at vsnprintk+0x0"),
        (["page_fault_decode"], "panic: invalid opcode at page_fault_decode+0x0"),
        (["exception_table_fixup"], "panic: invalid opcode at exception_table_fixup+0x0"),
        (["panic_record"], "panic-again: invalid opcode at panic_record+0x0"),
        (["panic_record", "panic_record_again"], ""),
        (["exception_headline"], ""),
    ):
        guest = _boot_spoiled(machine, broken, "fault pf-null")
        end = guest.wait_exit()
        expect_eq(end.code, EXIT_PANIC, f"the exit code with {broken} broken")
        said = [line for line in guest.verdicts if words and line.startswith(words)]
        expect(said or not words, f"with {broken} broken: {words!r}", seen=guest.verdicts[-5:])
        if broken == ["page_fault_decode"]:
            note = "while a page fault at provoke_write+0x0 was being explained"
            expect(note in said[0], "what was being explained", seen=said)


def test_an_nmi_gets_through_with_interrupts_off(machine: Any) -> None:
    """With panic_on_nmi a kernel that stands still with interrupts off says where it is."""
    guest = machine.boot(cmdline="panic_on_nmi panic=exit main=halt")
    guest.wait(lambda: bool(guest.regs().get("hlt")), "the kernel halts with interrupts off")
    expect_eq(guest.regs()["rflags"] & 0x200, 0, "the interrupt flag")
    guest.hmp("nmi")
    guest.wait_exit(EXIT_PANIC)
    record = records(guest)[-1]
    expect_eq(record.number("vector"), 2, "the vector")
    expect("non-maskable interrupt at machine_halt+" in record.text, "the place", seen=record.text)
    low = guest.symbol("boot_stack")
    expect(low < record.number("rsp") < low + STACK, "RSP is the interrupted code's")
    expect("kernel_main" in record.backtrace, "the backtrace", seen=record.backtrace)


def test_an_nmi_is_survived(machine: Any) -> None:
    """Without the option NMIs are taken and the kernel goes on."""
    guest = machine.boot()
    guest.wait_serial("strata> ")
    for _ in range(5):
        guest.hmp("nmi")
        guest.send("peek 0 1\r")
        guest.wait_serial("0x0 is not mapped")
        guest.wait_serial("strata> ")
    expect_eq(records(guest), [], "panics")


# Of a machine-check bank's status register.
VALID, UNCORRECTED, ENABLED, MISC = 1 << 63, 1 << 61, 1 << 60, 1 << 59
ADDR, DAMAGED, SIGNALLED = 1 << 58, 1 << 57, 1 << 56
CACHE_READ = 0x0134  # data cache, read, level 0


def test_a_fatal_machine_check_is_reported_with_its_bank(machine: Any) -> None:
    """An uncorrected error that damaged the CPU ends in a report with bank, address and class."""
    guest = machine.boot(cmdline="panic=exit")
    guest.wait_serial("strata> ")
    bank = machine.random.randrange(10)
    where = machine.random.getrandbits(36)
    status = VALID | UNCORRECTED | ENABLED | MISC | ADDR | DAMAGED | CACHE_READ | 0x77 << 16
    guest.hmp(f"mce 0 {bank} {status:#x} 0x4 {where:#x} 0x8c")
    guest.send("\r")
    guest.wait_exit(EXIT_PANIC)
    record = records(guest)[-1]
    expect_eq(record.number("vector"), 18, "the vector")
    expect_eq(record.number(f"bank{bank}"), status, "the status of the bank in the record")
    screen = guest.serial.decode("ascii", "replace")
    for words in (
        f"bank {bank}: status {status:#018x}: uncorrected, CPU state damaged, cache hierarchy",
        f"bank {bank}: address {where:#x}",
        f"bank {bank}: misc 0x8c",
        "cannot go on",
    ):
        expect(words in screen, f"the screen has {words!r}", seen=screen[-1500:])


def test_other_machine_checks_are_survived(machine: Any) -> None:
    """An error that needs no action leaves lines and the kernel goes on; corrected ones wait."""
    guest = machine.boot()
    guest.wait_serial("strata> ")
    status = VALID | UNCORRECTED | ENABLED | SIGNALLED | CACHE_READ
    for turn in range(2):  # the second one would reset the machine if the first were not cleared
        guest.hmp(f"mce 0 3 {status:#x} 0x5 0 0")
        guest.send("peek 0 1\r")
        guest.wait_serial("the machine goes on", f"machine check number {turn + 1} is survived")
        guest.wait_serial(f"bank 3: status {status:#018x}: uncorrected, cache hierarchy")
        guest.wait_serial("0x0 is not mapped")  # so the handler has ended
    corrected = VALID | ENABLED | ADDR | 0x9F
    guest.hmp(f"mce 0 4 {corrected:#x} 0 0x1000 0")
    guest.send("mcheck\r")
    guest.wait_serial(f"bank 4: status {corrected:#018x}: corrected, memory controller")
    guest.wait_serial("strata> ")
    guest.send("mcheck\r")
    guest.wait_serial("10 banks, no error")
    expect_eq(records(guest), [], "panics")
