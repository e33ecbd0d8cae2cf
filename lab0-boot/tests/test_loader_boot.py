# SPDX-License-Identifier: MIT
"""The loader's given code: the kernel's file on the disk, the tags, the machine's memory.

Nobody is marked by these: they prove what the exercises stand on.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

from loader_support import MBR_BASE, MIB, SECTOR, Elf, Entry, Segment, at_kernel, boot_kernel
from loader_support import disk_with, expect_end, memory_map, multiboot2_header, read_tags
from loader_support import simple_kernel, stop_at, tag_of
from strata.api import EXIT_LOADER, EXIT_OK, expect, expect_eq
from test_loader_e820 import RESERVED, USABLE, rom_with

WHERE = "loader/"
KERNEL_AT = 2048 * SECTOR  # the header sector of partition 1
ELF_AT = KERNEL_AT + SECTOR
HEADER_CRC = 20
READ_ERROR = "kernel file: disk read error"


def spoil(image: Path, at: int, data: bytes) -> None:
    """Change some bytes of an image."""
    with open(image, "r+b") as file:
        file.seek(at)
        file.write(data)


def spoil_header(image: Path, at: int, data: bytes) -> None:
    """Change the kernel's header, and make its checksum right again."""
    spoil(image, KERNEL_AT + at, data)
    with open(image, "rb") as file:
        file.seek(KERNEL_AT)
        header = bytearray(file.read(SECTOR))
    struct.pack_into("<I", header, HEADER_CRC, 0)
    spoil(image, KERNEL_AT + HEADER_CRC, struct.pack("<I", zlib.crc32(header)))


def boot_image(machine: Any, image: Path, /, **how: Any) -> Any:
    """Boot a disk image."""
    return machine.boot(door="own", image=image, **how)


def check_refused(machine: Any, image: Path, words: str) -> None:
    """The loader gives up and says why."""
    expect_end(boot_image(machine, image), EXIT_LOADER, words, WHERE + "kernel_file.c")


def kernel_of(machine: Any, size: int) -> Elf:
    """A good kernel with so many random bytes."""
    return simple_kernel(machine.random.randbytes(size))


def test_a_header_that_is_none_is_refused(machine: Any) -> None:
    """A wrong magic number, version, checksum or length in front of the kernel is named."""
    size = len(kernel_of(machine, 5000).file())
    for at, data, words in (
        (0, b"STRATA-X", "kernel header: no kernel there"),
        (8, struct.pack("<I", 2), "kernel header: unknown version"),
        (12, struct.pack("<I", 0), "kernel header: length"),
        (12, struct.pack("<I", 0xFFFFFFFF), "kernel header: length"),
        (12, struct.pack("<I", size - 16), "kernel file: CRC32 is"),
    ):
        image = disk_with(machine, kernel_of(machine, 5000))
        spoil_header(image, at, data)
        check_refused(machine, image, words)
    image = disk_with(machine, kernel_of(machine, 5000))
    spoil(image, KERNEL_AT + 32 + machine.random.randrange(400), b"\xa5")
    check_refused(machine, image, "kernel header: wrong CRC32")


def test_one_wrong_byte_of_the_kernel_is_found(machine: Any) -> None:
    """The checksum covers the first and the last byte, and those between."""
    elf = kernel_of(machine, 200_003)
    size = len(elf.file())
    for at in (4, size - 1, machine.random.randrange(64, size)):
        image = disk_with(machine, elf)
        spoil(image, ELF_AT + at, bytes([elf.file()[at] ^ 1 << machine.random.randrange(8)]))
        check_refused(machine, image, "kernel file: CRC32 is")


def test_a_disk_without_our_partition_is_named(machine: Any) -> None:
    """No partition of type DAh: the loader says so."""
    image = disk_with(machine, simple_kernel())
    spoil(image, 446 + 4, b"\x83")
    check_refused(machine, image, "partition table: no partition of type DAh")


def test_read_errors_of_the_kernel_are_survived_or_named(machine: Any) -> None:
    """One error in the kernel's sectors is followed by another try; the last is named."""
    elf = kernel_of(machine, 300_000)
    sector = 2048 + machine.random.randrange(len(elf.file()) // SECTOR)
    for disk in ("virtio", "ide"):
        image = disk_with(machine, elf)
        rule = {"sector": sector, "once": True}
        boot_image(machine, image, disk=disk, read_errors=[rule]).wait_exit(EXIT_OK)
    image = disk_with(machine, elf)
    guest = boot_image(machine, image, read_errors=[{"sector": sector}])
    expect_end(guest, EXIT_LOADER, READ_ERROR, WHERE + "disk.c")


def test_command_line_and_names_are_passed(machine: Any) -> None:
    """The command line, up to its full length, the loader's name and the boot device."""
    text = "".join(machine.random.choice("abc=1,_ ") for _ in range(479))
    for cmdline in ("", text):
        guest, _ = at_kernel(machine, simple_kernel(), cmdline)
        expect_eq(tag_of(guest, 1, "command line"), cmdline.encode() + b"\0", "the command line")
        name = tag_of(guest, 2, "loader's name")
        expect(name.startswith(b"Strata") and name.endswith(b"\0"), "the loader's name", seen=name)
        device = struct.unpack("<III", tag_of(guest, 5, "boot device"))
        expect_eq(device, (0x80, 0, 0xFFFFFFFF), "first disk, first partition, none within it")


def test_the_memory_tags_agree(machine: Any) -> None:
    """Basic memory information says what the memory map says."""
    size = machine.random.randrange(64, 512)
    guest, _ = at_kernel(machine, simple_kernel(), memory=f"{size}M")
    lower, upper = struct.unpack("<II", tag_of(guest, 4, "basic memory"))
    ranges = [entry for entry in memory_map(guest) if entry.type == USABLE]
    expect_eq(lower, ranges[0].length >> 10, "KiB of memory from 0")
    high = next(entry for entry in ranges if entry.base == MIB)
    expect_eq(upper, high.length >> 10, "KiB of memory from 1 MiB")


def test_the_acpi_tag_is_the_firmwares_table(machine: Any) -> None:
    """The RSDP tag is a copy of the one in the BIOS's memory, with a right checksum."""
    guest, _ = at_kernel(machine, simple_kernel())
    found = {kind: body for kind, body in read_tags(guest) if kind in (14, 15)}
    expect_eq(len(found), 1, "one ACPI tag (14 or 15) is passed")
    ((kind, body),) = found.items()
    size = 20 if kind == 14 else 36
    expect_eq(len(body), size, "the ACPI tag's size")
    expect_eq(sum(body[:20]) & 255, 0, "the RSDP's bytes sum up to 0")
    rom = guest.read_phys(0xE0000, 0x20000)
    expect(body in (rom[at : at + size] for at in range(0, len(rom), 16)), "it is the BIOS's")


def test_a_framebuffer_tag_comes_with_a_vga_only(machine: Any) -> None:
    """With a VGA: EGA text, 80 x 25 at B8000h. Without: no such tag."""
    guest, _ = at_kernel(machine, simple_kernel(), vga="std")
    screen = struct.unpack("<QIIIBBH", tag_of(guest, 8, "framebuffer"))
    expect_eq(screen, (0xB8000, 160, 80, 25, 16, 2, 0), "text mode, as Multiboot2 has it")
    expect("Strata loader" in guest.screen_text()[0] + "".join(guest.screen_text()), "a greeting")
    guest, _ = at_kernel(machine, simple_kernel())
    expect(8 not in dict(read_tags(guest)), "there is no screen, so no framebuffer tag")


def test_the_kernels_requests_are_obeyed(machine: Any) -> None:
    """Another entry is taken; what we cannot give is refused, unless it is optional."""
    plain = simple_kernel()
    (code,) = plain.segments
    extra = struct.pack("<HHII", 3, 0, 12, 2 * MIB)
    header = multiboot2_header(extra)
    elf = Elf((Segment(MIB, header + b"\xf4\xeb\xfd"), Segment(2 * MIB, code.data[24:])), entry=MIB)
    boot_kernel(machine, elf).wait_exit(EXIT_OK)
    for request, words in (
        (struct.pack("<HHI", 99, 0, 8), "unknown request 99"),
        (struct.pack("<HHII", 1, 0, 12, 21), "we don't pass the tag wanted: 21"),
        (struct.pack("<HHI", 3, 0, 4), "wrong size of request 3"),
    ):
        guest = boot_kernel(machine, simple_kernel(b"", MIB, request))
        expect_end(guest, EXIT_LOADER, words, WHERE + "multiboot2_header.c")
    for request in (
        struct.pack("<HHI", 99, 1, 8),
        struct.pack("<HHIIII", 1, 0, 20, 1, 6, 14),
        struct.pack("<HHIIII", 5, 0, 20, 1024, 768, 32),
    ):
        boot_kernel(machine, simple_kernel(b"", MIB, request)).wait_exit(EXIT_OK)


def test_a_kernel_without_a_header_is_refused(machine: Any) -> None:
    """No Multiboot2 header in the file's first 32 KiB: the loader says so."""
    code = simple_kernel().segments[0].data
    far = Elf((Segment(MIB, bytes(0x8000) + code),), entry=MIB + 0x8000)
    guest = boot_kernel(machine, far)
    expect_end(guest, EXIT_LOADER, "Multiboot2 header: the kernel has none", WHERE)


def test_memory_that_the_map_reserves_is_left_alone(machine: Any) -> None:
    """Where entries overlap, what is reserved by one of them is never written to."""
    random = machine.random
    top = 62 * MIB
    holes = []
    for _ in range(random.randrange(3, 60)):
        base = random.randrange(20 * MIB, top - MIB)
        holes.append(Entry(base, random.randrange(1, MIB), random.choice((RESERVED, 7))))
    entries = [Entry(0, 0x9FC00, USABLE), Entry(MIB, 40 * MIB, USABLE)]
    entries += [Entry(30 * MIB, top - 30 * MIB, USABLE), *holes, Entry(1 << 63, 1 << 63, USABLE)]
    random.shuffle(entries)
    dirt = machine.folder / "dirt"
    dirt.write_bytes(random.randbytes(MIB) * ((top >> 20) - 20))
    fill = ["-device", f"loader,file={dirt},addr={20 * MIB:#x},force-raw=on"]
    elf = kernel_of(machine, 400_000)
    rom = rom_with(machine, entries)
    guest = boot_kernel(machine, elf, option_rom=rom, args=fill, paused=True)
    stop_at(guest, MBR_BASE, "the BIOS enters the boot sector")
    before = guest.read_phys(20 * MIB, top - 20 * MIB)
    stop_at(guest, elf.entry, "the loader enters the kernel")
    after = guest.read_phys(20 * MIB, top - 20 * MIB)
    for hole in holes:
        part = slice(hole.base - 20 * MIB, hole.base - 20 * MIB + hole.length)
        expect(before[part] == after[part], f"the loader has written to {hole}")


def test_a_map_without_room_is_named(machine: Any) -> None:
    """A map with no usable memory above 1 MiB: the loader says that there is none."""
    entries = [Entry(0, 0x9FC00, USABLE), Entry(0, 1 << 40, RESERVED), Entry(MIB, MIB, USABLE)]
    guest = boot_kernel(machine, simple_kernel(), option_rom=rom_with(machine, entries))
    expect_end(guest, EXIT_LOADER, "no usable memory is large enough", WHERE + "memory.c")
