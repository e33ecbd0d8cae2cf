# SPDX-License-Identifier: MIT
"""Exercise 0.9: an ELF64 kernel, checked and placed.

The contract is loader/elf.h. The kernels are small files with one thing wrong, or
with nothing wrong and random bytes. What the loader says in a refusal is given code;
the exercise chooses the reason.
"""

from __future__ import annotations

from typing import Any

from loader_support import MIB, SOON, Elf, Segment, at_kernel, blamed, boot_kernel
from loader_support import expect_end, simple_kernel, stop_at
from strata.api import EXIT_LOADER, EXIT_OK, Failure, GuestEnded, judges

WHERE = "loader/elf.c; the contract is loader/elf.h"
FAR = 1 << 63
TOP = (1 << 64) - 1
BAD_HEADER = "not an ELF64 program"
BAD_TABLE = "the program headers are not inside the file"
BAD_SEGMENT = "a segment is not inside the file"
BAD_PLACE = "a segment belongs where it can't be placed"
BAD_ENTRY = "the entry is in no segment"


def rubbish(machine: Any, most: int) -> bytes:
    """Random bytes, some."""
    data: bytes = machine.random.randbytes(machine.random.randrange(100, most))
    return data


def place(machine: Any, low: int, high: int) -> int:
    """A random address, aligned to 16 bytes."""
    address: int = machine.random.randrange(low, high, 16)
    return address


def check_placed(guest: Any, segment: Segment, name: str) -> None:
    """A segment's bytes lie in memory, and its bss is zero."""
    wanted = segment.data + bytes(segment.bss)
    seen = guest.read_phys(segment.paddr, len(wanted))
    if seen == wanted:
        return
    at = next(at for at in range(len(wanted)) if seen[at] != wanted[at])
    part = "bss" if at >= len(segment.data) else "contents"
    raise Failure(
        f"the {part} of {name} is wrong at its byte {at:#x}",
        expected=f"{wanted[at : at + 8].hex(' ')} at physical {segment.paddr + at:#x}",
        seen=seen[at : at + 8].hex(" "),
        where=WHERE,
        hint=f"filesz is {len(segment.data):#x}, memsz {len(wanted):#x}",
    )


def check_refused(
    machine: Any, elf: Elf | bytes, words: str, case: str, limits: dict[str, Any] = SOON
) -> None:
    """The loader refuses this file, with this reason; the kernel in it ends the run."""
    guest = boot_kernel(machine, elf, **limits)
    try:
        with blamed(WHERE, case=case):
            expect_end(guest, EXIT_LOADER, words, WHERE)
    except GuestEnded as ended:
        if guest.exit_code == EXIT_OK:
            ended.fact = f"{case}: the kernel was entered, though its file is to be refused"
            ended.expected = f"a refusal: {words}"
            ended.seen = "the kernel's own end of the run"
        raise


@judges(exercise="0.9", weight=7, plain=True, images=("mbr.bin", "loader.bin"))
def test_a_kernel_is_placed_and_entered(machine: Any) -> None:
    """Each segment's bytes come to its physical address, and the kernel is entered."""
    elf = simple_kernel(rubbish(machine, 20_000), place(machine, MIB, 4 * MIB))
    more = [
        Segment(place(machine, low * MIB, low * MIB + MIB), rubbish(machine, 50_000))
        for low in (6, 8)
    ]
    elf = elf.plus(*more)
    guest, gdb = at_kernel(machine, elf, where=WHERE)
    for number, segment in enumerate(elf.segments):
        check_placed(guest, segment, f"segment {number}")
    gdb.detach()
    guest.wait_exit(EXIT_OK)


@judges(exercise="0.9", weight=1, images=("mbr.bin", "loader.bin"))
def test_bss_is_cleared_in_dirty_memory(machine: Any) -> None:
    """What a segment has in memory but not in the file is 0, whatever was there before."""
    first = simple_kernel(rubbish(machine, 5000))
    bss = [machine.random.randrange(1, 300_000) for _ in range(2)]
    elf = first.plus(
        Segment(4 * MIB, rubbish(machine, 3000), bss[0]), Segment(5 * MIB + 16, b"", bss[1])
    )
    dirt = machine.folder / "dirt"
    dirt.write_bytes(machine.random.randbytes(8 * MIB))
    fill = ["-device", f"loader,file={dirt},addr={2 * MIB:#x},force-raw=on"]
    guest, _ = at_kernel(machine, elf, args=fill, where=WHERE)
    for number, segment in enumerate(elf.segments):
        check_placed(guest, segment, f"segment {number}")


@judges(exercise="0.9", weight=1, images=("mbr.bin", "loader.bin"))
def test_a_kernel_larger_than_a_megabyte_is_placed(machine: Any) -> None:
    """A large kernel, some segments of which are to be left out, is placed whole."""
    big = Segment(8 * MIB, machine.random.randbytes(MIB + machine.random.randrange(MIB)))
    note = Segment(0x1000, rubbish(machine, 500), kind=4)
    empty = Segment(0x2000, b"", offset=FAR)
    elf = simple_kernel(rubbish(machine, 5000)).plus(note, empty, big)
    guest, _ = at_kernel(machine, elf, where=WHERE)
    check_placed(guest, big, "the large segment")


@judges(exercise="0.9", weight=1, images=("mbr.bin", "loader.bin"))
def test_a_virtual_entry_becomes_a_physical_one(machine: Any) -> None:
    """The entry is virtual: the kernel is entered where its segment was placed."""
    vaddr = 0xFFFFFFFF80000000 + place(machine, MIB, 9 * MIB)
    elf = simple_kernel()
    (code,) = elf.segments
    higher = Segment(code.paddr, code.data, vaddr=vaddr)
    other = Segment(6 * MIB, rubbish(machine, 400), vaddr=MIB)
    both = (other, higher) if machine.random.randrange(2) else (higher, other)
    guest, _ = at_kernel(
        machine, Elf(both, entry=vaddr + elf.entry - code.paddr), where=WHERE, **SOON
    )
    check_placed(guest, higher, "the segment with the entry")
    check_placed(guest, other, "the other segment")


@judges(exercise="0.9", weight=1, images=("mbr.bin", "loader.bin"))
def test_what_is_no_kernel_for_this_machine_is_refused(machine: Any) -> None:
    """A 32-bit, big-endian, relocatable or foreign file is refused, as is a short one."""
    elf = simple_kernel()
    kind = machine.random.choice((0, 1, 3, 4))
    foreign = machine.random.choice((3, 40, 183, 243))
    wrong = {
        "the first byte is 0": elf.wrong(magic=0x464C4500),
        "32-bit": elf.wrong(elf_class=1),
        "big-endian": elf.wrong(data=2),
        f"type {kind}": elf.wrong(type=kind),
        f"machine {foreign}": elf.wrong(machine=foreign),
    }
    for case, bad in wrong.items():
        check_refused(machine, bad, BAD_HEADER, case)
    short = elf.file()[: machine.random.randrange(8, 64)]
    check_refused(machine, short, BAD_HEADER, f"a file of {len(short)} bytes")


@judges(exercise="0.9", weight=1, images=("mbr.bin", "loader.bin"))
def test_program_headers_outside_the_file_are_refused(machine: Any) -> None:
    """Program headers of a wrong size, or that reach past the end, also by overflow."""
    elf = simple_kernel()
    size = len(elf.file())
    wrong = [
        {"phentsize": machine.random.choice((32, 55, 64))},
        {"phnum": 0},
        {"phnum": 0xFFFF},
        {"phoff": size - machine.random.randrange(56)},
        {"phoff": TOP - machine.random.randrange(56)},
        {"phoff": (machine.random.randrange(1, 1 << 31) << 32) + 64},
    ]
    for fields in wrong:
        case = " ".join(f"{name} {value:#x}" for name, value in fields.items())
        check_refused(machine, elf.wrong(**fields), BAD_TABLE, f"{case} in {size:#x} bytes")


@judges(exercise="0.9", weight=1, images=("mbr.bin", "loader.bin"))
def test_segments_outside_the_file_are_refused(machine: Any) -> None:
    """A segment whose bytes reach past the file's end, or past its own memory."""
    elf = simple_kernel()
    data = rubbish(machine, 1000)
    wrong = {
        "filesz is 1 MiB": Segment(4 * MIB, data, filesz=MIB, memsz=MIB),
        "offset + filesz overflows": Segment(
            4 * MIB, data, offset=TOP - machine.random.randrange(100)
        ),
        "offset is 2^32 + 64": Segment(4 * MIB, data, offset=(1 << 32) + 64),
        "filesz and memsz are 2^32 + 16": Segment(
            4 * MIB, data, filesz=(1 << 32) + 16, memsz=(1 << 32) + 16
        ),
        "memsz is one less than filesz": Segment(4 * MIB, data, memsz=len(data) - 1),
    }
    for case, bad in wrong.items():
        check_refused(machine, elf.plus(bad), BAD_SEGMENT, case)


@judges(exercise="0.9", weight=1, images=("mbr.bin", "loader.bin"))
def test_segments_are_placed_in_usable_memory_only(machine: Any) -> None:
    """Not below 1 MiB, not where there is no RAM, not over the file itself."""
    elf = simple_kernel()
    data = rubbish(machine, 1000)
    near = 64 * MIB - machine.random.randrange(16, 0x800)
    wrong = [
        Segment(place(machine, 0x8000, 0x80000), data),
        Segment(MIB - 16, data),
        Segment(near, data),
        Segment(place(machine, 1 << 30, 2 << 30), data),
        Segment(place(machine, 1 << 32, 1 << 34) + 2 * MIB, data),
        Segment(2 * MIB, data, memsz=TOP - MIB),
        Segment(2 * MIB, data, memsz=TOP),
    ]
    for bad in wrong:
        memsz = bad.memsz or len(bad.data)
        case = f"paddr {bad.paddr:#x}, memsz {memsz:#x}"
        check_refused(machine, elf.plus(bad), BAD_PLACE, case)
    # The loader stages the file where RAM ends, below what the BIOS keeps there.
    large = machine.random.randbytes(MIB)
    over = Segment(32 * MIB, large, memsz=32 * MIB - 768 * 1024)
    check_refused(machine, elf.plus(over), BAD_PLACE, "a segment over the file", {})


@judges(exercise="0.9", weight=1, images=("mbr.bin", "loader.bin"))
def test_a_refused_file_leaves_memory_alone(machine: Any) -> None:
    """An entry in no segment is refused; and no memory has been changed by then."""
    data = rubbish(machine, 1000)
    elf = simple_kernel().plus(Segment(4 * MIB, data, bss=1000))
    behind = 4 * MIB + len(data) + 1000  # the first address that is not in it
    for entry in (behind, machine.random.choice((5 * MIB, FAR, TOP, 0))):
        guest = boot_kernel(machine, Elf(elf.segments, entry=entry), paused=True, **SOON)
        what = f"the loader refuses a kernel whose entry, {entry:#x}, is in no segment"
        guest.gdb().break_at("kernel_enter")
        gdb = stop_at(guest, "report_fail", what, WHERE)
        if guest.regs()["rip"] == guest.symbol("kernel_enter"):
            raise Failure(what, expected="ELF_BAD_ENTRY", seen="it is entered", where=WHERE)
        if data in guest.read_phys(4 * MIB, 2000):
            raise Failure(
                "a segment was placed although the file is refused",
                expected=f"memory at {4 * MIB:#x} as it was",
                seen="the segment's bytes",
                where=WHERE,
                hint="check all of the file first",
            )
        gdb.detach()
        expect_end(guest, EXIT_LOADER, BAD_ENTRY, WHERE)
