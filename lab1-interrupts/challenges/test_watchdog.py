# SPDX-License-Identifier: MIT
"""Challenge: a watchdog by NMI. No marks; `make challenge TEST=watchdog`."""

from __future__ import annotations

import re
import time
from typing import Any

from strata.api import Failure, GuestEnded, expect

SPIN = {True: b"\xfa\xeb\xfe", False: b"\xfb\xeb\xfe"}  # cli (or sti), and a jump to itself
HANG_S = 8.0
IDLE_S = 6.0


def spinning(machine: Any, cmdline: str, interrupts_off: bool) -> Any:
    """A kernel at its prompt that runs into an endless loop there; and where that is."""
    guest = machine.boot(cmdline=cmdline, icount=None, virtual_s=HANG_S)
    guest.wait_serial("strata> ")
    gdb = guest.gdb()
    here = gdb.regs()["rip"]
    gdb.write(here, SPIN[interrupts_off])
    gdb.detach()
    guest.send(" ")  # it sleeps there, and has to wake up to spin
    return guest, here


def test_a_loop_with_interrupts_off_is_named(machine: Any) -> None:
    """Two seconds after the kernel stopped running timers it panics, and says where it was."""
    guest, here = spinning(machine, "watchdog=2", interrupts_off=True)
    said = guest.wait_serial("last log lines", "a panic by the watchdog").decode("latin-1")
    name = guest.symbols.find(here).partition("+")[0]
    panic = re.search(r"panic: .*watchdog.*", said)
    if panic is None or name not in said:
        raise Failure(
            "the panic has the word watchdog and the function that spins",
            expected=f"panic: ... watchdog ..., and {name}",
            seen=panic[0] if panic else said[-300:],
        )


def test_without_the_option_there_is_none(machine: Any) -> None:
    """A kernel that hangs hangs on, if nobody asked for a watchdog."""
    guest, _ = spinning(machine, "", interrupts_off=True)
    _stays_quiet(guest)


def test_a_loop_with_interrupts_on_runs_its_timers(machine: Any) -> None:
    """The kernel is busy, not dead: timers run, so the watchdog has nothing to say."""
    guest, _ = spinning(machine, "watchdog=2", interrupts_off=False)
    _stays_quiet(guest)


def test_an_idle_kernel_is_not_dead(machine: Any) -> None:
    """Nobody types for some seconds; then the prompt answers."""
    guest = machine.boot(cmdline="watchdog=2", icount=None, virtual_s=2 * IDLE_S)
    guest.wait_serial("strata> ")
    time.sleep(IDLE_S)  # without icount the guest's seconds are the host's
    guest.send("clock\r")
    said = guest.wait_serial("strata> ", "the prompt answers").decode("latin-1")
    expect("source: " in said and "panic" not in said, "an idle kernel goes on", seen=said)


def _stays_quiet(guest: Any) -> None:
    """It spins until its time is over: no panic, and no reset either."""
    try:
        guest.wait_serial("panic", "nothing at all")
    except GuestEnded:
        if guest.end.kind == "hang":
            return
        raise
    raise Failure("the kernel is left alone", expected="no panic", seen="panic")
