# SPDX-License-Identifier: MIT
"""Exercise 1.5 from outside: a stack that overflows ends in a report, not in a reset."""

from __future__ import annotations

from typing import Any

from strata.api import EXIT_PANIC, expect, expect_eq, judges

IMAGE = "stageN-test.stripped.elf"


@judges(exercise="1.5", weight=2, needs=["1.3"], plain=True, images=["stageN-test.stripped.elf"])
def test_a_stack_overflow_is_reported(machine: Any) -> None:
    """A recursion without end, begun at a random depth: the report names stack and function."""
    name = machine.random.choice(["alpha", "beta", "gamma"])
    depth = machine.random.randrange(0, 60)
    guest = machine.boot(image=IMAGE, cmdline=f"overflow={name},{depth} panic=exit")
    guest.wait_exit(EXIT_PANIC)
    facts = dict(
        line.removeprefix("fact: ").split("=", 1)
        for line in guest.verdicts
        if line.startswith("fact: ")
    )
    lines = [line for line in guest.verdicts if line.startswith(("panic: ", "bt: "))]
    shown = "\n".join(lines[:4])
    expect_eq(int(facts.get("vector", "-1"), 16), 8, "the exception reported: #DF", hint=shown)
    expect_eq(facts.get("stack"), "boot stack", "the stack that overflowed", hint=shown)
    inside = range(guest.symbol("boot_stack_guard"), guest.symbol("boot_stack") + 1)
    expect(int(facts["rsp"], 16) in inside, "RSP at the stack's lower end", seen=facts["rsp"])
    first = next(line for line in lines if line.startswith("bt: "))
    expect(f"overflow_{name}" in first, "the report begins in the function", seen=first)
    expect("boot stack" in lines[0], "the panic's sentence names the stack", seen=lines[0])
    expect(f"overflow_{name}" in lines[0], "... and the function", seen=lines[0])
