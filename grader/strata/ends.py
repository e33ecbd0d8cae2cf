# SPDX-License-Identifier: MIT
"""How a guest ended: the codes of the exit device, and what QEMU's end tells."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass, field

from .host import parse_registers

__all__ = [
    "EXIT_FAIL",
    "EXIT_LOADER",
    "EXIT_NAMES",
    "EXIT_OK",
    "EXIT_PANIC",
    "EXIT_TODO",
    "End",
    "crash_text",
    "end_of",
]

EXIT_OK = 0x10
EXIT_FAIL = 0x11
EXIT_PANIC = 0x12
EXIT_TODO = 0x13
EXIT_LOADER = 0x14
EXIT_NAMES = {
    EXIT_OK: "the kernel ended by itself, all done",
    EXIT_FAIL: "the kernel ended by itself, with failures",
    EXIT_PANIC: "the kernel panicked",
    EXIT_TODO: "an exercise that is not written was reached",
    EXIT_LOADER: "the loader gave up with a message",
}

# QEMU gives up, as a real CPU would not: a guest runs into nothing, or has its page
# tables in a device's memory. Source: QEMU, cpu_abort() in cpu.c.
_FATAL = re.compile(r"^qemu: fatal: (.*)$", re.M)
_ASTRAY = "Trying to execute code outside RAM or ROM at "


@dataclass
class End:
    """How a guest ended.

    kind  exit (code), reset, shutdown, astray and abort (by QEMU), hang, flood, stall,
          killed (by us)
    """

    kind: str
    code: int | None = None
    text: str = ""
    regs: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.kind == "exit":
            name = EXIT_NAMES.get(self.code or 0, "an exit code that nobody knows")
            return f"{name} (exit code {self.code or 0:#x})"
        return self.text


def end_of(status: int, reason: str, said: str, started: bool) -> End | None:
    """What QEMU's exit status means; None for an end of QEMU's own.

    reason   of its SHUTDOWN event, or empty
    said     its error output
    started  whether it came as far as to greet us
    """
    if status > 1 and status & 1 or status == 1 and started and not said:
        return End("exit", code=status >> 1)
    if status == 0 and reason == "guest-reset":
        return End("reset", text="the machine was reset")
    if status == 0 and reason == "guest-shutdown":
        return End("shutdown", text="the guest switched the machine off")
    fatal = _FATAL.search(said)
    if fatal is None:
        return None
    _, _, place = fatal[1].partition(_ASTRAY)
    if place:
        place = f"{place.split()[0]}, where there is neither RAM nor ROM"
        return End("astray", text=f"the CPU went on at physical address {place}")
    text = f"QEMU gave up on what the guest did: {fatal[1]}"
    return End("abort", text=text, regs=parse_registers(said))


def crash_text(status: int, said: str, started: bool) -> str:
    """An end of QEMU's own, in words."""
    how = signal.Signals(-status).name if status < 0 else f"status {status}"
    when = "ended by itself" if started else "did not start"
    return f"QEMU {when} ({how})" + (f": {said.splitlines()[-1]}" if said else "")
