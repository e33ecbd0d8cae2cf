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
            guest.cont()
            guest.qmp("input-send-event", events=[{"type": "key", "data": key}])


def boots_and_says(machine: Any, cmdline: str, names: list[str]) -> None:
    """Each key's two codes come in their order."""
    guest = machine.boot(cmdline=cmdline, vga="std", icount=None, virtual_s=30.0)
    guest.wait_serial("strata> ")
    for name in names:
        press(guest, name)
        guest.wait_serial(f"key {KEYS[name]:02x}\r\n", f"the code of {name} pressed")
        guest.wait_serial(f"key {KEYS[name] | 0x80:02x}\r\n", f"the code of {name} released")


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
    guest = machine.boot(vga="std", icount=None, virtual_s=30.0)
    guest.wait_serial("strata> ")
    names = [machine.random.choice(list(KEYS)) for _ in range(6)]
    press(guest, *names)
    for name in names:
        guest.wait_serial(f"key {KEYS[name]:02x}\r\n", f"the code of {name} pressed")
        guest.wait_serial(f"key {KEYS[name] | 0x80:02x}\r\n", f"the code of {name} released")
