#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a bootable disk image: boot sector, stage 2, kernel.

    LBA 0       boot sector with the partition table
    LBA 1..     stage 2, in the gap before the first partition
    LBA 2048..  partition 1, type DAh: a header sector, then the stripped ELF64
    then        partition 2, type 83h: free for the root file system

With --install the image stays as it is, with its partition table and its disk
signature, and only the loader and the kernel in it are replaced.
"""

from __future__ import annotations

import argparse
import os
import shutil
import struct
import sys
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

__all__ = ["DiskError", "Kernel", "build", "kernel_header", "main"]

SECTOR = 512
MIB = 1 << 20
FIRST_LBA = 2048
KERNEL_PARTITION_MIB = 4  # at least; the kernel has room to grow
PARTITION_KERNEL = 0xDA
PARTITION_LINUX = 0x83

MBR_STAGE2_SECTORS = 438  # these three as in loader/mbr.inc
MBR_DISK_SIGNATURE = 440
MBR_PARTITIONS = 446
STAGE2_MAX = 0x8000  # it lies at 8000h..FFFFh

HEADER_MAGIC = b"STRATA-K"  # loader/kernel_file.h
HEADER_VERSION = 1
CMDLINE_MAX = 479


class DiskError(Exception):
    """What is wrong with the input, in one line."""


@dataclass(frozen=True)
class Kernel:
    """What goes into the kernel's partition."""

    elf: bytes
    cmdline: str = ""

    def sectors(self) -> int:
        """Length in sectors, with the header."""
        return 1 + _sectors(len(self.elf))


@dataclass(frozen=True)
class _Partition:
    lba: int
    sectors: int


def kernel_header(kernel: Kernel) -> bytes:
    """The sector in front of the ELF file."""
    text = kernel.cmdline.encode()
    if len(text) > CMDLINE_MAX:
        raise DiskError(f"the command line has {len(text)} bytes, at most {CMDLINE_MAX} fit")
    if b"\0" in text:
        raise DiskError("the command line holds a NUL byte")
    fields = (HEADER_VERSION, len(kernel.elf), zlib.crc32(kernel.elf))
    tail = bytes(8) + text.ljust(CMDLINE_MAX + 1, b"\0")
    blank = HEADER_MAGIC + struct.pack("<4I", *fields, 0) + tail
    return HEADER_MAGIC + struct.pack("<4I", *fields, zlib.crc32(blank)) + tail


def build(image: IO[bytes], mbr: bytes, stage2: bytes, kernel: Kernel, size: int) -> None:
    """Write a new image of size bytes into an empty file."""
    _check_loader(mbr, stage2)
    room = max(KERNEL_PARTITION_MIB * MIB, _round_up(kernel.sectors() * SECTOR, MIB))
    first = _Partition(FIRST_LBA, room // SECTOR)
    end = first.lba + first.sectors
    if end * SECTOR + MIB > size:
        raise DiskError(
            f"the image of {size // MIB} MiB is too small: this kernel needs "
            f"{end * SECTOR // MIB + 1} MiB (--size)"
        )
    second = _Partition(end, size // SECTOR - end)
    table = (
        _table_entry(first, PARTITION_KERNEL, active=True)
        + _table_entry(second, PARTITION_LINUX, active=False)
        + bytes(2 * 16)
        + b"\x55\xaa"
    )
    image.truncate(size)
    image.write(bytes(MBR_DISK_SIGNATURE) + b"STRA" + bytes(2) + table)
    _install(image, mbr, stage2, kernel)


def install(image: IO[bytes], mbr: bytes, stage2: bytes, kernel: Kernel) -> None:
    """Replace loader and kernel in an image that has a partition of type DAh."""
    _check_loader(mbr, stage2)
    _install(image, mbr, stage2, kernel)


def _install(image: IO[bytes], mbr: bytes, stage2: bytes, kernel: Kernel) -> None:
    image.seek(0)
    old = image.read(SECTOR)
    partition = _kernel_partition(old)
    if kernel.sectors() > partition.sectors:
        raise DiskError(
            f"the kernel takes {kernel.sectors()} sectors, "
            f"its partition has {partition.sectors}"
        )
    code = bytearray(mbr[:MBR_DISK_SIGNATURE])
    struct.pack_into("<H", code, MBR_STAGE2_SECTORS, _sectors(len(stage2)))
    image.seek(0)
    image.write(bytes(code) + old[MBR_DISK_SIGNATURE:])
    image.write(_padded(stage2))
    image.seek(partition.lba * SECTOR)
    image.write(kernel_header(kernel) + _padded(kernel.elf))


def _check_loader(mbr: bytes, stage2: bytes) -> None:
    if len(mbr) != SECTOR or mbr[510:] != b"\x55\xaa":
        raise DiskError("the boot sector is not 512 bytes that end with 55 AA")
    if any(mbr[MBR_PARTITIONS:510]):
        raise DiskError("the boot sector's code reaches into the partition table")
    if not stage2:
        raise DiskError("stage 2 is empty")
    if len(stage2) > STAGE2_MAX:
        raise DiskError(f"stage 2 has {len(stage2)} bytes, at most {STAGE2_MAX} fit")


def _kernel_partition(mbr: bytes) -> _Partition:
    if len(mbr) != SECTOR or mbr[510:] != b"\x55\xaa":
        raise DiskError("the image has no partition table")
    starts = []
    kernel = None
    for at in range(MBR_PARTITIONS, 510, 16):
        kind, lba, sectors = mbr[at + 4], *struct.unpack_from("<II", mbr, at + 8)
        if kind != 0:
            starts.append(lba)
        if kind == PARTITION_KERNEL and kernel is None:
            kernel = _Partition(lba, sectors)
    if kernel is None:
        raise DiskError("the image has no partition of type DAh")
    if min(starts) <= STAGE2_MAX // SECTOR:
        raise DiskError("the image has no gap for stage 2 before its first partition")
    return kernel


def _table_entry(partition: _Partition, kind: int, *, active: bool) -> bytes:
    no_chs = b"\xfe\xff\xff"  # beyond what cylinder, head, sector can say
    state = 0x80 if active else 0
    return struct.pack("<B3sB3sII", state, no_chs, kind, no_chs, partition.lba, partition.sectors)


def _sectors(size: int) -> int:
    return (size + SECTOR - 1) // SECTOR


def _round_up(value: int, step: int) -> int:
    return (value + step - 1) // step * step


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % SECTOR)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DiskError(f"{path}: {error.strerror}") from error


def _read_kernel(path: Path, cmdline: str) -> Kernel:
    elf = _read(path)
    if elf[:6] != b"\x7fELF\x02\x01":
        raise DiskError(f"{path}: not an ELF64 file")
    return Kernel(elf, cmdline)


def _make(options: argparse.Namespace) -> None:
    mbr, stage2 = _read(options.mbr), _read(options.stage2)
    kernel = _read_kernel(options.kernel, options.cmdline)
    output: Path = options.output
    try:
        folder = output.parent
        with tempfile.NamedTemporaryFile(dir=folder, prefix=output.name, delete=False) as image:
            try:
                if options.install:
                    _copy_sparse(output, image)
                    install(image, mbr, stage2, kernel)
                else:
                    build(image, mbr, stage2, kernel, options.size * MIB)
                image.flush()
                os.chmod(image.name, 0o644)
                os.replace(image.name, output)
            except BaseException:
                os.unlink(image.name)
                raise
    except OSError as error:
        raise DiskError(f"{output}: {error.strerror}") from error


def _copy_sparse(source: Path, image: IO[bytes]) -> None:
    with open(source, "rb") as old:
        while block := old.read(64 * 1024):
            if any(block):
                image.write(block)
            else:
                image.seek(len(block), os.SEEK_CUR)
        image.truncate(old.tell())
    shutil.copymode(source, image.name)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make a bootable disk image.")
    parser.add_argument("--mbr", type=Path, required=True, help="boot sector, 512 bytes")
    parser.add_argument("--stage2", type=Path, required=True, help="stage 2, flat binary")
    parser.add_argument("--kernel", type=Path, required=True, help="stripped ELF64")
    parser.add_argument("--cmdline", default="", help="the kernel's command line")
    parser.add_argument("--size", type=int, default=16, help="of a new image, in MiB")
    parser.add_argument(
        "--install",
        action="store_true",
        help="into the image that is there, keeping its partition table",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="the image")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status."""
    try:
        _make(_options(arguments))
    except DiskError as error:
        print(f"mkdisk: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
