# SPDX-License-Identifier: MIT
"""The serial line by interrupt, and what the kernel does between two keys.

Provided code: these tests carry no marks.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
from contextlib import contextmanager
from typing import Callable, Iterator

from monitor_support import answer, settled
from strata.api import EXIT_PANIC, Failure, Limits, Machine, expect, expect_eq

COM1 = 0x3F8
LOOPED, NORMAL = 0x1B, 0x0B  # MCR: with and without loopback; DTR, RTS, OUT2
FIFO_BYTES = 16
F_SETPIPE_SZ = 1031
TURNS = 300  # of 20 ms
QUIET_TURNS = 5
MUCH = Limits(virtual_s=30, serial_bytes=4 << 20)
LONG = ("help", "memmap", "acpi", "cpuid 1", "help", "nonsense") * 3


def count(text: str, name: str) -> int:
    """A number of the command `serial`."""
    found = re.search(rf"\b{name} (\d+)", text)
    if not found:
        raise Failure(f"`serial` does not tell {name!r}", seen=text)
    return int(found[1])


def word(machine: Machine, most: int) -> str:
    """A word that is no command."""
    length = machine.random.randrange(most)
    return "x" + "".join(machine.random.choices("abcdefghijkmnpq23456789", k=length))


def test_a_flood_of_keys_arrives_whole_and_in_order(machine: Machine) -> None:
    """40 KB typed at once: each line is echoed and answered, in order; nothing is lost."""
    guest = machine.boot(limits=MUCH)
    guest.wait_serial("strata> ")
    lines = [word(machine, 70) for _ in range(1100)]
    typed = "".join(line + "\r" for line in lines)
    guest.send(typed)
    for line in lines:
        said = guest.wait_serial("strata> ", f"the answer to {line!r}").decode("ascii", "replace")
        wanted = f"{line}\r\n{line}: no such command; `help` lists them\r\nstrata> "
        expect_eq(said, wanted, "the echo and the answer of one line")
    told = answer(guest, "serial")
    expect_eq(count(told, "received"), len(typed) + len("serial\r"), "bytes received")
    expect_eq(count(told, "overruns"), 0, "overruns")


def test_a_storm_of_any_bytes_is_survived(machine: Machine) -> None:
    """30 KB of random bytes without a line's end: the prompt works afterwards."""
    guest = machine.boot(limits=MUCH)
    guest.wait_serial("strata> ")
    storm = bytes(machine.random.choice(b"\x00\x01\x1b\x7f\x80\xffaZ~ ") for _ in range(30000))
    guest.send(storm + b"\rserial\r")
    told = guest.wait_serial("dropped").decode("ascii", "replace")
    expect_eq(count(told, "received"), len(storm) + len("\rserial\r"), "bytes received")


def test_an_overrun_is_counted(machine: Machine) -> None:
    """More bytes than the FIFO holds, while the CPU stands still: each overrun is counted."""
    guest = machine.boot()
    guest.wait_serial("strata> ")
    rounds = machine.random.randrange(2, 6)
    for number in range(rounds):
        guest.stop()
        guest.hmp(f"o /b {COM1 + 4:#x} {LOOPED:#x}")
        for _ in range(FIFO_BYTES + 1 + number):
            guest.hmp(f"o /b {COM1:#x} 0x78")
        guest.hmp(f"o /b {COM1 + 4:#x} {NORMAL:#x}")
        guest.cont()
        guest.wait_serial("x" * FIFO_BYTES, "what the FIFO held is echoed")
        guest.send("\r")
        guest.wait_serial("strata> ")
    told = answer(guest, "serial")
    expect_eq(count(told, "overruns"), rounds, "overruns that the UART told")
    typed = rounds * (FIFO_BYTES + 1) + len("serial\r")
    expect_eq(count(told, "received"), typed, "bytes received")


def transcript(machine: Machine, cmdline: str, image: str | None = None) -> str:
    """What the kernel says to many commands."""
    guest = machine.boot(cmdline=cmdline, limits=MUCH, image=image)
    guest.wait_serial("strata> ")
    return "".join(answer(guest, command) for command in LONG)


def test_long_output_is_the_same_as_polled(machine: Machine) -> None:
    """The same commands say the same by interrupt as polled."""
    polled = transcript(machine, "serial=poll")
    expect_eq(transcript(machine, "serial=irq"), polled, "the text by interrupt")


class Slow:
    """A line whose other end takes nothing until it is asked to."""

    def __init__(self, machine: Machine, cmdline: str = "") -> None:
        self._path = machine.folder / "slow"
        for end in ("in", "out"):
            os.mkfifo(f"{self._path}.{end}")
        self._out = os.open(f"{self._path}.out", os.O_RDWR | os.O_NONBLOCK)
        self._in = os.open(f"{self._path}.in", os.O_RDWR | os.O_NONBLOCK)
        self._size(4096)  # the least
        self.taken = b""
        chardev = ["-chardev", f"pipe,id=slow,path={self._path}", "-serial", "chardev:slow"]
        self.guest = machine.boot(serial=False, args=chardev, limits=MUCH, cmdline=cmdline)

    def close(self) -> None:
        """Take the pipes away."""
        for end, fd in (("in", self._in), ("out", self._out)):
            os.close(fd)
            os.unlink(f"{self._path}.{end}")

    def _size(self, size: int) -> None:
        fcntl.fcntl(self._out, F_SETPIPE_SZ, size)

    def widen(self) -> None:
        """From here on the line takes all."""
        self._size(1 << 20)

    def type(self, text: str) -> None:
        """Type; the kernel wakes up by itself."""
        os.write(self._in, text.encode())
        self.guest.cont()

    def take(self) -> bool:
        """Take what is there for the moment."""
        before = len(self.taken)
        while select.select([self._out], [], [], 0.02)[0]:
            self.taken += os.read(self._out, 65536)
        return len(self.taken) > before

    def take_until(self, text: str) -> str:
        """Take all up to a text and a quiet moment; the text so far."""
        for _ in range(TURNS):
            if not self.take() and self.taken.endswith(text.encode()):
                return self.taken.decode("ascii", "replace").replace("\r\n", "\n")
            if self.guest.end is None:
                self.guest.cont()
        raise Failure(f"{text!r} does not come", seen=repr(self.taken[-500:]))

    def drain(self) -> None:
        """Take until nothing comes any more."""
        self._until_quiet(lambda: not self.take(), "the line does not fall silent")

    def settle(self) -> None:
        """Wait until the kernel has read and done all that was typed."""
        self._until_quiet(self._has_read, "the kernel does not get done with what was typed")

    def _has_read(self) -> bool:
        select.select([], [], [], 0.02)
        return not select.select([self._in], [], [], 0)[0]

    def _until_quiet(self, quiet: Callable[[], bool], trouble: str) -> None:
        """So long that it is no chance: the kernel sleeps, too; one that was paused goes on."""
        times = 0
        for _ in range(TURNS):
            times = times + 1 if quiet() and self.guest.regs()["hlt"] else 0
            if times == QUIET_TURNS:
                return
            self.guest.cont()
        raise Failure(trouble, seen=repr(self.taken[-500:]))


@contextmanager
def slow_line(machine: Machine, cmdline: str = "") -> Iterator[Slow]:
    """A guest at its prompt, at the end of such a line."""
    slow = Slow(machine, cmdline)
    try:
        slow.take_until("strata> ")
        yield slow
    finally:
        slow.close()


def test_text_waits_for_a_slow_line(machine: Machine) -> None:
    """Nobody reads: the kernel goes on, the text waits in the ring and comes in order."""
    commands = ("help", "cpuid 1", "help", "memmap", "help")
    with slow_line(machine) as slow:
        for command in commands:
            slow.type(command + "\r")
            slow.settle()  # it has done its work, and sleeps
        text = slow.take_until("strata> ").partition("strata> ")[2]
    with_reader = machine.boot(limits=MUCH)
    with_reader.wait_serial("strata> ")
    wanted = "".join(answer(with_reader, command) for command in commands)
    expect_eq(text, wanted, "the text that came late")


def test_text_that_nobody_takes_is_dropped_and_counted(machine: Machine) -> None:
    """When the ring is full, too, text is dropped; each byte is counted."""
    commands = ["help"] * 12
    with slow_line(machine) as slow:
        before = len(slow.taken)
        for command in commands:
            slow.type(command + "\r")
            slow.settle()
        slow.drain()
        came = len(slow.taken) - before
        slow.type("\rserial\r")
        told = slow.take_until("strata> ")
    guest = machine.boot(limits=MUCH)
    guest.wait_serial("strata> ")
    wanted = sum(len(answer(guest, command).replace("\n", "\r\n")) for command in commands)
    dropped = count(told, "dropped")
    expect(dropped > 0, "the line was so slow that text was dropped", seen=told)
    expect_eq(came + dropped, wanted, "bytes that came and bytes that were dropped")


def test_a_report_comes_behind_the_text_that_waits(machine: Machine) -> None:
    """A panic sends the ring first, then speaks itself; nothing is lost between the two."""
    with slow_line(machine, "panic_on_nmi panic=exit") as slow:
        slow.type("help\r" * 3)
        slow.settle()
        slow.guest.stop()
        slow.widen()  # from here on all is taken
        slow.take()
        come = len(slow.taken)
        slow.guest.hmp("nmi")
        slow.guest.cont()
        slow.guest.wait_exit(EXIT_PANIC)
        slow.take()
    text = slow.taken.decode("ascii", "replace")
    expect(come < text.find("panic: "), "text was waiting in the ring when the NMI came")
    said = text.partition("strata> ")[2].partition("\r\n[")[0]  # then the panic's first line
    guest = machine.boot(limits=MUCH)
    guest.wait_serial("strata> ")
    wanted = "".join(answer(guest, "help") for _ in range(3)).replace("\n", "\r\n")
    expect_eq(said, wanted, "the text before the panic")


def test_the_cpu_sleeps_between_keys(machine: Machine) -> None:
    """At the prompt the CPU is halted with interrupts on; polled it is not."""
    guest = machine.boot()
    guest.wait_serial("strata> ")
    for _ in range(5):
        regs = settled(guest)
        expect(regs["hlt"], "the CPU sleeps", seen=guest.symbols.find(regs["rip"]))
        expect(regs["rflags"] & 1 << 9, "and an interrupt can wake it")
        key = word(machine, 1)
        guest.send(key)
        guest.wait_serial(key, "a key wakes it")
    guest = machine.boot(cmdline="serial=poll")
    guest.wait_serial("strata> ")
    expect(not guest.regs()["hlt"], "a polling kernel never sleeps")


def test_log_lines_have_microseconds(machine: Machine) -> None:
    """Stamps are seconds and microseconds, in order, not behind the clock."""
    guest = machine.boot()
    guest.wait_serial("strata> ")
    text = answer(guest, "log 40")
    stamps = [float(stamp) for stamp in re.findall(r"^\[ *(\d+\.\d{6})\] ", text, re.M)]
    expect(len(stamps) >= 10, "each line of the log has a stamp in microseconds", seen=text)
    expect_eq(stamps, sorted(stamps), "stamps are in order")
    now = re.search(r"^now: ([\d.]+) s", answer(guest, "clock"), re.M)
    expect(now and stamps[-1] <= float(now[1]), "no stamp is ahead of the clock", seen=stamps)


def test_options_that_make_no_sense_are_named(machine: Machine) -> None:
    """serial=, irqchip=, clock= and event= of unknown words: a line each, and the defaults."""
    guest = machine.boot(cmdline="serial=x irqchip=y clock=z event=w nobody=knows")
    said = guest.wait_serial("strata> ").decode("ascii", "replace")
    for option in ("serial=x", "irqchip=y", "clock=z", "event=w"):
        lines = [line for line in said.splitlines() if f"] {option}: " in line]
        expect_eq(len(lines), 1, f"lines about {option}")
    told = answer(guest, "serial")
    expect("by interrupt on line 4" in told, "the defaults work", seen=told)


def test_a_verdict_shares_the_line(machine: Machine) -> None:
    """Without a debug console verdict lines go to COM1, whole, behind the text before."""
    guest = machine.boot(debugcon=False, cmdline="panic=exit")
    guest.wait_serial("strata> ")
    guest.send("help\rpanic on_purpose\r")
    guest.wait_exit(EXIT_PANIC)
    kinds = [line.split(":")[0] for line in guest.verdicts if not line.startswith("#")]
    expect_eq(kinds[:2] + kinds[-1:], ["panic", "panic-at", "panic-end"], "the record's lines")
