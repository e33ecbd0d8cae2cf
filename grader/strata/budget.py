# SPDX-License-Identifier: MIT
"""How long a guest may run, in *virtual* time, before it must have satisfied somebody.

The board's watchdog (ib700) is armed from outside and pauses the guest, wherever it spins
or sleeps. It counts at most 30 s: a longer budget is given to it in parts.

Source: QEMU, hw/watchdog/wdt_ib700.c (port 443h arms, (15 - value) * 2 seconds; 441h disarms).
"""

from __future__ import annotations

import time
from typing import Any

__all__ = ["BOARD", "Budget"]

BOARD = ("-device", "ib700", "-action", "watchdog=pause")
_PART_MAX_S = 30


class Budget:
    """What is left of it, and whether the watchdog has paused the guest."""

    def __init__(self, virtual_s: float) -> None:
        self.paused = False
        self._whole_s = max(2, int(virtual_s + 1) // 2 * 2)
        self._left_s = 0
        self._began = 0.0  # on the host's clock
        self._arming = 0  # the command that arms it, until QEMU has answered

    def begin(self, ident: int = 0) -> str:
        """Start afresh: the monitor command for the first part, to be sent with this id."""
        self._began = time.time()
        self._left_s = self._whole_s
        self._arming = ident
        return self.next_part()

    def next_part(self) -> str:
        """The monitor command that arms the watchdog for a part of what is left."""
        part = min(_PART_MAX_S, self._left_s)
        self._left_s -= part
        return f"o /b 0x443 {15 - part // 2:#x}"

    @property
    def is_spent(self) -> bool:
        """Whether no further part is left."""
        return self._left_s <= 0

    def take_answer(self, ident: int) -> bool:
        """Whether this answers the command that arms it."""
        if ident != self._arming:
            return False
        self._arming = 0
        return True

    def take_pause(self, message: dict[str, Any], stopped: bool) -> bool:
        """QEMU says STOP or WATCHDOG; True for the pause of a budget that is gone.

        It says WATCHDOG first and STOP when it has stopped; who answers the former may be
        before the latter, and would take it for the next pause. QEMU also holds WATCHDOG
        back when two come within a second: its time tells then. With a debugger, or stopped
        by us, STOP may be another's. QEMU's main loop answers and stops in turn, so what it
        says before it answers the arming is of the budget before.
        """
        if self.paused or message["event"] != ("WATCHDOG" if stopped else "STOP"):
            return False
        when = message["timestamp"]
        self.paused = not self._arming and (
            when["seconds"] + when["microseconds"] / 1e6 >= self._began
        )
        return not self.paused
