# SPDX-License-Identifier: MIT
"""Challenge: the keyboard by interrupt. No marks; `make challenge TEST=keys`."""

from __future__ import annotations

from typing import Any

KEYS = {"a": 0x1E, "z": 0x2C, "1": 0x02, "ret": 0x1C, "esc": 0x01, "spc": 0x39, "f1": 0x3B}


def press(guest: Any, *names: str) -> None:
    """Press keys one after the other, and let each go again."""
    for name in names:
        for down in (True, False):
            key = {"down": down, "key": {"type": "qcode", "data": name}}
            guest.cont()  # it may have slept until its time was over
            guest.qmp("input-send-event", events=[{"type": "key", "data": key}])


def says(guest: Any, name: str) -> None:
    """A key's two codes come in their order."""
    guest.wait_serial(f"key {KEYS[name]:02x}\r\n", f"the code of {name} pressed")
    guest.wait_serial(f"key {KEYS[name] | 0x80:02x}\r\n", f"the code of {name} released")


def at_prompt(machine: Any, cmdline: str = "") -> Any:
    """A kernel with a keyboard, at its prompt."""
    guest = machine.boot(cmdline=cmdline, vga="std", icount=None, virtual_s=30.0)
    guest.wait_serial("strata> ")
    return guest


def boots_and_says(machine: Any, cmdline: str, names: list[str]) -> None:
    """One key after the other."""
    guest = at_prompt(machine, cmdline)
    for name in names:
        press(guest, name)
        says(guest, name)


def test_a_key_has_two_codes(machine: Any) -> None:
    """Pressed and released, codes of set 1, by the APIC."""
    names = list(KEYS)
    machine.random.shuffle(names)
    boots_and_says(machine, "", names)


def test_the_8259_does_as_well(machine: Any) -> None:
    """The driver does not know its controller."""
    boots_and_says(machine, "irqchip=pic", ["a", "esc"])


def test_fast_fingers_lose_nothing(machine: Any) -> None:
    """Keys that come faster than lines are printed wait for their turn."""
    guest = at_prompt(machine)
    names = [machine.random.choice(list(KEYS)) for _ in range(6)]
    press(guest, *names)
    for name in names:
        says(guest, name)
