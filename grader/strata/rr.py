# SPDX-License-Identifier: MIT
"""A machine that is recorded, or replayed from its record: QEMU's record and replay.

The log holds what came from outside, such as clocks, and when; all else follows from
the instructions, which `-icount` counts. No I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .spec import MachineSpec, command_line

__all__ = ["Recording", "rr_words", "why_not"]

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
    """A recorded run: its machine, its log, how many instructions, how it ended."""

    spec: MachineSpec
    log: Path
    length: int
    ended: str
    elf: Path


def why_not(spec: MachineSpec) -> str:
    """Why a machine cannot be recorded; "" when it can."""
    if spec.smp > 1:
        return "it has more than one CPU"
    if spec.icount is None:
        return "it runs in real time"
    if spec.door != "pvh":
        return "it boots from a disk, whose requests QEMU 7.2 does not end while it records"
    found = next((_UNRECORDED[word] for word in spec.args if word in _UNRECORDED), "")
    return f"it has {found}" if found else ""


def rr_words(spec: MachineSpec, mode: str, log: Path, serial: str, verdict: str) -> list[str]:
    """QEMU's arguments for a mode, record or replay; serial is a -serial value.

    Only a line given by -serial is recorded, one by -chardev is not. A pause instead of
    the end leaves time to ask how far the guest came.
    """
    words: list[str] = ["-no-shutdown"]
    plain = command_line(spec, "null", verdict)
    at = 0
    while at < len(plain):
        option, value = plain[at], plain[at + 1] if at + 1 < len(plain) else ""
        if option == "-icount":
            words += [option, f"{value},rr={mode},rrfile={log}"]
        elif option == "-serial":
            words += [option, serial]
        elif option != "-chardev" or ",id=com1" not in value:
            words.append(option)
            at += 1
            continue
        at += 2
    return words
