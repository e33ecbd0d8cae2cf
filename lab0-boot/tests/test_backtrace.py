# SPDX-License-Identifier: MIT
"""Exercise 0.4, the backtrace, in a real panic."""

from __future__ import annotations

import re

from strata.api import EXIT_PANIC, Failure, Machine, expect, expect_eq, judges

NAMES = {"a": "fall_alpha", "b": "fall_beta", "c": "fall_gamma"}
LINE = re.compile(r"^\s*#(\d+) ([0-9a-f]{16}) (\?|(\w+)\+0x([0-9a-f]+))$", re.M)


@judges(exercise="0.4", weight=1, needs=["0.1", "0.2"], images=["stageN-test.stripped.elf"])
def test_a_panic_names_its_callers(machine: Machine) -> None:
    """A panic at a random depth lists the functions that led to it, innermost first."""
    way = "".join(machine.random.choices("abc", k=machine.random.randrange(2, 9)))
    guest = machine.boot(image="stageN-test.stripped.elf", cmdline=f"fall={way} panic=exit")
    guest.wait_exit(EXIT_PANIC)
    text = guest.serial.decode("ascii", "replace").replace("\r", "")
    lines = LINE.findall(text.partition("backtrace, innermost")[2])
    names = [line[3] or "?" for line in lines]
    seen = [name for name in names if name in NAMES.values()]
    wanted = [NAMES[letter] for letter in reversed(way)]
    if seen != wanted:
        raise Failure(
            "the backtrace does not name the functions that were called",
            expected=" <- ".join(wanted),
            seen=" <- ".join(names) or "no backtrace",
            hint="each frame holds the caller's rbp and, 8 bytes above, the return address",
        )
    expect("kernel_main" in names, "the walk does not reach kernel_main", seen=names)
    for _, address, _, name, offset in lines:
        if name in NAMES.values():
            start = int(address, 16) - int(offset, 16)
            expect_eq(start, guest.symbol(name), f"start of {name}: address less offset")
