# SPDX-License-Identifier: MIT
"""Exercise 0.3, the VGA text screen: its memory, its cursor and its picture.

qboot does not run the video BIOS, which sets text mode; SeaBIOS does.
"""

from __future__ import annotations

import re
from collections import Counter

from strata.api import Failure, Guest, Machine, expect, expect_eq, judges

COLUMNS, ROWS = 80, 25
WAITING = ("console_getc", "serial_read", "uart_getc")  # where a polling prompt waits
TRIES = 1000
IMAGE = "stageN.stripped.elf"
SEABIOS = ("-bios", "bios-256k.bin")
PALETTE = {1: (0, 0, 170), 2: (0, 170, 0), 4: (170, 0, 0), 5: (170, 0, 170)}
BRIGHT = {10: (85, 255, 85), 11: (85, 255, 255), 14: (255, 255, 85), 15: (255, 255, 255)}


def prompt(machine: Machine, cmdline: str = "") -> Guest:
    """A guest with a text screen, at its prompt."""
    guest = machine.boot(image=IMAGE, vga="std", args=SEABIOS, cmdline=cmdline)
    guest.wait_serial("strata> ")
    return guest


def settle(guest: Guest, word: str) -> None:
    """Type a word, and stop when the kernel waits for the next key: all consoles have it."""
    guest.send(word)
    guest.wait_serial(word)
    for _ in range(TRIES):
        guest.stop()
        regs = guest.regs()
        where = guest.symbols.find(regs["rip"]).partition("+")[0]
        if regs["hlt"] or where in WAITING:
            return
        guest.cont()
    raise Failure("the kernel does not come back to its prompt", seen=f"it is in {where}")


def picture(lines: list[str]) -> str:
    """A screen as text, with a frame."""
    return "\n".join(["", *(f"|{line.rstrip():80}|" for line in lines)])


def rows_of(serial: bytes) -> list[str]:
    """What a screen of 80 columns shows of a serial transcript; a full row moves on at once."""
    rows = []
    for line in serial.decode("ascii", "replace").split("\r\n"):
        rows += [line[at : at + COLUMNS] for at in range(0, len(line) + 1, COLUMNS)]
    rows = rows[-ROWS:]
    return [row.rstrip() for row in rows] + [""] * (ROWS - len(rows))


def crtc(guest: Guest, number: int) -> int:
    """A register of the CRT controller."""
    guest.hmp(f"o /b 0x3d4 {number:#x}")
    match = re.search(r"= 0x([0-9a-f]+)", guest.hmp("i /b 0x3d5"))
    if not match:
        raise Failure("QEMU did not show the CRT controller")
    return int(match[1], 16)


@judges(exercise="0.3", weight=1, needs=["0.1", "0.2"])
def test_the_screen_shows_what_the_serial_line_says(machine: Machine) -> None:
    """After more lines than fit, the screen shows the last 25 of the serial line's."""
    guest = prompt(machine)
    for command in ("help", "options", "facts", "help"):
        guest.send(command + "\r")
        guest.wait_serial("strata> ")
    settle(guest, "".join(machine.random.choices("pqrstuvwxyz", k=9)))
    wanted = rows_of(bytes(guest.serial))
    seen = [line.rstrip() for line in guest.screen_text()]
    if seen != wanted:
        row = next(row for row in range(ROWS) if seen[row] != wanted[row])
        raise Failure(
            f"row {row} of the screen differs from the serial line's text",
            expected=picture(wanted),
            seen=picture(seen),
            hint="scrolling moves every row up by one; a line longer than 80 goes on below",
        )


@judges(exercise="0.3", weight=1, needs=["0.1"])
def test_the_cursor_follows_the_text(machine: Machine) -> None:
    """The hardware cursor stands where the next character goes, also beyond cell 255."""
    guest = prompt(machine)
    for least in (5, 4):  # four rows further the high byte is another one
        for _ in range(machine.random.randrange(least, least + 4)):
            guest.send("\r")
            guest.wait_serial("strata> ")
        check_cursor(machine, guest)
        guest.cont()
        guest.send("\r")
        guest.wait_serial("strata> ")


def check_cursor(machine: Machine, guest: Guest) -> None:
    """Type a word; the cursor stands behind it."""
    word = "".join(machine.random.choices("pqrstuvwxyz", k=machine.random.randrange(3, 40)))
    settle(guest, word)
    row = max(number for number, line in enumerate(guest.screen_text()) if line.strip())
    wanted = row * COLUMNS + len("strata> ") + len(word)
    seen = crtc(guest, 0x0E) << 8 | crtc(guest, 0x0F)
    if seen == wanted:
        return
    raise Failure(
        "the cursor is not behind the typed word",
        expected=f"cell {wanted}: row {wanted // COLUMNS}, column {wanted % COLUMNS}",
        seen=f"cell {seen}: row {seen // COLUMNS}, column {seen % COLUMNS}",
        hint="registers 0x0e and 0x0f hold row * 80 + column, high byte and low byte",
    )


@judges(exercise="0.3", weight=1)
def test_the_picture_has_the_asked_colours(machine: Machine) -> None:
    """color=TEXT,GROUND gives these colours in the attributes and in the picture."""
    text, text_rgb = machine.random.choice(sorted(BRIGHT.items()))
    ground, ground_rgb = machine.random.choice(sorted(PALETTE.items()))
    options = f"console=vga color={text},{ground} main=halt"
    guest = machine.boot(image=IMAGE, vga="std", args=SEABIOS, cmdline=options)
    guest.wait(lambda: halted(guest), "the kernel comes to its end")
    attributes = Counter(b"".join(guest.screen_attributes()))
    wanted = ground << 4 | text
    expect_eq(attributes.most_common(1)[0][0], wanted, "attribute of most cells")
    width, height, rgb = guest.pixels()
    (most, often), (other, _) = Counter(zip(rgb[0::3], rgb[1::3], rgb[2::3])).most_common(2)
    expect(alike(most, ground_rgb), f"the ground is not colour {ground}", seen=most)
    expect(often > width * height * 3 // 4, "the ground covers the screen", seen=often)
    expect(alike(other, text_rgb), f"the text is not in colour {text}", seen=other)


def alike(seen: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    """The same colour, as a VGA with 6 bits a component shows it."""
    return all(abs(one - other) < 4 for one, other in zip(seen, wanted))


def halted(guest: Guest) -> bool:
    """Whether the CPU sleeps for good."""
    return guest.regs().get("hlt") == 1
