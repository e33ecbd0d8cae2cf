# SPDX-License-Identifier: MIT
"""A machine that is recorded, or replayed from its record: QEMU's record and replay.

The log holds what came from outside, such as clocks, keys and the ends of a disk's
requests, and when; all else follows from the instructions, which `-icount` counts. No I/O.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from .spec import MachineSpec, command_line

__all__ = ["Recording", "changed_by_debugger", "changed_by_monitor", "rr_words", "why_not"]

# What QEMU's monitors do without a change to the machine.
_LOOKS: tuple[str, ...] = ("info", "x", "xp", "human-monitor-command", "stop", "cont")
_LOOKS += ("quit", "query-replay")
_LOOKS += ("pmemsave", "memsave", "screendump", "cpu", "chardev-add", "gdbserver")
_CHANGES = (b"$P", b"$G", b"$M", b"$X", b"$s")  # a step leaves interrupts out

# What brings something in from outside that the log does not hold.
_UNRECORDED = {
    "-netdev": "a network with real peers",
    "-nic": "a network with real peers",
    "-smp": "more than one CPU",
    "-accel": "an accelerator",
    "-drive": "a disk that is not recorded",
    "-blockdev": "a disk that is not recorded",
    "-chardev": "a line that is not recorded",
    "-serial": "a second serial line",
}


@dataclass(frozen=True)
class Recording:
    """A recorded run: its machine, its log, how many instructions, how it ended.

    waits   it was recorded with a clock that waits while the CPU sleeps
    said    on the serial line
    """

    spec: MachineSpec
    log: Path
    length: int
    ended: str
    elf: Path
    waits: bool = False
    said: bytes = b""


def why_not(spec: MachineSpec) -> str:
    """Why a machine cannot be recorded; "" when it can."""
    if spec.smp > 1:
        return "it has more than one CPU"
    if spec.icount is None:
        return "it runs in real time"
    found = next((_UNRECORDED[word] for word in spec.args if word in _UNRECORDED), "")
    return f"it has {found}" if found else ""


def changed_by_monitor(name: str, arguments: Mapping[str, Any]) -> str:
    """How a QMP command changes the machine, so that no record holds it; "" if it looks only."""
    line = str(arguments.get("command_line", "info")).split()
    if name in _LOOKS and (not line or line[0] in _LOOKS):
        return ""
    return f"its test uses the monitor's {line[0] if line and name in _LOOKS else name}"


def changed_by_debugger(packet: bytes) -> str:
    """The same of a debugger's packet."""
    return "its test changes the machine with a debugger" if packet[:2] in _CHANGES else ""


def rr_words(
    spec: MachineSpec, mode: str, log: Path, serial: str, verdict: str, waits: bool
) -> list[str]:
    """QEMU's arguments for a mode, record or replay; serial is a -serial value.

    Only a line given by -serial is recorded, one by -chardev is not. A pause instead of
    the end leaves time to ask how far the guest came. What comes from outside at a time
    of its own, a key or a disk's answer, QEMU only takes up while it records if the guest's
    clock waits with a sleeping CPU (sleep=on); without, the clock jumps to the next timer.
    """
    words: list[str] = ["-no-shutdown"]
    plain = command_line(spec, "null", verdict)
    at = 0
    while at < len(plain):
        option, value = plain[at], plain[at + 1] if at + 1 < len(plain) else ""
        if option == "-icount":
            clock = value.replace("sleep=off", "sleep=on") if waits else value
            words += [option, f"{clock},rr={mode},rrfile={log}"]
        elif option == "-serial":
            words += [option, serial]
        elif option == "-blockdev":
            words += _recorded_disk(value, mode)
        elif option != "-chardev" or ",id=com1" not in value:
            words.append(option)
            at += 1
            continue
        at += 2
    return words


def _recorded_disk(blockdev: str, mode: str) -> list[str]:
    """A disk whose requests end when the log says so. A replay writes into an overlay."""
    node = json.loads(blockdev)
    name = node.pop("node-name")
    end = ",read-only=on" if node.get("read-only") else ""
    below = f"file=json:{json.dumps(node)}".replace(",", ",,")
    overlay = ",snapshot=on" if mode == "replay" and not end else ""
    return [
        *("-drive", f"if=none,id={name}-file,{below}{overlay}{end}"),
        *("-drive", f"if=none,id={name},driver=blkreplay,image={name}-file{end}"),
    ]
