# SPDX-License-Identifier: MIT
"""What the loader's tests share: disk images, small kernels, hostile BIOSes.

The kernels are made here byte by byte, so that no exercise of the real kernel can
spoil a test of the loader. Guests are stopped where stage 2, its C code or the kernel
begins, and looked at through the debugger.
"""

from __future__ import annotations

import importlib.util
import os
import struct
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator

from strata.api import Failure, GuestEnded

__all__ = [
    "Elf",
    "Entry",
    "MBR_BASE",
    "MIB",
    "SECTOR",
    "SOON",
    "STAGE2",
    "Segment",
    "at_kernel",
    "blamed",
    "boot_kernel",
    "disk_with",
    "expect_end",
    "hostile_bios",
    "load_mkdisk",
    "memory_map",
    "multiboot2_header",
    "read_tags",
    "simple_kernel",
    "stop_at",
    "tag_of",
]

SECTOR = 512
MIB = 1 << 20
MBR_BASE = 0x7C00
STAGE2 = 0x8000
SOON: dict[str, Any] = {"icount": 7, "virtual_s": 6}  # an endless loop is found soon
HERE = Path(__file__).resolve().parent

# mov eax, EXIT_OK; out 0xf4, eax; hlt; jmp to the hlt
_EXIT_OK = bytes.fromhex("b810000000 e7f4 f4 ebfd")
_MULTIBOOT2 = 0xE85250D6


def load_mkdisk() -> ModuleType:
    """The tool that makes our disk images, as a module."""
    name = "strata_mkdisk"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE.parent / "tools" / "mkdisk.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def multiboot2_header(*tags: bytes) -> bytes:
    """A header with these requests (each padded here), and the end."""
    body = b"".join(tag + bytes(-len(tag) % 8) for tag in tags) + struct.pack("<HHI", 0, 0, 8)
    size = 16 + len(body)
    return struct.pack("<4I", _MULTIBOOT2, 0, size, -(_MULTIBOOT2 + size) & 0xFFFFFFFF) + body


@dataclass(frozen=True)
class Segment:
    """One program header with its bytes; None: the field follows from the bytes."""

    paddr: int
    data: bytes
    bss: int = 0
    vaddr: int | None = None
    kind: int = 1
    offset: int | None = None
    filesz: int | None = None
    memsz: int | None = None

    def header(self, offset: int) -> bytes:
        """The program header of a segment whose bytes lie at an offset."""
        filesz = len(self.data) if self.filesz is None else self.filesz
        memsz = filesz + self.bss if self.memsz is None else self.memsz
        vaddr = self.paddr if self.vaddr is None else self.vaddr
        at = offset if self.offset is None else self.offset
        return struct.pack("<IIQQQQQQ", self.kind, 7, at, vaddr, self.paddr, filesz, memsz, 16)


@dataclass(frozen=True)
class Elf:
    """An ELF64 file; the fields of its header can be given wrong values."""

    segments: tuple[Segment, ...]
    entry: int = 0
    fields: dict[str, int] = field(default_factory=dict)

    def wrong(self, **fields: int) -> Elf:
        """The same with other values in its header."""
        return replace(self, fields={**self.fields, **fields})

    def plus(self, *segments: Segment) -> Elf:
        """The same with more segments."""
        return replace(self, segments=self.segments + segments)

    def file(self) -> bytes:
        """The file."""
        start = 64 + 56 * len(self.segments)
        start += -start % 16
        headers, body = b"", b""
        for segment in self.segments:
            headers += segment.header(start + len(body))
            body += segment.data + bytes(-len(segment.data) % 16)
        return (self._header() + headers).ljust(start, b"\0") + body

    def _header(self) -> bytes:
        values = {
            "magic": 0x464C457F,
            "elf_class": 2,
            "data": 1,
            "type": 2,
            "machine": 62,
            "entry": self.entry,
            "phoff": 64,
            "phentsize": 56,
            "phnum": len(self.segments),
            **self.fields,
        }
        ident = struct.pack("<IBBB9x", values["magic"], values["elf_class"], values["data"], 1)
        return ident + struct.pack(
            "<HHIQQQIHHHHHH",
            values["type"],
            values["machine"],
            1,
            values["entry"],
            values["phoff"],
            0,
            0,
            64,
            values["phentsize"],
            values["phnum"],
            0,
            0,
            0,
        )


def simple_kernel(rubbish: bytes = b"", paddr: int = MIB, *tags: bytes) -> Elf:
    """A kernel of one segment that ends with EXIT_OK; entry behind its header."""
    header = multiboot2_header(*tags)
    return Elf((Segment(paddr, header + _EXIT_OK + rubbish),), entry=paddr + len(header))


def disk_with(
    machine: Any, elf: Elf | bytes, cmdline: str = "", *, stage2: bytes | None = None
) -> Path:
    """A disk image with the loader under test and a kernel."""
    mkdisk = load_mkdisk()
    if stage2 is None:
        stage2 = machine.file("loader.bin").read_bytes()
    mbr = machine.file("mbr.bin").read_bytes()
    data = elf if isinstance(elf, bytes) else elf.file()
    number = len(list(machine.folder.glob("copy-loader*.img")))
    path: Path = machine.folder / f"copy-loader{number}.img"
    with open(path, "w+b") as image:
        mkdisk.build(image, mbr, stage2, mkdisk.Kernel(data, cmdline), 16 * MIB)
    symbols = path.with_suffix(".elf")
    loader_elf: Path = machine.file("loader.elf")
    if not symbols.exists():
        os.symlink(loader_elf, symbols)
    return path


def boot_kernel(machine: Any, elf: Elf | bytes, cmdline: str = "", /, **how: Any) -> Any:
    """Boot a kernel through the loader under test."""
    return machine.boot(door="own", image=disk_with(machine, elf, cmdline), **how)


@contextmanager
def blamed(where: str, hint: str = "", case: str = "") -> Iterator[None]:
    """Failures in here tell the file to look at, what may help, and the case that failed."""
    try:
        yield
    except Failure as failure:
        failure.where = failure.where or where
        failure.hint = hint or failure.hint
        if case:
            failure.fact = f"{case}: {failure.fact}"
        raise


def stop_at(guest: Any, place: int | str, what: str, where: str = "") -> Any:
    """Run a paused guest to a place; its debugger. `what` names the place in a failure."""
    gdb = guest.gdb()
    gdb.break_at(place)
    with blamed(where):
        try:
            gdb.cont()
        except GuestEnded as ended:
            ended.expected = what
            raise
        if guest.end is not None:
            raise guest.failure(what)
    gdb.clear(place)  # this place is enough: each call of gdb() is a new client
    return gdb


def at_kernel(
    machine: Any, elf: Elf, cmdline: str = "", /, *, where: str = "", **how: Any
) -> tuple[Any, Any]:
    """A guest that stands at its kernel's first instruction, and its debugger."""
    guest = boot_kernel(machine, elf, cmdline, paused=True, **how)
    entry = next(
        elf.entry - _vaddr(segment) + segment.paddr
        for segment in elf.segments
        if 0 <= elf.entry - _vaddr(segment) < len(segment.data)
    )
    what = f"the loader enters the kernel at {entry:#x}"
    stop_at(guest, "kernel_enter", what, where)
    found = int.from_bytes(guest.read_phys(guest.regs()["rsp"] + 4, 4), "little")
    if found != entry:
        raise Failure(
            "the loader goes on at another address than the kernel's entry",
            expected=f"{entry:#x}, the physical address of the header's entry {elf.entry:#x}",
            seen=f"{found:#x}",
            where="loader/elf.c: *entry of elf_load",
        )
    return guest, stop_at(guest, entry, what, where)


@dataclass(frozen=True)
class Entry:
    """One entry of a memory map."""

    base: int
    length: int
    type: int
    zero: int = 0

    def __str__(self) -> str:
        return f"{self.base:#x}+{self.length:#x} type {self.type}" + (
            f", reserved word {self.zero:#x}" if self.zero else ""
        )


def read_tags(guest: Any) -> list[tuple[int, bytes]]:
    """(type, body) of each Multiboot2 tag, the end left out; from EBX at the entry."""
    base = guest.regs()["rbx"]
    total = int.from_bytes(guest.read_phys(base, 4), "little")
    if not 16 <= total <= MIB:
        raise Failure(
            "the Multiboot2 information has no sensible size",
            expected="total_size of 16 bytes to 1 MiB",
            seen=f"{total} at EBX = {base:#x}",
        )
    data = guest.read_phys(base, total)
    tags: list[tuple[int, bytes]] = []
    at = 8
    while at + 8 <= total:
        kind, size = struct.unpack_from("<II", data, at)
        if size < 8 or at + size > total:
            break
        if kind == 0:
            return tags
        tags.append((kind, data[at + 8 : at + size]))
        at += (size + 7) // 8 * 8
    raise Failure(
        "the Multiboot2 tags don't end with an end tag inside total_size",
        expected=f"a tag of type 0 before byte {total}",
        seen=f"types {[kind for kind, _ in tags]}, then rubbish at byte {at}",
    )


def tag_of(guest: Any, kind: int, name: str) -> bytes:
    """The body of the one tag of a type."""
    found = [body for other, body in read_tags(guest) if other == kind]
    if len(found) != 1:
        raise Failure(
            f"the kernel gets {len(found)} tags for the {name} (type {kind})",
            expected="1",
            seen=f"types {[other for other, _ in read_tags(guest)]}",
        )
    return found[0]


def memory_map(guest: Any) -> list[Entry]:
    """The memory map that the kernel gets."""
    body = tag_of(guest, 6, "memory map")
    size, version = struct.unpack_from("<II", body)
    if size != 24 or version != 0 or (len(body) - 8) % 24:
        raise Failure(
            "the memory-map tag has a wrong form",
            expected="entry_size 24, entry_version 0, size 16 + 24 * entries",
            seen=f"entry_size {size}, entry_version {version}, size {len(body) + 8}",
        )
    return [Entry(*words) for words in struct.iter_unpack("<QQII", body[8:])]


def _vaddr(segment: Segment) -> int:
    return segment.paddr if segment.vaddr is None else segment.vaddr


def expect_end(guest: Any, code: int, words: str, where: str) -> None:
    """The loader gives up with this code, and says these words on COM1."""
    with blamed(where):
        guest.wait_exit(code)
    said = bytes(guest.serial).decode("ascii", "replace")
    if words not in said:
        raise Failure(
            "the loader gave up, but did not name the right step on COM1",
            expected=f"a line with '{words}'",
            seen=said.strip() or "nothing",
            where=where,
        )


def hostile_bios(machine: Any, **choices: Any) -> Path:
    """An option ROM that spoils the BIOS: see hostile_bios.asm for the choices."""
    number = len(list(machine.folder.glob("*.rom")))
    path: Path = machine.folder / f"hostile{number}.rom"
    blocks = 24
    words = [f"-D{name}={value}" for name, value in choices.items()]
    subprocess.run(
        [
            machine.need(os.environ.get("NASM") or "nasm"),
            *("-f", "bin", f"-DROM_BLOCKS={blocks}", *words, f"-I{machine.folder}/"),
            *("-o", str(path), str(HERE / "hostile_bios.asm")),
        ],
        check=True,
    )
    rom = bytearray(path.read_bytes().ljust(blocks * SECTOR, b"\0"))
    rom[-1] = (rom[-1] - sum(rom)) & 0xFF  # a ROM's bytes sum up to 0
    path.write_bytes(rom)
    return path
