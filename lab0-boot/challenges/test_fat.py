# SPDX-License-Identifier: MIT
"""Challenge: the kernel as a file of a FAT16 partition. `make challenge TEST=fat`."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from challenge_support import cmdline_of, wait_for_kernel, waiting_kernel
from loader_support import MIB, SECTOR, disk_with, expect_end
from strata.api import EXIT_LOADER, Failure, expect_eq

FIRST_LBA = 2048
TYPE_FAT16 = 0x06
END_OF_CHAIN = 0xFFFF
NAME = b"KERNEL  ELF"
LINE = "the command line that the kernel gets"
ARCHIVE, FOLDER, LABEL, LONG_NAME = 0x20, 0x10, 0x08, 0x0F


@dataclass(frozen=True)
class Fat:
    """A FAT16 file system's measures, in sectors."""

    per_cluster: int
    reserved: int
    root_entries: int
    clusters: int

    @property
    def fat(self) -> int:
        """One copy of the table."""
        return (2 * (self.clusters + 2) + SECTOR - 1) // SECTOR

    @property
    def root(self) -> int:
        """Where the root directory begins."""
        return self.reserved + 2 * self.fat

    @property
    def data(self) -> int:
        """Where cluster 2 begins."""
        return self.root + self.root_entries * 32 // SECTOR

    @property
    def total(self) -> int:
        """All of it."""
        return self.data + self.clusters * self.per_cluster

    def boot_sector(self) -> bytes:
        """With the BIOS parameter block."""
        small = self.total if self.total < 0x10000 else 0
        block = struct.pack(
            "<3s8sHBHBHHBHHHII",
            b"\xeb\x3c\x90",
            b"STRATA  ",
            SECTOR,
            self.per_cluster,
            self.reserved,
            2,
            self.root_entries,
            small,
            0xF8,
            self.fat,
            63,
            255,
            FIRST_LBA,
            0 if small else self.total,
        )
        tail = struct.pack("<BBBI11s8s", 0x80, 0, 0x29, 1, b"NO NAME    ", b"FAT16   ")
        return (block + tail).ljust(510, b"\0") + b"\x55\xaa"


def entry(name: bytes, kind: int, cluster: int, size: int) -> bytes:
    """An entry of a directory."""
    return struct.pack("<11sB8xHHHHI", name, kind, 0, 0, 0, cluster, size)


def measures(machine: Any, per_cluster: int) -> Fat:
    """A file system of this cluster size."""
    pick = machine.random
    return Fat(per_cluster, pick.randint(1, 8), 16 * pick.randint(2, 32), pick.randint(4100, 5000))


def chain_for(machine: Any, fat: Fat, size: int) -> list[int]:
    """Clusters for so many bytes: short runs, in any order."""
    count = -(-size // (fat.per_cluster * SECTOR))
    starts = list(range(3, fat.clusters - 8, 8))
    machine.random.shuffle(starts)
    chain: list[int] = []
    for start in starts:
        chain += range(start, start + machine.random.randint(1, 5))
    return chain[:count]


def fat_disk(
    machine: Any, fat: Fat, files: bytes, data: bytes, chain: list[int], links: dict[int, int]
) -> Path:
    """A disk with the loader, one partition, these directory entries and this chain."""
    path: Path = disk_with(machine, waiting_kernel())
    with open(path, "r+b") as image:
        image.truncate((FIRST_LBA + fat.total) * SECTOR)
        image.seek(446)
        partition = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", TYPE_FAT16, b"\xfe\xff\xff",
                                FIRST_LBA, fat.total)  # fmt: skip
        image.write(partition + bytes(48))
        base = FIRST_LBA * SECTOR
        image.seek(base)
        image.write(fat.boot_sector() + bytes(SECTOR * (fat.data - 1)))
        table = bytearray(fat.fat * SECTOR)
        struct.pack_into("<HH", table, 0, 0xFFF8, END_OF_CHAIN)
        for here, there in (dict(zip(chain, [*chain[1:], END_OF_CHAIN])) | links).items():
            struct.pack_into("<H", table, 2 * here, there)
        for copy in (0, 1):
            image.seek(base + (fat.reserved + copy * fat.fat) * SECTOR)
            image.write(table)
        image.seek(base + fat.root * SECTOR)
        image.write(files)
        step = fat.per_cluster * SECTOR
        for number, cluster in enumerate(chain):
            image.seek(base + (fat.data + (cluster - 2) * fat.per_cluster) * SECTOR)
            image.write(data[number * step : (number + 1) * step])
        image.truncate(max(image.seek(0, os.SEEK_END), (FIRST_LBA + fat.total) * SECTOR))
    return path


def decoys() -> bytes:
    """What is not the file, although some of it has its name."""
    found = entry(NAME, LABEL, 0, 0)
    found += entry(b"\xe5" + NAME[1:], ARCHIVE, 3, 100)
    found += entry(NAME, LONG_NAME, 0, 0)
    found += entry(b"KERNEL     ", FOLDER, 3, 0)
    return found + entry(b"KERNEL  ELG", ARCHIVE, 3, 100)


def boot(machine: Any, path: Path) -> Any:
    """Boot it."""
    return machine.boot(door="own", image=path)


def test_the_kernel_is_read_from_a_fat16_partition(machine: Any) -> None:
    """A file in many pieces, clusters of several sizes, and names that nearly match."""
    for per_cluster in (1, machine.random.choice((4, 8, 16)), 64):
        fat = measures(machine, per_cluster)
        elf = waiting_kernel(machine.random.randbytes(200_000 + machine.random.randrange(9999)))
        data = elf.file()
        chain = chain_for(machine, fat, len(data))
        files = decoys() + entry(NAME, ARCHIVE, chain[0], len(data))
        guest = boot(machine, fat_disk(machine, fat, files, data, chain, {}))
        wait_for_kernel(guest)
        wanted = elf.segments[0].data
        if guest.read_phys(MIB, len(wanted)) != wanted:
            raise Failure(
                "the kernel in memory is not the file",
                expected=f"{len(wanted)} bytes of the file at 1 MiB",
                seen=f"other bytes; clusters have {per_cluster} sectors",
            )
        expect_eq(cmdline_of(guest), "", LINE)


def test_a_missing_file_is_named(machine: Any) -> None:
    """No such file: the loader says which one it looked for."""
    fat = measures(machine, 4)
    guest = boot(machine, fat_disk(machine, fat, decoys(), b"", [], {}))
    expect_end(guest, EXIT_LOADER, "KERNEL.ELF", "loader/")


def test_a_broken_chain_is_named(machine: Any) -> None:
    """The chain ends too early, or leads to a cluster that does not exist."""
    fat = measures(machine, 2)
    data = waiting_kernel(machine.random.randbytes(100_000)).file()
    chain = chain_for(machine, fat, len(data))
    files = entry(NAME, ARCHIVE, chain[0], len(data))
    middle = chain[len(chain) // 2]
    for there in (END_OF_CHAIN, 0, 1, fat.clusters + 2, 0xFFF7):
        path = fat_disk(machine, fat, files, data, chain, {middle: there})
        expect_end(boot(machine, path), EXIT_LOADER, "FAT", "loader/")


def test_our_own_partition_comes_first(machine: Any) -> None:
    """A disk with a partition of type DAh boots as before."""
    guest = boot(machine, disk_with(machine, waiting_kernel(), "still=here"))
    wait_for_kernel(guest)
    expect_eq(cmdline_of(guest), "still=here", LINE)
