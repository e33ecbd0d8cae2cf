# SPDX-License-Identifier: MIT
"""Exercise 0.1, the UART, seen from the other end of the line and from the bus."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path
from typing import Callable

from strata.api import EXIT_FAIL, Failure, Guest, Machine, expect, expect_eq, judges

COM1 = 0x3F8
WHERE = "uart.c; the contract is include/lab0/uart.h"


def a_word(rng: random.Random) -> str:
    """Something that nobody could have guessed."""
    return "".join(rng.choices("abcdefghijkmnpqrstuvwxyz23456789", k=12))


def register(guest: Guest, offset: int) -> int:
    """Read a register of COM1 from the bus, as the kernel would."""
    answer = guest.hmp(f"i /b {COM1 + offset:#x}")
    match = re.search(r"= 0x([0-9a-f]+)", answer)
    if not match:
        raise Failure("QEMU did not show a port", seen=answer)
    return int(match[1], 16)


def wait_echo(guest: Guest, word: str) -> None:
    """What was typed comes back; when not: what came tells uart_getc from uart_putc."""
    before = len(guest.serial)
    try:
        guest.wait_serial(word, f"the typed {word!r} as an echo")
    except Failure as failure:
        came = bytes(guest.serial[before:]).decode("ascii", "replace")
        if came:
            failure.hint = (
                f"{came!r} came: uart_getc read it wrongly, or uart_putc lost or changed it"
            )
        else:
            failure.hint = "nothing came: does uart_getc see LSR_DATA_READY and read UART_RBR?"
        failure.where = WHERE
        raise


@judges(exercise="0.1", weight=7, plain=True)
def test_the_prompt_answers_on_the_serial_line(machine: Machine) -> None:
    """The kernel's prompt arrives on COM1, and what is typed there is read and echoed."""
    guest = machine.boot(image="stageN.stripped.elf")
    guest.wait_serial("strata> ", "the prompt `strata> ` on COM1 (uart_putc sends it)")
    for _ in range(3):
        word = a_word(machine.random)
        guest.send(word)
        wait_echo(guest, word)
        guest.send("\r")
        guest.wait_serial("strata> ", "a new prompt after Enter")


@judges(exercise="0.1", weight=1, needs=["0.2"])
def test_long_text_arrives_whole(machine: Machine) -> None:
    """A long listing arrives without a byte lost, doubled or changed, the same each time."""
    guest = machine.boot(image="stageN.stripped.elf")
    guest.wait_serial("strata> ")
    listings = []
    for _ in range(2):
        guest.send("options\r")
        listings.append(guest.wait_serial("strata> ", "the end of the list of options"))
    expect_eq(listings[1], listings[0], "the same listing arrived differently the second time")
    lines = listings[0].decode("ascii", "replace").split("\r\n")
    odd = [line for line in lines if not line.isprintable() or "\ufffd" in line]
    expect(not odd, "the text holds bytes that the kernel did not print", seen=odd[:1])
    names = re.findall(r"^  (\w+)=", "\n".join(lines), re.M)
    for name in ("console", "loglevel", "memmap", "panic"):
        expect(name in names, f"the list of options lost the line of `{name}`", seen=names)


@judges(exercise="0.1", weight=1)
def test_the_line_is_set_to_8n1(machine: Machine) -> None:
    """uart_init leaves 115200 baud, 8N1, FIFOs on, DTR and RTS on, no interrupts."""
    polled = "serial=poll" if machine.stage else ""  # from lab 1 on others turn them on
    guest = machine.boot(image="stageN.stripped.elf", cmdline=polled)
    guest.wait_serial("strata> ")
    guest.stop()
    expect_eq(register(guest, 3), 0x03, "LCR: 8 bits, no parity, 1 stop bit, DLAB clear")
    expect_eq(register(guest, 1), 0x00, "IER: the UART's interrupts are off")
    expect_eq(register(guest, 2) & 0xC0, 0xC0, "IIR: both FIFO bits are set")
    modem = register(guest, 4)
    expect_eq(modem & 0x03, 0x03, "MCR: DTR and RTS are on")
    expect_eq(modem & 0x10, 0x00, "MCR: the loopback of the probe is off again")
    guest.hmp(f"o /b {COM1 + 3:#x} 0x83")
    divisor = register(guest, 0) | register(guest, 1) << 8
    guest.hmp(f"o /b {COM1 + 3:#x} 0x03")
    expect_eq(divisor, 1, "divisor of 115200 baud", hint="115200 is the clock divided by 16 * 1")


@judges(exercise="0.1", weight=1)
def test_without_a_uart_the_kernel_knows(machine: Machine) -> None:
    """On a machine without a UART the probe says so, and the boot goes on and ends."""
    guest = machine.boot(image="stageN.stripped.elf", serial=False)
    guest.wait_exit(EXIT_FAIL)
    said = [line for line in guest.verdicts if "no console to type on" in line]
    expect(
        said,
        "uart_probe found a UART on a machine that has none",
        hint="ports without a device read as 0xff: LSR then looks ready, and bytes never end",
    )


@judges(exercise="0.1", weight=1)
def test_a_stuck_line_does_not_stop_the_kernel(machine: Machine) -> None:
    """When the other end takes no byte, uart_putc gives up, and the prompt obeys unseen."""
    pipe = machine.folder / "stuck"
    full = fill_pipe(pipe)
    try:
        guest = machine.boot(
            image="stageN.stripped.elf",
            serial=False,
            icount=7,  # an endless loop is found soon
            args=["-chardev", f"pipe,id=stuck,path={pipe}", "-serial", "chardev:stuck"],
            paused=True,
        )
        poke_unseen(guest, Path(f"{pipe}.in"), machine.random.getrandbits(63))
    finally:
        os.close(full)
        for end in ("in", "out"):
            os.unlink(f"{pipe}.{end}")


def poke_unseen(guest: Guest, line: Path, value: int) -> None:
    """Have the prompt write a number into memory, and look whether it is there."""
    gdb = guest.gdb()
    place = guest.symbol("boot_entry_tsc")  # a number that nothing needs any more
    gdb.break_at("monitor_main")
    reach(gdb.cont, "the boot goes on to the prompt", "uart_putc looks UART_WAIT_POLLS times")
    with open(line, "r+b", buffering=0) as typing:
        typing.write(f"poke {place:#x} {value:#x} 8\r".encode())
        gdb.watch(place)
        for _ in range(8):  # it may be written byte by byte
            reach(gdb.cont, "the prompt obeys `poke`", "does uart_getc still see what is typed?")
            if gdb.read(place, 8) == value.to_bytes(8, "little"):
                return
    raise Failure("`poke` wrote another number than was typed", expected=hex(value), where=WHERE)


def reach(go: Callable[[], int], wanted: str, hint: str) -> None:
    """Run on; when that never gets there, say what for and what to look at."""
    try:
        go()
    except Failure as failure:
        failure.expected = f"{wanted}, though the line takes no byte"
        failure.hint, failure.where = failure.hint or hint, WHERE
        raise


def fill_pipe(path: Path) -> int:
    """QEMU's pair of named pipes, the one that it writes to being full."""
    for end in ("in", "out"):
        os.mkfifo(f"{path}.{end}")
    full = os.open(f"{path}.out", os.O_RDWR | os.O_NONBLOCK)
    try:
        while True:
            os.write(full, bytes(4096))
    except BlockingIOError:
        return full
