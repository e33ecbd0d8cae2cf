# SPDX-License-Identifier: MIT
"""Lab 0 in GDB: lists, trees, rings and locks in words; the log; linker sets.

Reads the layouts of <lab0/list.h>, rbtree.h, ring.h, spinlock.h, set.h and log.c by
their debug information.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any, Iterator

import gdb

from strata_gdb import (
    Trouble,
    command,
    global_value,
    linker_set,
    linker_sets,
    number,
    printer,
    read,
    text_at,
    where,
    words_at,
)

_WALK_MAX = 10000
_LOG_DEFAULT = 20
_ENTRY = "entry_high.asm"
_RECORD = struct.Struct("<QIHBB")  # struct record of log.c


# -- lists ----------------------------------------------------------------------------


def list_nodes(head: int) -> list[int]:
    """The nodes behind a head; a Trouble where the list is not what list.h says."""
    found: list[int] = []
    at, before = words_at(head, 1)[0], head
    while at != head:
        if at == 0:
            raise Trouble("never initialised" if not found else "broken: it ends in NULL")
        following, back = words_at(at, 2)
        if back != before:
            raise Trouble(f"broken: {at:#x}'s prev is {back:#x}, not {before:#x}")
        found.append(at)
        if len(found) > _WALK_MAX:
            raise Trouble(f"more than {_WALK_MAX} nodes")
        at, before = following, at
    return found


def list_words(head: int) -> str:
    """A list's state in words."""
    try:
        count = len(list_nodes(head))
    except Trouble as trouble:
        return str(trouble)
    return f"{count} linked" if count else "empty"


class _Value:
    """A printer keeps the value."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def _at(self) -> int:
        if self._value.address is None:
            raise Trouble("not in memory")
        return int(self._value.address)


@printer("list")
class _ListPrinter(_Value):
    """A head or a node: how many others are linked with it."""

    def to_string(self) -> str:
        """`list (3 linked)`."""
        try:
            return f"list ({list_words(self._at())})"
        except Trouble as trouble:
            return f"list ({trouble})"

    def children(self) -> Iterator[tuple[str, Any]]:
        """Its two pointers."""
        for name in ("next", "prev"):
            yield name, self._value[name]


def tree_nodes(root: int, most: int = _WALK_MAX) -> list[int]:
    """The nodes of a red-black tree in order."""
    found: list[int] = []
    path: list[int] = []
    seen: set[int] = set()
    at = root
    while at or path:
        while at:
            if at in seen:
                raise Trouble(f"broken: it comes back to {at:#x}")
            seen.add(at)
            path.append(at)
            at = words_at(at, 3)[1]
        node = path.pop()
        found.append(node)
        if len(seen) > most:
            raise Trouble(f"more than {most} nodes")
        at = words_at(node, 3)[2]
    return found


@printer("rb_tree")
class _TreePrinter(_Value):
    """How many nodes there are."""

    def to_string(self) -> str:
        """`tree (3 nodes)`."""
        try:
            return f"tree ({len(tree_nodes(int(self._value['root'])))} nodes)"
        except Trouble as trouble:
            return f"tree ({trouble})"

    def children(self) -> Iterator[tuple[str, Any]]:
        """Root and first."""
        yield "root", self._value["root"]
        yield "first", self._value["first"]


@printer("rb_node")
class _NodePrinter(_Value):
    """Parent and colour share a word."""

    def to_string(self) -> str:
        """`red node`."""
        return f"{'black' if int(self._value['parent_black']) & 1 else 'red'} node"

    def children(self) -> Iterator[tuple[str, Any]]:
        """Its neighbours."""
        pointer = self._value["child"][0].type
        parent = gdb.Value(int(self._value["parent_black"]) & ~1).cast(pointer)
        yield "parent", parent
        yield "left", self._value["child"][0]
        yield "right", self._value["child"][1]


@printer("ring")
class _RingPrinter(_Value):
    """How full it is, and what is read next."""

    def to_string(self) -> str:
        """`ring (3 of 16 bytes, 0 lost) "abc"`."""
        size = int(self._value["size"])
        got = int(self._value["got_count"])
        used = (int(self._value["put_count"]) - got) & 0xFFFFFFFF
        if size == 0 or size & (size - 1) or used > size:
            return f"ring (broken: size {size}, {used} bytes used)"
        text = f"ring ({used} of {size} bytes, {int(self._value['overruns'])} lost)"
        try:
            memory = read(int(self._value["bytes"]), size)
        except Trouble as trouble:
            return f"{text} ({trouble})"
        data = bytes(memory[(got + i) % size] for i in range(min(used, 64)))
        return text + (f" {data.decode('ascii', 'backslashreplace')!r}" if data else "")


@printer("spinlock")
class _SpinlockPrinter(_Value):
    """Its class, and whether it is held."""

    def to_string(self) -> str:
        """`spinlock log, rank 1: free`."""
        waiting = (int(self._value["next"]) - int(self._value["serving"])) & 0xFFFF
        state = "free" if waiting == 0 else "held" if waiting == 1 else f"held, {waiting - 1} wait"
        kind = self._value["id"]["class"]
        if int(kind) == 0:
            return f"spinlock without a class: {state}"
        try:
            name = text_at(int(kind["name"]), 40)
            return f"spinlock {name}, rank {int(kind['rank'])}: {state}"
        except (Trouble, gdb.error) as trouble:
            return f"spinlock (its class: {trouble}): {state}"


# -- backtraces -------------------------------------------------------------------------


class _EndAtEntry:
    """Nobody calls the first instructions of the higher half: a backtrace ends there."""

    def __init__(self) -> None:
        self.name = "strata ends at the entry"
        self.priority = 100
        self.enabled = True
        gdb.frame_filters[self.name] = self

    def filter(self, frames: Iterator[Any]) -> Iterator[Any]:
        """All frames up to that one."""
        for frame in frames:
            yield frame
            table = frame.inferior_frame().find_sal().symtab
            if table is not None and table.filename.endswith(_ENTRY):
                return


_EndAtEntry()


# -- the log ------------------------------------------------------------------------------


def _records() -> list[tuple[int, int, str]]:
    """(stamp, level, text) of the ring's records, oldest first."""
    ring = global_value("ring", "log.c")
    first, last = ring["bytes"].type.range()
    size = last - first + 1
    tail, head = int(ring["tail"]), int(ring["head"])
    if not 0 <= head - tail <= size:
        raise Trouble(f"the ring makes no sense: tail {tail}, head {head}, {size} bytes")
    memory = read(int(ring["bytes"].address), size)
    found = []
    while tail < head:
        at = tail % size
        stamp, step, length, level, kind = _RECORD.unpack_from(memory, at)
        if step < _RECORD.size or step % _RECORD.size or at + step > size:
            raise Trouble(f"the record at position {tail} makes no sense: {step} bytes")
        if kind == 0:
            text = memory[at + _RECORD.size : at + _RECORD.size + length]
            found.append((stamp, level, text.decode("utf-8", "backslashreplace")))
        tail += step
    return found


@command("log", "[N]", f"the newest N records of the kernel's log ({_LOG_DEFAULT})")
def _log(words: list[str]) -> None:
    count = number(words[0]) if words else _LOG_DEFAULT
    records = _records()
    if not records:
        print("the log is empty")
    for stamp, level, text in records[-count:] if count else []:
        print(f"[{stamp:>13}] <{level}> {text.rstrip()}")


@command("loader", "", "add the symbols of the loader's second stage")
def _loader(_words: list[str]) -> None:
    kernel = gdb.current_progspace().filename
    if not kernel:
        raise Trouble("GDB has no kernel file, so it is not known where the loader's is")
    file = Path(kernel).with_name("loader.elf")
    if not file.exists():
        raise Trouble("this image has no loader beside it: `make debug BOOT=own` builds one")
    gdb.execute(f"add-symbol-file {file}", to_string=True)
    print(f"symbols of {file.name}: from {number('stage2_start'):#x} on")


# -- lists and sets ---------------------------------------------------------------------


def _heads() -> list[tuple[str, int]]:
    """Every variable of the type `struct list`, by name: a head."""
    said = str(gdb.execute("info variables -q -t ^struct.list$", to_string=True))
    found = []
    file = ""
    for line in said.splitlines():
        if line.startswith("File "):
            file = line[5:].rstrip(":")
        match = re.search(r"struct list (\w+);", line)
        if match:
            try:
                found.append((match[1], int(global_value(match[1], file).address)))
            except (Trouble, gdb.error):
                continue  # optimised away
    return found


@command("lists", "[NAME]", "linker sets and lists with their lengths; NAME: its members")
def _lists(words: list[str]) -> None:
    sets = linker_sets()
    if words and words[0] in sets:
        _show_set(words[0])
    elif words:
        _show_list(number(f"&{words[0]}" if re.fullmatch(r"\w+", words[0]) else words[0]))
    else:
        for name in sorted(sets):
            print(f"set   {name:<20} {len(linker_set(name))} members")
        for name, address in _heads():
            print(f"list  {name:<20} {list_words(address)}")


def _show_set(name: str) -> None:
    for member in linker_set(name):
        print(f"{member:016x}  {where(member)}".rstrip())


def _show_list(head: int) -> None:
    nodes = list_nodes(head)
    for node in nodes:
        print(f"{node:016x}  {where(node)}".rstrip())
    print(f"{len(nodes)} nodes")
