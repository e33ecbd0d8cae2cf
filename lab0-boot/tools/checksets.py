# SPDX-License-Identifier: MIT
"""Check on `nm`'s output that no linker set was lost outside the image.

A set whose sections a linker script swallowed or a linker dropped has start
and stop symbols that are missing, swapped, or not inside the kernel. The
exception table is the one set of structs, of 16 bytes, and is sorted in place.
"""
from __future__ import annotations

import sys


def read_symbols(lines: list[str]) -> dict[str, int]:
    """Defined symbols of nm's three-column lines."""
    rows = (line.split() for line in lines)
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


def complaints(symbols: dict[str, int]) -> list[str]:
    """One line for each set that does not lie in the read-only data."""
    low, high = symbols["kernel_rodata"], symbols["kernel_rodata_end"]
    found = []
    for name, start in symbols.items():
        if not name.startswith("__start_set_"):
            continue
        stop = symbols.get(name.replace("start", "stop", 1), -1)
        if not low <= start <= stop <= high or (stop - start) % 8:
            found.append(f"linker set {name[8:]} is lost: {start:#x}..{stop:#x}")
    found += exception_table(symbols)
    members = {name.split("_", 2)[1] for name in symbols if name.startswith("set_")}
    if members and not any(name.startswith("__start_set_") for name in symbols):
        found.append("no linker set has a start symbol")
    return found


def exception_table(symbols: dict[str, int]) -> list[str]:
    """One line if the exception table, if there is one, does not lie in writable data."""
    if "__start_exception_table" not in symbols:
        return []
    low, high = symbols["kernel_data"], symbols["kernel_end"]
    start, stop = symbols["__start_exception_table"], symbols["__stop_exception_table"]
    if low <= start <= stop <= high and start % 8 == 0 and (stop - start) % 16 == 0:
        return []
    return [f"the exception table is lost: {start:#x}..{stop:#x}"]


def main() -> int:
    """Read nm's output on standard input."""
    found = complaints(read_symbols(sys.stdin.read().splitlines()))
    for line in found:
        print(f"checksets: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
