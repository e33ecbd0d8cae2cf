# SPDX-License-Identifier: MIT
"""Challenge: a clock on the screen. No marks; `make challenge TEST=screen_clock`."""

from __future__ import annotations

import re
import time
from typing import Any

from strata.api import Failure

LOOK_S, LOOK_EACH_S, CHANGES = 8.0, 0.1, 3
LATE_S = 1.2  # a second, and the way to the screen


def corner(guest: Any) -> str:
    """What stands there now."""
    guest.stop()
    text = str(guest.screen_text()[0][72:80])
    guest.cont()
    return text


def shown_s(guest: Any) -> int:
    """The time on the screen, in seconds; scrolling may have taken it away till the next one."""
    text, end = "", time.monotonic() + LOOK_S
    while time.monotonic() < end:
        text = corner(guest)
        if re.fullmatch(r"\d\d:\d\d:\d\d", text):
            hours, minutes, seconds = (int(part) for part in text.split(":"))
            return hours * 3600 + minutes * 60 + seconds
        time.sleep(LOOK_EACH_S)
    raise Failure("hh:mm:ss in the upper right corner", expected="00:00:01", seen=repr(text))


def test_the_screen_shows_the_time_since_boot(machine: Any) -> None:
    """Each second anew; by the kernel's own clock never more than a second late."""
    guest = machine.boot(door="own", vga="std", icount=None, virtual_s=30.0)
    guest.wait_serial("strata> ")
    seen = [shown_s(guest)]
    end = time.monotonic() + LOOK_S
    while time.monotonic() < end and len(set(seen)) < CHANGES:
        time.sleep(LOOK_EACH_S)
        seen.append(shown_s(guest))
    if len(set(seen)) < CHANGES or seen != sorted(seen):
        raise Failure("the clock goes on", expected="a later time each second", seen=str(set(seen)))
    before = seen[-1]
    guest.send("clock\r")
    said = guest.wait_serial("calendar", "what the command clock says").decode("latin-1")
    now = re.search(r"now: ([0-9.]+) s", said)
    after = shown_s(guest)
    # However long the host took between the looks, the answer is of a time between them.
    if now is None or not before <= float(now[1]) <= after + LATE_S:
        raise Failure(
            "the time is that of `clock`",
            expected=now[1] if now else "now: ... s",
            seen=f"{before} s before, {after} s after",
        )
