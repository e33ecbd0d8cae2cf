# SPDX-License-Identifier: MIT
"""What the CPU itself knows, in words: regs, gdt, idt, pagewalk; until.

They hold in every mode and at every stage, also where there are no symbols yet.

Source    Intel SDM 3A "Control Registers", "Segment Descriptors", "64-Bit IDT Gate
          Descriptors", "4-Level Paging"; SDM 1 "EFLAGS Register".
"""

from __future__ import annotations

import struct

import gdb

from strata_gdb import Trouble, command, cpu, number, read, read_phys64, vector_name, where

_FLAGS = {0: "CF", 2: "PF", 4: "AF", 6: "ZF", 7: "SF", 8: "TF", 10: "DF", 11: "OF", 14: "NT"}
_FLAGS |= {16: "RF", 17: "VM", 18: "AC"}
_CR0 = {31: "PG", 30: "CD", 29: "NW", 18: "AM", 16: "WP", 5: "NE", 4: "ET", 3: "TS", 2: "EM"}
_CR0 |= {1: "MP", 0: "PE"}
_CR4 = {5: "PAE", 4: "PSE", 7: "PGE", 9: "OSFXSR", 10: "OSXMMEXCPT", 11: "UMIP", 12: "LA57"}
_CR4 |= {16: "FSGSBASE", 17: "PCIDE", 18: "OSXSAVE", 20: "SMEP", 21: "SMAP", 22: "PKE"}
_EFER = {0: "SCE", 8: "LME", 10: "LMA", 11: "NXE"}
_GENERAL = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15".split()
_SEGMENTS = ("cs", "ss", "ds", "es", "fs", "gs")
_SYSTEM_TYPES = {2: "LDT", 5: "task gate", 9: "TSS", 11: "TSS, busy", 12: "call gate"}
_GATES = {5: "task gate", 12: "call gate", 14: "interrupt gate", 15: "trap gate"}
_LEVELS = ((4, "PML4", 39), (3, "PDPT", 30), (2, "PD", 21), (1, "PT", 12))
_ADDRESS = 0x000FFFFFFFFFF000
_ROWS_MAX = 40
_STEPS_MAX = 10000

_PE, _PG, _LMA, _LA57 = 1 << 0, 1 << 31, 1 << 10, 1 << 12
_EXCEPTIONS = 32


def _names(value: int, table: dict[int, str]) -> str:
    """The names of the bits that are set."""
    return " ".join(name for bit, name in sorted(table.items()) if value >> bit & 1)


def _is_real(regs: dict[str, int]) -> bool:
    return not regs["cr0"] & _PE


def mode_of(regs: dict[str, int]) -> str:
    """The mode that the CPU is in, in words."""
    if _is_real(regs):
        return "real mode, 16-bit code"
    ring = f"ring {regs['cs'] & 3}"
    if regs["rflags"] >> 17 & 1:
        return "virtual 8086 mode, 16-bit code"
    large = "32-bit" if regs["cs_flags"] >> 22 & 1 else "16-bit"
    if not regs.get("efer", 0) & _LMA:
        return f"protected mode, {large} code, {ring}"
    if regs["cs_flags"] >> 21 & 1:
        return f"long mode, 64-bit code, {ring}"
    return f"long mode, {large} code (compatibility), {ring}"


def _place(regs: dict[str, int], segment: str, pointer: str) -> str:
    offset, base = regs[pointer], regs.get(f"{segment}_base", 0)
    if _is_real(regs):
        return f"{regs[segment]:04x}:{offset & 0xffff:04x}, linear {base + (offset & 0xffff):x}"
    linear = offset if mode_of(regs).startswith("long mode, 64") else (base + offset) & 0xFFFFFFFF
    return f"{linear:016x}  {where(linear)}".rstrip()


@command("regs", "", "the CPU in words: mode, flags, segments, control registers")
def _regs(_words: list[str]) -> None:
    regs = cpu()
    print(f"mode    {mode_of(regs)}; paging {'on' if regs['cr0'] & _PG else 'off'}")
    print(f"next    {_place(regs, 'cs', 'rip')}")
    print(f"stack   {_place(regs, 'ss', 'rsp')}")
    ready = "on" if regs["rflags"] >> 9 & 1 else "off"
    print(f"flags   interrupts {ready}  {_names(regs['rflags'], _FLAGS)}".rstrip())
    print(f"cr0     {regs['cr0']:08x}  {_names(regs['cr0'], _CR0)}".rstrip())
    print(f"cr2     {regs.get('cr2', 0):016x}")
    print(f"cr3     {regs.get('cr3', 0):016x}")
    print(f"cr4     {regs.get('cr4', 0):08x}  {_names(regs.get('cr4', 0), _CR4)}".rstrip())
    print(f"efer    {regs.get('efer', 0):08x}  {_names(regs.get('efer', 0), _EFER)}".rstrip())
    for name in _SEGMENTS:
        print(f"{name}      {regs.get(name, 0):04x}  base {regs.get(name + '_base', 0):x}")
    for at in range(0, len(_GENERAL), 4):
        row = [f"{name:<3} {regs.get(name, 0):016x}" for name in _GENERAL[at : at + 4]]
        print("  ".join(row))


# -- tables of descriptors ----------------------------------------------------------


def _segment(slot: int) -> tuple[str, int]:
    """A descriptor in words, and how many slots it has."""
    access, flags = slot >> 40 & 0xFF, slot >> 52 & 0xF
    base = (slot >> 16 & 0xFFFFFF) | (slot >> 56 & 0xFF) << 24
    limit = (slot & 0xFFFF) | (slot >> 48 & 0xF) << 16
    limit = limit << 12 | 0xFFF if flags & 8 else limit
    ring = f"ring {access >> 5 & 3}" + ("" if access & 0x80 else ", not present")
    span = f"base {base:x}, limit {limit:x}"
    if not access & 0x10:
        kind = _SYSTEM_TYPES.get(access & 0xF, f"system, type {access & 0xF}")
        return f"{kind}, {ring}", 1
    if not access & 8:
        return f"data, {ring}, {'writable' if access & 2 else 'read only'}, {span}", 1
    size = "64-bit" if flags & 2 else "32-bit" if flags & 4 else "16-bit"
    return f"code, {ring}, {size}, {'readable' if access & 2 else 'execute only'}, {span}", 1


def _system(slot: int, high: int) -> str:
    base = (slot >> 16 & 0xFFFFFF) | (slot >> 56 & 0xFF) << 24 | (high & 0xFFFFFFFF) << 32
    limit = (slot & 0xFFFF) | (slot >> 48 & 0xF) << 16
    return f"base {base:x}, limit {limit:x}  {where(base)}".rstrip()


@command("gdt", "", "the segment descriptors, decoded")
def _gdt(_words: list[str]) -> None:
    regs = cpu()
    base, limit = regs.get("gdt_base", 0), regs.get("gdt_limit", 0)
    print(f"GDT at {base:x}, limit {limit:x}: {(limit + 1) // 8} slots  {where(base)}".rstrip())
    raw = read(base, (limit + 1) // 8 * 8)
    slots = struct.unpack(f"<{len(raw) // 8}Q", raw)
    at = shown = 0
    while at < len(slots):
        slot, wide = slots[at], 1
        text = "" if slot == 0 else _segment(slot)[0]
        if slot and not slot >> 44 & 1 and regs.get("efer", 0) & _LMA and at + 1 < len(slots):
            text += ", " + _system(slot, slots[at + 1])
            wide = 2
        if slot and shown < _ROWS_MAX:
            print(f"{8 * at:04x}  {slot:016x}  {text}")
        shown += bool(slot)
        at += wide
    if shown > _ROWS_MAX:
        print(f"and {shown - _ROWS_MAX} more that are not 0")


def _gate(raw: bytes) -> tuple[str, int]:
    """A 64-bit gate in words, and where it points; "" for one that is not present."""
    low, selector, ist, attributes, middle, high, _ = struct.unpack("<HHBBHII", raw)
    if not attributes & 0x80:
        return "", 0
    kind = _GATES.get(attributes & 0xF, f"type {attributes & 0xF}")
    if attributes & 0x10:
        kind = "no gate"
    text = f"{kind}, selector {selector:04x}, ring {attributes >> 5 & 3}"
    text += f", IST {ist & 7}" if ist & 7 else ""
    return text, low | middle << 16 | high << 32


@command("idt", "[VECTOR]", "the interrupt gates, decoded; without VECTOR equal ones in one line")
def _idt(words: list[str]) -> None:
    regs = cpu()
    base, limit = regs.get("idt_base", 0), regs.get("idt_limit", 0)
    if _is_real(regs):
        _real_vectors(base, [number(words[0])] if words else list(range(_EXCEPTIONS)))
        return
    if not regs.get("efer", 0) & _LMA:
        raise Trouble("outside long mode gates have 8 bytes, and this kernel has none then")
    if base == 0 and limit == 0xFFFF:
        raise Trouble("no IDT was loaded: base 0, limit ffff, as after reset")
    count = min((limit + 1) // 16, 256)
    print(f"IDT at {base:x}, limit {limit:x}: {count} gates  {where(base)}".rstrip())
    if words and number(words[0]) >= count:
        raise Trouble(f"no vector {words[0]}; there are {count} gates")
    gates = [_gate(read(base + 16 * vector, 16)) for vector in range(count)]
    if words:
        _show_gates(gates, number(words[0]), number(words[0]))
        return
    first = 0
    for vector in range(count):
        same = vector + 1 < count and gates[vector + 1][0] == gates[first][0]
        if not same or vector < _EXCEPTIONS:
            _show_gates(gates, first, vector)
            first = vector + 1


def _show_gates(gates: list[tuple[str, int]], first: int, last: int) -> None:
    text, target = gates[first]
    if first != last:
        print(f"{first}-{last}  {text or 'not present'}")
    elif text:
        print(f"{first:<3} {vector_name(first):<4} {target:016x}  {text}  {where(target)}".rstrip())
    else:
        print(f"{first:<3} {vector_name(first):<4} not present")


def _real_vectors(base: int, vectors: list[int]) -> None:
    print(f"real mode: vector table at {base:x}, 4 bytes each, segment:offset")
    for vector in vectors:
        offset, segment = struct.unpack("<HH", read(base + 4 * vector, 4))
        print(f"{vector:<3} {segment:04x}:{offset:04x}")


# -- paging -------------------------------------------------------------------------


def entry_words(entry: int, level: int) -> str:
    """A page-table entry's bits in words."""
    if not entry & 1:
        return "not present"
    words = ["present", "writable" if entry & 2 else "read only"]
    words += ["user"] if entry & 4 else []
    words += ["large page"] if level in (2, 3) and entry & 0x80 else []
    words += ["global"] if entry & 0x100 else []
    words += ["accessed"] if entry & 0x20 else []
    words += ["dirty"] if entry & 0x40 else []
    words += ["uncached"] if entry & 0x10 else []
    words += ["no execute"] if entry >> 63 else []
    return ", ".join(words)


def _check_walk(regs: dict[str, int], address: int) -> str:
    """A line that says why there is nothing to walk; "" if there is."""
    if not regs["cr0"] & _PG:
        return f"paging is off: {address:x} is physical {address:x}"
    if not regs.get("efer", 0) & _LMA:
        raise Trouble("32-bit paging: this command knows the four levels of long mode only")
    if regs.get("cr4", 0) & _LA57:
        raise Trouble("five levels are in use: this command knows four")
    if address >> 47 not in (0, 0x1FFFF):
        return f"{address:x} is not canonical: bits 63 to 47 must be equal"
    return ""


@command("pagewalk", "ADDRESS", "how the page tables translate an address, entry by entry")
def _pagewalk(words: list[str]) -> None:
    if not words:
        raise Trouble("takes an address, such as $rip or kernel_main + 4")
    address = number(" ".join(words))
    regs = cpu()
    why = _check_walk(regs, address)
    if why:
        print(why)
        return
    table = regs["cr3"] & _ADDRESS
    writable = user = executable = True
    print(f"{address:016x}  cr3 {regs['cr3']:x}")
    for level, name, shift in _LEVELS:
        slot = address >> shift & 511
        entry = read_phys64(table + 8 * slot)
        print(f"{name:<4}[{slot:3}] at {table + 8 * slot:9x}: {entry:016x}  ", end="")
        print(entry_words(entry, level))
        if not entry & 1:
            print(f"nothing is mapped: the {name} entry is not present")
            return
        writable, user = writable and bool(entry & 2), user and bool(entry & 4)
        executable = executable and not entry >> 63
        table = entry & _ADDRESS
        if level == 1 or level < 4 and entry & 0x80:
            break
    inside = (1 << shift) - 1
    physical = (table & ~inside) | address & inside
    size = {12: "4 KiB", 21: "2 MiB", 30: "1 GiB"}[shift]
    rights = f"r{'w' if writable else '-'}{'x' if executable else '-'}"
    print(f"physical {physical:x}, a page of {size}, {rights}, {'user' if user else 'kernel'}")


# -- stepping -----------------------------------------------------------------------


def _next_instruction() -> str:
    frame = gdb.selected_frame()
    return str(frame.architecture().disassemble(frame.pc())[0]["asm"])


def _quiet() -> str:
    """A prefix for a command whose stops are not shown, where GDB has one (13)."""
    try:
        gdb.parameter("suppress-cli-notifications")
    except (RuntimeError, gdb.error):
        return ""
    return "with suppress-cli-notifications on --"


@command("until", "MNEMONIC", "step instruction by instruction until MNEMONIC is the next one")
def _until(words: list[str]) -> None:
    if len(words) != 1:
        raise Trouble("takes the name of an instruction, such as iretq")
    gdb.newest_frame().select()
    step = f"{_quiet()} stepi"
    for _ in range(_STEPS_MAX):
        gdb.execute(step, to_string=True)
        if _next_instruction().split()[0] == words[0]:
            gdb.execute("x/i $pc")
            return
    raise Trouble(f"{_STEPS_MAX} instructions, and {words[0]} was not among them")


class _Pte(gdb.Function):
    """$pte(ENTRY): a page-table entry's bits in words (of the lowest level)."""

    def __init__(self) -> None:
        super().__init__("pte")

    def invoke(self, entry: gdb.Value) -> str:
        """The words, with the physical address."""
        value = int(entry) & 0xFFFFFFFFFFFFFFFF
        return f"{value & _ADDRESS:x}: {entry_words(value, 1)}"


_Pte()
