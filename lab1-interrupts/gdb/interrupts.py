# SPDX-License-Identifier: MIT
"""Lab 1 in GDB: interrupts and their handlers, timers, frames of interrupts in a
backtrace.

Backtraces  The entries of exercise 1.2 have no call frame information, and are a
            solution's own. What they must leave on the stack stands in
            <lab1/vectors.h>, and by that the unwinder finds its way: the five words
            that the CPU pushed, a whole struct interrupt_frame if there is one, and
            at the call of the dispatch the pair {RBP, RIP} that RBP points at.
Timers      The queue of exercise 1.8 has the solution's own shape. All pointers that lie
            in it and in its nodes are followed; who is queued says so itself.
"""

from __future__ import annotations

import struct
from typing import Any, Iterator

import gdb
import gdb.unwinder
from gdb.FrameDecorator import FrameDecorator

from strata_gdb import (
    MASK,
    Trouble,
    chain,
    command,
    global_value,
    number,
    printer,
    read,
    text_at,
    vector_name,
    where,
    words_at,
)

_VECTORS = 256
_LINE0, _LINES = 0x20, 0x40
_ENTRIES = ("vectors.asm", "vectors.inc")  # exercise 1.2, and macros given to it
_GIVEN = "gate_fill + "  # in a given object, which has no debug information
_KERNEL_CODE = 0x08
_CODE_SELECTORS = (_KERNEL_CODE, 0x33, 0x23)
_STACK_SELECTORS = (0x00, 0x10, 0x2B)
_FRAME_WORDS = 22  # struct interrupt_frame
_FRAME = "r15 r14 r13 r12 r11 r10 r9 r8 rbp rdi rsi rdx rcx rbx rax vector error".split()
_SCAN_WORDS = 40
_RFLAGS_ONE, _RFLAGS_ZERO = 1 << 1, (1 << 3) | (1 << 5) | (1 << 15) | ~0x3FFFFF & MASK
_INNER = gdb.FRAME_UNWIND_INNER_ID
_CALLERS_MAX = 64
_TIMERS_MAX = 200000
_TIMERS_SHOWN = 40


def _name(address: int) -> str:
    return where(address) or f"{address:#x}"


# -- interrupts ---------------------------------------------------------------------


def _handlers(slot: Any) -> Iterator[Any]:
    """The struct interrupt_handler of a vector."""
    kind = slot["first"].type
    offset = 8 * [field.name for field in kind.target().fields()].index("next")
    for at in chain(int(slot["first"]), lambda one: words_at(one + offset, 1)[0]):
        yield gdb.Value(at).cast(kind).dereference()


def _vector_words(vector: int) -> str:
    if vector < 32:
        return vector_name(vector) or "exception"
    return f"line {vector - _LINE0}" if vector < _LINE0 + _LINES else ""


@command("irqs", "[VECTOR]", "interrupts by vector: how many came, and whose they are")
def _irqs(words: list[str]) -> None:
    slots = global_value("interrupt_slots")
    counts = global_value("counts", "interrupt.c")
    vectors = [number(words[0])] if words else range(_VECTORS)
    if words and vectors[0] >= _VECTORS:
        raise Trouble(f"no vector {words[0]}; there are {_VECTORS}")
    chip = global_value("chip", "irqchip.c")
    print(f"controller {text_at(int(chip['choice']['name'])) if int(chip) else 'none'}")
    print(f"{'vector':<12} {'came':>10}  handlers")
    for vector in vectors:
        taken, slot = int(counts["taken"][vector]), slots[vector]
        if not (taken or int(slot["first"]) or words):
            continue
        shown = [
            f"{text_at(int(one['name']))} ({_name(int(one['fn']))})" for one in _handlers(slot)
        ]
        print(f"{vector:<3} {_vector_words(vector):<8} {taken:>10}  {', '.join(shown)}".rstrip())
    print(f"spurious {int(counts['spurious'])}, wanted by nobody {int(counts['unexpected'])}")


# -- timers ---------------------------------------------------------------------------


class _Queue:
    """The nodes of a queue of whatever shape."""

    def __init__(self, queue: Any) -> None:
        self._node = gdb.lookup_type("struct timer_node")
        fields = {field.name: field.bitpos // 8 for field in self._node.fields()}
        self._queued, self._link, self._at = fields["queued"], fields["link"], fields["at_ns"]
        self._first = int(queue.address)
        self._span = queue.type.sizeof

    def nodes(self) -> list[tuple[int, int]]:
        """(at_ns, address) of each, the earliest first."""
        found: dict[int, int] = {}
        seen: set[int] = set()
        todo = list(words_at(self._first, self._span // 8))
        while todo:
            pointer = todo.pop() & ~1  # a tree's parent has its colour in bit 0
            if pointer in seen or pointer < 4096 or self._is_root(pointer):
                continue
            seen.add(pointer)
            base = self._base(pointer)
            if base is not None and base not in found:
                raw = read(base, self._node.sizeof)
                found[base] = struct.unpack_from("<Q", raw, self._at)[0]
                todo += struct.unpack_from("<3Q", raw, self._link)
            if len(found) > _TIMERS_MAX:
                raise Trouble(f"more than {_TIMERS_MAX} timers")
        return sorted((at, base) for base, at in found.items())

    def _is_root(self, pointer: int) -> bool:
        return self._first <= pointer < self._first + self._span

    def _base(self, pointer: int) -> int | None:
        """The node that a pointer is of, at its start or at its link."""
        for base in (pointer, pointer - self._link):
            try:
                if read(base + self._queued, 1) == b"\1":
                    return base
            except Trouble:
                continue
        return None


@command("timers", "", "the pending timers: when, whose function, how often")
def _timers(_words: list[str]) -> None:
    here = global_value("timers", "timer.c")
    kind = gdb.lookup_type("struct timer")
    offset = next(field.bitpos // 8 for field in kind.fields() if field.name == "node")
    pending, armed = int(here["pending"]), int(here["armed_ns"])
    device = "not armed" if armed == MASK else f"armed for {armed} ns"
    print(f"{pending} pending; the device is {device}; {int(here['fired'])} callbacks ran")
    nodes = _Queue(here["queue"]).nodes()
    for at, node in nodes[:_TIMERS_SHOWN]:
        timer = gdb.Value(node - offset).cast(kind.pointer()).dereference()
        every = f", every {int(timer['period_ns'])} ns" if int(timer["period_ns"]) else ""
        print(f"{at:>16} ns  {_name(node - offset)}: {_name(int(timer['fn']))}{every}")
    if len(nodes) > _TIMERS_SHOWN:
        print(f"and {len(nodes) - _TIMERS_SHOWN} later ones")
    if len(nodes) != pending:
        print(f"{len(nodes)} were found: the queue's shape is the solution's own")


@printer("timer")
class _TimerPrinter:
    """When it is due."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def to_string(self) -> str:
        """`timer due at 5 ns: f`."""
        node = self._value["node"]
        due = f"due at {int(node['at_ns'])} ns" if int(node["queued"]) else "not pending"
        every = int(self._value["period_ns"])
        what = f": {_name(int(self._value['fn']))}" if int(self._value["fn"]) else ""
        return f"timer {due}" + (f", every {every} ns" if every else "") + what


# -- gates and frames ----------------------------------------------------------------


@printer("gate")
class _GatePrinter:
    """Where it points, and who may use it."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def to_string(self) -> str:
        """`interrupt gate, ring 0, to f`."""
        attributes = int(self._value["attributes"])
        if not attributes & 0x80:
            return "gate, not present"
        target = int(self._value["offset_low"]) | int(self._value["offset_middle"]) << 16
        target |= int(self._value["offset_high"]) << 32
        kind = {14: "interrupt gate", 15: "trap gate"}.get(attributes & 15, "gate of no known type")
        ist = int(self._value["ist"]) & 7
        stack = f", IST {ist}" if ist else ""
        return f"{kind}, ring {attributes >> 5 & 3}{stack}, to {_name(target)}"


@printer("interrupt_frame")
class _FramePrinter:
    """Which vector, and the registers in hexadecimal, with names."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def to_string(self) -> str:
        """`interrupt frame (#PF, error 0x2, at f + 4)`."""
        vector, error = int(self._value["vector"]), int(self._value["error"])
        name = _vector_words(vector) if vector < _VECTORS else ""
        at = _name(int(self._value["rip"]) & MASK)
        return f"interrupt frame ({name or f'vector {vector}'}, error {error:#x}, at {at})"

    def children(self) -> Iterator[tuple[str, Any]]:
        """Registers as addresses."""
        address = gdb.lookup_type("void").pointer()
        for field in self._value.type.fields():
            value = self._value[field.name]
            yield field.name, value if field.name in ("vector", "error") else value.cast(address)


# -- backtraces ----------------------------------------------------------------------


class _FrameId:
    """What GDB knows a frame by."""

    def __init__(self, sp: Any, pc: Any) -> None:
        self.sp = sp
        self.pc = pc


def pushed_by_cpu(words: tuple[int, ...], rip: int | None) -> int:
    """Index of the first five words that the CPU could have pushed, with that RIP if it is
    known; -1: there are none."""
    for at in range(len(words) - 4):
        if rip in (None, words[at]) and _possible(*words[at : at + 5]):
            return at
    return -1


def _possible(rip: int, cs: int, rflags: int, _rsp: int, ss: int) -> bool:
    if not rip or rip >> 47 not in (0, 0x1FFFF):
        return False
    if cs not in _CODE_SELECTORS or ss not in _STACK_SELECTORS:
        return False
    if cs != _KERNEL_CODE and ss != 0x2B:
        return False
    return bool(rflags & _RFLAGS_ONE) and not rflags & _RFLAGS_ZERO


def _is_entry(pc: int) -> bool:
    """Whether an address, or what was called from just before it, is code of the entries."""
    tables = (gdb.find_pc_line(at).symtab for at in (pc, pc - 1) if at > 0)
    known = [table.filename for table in tables if table]
    if known:
        return any(name.endswith(_ENTRIES) for name in known)
    return where(pc - 1).startswith(_GIVEN)


class _EntryUnwinder(gdb.unwinder.Unwinder):
    """From an entry, or what follows it up to IRETQ, to the interrupted code."""

    def __init__(self) -> None:
        super().__init__("strata interrupt entries")

    def __call__(self, pending: Any) -> Any:
        """Unwind info for a frame of an entry; None for others."""
        pc = pending.read_register("rip")
        if not _is_entry(int(pc) & MASK):
            return None
        try:
            return self._unwind(pending, pc)
        except (Trouble, gdb.error, struct.error):
            return None

    def _unwind(self, pending: Any, pc: Any) -> Any:
        rsp = int(pending.read_register("rsp")) & MASK
        words = self._stack(rsp)
        pair = self._pair(int(pending.read_register("rbp")) & MASK)
        at = pushed_by_cpu(words, pair[1]) if pair else -1
        if at < 0:
            at = pushed_by_cpu(words, None)
        if at < 0:
            return None
        info = pending.create_unwind_info(_FrameId(pending.read_register("rsp"), pc))
        word = gdb.lookup_type("unsigned long")
        for name, value in self._registers(pending, words, at).items():
            kind = pending.read_register(name).type
            raw = gdb.Value(value).cast(word)
            info.add_saved_register(name, raw.cast(kind) if kind.sizeof == 8 else _low(raw, kind))
        return info

    def _stack(self, rsp: int) -> tuple[int, ...]:
        """The words above RSP, as far as they can be read."""
        try:
            return words_at(rsp, _SCAN_WORDS)
        except Trouble:  # a stack's last page: what follows it need not be there
            return words_at(rsp, (4096 - rsp % 4096) // 8)

    def _registers(self, pending: Any, words: tuple[int, ...], at: int) -> dict[str, int]:
        """The interrupted code's: those that are on the stack."""
        found = dict(zip(("rip", "cs", "eflags", "rsp", "ss"), words[at : at + 5]))
        first = at - len(_FRAME)
        rbp = int(pending.read_register("rbp")) & MASK
        if first >= 0 and words[first + _FRAME.index("vector")] < _VECTORS:
            saved = dict(zip(_FRAME[:15], words[first : first + 15]))
            pair = self._pair(rbp)
            if pair is None or (saved["rbp"], found["rip"]) == pair:
                return {**found, **saved}
        pair = self._pair(rbp)
        return {**found, "rbp": pair[0] if pair and pair[1] == found["rip"] else rbp}

    @staticmethod
    def _pair(rbp: int) -> tuple[int, int] | None:
        """The two words that RBP points at."""
        try:
            first, second = words_at(rbp, 2)
            return first, second
        except Trouble:
            return None


def _low(value: Any, kind: Any) -> Any:
    """The low half, for a register of 32 bits."""
    return gdb.Value(struct.pack("<I", int(value) & 0xFFFFFFFF), kind)


class _Caller(FrameDecorator):
    """A caller that GDB does not go to: known by its return address only."""

    def __init__(self, last: Any, address: int) -> None:
        super().__init__(last)
        self._address = address

    def address(self) -> int:
        """Where it goes on."""
        return self._address

    def function(self) -> str:
        """Its name; the call is before the return address."""
        return _name(self._address - 1).partition(" + ")[0]

    def filename(self) -> str | None:
        """Its file."""
        table = gdb.find_pc_line(self._address - 1).symtab
        return table.filename if table else None

    def line(self) -> int | None:
        """The call's line."""
        found = gdb.find_pc_line(self._address - 1)
        return found.line if found.symtab else None

    def frame_args(self) -> None:
        """Not known."""

    def frame_locals(self) -> None:
        """Not known."""


class _OtherStack:
    """GDB ends a backtrace where the stack goes to lower addresses, as from an IST stack
    to the one that was interrupted. From there on the chain of RBP is followed."""

    def __init__(self) -> None:
        self.name = "strata goes on on the interrupted stack"
        self.priority = 110
        self.enabled = True
        gdb.frame_filters[self.name] = self

    def filter(self, frames: Iterator[Any]) -> Iterator[Any]:
        """All frames, and what comes behind the last."""
        last = None
        for last in frames:
            yield last
        if last is None or last.inferior_frame().unwind_stop_reason() != _INNER:
            return
        rbp = int(last.inferior_frame().read_register("rbp")) & MASK
        for _ in range(_CALLERS_MAX):
            try:
                above, address = words_at(rbp, 2)
            except Trouble:
                return
            if not address:
                return
            yield _Caller(last, address)
            if above <= rbp:
                return
            rbp = above


_OtherStack()
gdb.unwinder.register_unwinder(None, _EntryUnwinder(), replace=True)
