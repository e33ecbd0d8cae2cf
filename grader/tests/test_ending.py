# SPDX-License-Identifier: MIT
"""A QEMU that says the guest's end and does not go itself, played by a script."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from strata.machine import Guest
from strata.spec import MachineSpec

HANGS = """#!/usr/bin/python3
import json, re, socket, sys, time
fd = int(re.search(r"id=qmp,fd=(\\d+)", " ".join(sys.argv))[1])
qmp = socket.socket(fileno=fd)
say = lambda **one: qmp.sendall(json.dumps(one).encode() + b"\\n")
say(QMP={"version": {"qemu": {"major": 7, "minor": 2, "micro": 0}}})
for line in qmp.makefile():
    asked = json.loads(line)
    say(**{"return": "" if "monitor" in asked["execute"] else {}, "id": asked["id"]})
    if asked["execute"] == "cont":
        print("bye", flush=True)
        say(event="SHUTDOWN", data={"reason": "REASON"})
        time.sleep(60)
"""


@pytest.mark.parametrize("reason,kind", [("guest-shutdown", "shutdown"), ("guest-reset", "reset")])
def test_its_word_is_the_end(
    reason: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Soon, not after the time in which a silent QEMU is given up; no output is lost."""
    qemu = tmp_path / "qemu"
    qemu.write_text(HANGS.replace("REASON", reason), encoding="utf-8")
    qemu.chmod(qemu.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("QEMU", str(qemu))
    monkeypatch.setattr("strata.machine._TICK_S", 0.1)
    guest = Guest(MachineSpec("pvh", tmp_path / "none.elf", "00000001"))
    try:
        assert guest.wait_exit().kind == kind
        assert bytes(guest.serial) == b"bye\n"
    finally:
        guest.close()
