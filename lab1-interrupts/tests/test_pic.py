# SPDX-License-Identifier: MIT
"""Exercise 1.6, the 8259 pair: its functions are called from outside, QEMU shows the chips."""

from __future__ import annotations

import random
import re

from irq_support import Calls, masks, pair
from monitor_support import answer
from strata.api import Guest, Machine, expect, expect_eq, judges

WHERE = "pic.c; the contract is include/lab1/pic.h"
CASCADE = 1 << 2
VECTOR_LINE0 = 0x20
SERIAL7, SERIAL15 = 0x2E8, 0x3E8  # ports of two more UARTs, on inputs 7 and 15
UARTS = [
    *("-device", f"isa-serial,iobase={SERIAL7:#x},irq=7,index=2"),
    *("-device", f"isa-serial,iobase={SERIAL15:#x},irq=15,index=3"),
]


@judges(exercise="1.6", weight=1)
def test_the_vectors_are_those_asked_for(machine: Machine) -> None:
    """After pic_init each chip has its vectors, every input is closed but the cascade."""
    guest = machine.boot(image="stageN.stripped.elf", paused=True)
    kernel = Calls(guest)
    for vector in machine.random.sample(range(0x20, 0xF8, 8), 4):
        kernel.call("pic_init", vector)
        master, slave = pair(guest)
        expect_eq(master.vector, vector, "vector of the master's input 0", where=WHERE)
        expect_eq(slave.vector, vector + 8, "vector of the slave's input 0", where=WHERE)
        expect(
            not master.masked & CASCADE,
            "the cascade, input 2 of the master, is closed after pic_init",
            where=WHERE,
            hint="no interrupt of the slave gets through",
        )
        expect_eq(master.masked, 0xFF & ~CASCADE, "the master's masks after pic_init", where=WHERE)
        expect_eq(slave.masked, 0xFF, "the slave's masks after pic_init", where=WHERE)


@judges(exercise="1.6", weight=2)
def test_a_mask_is_one_inputs(machine: Machine) -> None:
    """pic_mask closes and pic_unmask opens one input of the 16; the others stay as they are."""
    guest = machine.boot(image="stageN.stripped.elf", paused=True)
    kernel = Calls(guest)
    kernel.call("pic_init", VECTOR_LINE0)
    expected = masks(guest)
    for function, number in steps(machine.random):
        kernel.call(function, number)
        opened = expected & ~(1 << number)
        expected = opened | 1 << number if function == "pic_mask" else opened
        seen = masks(guest)
        if seen != expected:
            own, others = (seen ^ expected) & 1 << number, (seen ^ expected) & ~(1 << number)
            wrong = [f"changed the masks of {inputs(others)}"] if others else []
            wrong += ["did not do it"] if own else []
            fact = f"{function}({number}) {' and '.join(wrong)}"
            expect_eq(f"{seen:016b}", f"{expected:016b}", fact, where=WHERE)


def steps(rng: random.Random) -> list[tuple[str, int]]:
    """Each input opened, then opened and closed at random, the cascade too."""
    slaves = [8, 9, 11, 12, 13, 14, 15]  # while those of the master are closed
    opened = rng.sample(slaves, 7) + rng.sample([*range(8), 10], 9)
    names = ("pic_mask", "pic_unmask")
    more = [(rng.choice(names), rng.randrange(16)) for _ in range(40)]
    closed = [("pic_mask", number) for number in rng.sample(range(16), 16)]
    return [("pic_unmask", number) for number in opened] + closed + more


def inputs(bits: int) -> str:
    """Numbers of the bits that are set."""
    return ", ".join(str(number) for number in range(16) if bits >> number & 1)


@judges(exercise="1.6", weight=2, needs=["0.1", "0.2"])
def test_a_real_7_and_a_real_15_are_no_ghosts(machine: Machine) -> None:
    """Devices on inputs 7 and 15 interrupt: each comes, none counts as spurious, all are ended."""
    guest = machine.boot(
        image="stageN-test.stripped.elf", cmdline="irqchip=pic lines=7,15", args=UARTS
    )
    guest.wait_serial("strata> ")
    order = [7, 15, *machine.random.choices((7, 15), k=4), 15, 7]
    for done, line in enumerate(order):
        pulse(guest, line)
        came = taken(guest)[line]
        guest.stop()
        wanted = order[: done + 1].count(line)
        held = in_service(guest)
        if came == wanted - 1 and done:
            expect(
                not held,
                f"the interrupt of input {line} does not come: "
                f"still in service since input {order[done - 1]}'s: {held}",
                where=WHERE,
            )
        expect_eq(came, wanted, f"interrupts taken from input {line}", where=WHERE)
        expect_eq(
            handled(guest, line),
            wanted,
            f"interrupts of input {line} that reached their handler; others counted as spurious",
            where=WHERE,
        )
        expect_eq(held, "", f"still in service after the interrupt of input {line}", where=WHERE)
        guest.cont()


def in_service(guest: Guest) -> str:
    """Of 7, 15 and the cascade; COM1 may be in service at any moment."""
    master, slave = pair(guest)
    held = master.in_service & (CASCADE | 1 << 7) | (slave.in_service & 1 << 7) << 8
    return inputs(held)


def pulse(guest: Guest, line: int) -> None:
    """Let the line's UART interrupt once: it is ready to send, and may now say so."""
    port = SERIAL7 if line == 7 else SERIAL15
    guest.hmp(f"o /b {port + 1:#x} 0")
    guest.hmp(f"o /b {port + 1:#x} 2")


def taken(guest: Guest) -> dict[int, int]:
    """How often each line's vector was taken, as the monitor's `irqchip` says."""
    rows = re.findall(r"^ +(\d+) +0x\w+ +(\d+) ", answer(guest, "irqchip"), re.M)
    return {int(line): int(n) for line, n in rows}


def handled(guest: Guest, line: int) -> int:
    """How often the handler of lines_test.c ran."""
    at = guest.symbol("lines_handled") + 8 * line
    return int.from_bytes(guest.read_virt(at, 8), "little")
