# SPDX-License-Identifier: MIT
"""The monitor at the other end of the serial line."""

from __future__ import annotations

from strata.api import Guest


def answer(guest: Guest, command: str) -> str:
    """What it says to a command; the guest stands at its prompt."""
    guest.send(command + "\r")
    return guest.wait_serial("strata> ").decode("ascii", "replace").replace("\r\n", "\n")
