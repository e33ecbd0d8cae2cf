# SPDX-License-Identifier: MIT
"""What GDB files of the labs stand on: commands, memory, symbols, printers.

    @command("log", "[N]", "the newest N records of the kernel's log")
    def _log(words: list[str]) -> None:
        print(...)

Nothing here runs code of the guest or changes it. What cannot be read is a Trouble,
which a command turns into one line.
"""

from __future__ import annotations

import re
import struct
from typing import Any, Callable, Iterator

import gdb
import gdb.printing

from strata.host import parse_registers

__all__ = [
    "COMMANDS",
    "Trouble",
    "chain",
    "command",
    "cpu",
    "global_value",
    "linker_set",
    "linker_sets",
    "monitor",
    "number",
    "printer",
    "read",
    "read_phys64",
    "signed_offset",
    "text_at",
    "vector_name",
    "where",
    "words_at",
]

MASK = (1 << 64) - 1
_TEXT_MAX = 256
_MNEMONICS = (
    "#DE #DB NMI #BP #OF #BR #UD #NM #DF - #TS #NP #SS #GP #PF - "
    "#MF #AC #MC #XM #VE #CP - - - - - - #HV #VC #SX -"
)

COMMANDS: dict[str, tuple[str, str]] = {}
_PRINTERS = gdb.printing.RegexpCollectionPrettyPrinter("strata")
gdb.printing.register_pretty_printer(None, _PRINTERS, replace=True)


class Trouble(Exception):
    """A sentence for the user: why there is no answer."""


class _Prefix(gdb.Command):
    """Commands that know the kernel: `strata help` lists them."""

    def __init__(self) -> None:
        super().__init__("strata", gdb.COMMAND_DATA, prefix=True)

    def invoke(self, argument: str, _from_tty: bool) -> None:
        """`strata` alone, or with a word that is no command."""
        if argument:
            raise gdb.GdbError(f"strata: no command '{argument}'; `strata help` lists them")
        _help([])


_Prefix()


def command(name: str, arguments: str, text: str) -> Callable[[Any], Any]:
    """Make a function of a list of words the command `strata NAME`."""

    def register(function: Callable[[list[str]], None]) -> Callable[[list[str]], None]:
        COMMANDS[name] = (arguments, text)

        def invoke(_self: Any, argument: str, _from_tty: bool) -> None:
            try:
                function(gdb.string_to_argv(argument))
            except (Trouble, gdb.error, ArithmeticError, LookupError, ValueError) as error:
                raise gdb.GdbError(f"strata {name}: {error}") from None
            except (struct.error, RecursionError, TypeError, AttributeError) as error:
                line = f"strata {name}: what lies in memory makes no sense ({error})"
                raise gdb.GdbError(line) from None

        usage = f"strata {name} {arguments}".rstrip()
        doc = f"{text[0].upper()}{text[1:]}.\nUsage: {usage}"
        kind = type("_Command", (gdb.Command,), {"__doc__": doc, "invoke": invoke})
        kind(f"strata {name}", gdb.COMMAND_DATA)
        return function

    return register


@command("help", "", "this list")
def _help(_words: list[str]) -> None:
    """All commands of the labs that are there."""
    rows = [(f"strata {name} {words}".rstrip(), text) for name, (words, text) in COMMANDS.items()]
    width = max(len(usage) for usage, _ in rows)
    for usage, text in rows:
        print(f"{usage:<{width}}  {text}")


def printer(tag: str) -> Callable[[Any], Any]:
    """Make a class the pretty printer of `struct TAG`."""

    def register(kind: Any) -> Any:
        _PRINTERS.add_printer(tag, f"^{tag}$", kind)
        return kind

    return register


# -- memory ---------------------------------------------------------------------


def read(address: int, length: int) -> bytes:
    """Bytes at an address, through the page tables that are in use."""
    address &= MASK
    try:
        return bytes(gdb.selected_inferior().read_memory(address, length))
    except (gdb.error, OverflowError):
        raise Trouble(f"{address:#x} cannot be read") from None


def words_at(address: int, count: int) -> tuple[int, ...]:
    """64-bit words."""
    return struct.unpack(f"<{count}Q", read(address, 8 * count))


def text_at(address: int, most: int = _TEXT_MAX) -> str:
    """A string that ends with a null byte, odd bytes as \\x.."""
    found = b""
    while len(found) < most and b"\0" not in found:
        # Not over a page's end: the next one may not be there.
        room = 4096 - (address + len(found)) % 4096
        found += read(address + len(found), min(64, room))
    return found.partition(b"\0")[0][:most].decode("ascii", "backslashreplace")


def read_phys64(address: int) -> int:
    """A 64-bit word of physical memory."""
    said = monitor(f"xp /1gx {address:#x}")
    match = re.search(r": 0x([0-9a-f]{16})", said)
    if match is None:
        raise Trouble(f"physical {address:#x} cannot be read")
    return int(match[1], 16)


def monitor(line: str) -> str:
    """What QEMU's monitor answers."""
    try:
        return str(gdb.execute(f"monitor {line}", to_string=True)).replace("\r\n", "\n")
    except gdb.error as error:
        raise Trouble(f"no machine answers ({error})") from None


def cpu() -> dict[str, int]:
    """The selected CPU's registers as QEMU has them: rip, cr3, cs, cs_base, gdt_base, ..."""
    if len(gdb.selected_inferior().threads()) > 1 and gdb.selected_thread():
        monitor(f"cpu {gdb.selected_thread().num - 1}")
    said = monitor("info registers")
    found = parse_registers(said)
    for name, flags in re.findall(r"\b([CDEFGS]S) ?=\S+ \S+ \S+ ([0-9a-f]{8})", said):
        found[f"{name.lower()}_flags"] = int(flags, 16)
    if "rip" not in found or "cr0" not in found:
        raise Trouble("QEMU's monitor does not tell the registers")
    return found


# -- symbols --------------------------------------------------------------------


def number(text: str) -> int:
    """An argument as an address: any expression that GDB understands."""
    value = gdb.parse_and_eval(text)
    code = value.type.strip_typedefs().code
    if code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION, gdb.TYPE_CODE_ARRAY):
        if value.address is None:
            raise Trouble(f"{text} is no address")
        value = value.address
    elif code == gdb.TYPE_CODE_FUNC:
        value = value.address
    return int(value) & MASK


def where(address: int) -> str:
    """`name + 4`, or nothing where there is no name."""
    said = str(gdb.execute(f"info symbol {address & MASK:#x}", to_string=True))
    return "" if said.startswith("No symbol") else said.partition(" in section")[0].strip()


def global_value(name: str, file: str = "") -> Any:
    """A variable of the kernel; with `file`, one that is static there."""
    try:
        return gdb.parse_and_eval(f"'{file}'::{name}" if file else name)
    except gdb.error:
        raise Trouble(f"this kernel has no {name}" + (f" in {file}" if file else "")) from None


def linker_sets() -> dict[str, tuple[int, int]]:
    """First and last address of each linker set: the sections set_NAME."""
    said = str(gdb.execute("info files", to_string=True))
    found = re.findall(r"(0x[0-9a-f]+) - (0x[0-9a-f]+) is set_(\w+)", said)
    return {name: (int(start, 16), int(stop, 16)) for start, stop, name in found}


def linker_set(name: str) -> tuple[int, ...]:
    """The pointers in a linker set, in link order; none if there is no such set."""
    start, stop = linker_sets().get(name, (0, 0))
    return words_at(start, (stop - start) // 8)


def signed_offset(value: int) -> int:
    """A 64-bit word as a signed number."""
    return value - (1 << 64) if value >> 63 else value


def vector_name(vector: int) -> str:
    """An exception's mnemonic, as the manual's list has it; "" for what has none."""
    listed = _MNEMONICS.split()
    return listed[vector] if vector < len(listed) and listed[vector] != "-" else ""


def chain(first: int, link: Callable[[int], int], most: int = 100000) -> Iterator[int]:
    """Addresses from `first` on until 0; a loop or an endless chain is a Trouble."""
    seen: set[int] = set()
    at = first
    while at:
        if at in seen:
            raise Trouble(f"the chain comes back to {at:#x}")
        if len(seen) >= most:
            raise Trouble(f"the chain has more than {most} links")
        seen.add(at)
        yield at
        at = link(at)
