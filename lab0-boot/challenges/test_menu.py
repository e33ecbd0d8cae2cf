# SPDX-License-Identifier: MIT
"""Challenge: a boot menu on the serial line. No marks; `make challenge TEST=menu`."""

from __future__ import annotations

import time
from typing import Any

from challenge_support import cmdline_of, wait_for_kernel, waiting_kernel
from loader_support import disk_with
from strata.api import Failure, expect_eq

OFFER = b"boot:"
PROMPT = b"boot> "
LINE_MAX = 479
LINE = "the command line that the kernel gets"


def boot(machine: Any, cmdline: str) -> Any:
    """A guest whose loader has made its offer."""
    image = disk_with(machine, waiting_kernel(), cmdline)
    guest = machine.boot(door="own", image=image, icount=None, virtual_s=20.0)
    guest.wait_serial(OFFER, "a line that begins with boot:")
    return guest


def line_of(machine: Any, typed: bytes, cmdline: str = "disk=1") -> str:
    """The kernel's command line after a key and these bytes."""
    guest = boot(machine, cmdline)
    guest.send(b" ")
    guest.wait_serial(PROMPT, "the prompt boot> after a key")
    guest.send(typed + b"\r")
    wait_for_kernel(guest)
    return cmdline_of(guest)


def words(machine: Any, count: int) -> str:
    """Printable text that nobody could have guessed."""
    return "".join(machine.random.choice("abcxyz019=.,_-") for _ in range(count))


def test_without_a_key_it_boots_as_before(machine: Any) -> None:
    """The wait ends by itself, and the command line is the disk's."""
    cmdline = words(machine, 30)
    guest = boot(machine, cmdline)
    wait_for_kernel(guest)
    expect_eq(cmdline_of(guest), cmdline, LINE)


def test_the_wait_is_one_to_five_seconds(machine: Any) -> None:
    """In real time, since that is what a person has."""
    image = disk_with(machine, waiting_kernel())
    guest = machine.boot(door="own", image=image, icount=None, virtual_s=20.0)
    guest.wait_serial(OFFER, "a line that begins with boot:")
    begin = time.monotonic()
    wait_for_kernel(guest)
    seconds = time.monotonic() - begin
    if not 0.9 <= seconds <= 6:
        raise Failure("the menu's wait", expected="1 to 5 s", seen=f"{seconds:.1f} s")


def test_typed_text_goes_behind_the_command_line(machine: Any) -> None:
    """What is typed is appended and echoed; the first key is not part of it."""
    text = words(machine, 12)
    expect_eq(line_of(machine, b" " + text.encode()), f"disk=1 {text}", LINE)
    said = bytes(machine.guests[-1].serial).rpartition(PROMPT)[2]
    if text.encode() not in said:
        raise Failure("what is typed is echoed", expected=text, seen=said.decode("latin-1"))


def test_the_line_can_be_edited(machine: Any) -> None:
    """Backspace, delete and Ctrl-U; nothing is taken away from an empty line."""
    expect_eq(line_of(machine, b"2\x083\x7f4"), "disk=14", LINE)
    expect_eq(line_of(machine, b"\x15main=exit"), "main=exit", LINE)
    expect_eq(line_of(machine, b"\x15ab\x08\x08\x08\x08c"), "c", LINE)


def test_the_line_has_an_end(machine: Any) -> None:
    """479 characters and no more, and the kernel still starts."""
    text = words(machine, 600)
    expect_eq(line_of(machine, b"\x15" + text.encode()), text[:LINE_MAX], LINE)
