# SPDX-License-Identifier: MIT
"""The monitor at the other end of the serial line."""

from __future__ import annotations

from strata.api import Guest


def answer(guest: Guest, command: str) -> str:
    """What it says to a command; the guest stands at its prompt."""
    guest.send(command + "\r")
    return guest.wait_serial("strata> ").decode("ascii", "replace").replace("\r\n", "\n")


def settled(guest: Guest) -> dict[str, int]:
    """Registers once the CPU sleeps at the prompt; the last ones if it never does."""
    for _ in range(100):  # behind its last word it may still be on its way there
        regs = guest.regs()
        if regs["hlt"]:
            break
    return regs
