# SPDX-License-Identifier: MIT
"""What is heard of a QEMU, which a script plays: it hangs at its end, or says two things."""

from __future__ import annotations

import selectors
import stat
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from strata.machine import Guest
from strata.spec import MachineSpec

TOKEN = "00000001"
PLAYED = """#!/usr/bin/python3
import json, os, re, socket, sys, time
words = " ".join(sys.argv)
qmp = socket.socket(fileno=int(re.search(r"id=qmp,fd=(\\d+)", words)[1]))
verdict = int(re.search(r"-add-fd fd=(\\d+)", words)[1])
say = lambda **one: qmp.sendall(json.dumps(one).encode() + b"\\n")
say(QMP={"version": {"qemu": {"major": 7, "minor": 2, "micro": 0}}})
for line in qmp.makefile():
    asked = json.loads(line)
    say(**{"return": "" if "monitor" in asked["execute"] else {}, "id": asked["id"]})
    if asked["execute"] == "cont":
        os.write(verdict, b"@TOKEN panic: first\\n")
        print("bye", flush=True)
        if "REASON":
            say(event="SHUTDOWN", data={"reason": "REASON"})
        time.sleep(60)
"""


class Guests:
    """Makes guests of such a QEMU."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._qemu = folder / "qemu"
        monkeypatch.setenv("QEMU", str(self._qemu))
        monkeypatch.setattr("strata.machine._TICK_S", 0.1)
        self.made: list[Guest] = []

    def boot(self, reason: str = "") -> Guest:
        """One that has written on both lines, and then ends for a reason, if there is one."""
        text = PLAYED.replace("REASON", reason).replace("TOKEN", TOKEN)
        self._qemu.write_text(text, encoding="utf-8")
        self._qemu.chmod(self._qemu.stat().st_mode | stat.S_IXUSR)
        self.made.append(Guest(MachineSpec("pvh", self._qemu.with_name("none.elf"), TOKEN)))
        return self.made[-1]


@pytest.fixture(name="guests")
def _guests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guests]:
    guests = Guests(tmp_path, monkeypatch)
    yield guests
    for guest in guests.made:
        guest.close()


@pytest.mark.parametrize("reason,kind", [("guest-shutdown", "shutdown"), ("guest-reset", "reset")])
def test_its_word_is_the_end(reason: str, kind: str, guests: Guests) -> None:
    """Soon, not after the time in which a silent QEMU is given up; no output is lost."""
    guest = guests.boot(reason)
    assert guest.wait_exit().kind == kind
    assert bytes(guest.serial) == b"bye\n" and guest.verdicts == ["panic: first"]


def test_a_verdict_is_there_when_what_came_after_it_is_seen(
    guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the loop was told of the serial line only."""
    select = selectors.DefaultSelector.select

    def of_serial(self: selectors.DefaultSelector, timeout: float | None = None) -> object:
        until = time.monotonic() + 20
        found: list[Any] = []
        while not found and time.monotonic() < until:
            found = [one for one in select(self, timeout) if one[0].data != "verdict"]
            time.sleep(0.01)
        return found

    monkeypatch.setattr(selectors.DefaultSelector, "select", of_serial)
    guest = guests.boot()
    guest.wait_serial("bye\n")
    assert guest.verdicts == ["panic: first"]
