# SPDX-License-Identifier: MIT
"""Challenge: a clock on the screen. No marks; `make challenge TEST=screen_clock`."""

from __future__ import annotations

import re
import time
from typing import Any

from strata.api import Failure

LOOK_S, CHANGES = 8.0, 3


def corner(guest: Any) -> str:
    """What stands there now."""
    guest.stop()
    text = str(guest.screen_text()[0][72:80])
    guest.cont()
    return text


def seconds_of(text: str) -> int:
    """As a number."""
    digits = re.fullmatch(r"(\d\d):(\d\d):(\d\d)", text)
    if digits is None:
        raise Failure("hh:mm:ss in the upper right corner", expected="00:00:01", seen=repr(text))
    hours, minutes, seconds = (int(part) for part in digits.groups())
    return hours * 3600 + minutes * 60 + seconds


def test_the_screen_shows_the_time_since_boot(machine: Any) -> None:
    """Each second anew; by the kernel's own clock never more than a second late."""
    guest = machine.boot(door="own", vga="std", icount=None, virtual_s=30.0)
    guest.wait_serial("strata> ")
    seen: list[int] = []
    end = time.monotonic() + LOOK_S
    while time.monotonic() < end:
        time.sleep(0.1)
        text = corner(guest)
        if seen or text.strip():
            seen.append(seconds_of(text))
        if len(set(seen)) == CHANGES:
            break
    if len(set(seen)) < CHANGES or seen != sorted(seen):
        raise Failure("the clock goes on", expected="a later time each second", seen=str(set(seen)))
    guest.send("clock\r")
    said = guest.wait_serial("calendar", "what the command clock says").decode("latin-1")
    now = re.search(r"now: ([0-9.]+) s", said)
    shown = seconds_of(corner(guest))
    if now is None or not float(now[1]) - 1.2 <= shown <= float(now[1]) + 1.2:
        raise Failure(
            "the time is that of `clock`",
            expected=now[1] if now else "now: ... s",
            seen=f"{shown} s",
        )
