# SPDX-License-Identifier: MIT
"""Undefined behaviour is reported with its place and values, and ends a debug build."""

from __future__ import annotations

from strata.api import EXIT_PANIC, Machine, expect

# What ubsan_test.c does on request, and what the report says of it.
CASES = {
    "shift": "shift of 1 by 40 bits, type 'int'",
    "index": "index 40 is outside of",
    "null": "the null pointer",
    "misaligned": "which is not a multiple of 4",
    "bool": "40 is no value of '_Bool'",
    "ctz": "__builtin_ctz of 0",
    "unreachable": "code was reached that never should be",
}


def test_undefined_behaviour_is_reported(machine: Machine) -> None:
    """Each kind of undefined behaviour panics with file, line and values."""
    for name, words in CASES.items():
        guest = machine.boot(
            door="pvh",
            image="stageN-test.stripped.elf",
            cmdline=f"undefined={name} console=none panic=exit",
        )
        guest.wait_exit(EXIT_PANIC)
        said = [line for line in guest.verdicts if line.startswith("panic: ")]
        expect(len(said) == 1, f"undefined={name} panics once", seen=said)
        expect(words in said[0], f"undefined={name} is reported: {words}", seen=said[0])
        expect("tests/ubsan_test.c:" in said[0], "the report names the file", seen=said[0])
