# SPDX-License-Identifier: MIT
"""Machines of all kinds come up to the monitor with interrupts, a clock and an alarm.

Provided code: these tests carry no marks. The controllers' lines have tests of their
own, in test_irqchip.py.
"""

from __future__ import annotations

import re
from typing import Any

from monitor_support import answer, settled
from strata.api import Failure, Guest, Machine, expect, expect_eq

PARKED = "HLT=1"


def number(text: str, pattern: str) -> float:
    """The number that a pattern finds."""
    found = re.search(pattern, text, re.M)
    if not found:
        raise Failure(f"the monitor's answer lacks {pattern!r}", seen=text)
    return float(found[1])


def check(
    machine: Machine, chip: str, event: str, *, board: str = "pc", clock: str = "tsc", **how: Any
) -> Guest:
    """Boot; the controller, the alarm and the clock are these, and all of them work."""
    guest = machine.boot(machine=board, **how)
    guest.wait_serial("strata> ")
    expect_eq(answer(guest, "irqchip").split("\n")[1], chip, "the interrupt controller")
    serial = answer(guest, "serial")
    expect("by interrupt on line 4" in serial, "the serial line interrupts", seen=serial)
    times = []
    for _ in range(2):
        told = answer(guest, "clock")
        expect(f"source: {clock}\n" in told, f"the clock is {clock}", seen=told)
        times.append(number(told, r"^now: ([\d.]+) s"))
        expect(number(told, r"^calendar: (\d{4})-\d\d-\d\d ") >= 2020, "a date", seen=told)
    expect(times[0] < times[1], "the clock goes on", seen=times)
    timers = answer(guest, "timers")
    expect(f"device: {event}\n" in timers, f"alarms come from {event}", seen=timers)
    if clock == "pit":  # its counter wraps: a timer looks at it
        expect(number(timers, r"^fired: (\d+)") > 0, "timers run", seen=timers)
    before, after = (
        number(answer(guest, "interrupts"), r"^ *36 +(\d+) +line 4: serial$") for _ in range(2)
    )
    expect(before < after, "the count of the serial line's interrupts grows", seen=(before, after))
    told = answer(guest, "interrupts")
    expect("wanted by nobody 0" in told, "no interrupt was unexpected", seen=told)
    expect(settled(guest)["hlt"], "the CPU sleeps at the prompt")
    return guest


def test_a_pc(machine: Machine) -> None:
    """PC with all it has: APICs, time-stamp counter, the local APIC's timer."""
    check(machine, "apic", "lapic")


def test_a_q35(machine: Machine) -> None:
    """Q35: the same."""
    check(machine, "apic", "lapic", board="q35")


def test_a_machine_without_hpet(machine: Machine) -> None:
    """Without HPET the time-stamp counter is measured by what else there is."""
    check(machine, "apic", "lapic", board="pc,hpet=off")


def test_a_cpu_without_apic(machine: Machine) -> None:
    """Without APIC: the 8259 pair and the interval timer."""
    check(machine, "pic", "pit", cpu="qemu64,-apic")


def test_a_machine_without_acpi(machine: Machine) -> None:
    """Without ACPI: the 8259 pair; the CPU's own alarm needs no table."""
    check(machine, "pic", "lapic", board="pc,acpi=off")


def test_a_machine_with_two_cpus(machine: Machine) -> None:
    """The second CPU stays parked."""
    guest = check(machine, "apic", "lapic", smp=2)
    guest.hmp("cpu 1")
    other = guest.hmp("info registers")
    expect(PARKED in other, "the second CPU has never been started", seen=other[:300])


def test_the_oldest_devices(machine: Machine) -> None:
    """All by option: 8259 pair, interval timer for both clock and alarms."""
    options = "irqchip=pic clock=pit event=pit"
    check(machine, "pic", "pit", clock="pit", cmdline=options, board="pc,hpet=off")


def test_the_hpet_as_clock(machine: Machine) -> None:
    """clock=hpet reads the HPET."""
    check(machine, "apic", "lapic", clock="hpet", cmdline="clock=hpet")


def test_by_our_loader(machine: Machine) -> None:
    """Our own loader, after SeaBIOS; with either controller."""
    for chip in ("apic", "pic"):
        check(machine, chip, "lapic", cmdline=f"irqchip={chip}", door="own")


def test_by_grub(machine: Machine) -> None:
    """GRUB on a BIOS."""
    check(machine, "apic", "lapic", door="grub")


def test_by_uefi(machine: Machine) -> None:
    """GRUB on UEFI, in real time: whichever clock the host's load lets it trust."""
    guest = machine.boot(door="uefi")
    guest.wait_serial("strata> ")
    serial = answer(guest, "serial")
    expect("by interrupt on line 4" in serial, "the serial line interrupts", seen=serial)
    times = [number(answer(guest, "clock"), r"^now: ([\d.]+) s") for _ in range(2)]
    expect(times[0] < times[1], "the clock goes on", seen=times)
