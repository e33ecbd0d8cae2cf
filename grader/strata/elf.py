# SPDX-License-Identifier: MIT
"""Symbols of an ELF file, read without any tool."""

from __future__ import annotations

import bisect
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

__all__ = ["Symbols", "is_elf64", "read_symbols", "undefined"]

_SHT_SYMTAB = 2
_STT_FUNC = 2
_STT_FILE = 4
_STT_SECTION = 3


@dataclass(frozen=True)
class Symbols:
    """Names and addresses; functions sorted by address."""

    by_name: dict[str, int]
    addresses: tuple[int, ...]
    names: tuple[str, ...]

    def find(self, address: int) -> str:
        """`function+0xoffset`, or the address when nothing is near."""
        at = bisect.bisect_right(self.addresses, address) - 1
        if at < 0 or address - self.addresses[at] > 0x100000:
            return f"{address:#x}"
        offset = address - self.addresses[at]
        return self.names[at] + (f"+{offset:#x}" if offset else "")


def is_elf64(path: Path) -> bool:
    """Whether a file is one that GDB can take for a 64-bit machine."""
    try:
        with open(path, "rb") as file:
            return file.read(5) == b"\x7fELF\x02"
    except OSError:
        return False


def undefined(path: Path) -> frozenset[str]:
    """The names that an object wants from others."""
    try:
        data = path.read_bytes()
        found: set[str] = set()
        for table, strings, wide in _tables(data):
            names = data[strings[4] : strings[4] + strings[5]]
            found |= {
                names[name : names.index(b"\0", name)].decode("utf-8", "replace")
                for name, _, index, _ in _entries(data, table, wide)
                if name and not index
            }
        return frozenset(found)
    except (OSError, struct.error, ValueError, IndexError):
        return frozenset()


def read_symbols(path: Path) -> Symbols:
    """The symbol table of a file; an empty one if it has none or is not ELF."""
    try:
        data = path.read_bytes()
        by_name, code = _parse(data)
    except (OSError, struct.error, ValueError, IndexError):
        by_name, code = {}, {}
    ordered = sorted(code.items())
    return Symbols(
        by_name,
        tuple(address for address, _ in ordered),
        tuple(name for _, name in ordered),
    )


_Section = tuple[int, ...]


def _sections(data: bytes) -> tuple[list[_Section], bool]:
    wide = data[:5] == b"\x7fELF\x02"
    if not wide and data[:5] != b"\x7fELF\x01":
        raise ValueError("not ELF")
    (table,) = struct.unpack_from(*(("<Q", data, 0x28) if wide else ("<I", data, 0x20)))
    size, count = struct.unpack_from("<HH", data, 0x3A if wide else 0x2E)
    form = "<IIQQQQIIQQ" if wide else "<10I"
    return [struct.unpack_from(form, data, table + at * size) for at in range(count)], wide


def _tables(data: bytes) -> list[tuple[_Section, _Section, bool]]:
    """Symbol tables with their strings."""
    sections, wide = _sections(data)
    return [(one, sections[one[6]], wide) for one in sections if one[1] == _SHT_SYMTAB]


def _entries(data: bytes, table: _Section, wide: bool) -> Iterator[tuple[int, int, int, int]]:
    """(name, info, section, value) of each symbol."""
    area = data[table[4] : table[4] + table[5] - table[5] % (24 if wide else 16)]
    for entry in struct.iter_unpack("<IBBHQQ" if wide else "<IIIBBH", area):
        if wide:
            yield entry[0], entry[1], entry[3], entry[4]
        else:
            yield entry[0], entry[3], entry[5], entry[1]


def _parse(data: bytes) -> tuple[dict[str, int], dict[int, str]]:
    by_name: dict[str, int] = {}
    code: dict[int, str] = {}
    executable = {at for at, other in enumerate(_sections(data)[0]) if other[2] & 4}
    for table, strings, wide in _tables(data):
        names = data[strings[4] : strings[4] + strings[5]]
        for name, info, index, value in _entries(data, table, wide):
            kind = info & 15
            if not name or not index or kind in (_STT_FILE, _STT_SECTION):
                continue
            word = names[name : names.index(b"\0", name)].decode("utf-8", "replace")
            by_name.setdefault(word, value)
            local = "." in word or word.startswith("_L")
            if index in executable and not (local and value in code):
                if kind == _STT_FUNC or value not in code:
                    code[value] = word
    return by_name, code
