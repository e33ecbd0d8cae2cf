# SPDX-License-Identifier: MIT
"""ACPI tables of all qualities, put into memory from outside (acpi=raw@ADDRESS).

Provided code: these tests carry no marks. The parsers are tested in the kernel and on
the host, too; here the kernel has to come up all the same.
"""

from __future__ import annotations

import struct
from typing import Sequence

from monitor_support import answer
from strata.api import Failure, Machine, expect, expect_eq

BASE = 0x2000000
RSDT_AT, MADT_AT, OTHER_AT = 0x40, 0x200, 0x400
LAPIC, IOAPIC = 0xFEE00000, 0xFEC00000

CPU = bytes([0, 8, 0, 0, 1, 0, 0, 0])
CHIP = struct.pack("<BBBBII", 1, 12, 0, 0, IOAPIC, 0)
PIT_ON_2 = struct.pack("<BBBBIH", 2, 10, 0, 0, 2, 0)
SCI = struct.pack("<BBBBIH", 2, 10, 0, 9, 9, 0xD)


def sealed(data: bytes, at: int) -> bytes:
    """Bytes whose sum is 0, by the one at this place."""
    out = bytearray(data)
    out[at] = 0
    out[at] = -sum(out) & 0xFF
    return bytes(out)


def table(signature: str, body: bytes, length: int | None = None) -> bytes:
    """A table with its header."""
    size = 36 + len(body) if length is None else length
    head = struct.pack("<4sIBB6s8sIII", signature.encode(), size, 1, 0, b"STRATA", b"TEST", 1, 1, 1)
    return sealed(head + body, 9)


def madt(*entries: bytes) -> bytes:
    """The table of interrupt controllers."""
    return table("APIC", struct.pack("<II", LAPIC, 1) + b"".join(entries))


def rsdp(rsdt: int = BASE + RSDT_AT) -> bytes:
    """A root pointer of ACPI 1.0."""
    head = struct.pack("<8sB6sBI", b"RSD PTR ", 0, b"STRATA", 0, rsdt)
    return sealed(head, 8) + bytes(16)


def image(
    tables: Sequence[tuple[int, bytes]], root: bytes | None = None, rsdt: bytes | None = None
) -> bytes:
    """The memory from BASE on."""
    out = bytearray(0x2000)
    addresses = struct.pack(f"<{len(tables)}I", *(BASE + at for at, _ in tables))
    parts = [(0, rsdp() if root is None else root)]
    parts += [(RSDT_AT, table("RSDT", addresses) if rsdt is None else rsdt), *tables]
    for at, data in parts:
        out[at : at + len(data)] = data
    return bytes(out)


def boot(machine: Machine, memory: bytes, address: int = BASE) -> tuple[str, str, str]:
    """(what the boot said, the controller, what the command acpi shows)."""
    file = machine.folder / f"tables{len(machine.guests)}.bin"
    file.write_bytes(memory)
    loader = f"loader,file={file},addr={BASE:#x},force-raw=on"
    guest = machine.boot(cmdline=f"acpi=raw@{address:#x}", args=["-device", loader])
    said = guest.wait_serial("strata> ").decode("ascii", "replace")
    chip = answer(guest, "irqchip").splitlines()[1].strip()
    return said, chip, answer(guest, "acpi")


def check(machine: Machine, memory: bytes, chip: str, *lines: str, address: int = BASE) -> str:
    """The kernel comes up, with this controller and these lines; what `acpi` shows."""
    said, seen, shown = boot(machine, memory, address)
    expect_eq(seen, chip, "the interrupt controller in use")
    for line in lines:
        if line not in said:
            raise Failure("the kernel does not say what is wrong", expected=line, seen=said)
    if not lines:
        expect("acpi: " not in said, "a good table is complained of", seen=said)
    return shown


GOOD = madt(CPU, CHIP, PIT_ON_2, SCI)


def test_good_tables_are_used(machine: Machine) -> None:
    """Tables of our own are listed and obeyed."""
    shown = check(machine, image([(OTHER_AT, table("TEST", bytes(99))), (MADT_AT, GOOD)]), "apic")
    for part in ("RSDT revision 1  good", "TEST revision 1  good", "APIC revision 1  good"):
        expect(part in shown, f"the command acpi shows {part!r}", seen=shown)


def test_a_bad_root_pointer_is_refused(machine: Machine) -> None:
    """Wrong checksum, wrong signature, no memory there, memory that does not exist."""
    tables = [(MADT_AT, GOOD)]
    spoiled = bytearray(rsdp())
    spoiled[10] ^= 1
    check(machine, image(tables, bytes(spoiled)), "pic", "RSDP: bad checksum; there is no ACPI")
    check(machine, image(tables), "pic", "RSDP: bad", address=BASE + 16)
    check(machine, image(tables), "pic", "RSDP: bad", address=0xD0000000)
    beyond = "the RSDP at 0x200000000 is not in memory that can be read"
    check(machine, image(tables), "pic", beyond, address=0x200000000)
    check(machine, image(tables), "pic", "is not in memory", address=0xFFFFFFF0)


def test_a_bad_root_table_is_refused(machine: Machine) -> None:
    """RSDT with a wrong checksum, an impossible length, beyond memory, of another name."""
    tables = [(MADT_AT, GOOD)]
    addresses = struct.pack("<I", BASE + MADT_AT)
    for rsdt, line in (
        (table("RSDT", addresses)[:-1] + b"\x77", "bad checksum; left out"),
        (table("RSDT", addresses, length=0xFFFFFFFF), "too long; left out"),
        (table("RSDT", addresses, length=7), "shorter than its header; left out"),
        (table("RSDX", addresses), "which is not the RSDT"),
    ):
        check(machine, image(tables, rsdt=rsdt), "pic", line)
    check(machine, image(tables, rsdp(0xFFFFFFF0)), "pic", "not in memory that can be read")


def test_a_bad_madt_is_left_out(machine: Machine) -> None:
    """MADT with a wrong checksum, too short, or not there: the 8259 pair."""
    spoiled = GOOD[:-1] + bytes([GOOD[-1] ^ 4])
    shown = check(machine, image([(MADT_AT, spoiled)]), "pic", "APIC at 0x2000200", "bad checksum")
    expect("bad checksum" in shown, "the command acpi shows the verdict", seen=shown)
    check(machine, image([(MADT_AT, table("APIC", b"\0" * 4))]), "pic", "40 bytes are too short")
    check(machine, image([(OTHER_AT, table("TEST", b""))]), "pic", "no (good) ACPI table of them")


def test_lengths_that_loop_end(machine: Machine) -> None:
    """An entry of length 0, and one longer than the table, end the walk with a line."""
    for odd in (bytes([7, 0]), bytes([7, 1, 0]), bytes([7, 200, 0])):
        check(machine, image([(MADT_AT, madt(CPU, odd, CHIP))]), "pic", "an entry of type 7")
        check(machine, image([(MADT_AT, madt(CPU, CHIP, odd))]), "apic", "an entry of type 7")


def test_tables_that_overlap_count_once(machine: Machine) -> None:
    """A root that lists itself, a table listed twice: a line, and the good one is used."""
    twice = image([(MADT_AT, GOOD), (RSDT_AT, b""), (MADT_AT, GOOD)])
    check(machine, twice, "apic", "RSDT at 0x2000040", "overlaps a table before it")


def test_chips_that_cannot_be(machine: Machine) -> None:
    """I/O APICs in memory, where nothing is, on lines of another: a line each."""

    def chip(address: int, base: int) -> bytes:
        return struct.pack("<BBBBII", 1, 12, 7, 0, address, base)

    for odd, why in (
        (chip(0x100000, 64), "is in memory"),
        (chip(0xFEC10000, 24), "does not answer"),
        (chip(0xFEC00010, 24), "does not answer"),
        (chip(0xFEC00007, 24), "cannot be"),
    ):
        check(machine, image([(MADT_AT, madt(CPU, odd))]), "pic", why, "no I/O APIC answers")
        check(machine, image([(MADT_AT, madt(CPU, CHIP, odd))]), "apic", why)


def test_any_bytes_are_survived(machine: Machine) -> None:
    """Random bytes in good tables, checksums right: the kernel comes up."""
    for _ in range(6):
        spoiled = bytearray(madt(CPU, CHIP, PIT_ON_2, SCI))
        for _ in range(machine.random.randrange(1, 6)):
            spoiled[machine.random.randrange(36, len(spoiled))] = machine.random.randrange(256)
        said, chip, _ = boot(machine, image([(MADT_AT, sealed(bytes(spoiled), 9))]))
        expect(chip in ("apic", "pic"), "a controller is in use", seen=said)
