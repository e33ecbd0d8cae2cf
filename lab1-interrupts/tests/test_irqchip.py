# SPDX-License-Identifier: MIT
"""Each interrupt controller on machines of all kinds: the same devices interrupt.

Provided code but for the 8259 pair (exercise 1.6): these tests carry no marks.
"""

from __future__ import annotations

import re
from typing import Any

from monitor_support import answer
from strata.api import EXIT_OK, Failure, Guest, Machine, expect, expect_eq

TEST_IMAGE = "stageN-test.stripped.elf"
LEVEL_TIMES = 5


def chosen(guest: Guest) -> tuple[str, list[str]]:
    """The controller that the kernel says it uses, and what was said at the boot."""
    said = guest.wait_serial("strata> ").decode("ascii", "replace")
    return answer(guest, "irqchip").splitlines()[1].strip(), said.splitlines()


def check(
    machine: Machine, controller: str, cmdline: str = "", board: str = "pc", **how: Any
) -> None:
    """The tests of irqchip_test.c pass, and with this controller."""
    guest = machine.boot(
        image=TEST_IMAGE, cmdline=f"{cmdline} test=irqchip_*", machine=board, **how
    )
    guest.wait_exit(EXIT_OK)
    idle = [line for line in guest.verdicts if "there is no controller" in line]
    expect(not idle, "the tests had a controller to test", seen=idle)
    guest = machine.boot(cmdline=cmdline, machine=board, **how)
    expect_eq(chosen(guest)[0], controller, "the interrupt controller in use")


def check_line(
    machine: Machine, controller: str, text: str, cmdline: str, board: str = "pc", **how: Any
) -> None:
    """A line says what is wrong, and the kernel goes on with another controller."""
    guest = machine.boot(cmdline=cmdline, machine=board, **how)
    name, said = chosen(guest)
    expect_eq(name, controller, "the interrupt controller in use")
    if not any(text in line for line in said):
        raise Failure("the kernel does not say what is wrong", expected=text, seen="\n".join(said))


def test_apic_on_pc(machine: Machine) -> None:
    """PC: I/O APIC and local APIC, by default."""
    check(machine, "apic")


def test_pic_on_pc(machine: Machine) -> None:
    """PC: the 8259 pair when it is asked for."""
    check(machine, "pic", "irqchip=pic")


def test_apic_on_q35(machine: Machine) -> None:
    """Q35: I/O APIC and local APIC."""
    check(machine, "apic", board="q35")


def test_pic_on_q35(machine: Machine) -> None:
    """Q35: the 8259 pair."""
    check(machine, "pic", "irqchip=pic", board="q35")


def test_a_cpu_without_apic(machine: Machine) -> None:
    """A CPU without local APIC takes the 8259 pair by itself."""
    check(machine, "pic", cpu="qemu64,-apic")


def test_a_machine_without_acpi(machine: Machine) -> None:
    """Without ACPI nobody knows of an I/O APIC: the 8259 pair."""
    check(machine, "pic", board="pc,acpi=off")


def test_a_machine_without_8259(machine: Machine) -> None:
    """Without the pair the APICs are all there is, also when it is asked for."""
    check(machine, "apic", board="pc,pic=off")
    check_line(machine, "apic", "has no 8259 pair", "irqchip=pic", board="pc,pic=off")


def test_seabios_leaves_other_state(machine: Machine) -> None:
    """After SeaBIOS and our loader, which use the 8259 pair, both controllers work."""
    for controller in ("apic", "pic"):
        guest = machine.boot(door="own", cmdline=f"irqchip={controller}")
        expect_eq(chosen(guest)[0], controller, "the interrupt controller in use")


def test_two_cpus_one_listens(machine: Machine) -> None:
    """With two CPUs the lines go to the one that runs the kernel."""
    check(machine, "apic", smp=2)
    check(machine, "pic", "irqchip=pic", smp=2)


def test_an_unknown_controller_is_named(machine: Machine) -> None:
    """irqchip= of a name that nobody has: a line, and the default."""
    check_line(machine, "apic", "irqchip=8259: there is none", "irqchip=8259")


def test_an_impossible_apic_is_named(machine: Machine) -> None:
    """irqchip=apic without local APIC or table: a line, and the 8259 pair."""
    wanted = "irqchip=apic"
    check_line(machine, "pic", "the CPU has no local APIC", wanted, cpu="qemu64,-apic")
    check_line(machine, "pic", "no (good) ACPI table", wanted, board="pc,acpi=off")
    check_line(machine, "pic", "no (good) ACPI table", f"{wanted} acpi=off")


def test_no_controller_at_all(machine: Machine) -> None:
    """With neither the kernel comes up to its monitor all the same."""
    guest = machine.boot(machine="pc,pic=off", cpu="qemu64,-apic")
    said = guest.wait_serial("strata> ").decode("ascii", "replace")
    expect("no interrupt controller can be used" in said, "a line says so", seen=said)


def level(machine: Machine, cmdline: str, board: str = "pc", **how: Any) -> None:
    """The power button's line stands until its status bit is cleared."""
    guest = machine.boot(
        image=TEST_IMAGE, cmdline=f"{cmdline} sci={LEVEL_TIMES}", machine=board, **how
    )
    guest.wait_verdict("# sci ready")
    guest.wait_serial("strata> ")
    for pushed in range(1, 4):
        guest.qmp("system_powerdown")
        guest.wait(
            lambda: guest.verdicts.count(f"# sci cleared {LEVEL_TIMES}") == pushed,
            f"the power button's handler runs {LEVEL_TIMES} times and clears the bit",
        )
        for _ in range(3):
            table = answer(guest, "irqchip")
        row = re.search(r"^ +9 +0x29 +(\d+)  (.*power button.*)$", table, re.M)
        if not row:
            raise Failure("the monitor does not show line 9 with its handler", seen=table)
        expect("level" in row[2], "line 9 is level triggered", seen=row[2])
        expect_eq(int(row[1]), LEVEL_TIMES * pushed, "interrupts taken from line 9 in all")


def test_a_level_triggered_line_by_apic(machine: Machine) -> None:
    """I/O APIC: the line comes again while it is asserted, and not once more."""
    level(machine, "")


def test_a_level_triggered_line_by_pic(machine: Machine) -> None:
    """8259: the same."""
    level(machine, "irqchip=pic")


def test_a_level_triggered_line_on_q35(machine: Machine) -> None:
    """Q35 with I/O APIC: the same."""
    level(machine, "", board="q35")
