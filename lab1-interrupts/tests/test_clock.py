# SPDX-License-Identifier: MIT
"""Clocks, alarms and dates on machines of all kinds, over hours of their time.

Provided code: these tests carry no marks.
"""

from __future__ import annotations

from datetime import datetime, timezone

from monitor_support import answer
from strata.api import EXIT_OK, Failure, Limits, Machine, expect, expect_eq

TEST_IMAGE = "stageN-test.stripped.elf"
LATE_NS = 1_000_000


def test_timers_by_each_clock_and_alarm(machine: Machine) -> None:
    """The tests of timer_test.c and clock_test.c hold with any clock and alarm."""
    names = "timer_*,timers_run_in_order_10,timers_run_in_order_1000,clock_*"
    for clock, event in (("tsc", "pit"), ("hpet", "lapic"), ("pit", "lapic"), ("pit", "pit")):
        cmdline = f"clock={clock} event={event} test={names}"
        guest = machine.boot(image=TEST_IMAGE, cmdline=cmdline, limits=Limits(virtual_s=60))
        guest.wait_exit(EXIT_OK)
        idle = [line for line in guest.verdicts if "there are no timers" in line]
        expect(not idle, f"there are timers with {clock} and {event}", seen=idle)


def slept(machine: Machine, seconds: int, options: str = "", rtc: str = "") -> dict[str, int]:
    """What the kernel says after a sleep of that many seconds."""
    guest = machine.boot(
        image=TEST_IMAGE,
        cmdline=f"sleeps={seconds} {options}",
        args=["-rtc", rtc] if rtc else [],
        limits=Limits(virtual_s=seconds + 120),
    )
    guest.wait_exit(EXIT_OK)
    lines = [line.split()[2:] for line in guest.verdicts if line.startswith("# slept ")]
    told = {name: int(value) for name, value in lines}
    expect(told["clock_ns"] >= seconds * 10**9, "it slept that long", seen=told)
    expect_eq(told["backwards"], 0, "times when the clock went backwards")
    expect_eq(told["early"], 0, "timers that came early")
    expect(told["latest_ns"] <= LATE_NS, "each timer came soon after its time", seen=told)
    return told


def test_two_hours_of_sleep(machine: Machine) -> None:
    """Two hours: no timer early or late, the clock never backwards and in step with others."""
    told = slept(machine, 7200)
    expect(told["sleeps"] >= 7200 // 60, "it slept in pieces of up to a minute", seen=told)
    drift = abs(told["hpet_ns"] - told["clock_ns"]) / told["clock_ns"]
    expect(drift < 1e-4, "the clock agrees with the HPET to 1 in 10,000", seen=told)
    drift_s = abs(told["chip_s"] - told["clock_ns"] / 1e9)
    expect(drift_s < 2, "the clock agrees with the calendar chip", seen=told)


def test_a_minute_of_sleep_by_counters_that_wrap(machine: Machine) -> None:
    """The HPET, and the interval timer both as clock and as alarm, lose no time."""
    for options in ("clock=pit event=pit", "clock=pit", "clock=hpet event=pit"):
        told = slept(machine, 60, options)
        drift = abs(told["hpet_ns"] - told["clock_ns"]) / told["clock_ns"]
        expect(drift < 1e-4, f"with {options} the clock agrees with the HPET", seen=told)


def test_dates_of_the_calendar(machine: Machine) -> None:
    """The date is the chip's at the boot, and goes on with the clock over months' ends."""
    for text in ("2024-02-29T23:59:40", "2000-02-28T23:59:50", "2100-02-28T23:59:50"):
        base = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
        told = slept(machine, 30, rtc=f"base={text},clock=vm")
        late = datetime.fromtimestamp(told["calendar_s"], timezone.utc)
        expect(late.date() > base.date(), "midnight has come", seen=late)
        drift_s = (late - base).total_seconds() - told["now_ns"] / 1e9
        expect(abs(drift_s) <= 2, f"the date is that many seconds after {base}", seen=late)
        expect(abs(told["chip_s"] - told["clock_ns"] / 1e9) < 2, "as the chip says", seen=told)
    guest = machine.boot(args=["-rtc", "base=2024-02-29T12:34:50,clock=vm"])
    guest.wait_serial("strata> ")
    told_now = answer(guest, "clock")
    expect("calendar: 2024-02-29 12:3" in told_now, "the monitor shows it", seen=told_now)


def said(machine: Machine, text: str, cmdline: str, board: str = "pc", cpu: str = "qemu64") -> str:
    """A line says what is wrong, and the kernel comes up; what `clock` and `timers` say."""
    guest = machine.boot(cmdline=cmdline, machine=board, cpu=cpu)
    lines = guest.wait_serial("strata> ").decode("ascii", "replace")
    if text not in lines:
        raise Failure("the kernel does not say what is wrong", expected=text, seen=lines)
    return answer(guest, "clock") + answer(guest, "timers")


def test_wishes_that_cannot_be_met(machine: Machine) -> None:
    """clock= and event= of a device that is not there: a line, and the next best."""
    told = said(machine, "clock: hpet does not work here", "clock=hpet", "pc,hpet=off")
    expect("source: tsc\n" in told, "the clock is the TSC", seen=told)
    told = said(machine, "event: lapic does not work here", "event=lapic", cpu="qemu64,-apic")
    expect("device: pit\n" in told, "alarms come from the interval timer", seen=told)
    told = said(machine, "clock=sundial: there is none", "clock=sundial event=cock")
    expect("source: tsc\n" in told and "device: lapic\n" in told, "the defaults", seen=told)


def test_no_device_for_alarms(machine: Machine) -> None:
    """Without any, timers never run; a clock that wraps is then said to lose time."""
    told = said(machine, "timers never run", "", "pc,pic=off", "qemu64,-apic")
    expect("device: none\n" in told, "nothing gives alarms", seen=told)
    said(machine, "clock: pit loses time", "clock=pit", "pc,pic=off", "qemu64,-apic")
