# SPDX-License-Identifier: MIT
"""From lab 1 on a kernel with unwritten exercises comes up to its monitor, whichever they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Make, TREE
from strata.lab import load_course
from strata.machine import Guest
from strata.spec import Limits, MachineSpec

LIMITS = Limits(virtual_s=4, serial_bytes=1 << 20)
OLDEST = {1: "irqchip=pic clock=pit event=pit"}  # what goes through exercises that rest otherwise


def kernel_exercises(lab: int) -> list[str]:
    """The ids of a lab's exercises that are a part of its kernel."""
    files = {one.id: one.file for one in load_course(TREE).lab(lab).exercises}
    return [
        ident for ident, file in files.items() if "/" not in file and file.endswith((".c", ".asm"))
    ]


def variants() -> list[tuple[int, tuple[str, ...]]]:
    """(lab, exercises written): none, all but one, the first few."""
    found: list[tuple[int, tuple[str, ...]]] = []
    for lab in load_course(TREE).labs:
        ids = kernel_exercises(lab.number) if lab.number else []
        found += [(lab.number, tuple(ids[:count])) for count in range(len(ids))]
        found += [(lab.number, tuple(one for one in ids if one != left)) for left in ids[:-1]]
    return found


def name(variant: tuple[int, tuple[str, ...]]) -> str:
    """Of a variant, for the report: what is left out."""
    lab, written = variant
    return "-".join(one for one in kernel_exercises(lab) if one not in written)


def answer(guest: Guest, command: str) -> str:
    """What the monitor says to a command."""
    guest.send(command + "\r")
    return guest.wait_serial("strata> ").decode("ascii", "replace")


def image_of(make: Make, lab: int, written: tuple[str, ...]) -> Path:
    """The stage with all labs below and these exercises."""
    solved = ",".join([*map(str, range(lab)), *written])
    done = make("images", f"LAB={lab}", f"SOLVED={solved}")
    assert done.returncode == 0, done.stdout[-3000:]
    tag = make("-s", "print-tag", f"LAB={lab}", f"SOLVED={solved}").stdout.strip()
    return TREE / tag / f"stage{lab}.stripped.elf"


@pytest.mark.parametrize("variant", variants(), ids=name)
def test_the_kernel_comes_up_without_what_is_not_written(
    make: Make, variant: tuple[int, tuple[str, ...]]
) -> None:
    """It names what it leaves out, answers, reports a panic and a fault, and is there again."""
    lab, written = variant
    missing = [one for one in kernel_exercises(lab) if one not in written]
    image = image_of(make, lab, written)
    for cmdline in dict.fromkeys(("", OLDEST.get(lab, ""))):
        with Guest(MachineSpec("pvh", image, "1234abcd", cmdline=cmdline, limits=LIMITS)) as guest:
            said = guest.wait_serial("strata> ").decode("ascii", "replace")
            for line in (line for line in said.splitlines() if "not written yet" in line):
                assert any(one in line for one in missing), line
            for one in missing:
                assert f"# exercise {one} is not written yet" in guest.verdicts
            assert "no such command" in answer(guest, "nonsense")
            for command in commands(answer(guest, "help")):
                answer(guest, command)
            for ending in ("panic on_purpose", "fault ud"):
                answer(guest, ending)
            assert "no such command" in answer(guest, "nonsense")


def commands(listing: str) -> list[str]:
    """The commands of `help` that ask for nothing and change nothing."""
    left_out = ("panic", "poweroff", "reboot", "test", "peek", "poke")
    names = [line.split()[0] for line in listing.splitlines() if line.startswith("  ")]
    return [one for one in names if one not in left_out]
