# SPDX-License-Identifier: MIT
"""tools/mkdisk.py: what it keeps of an image, and how it refuses bad input."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from loader_support import HERE, MIB, SECTOR, simple_kernel
from strata.api import EXIT_OK, expect, expect_eq

TOOL = HERE.parent / "tools" / "mkdisk.py"


def run(machine: Any, output: Path, *more: str, **files: Path) -> subprocess.CompletedProcess[str]:
    """Run the tool on the loader under test; files may replace mbr, stage2, kernel."""
    kernel = machine.folder / "kernel.elf"
    if not kernel.exists():
        kernel.write_bytes(simple_kernel(machine.random.randbytes(3000)).file())
    paths = {"mbr": machine.file("mbr.bin"), "stage2": machine.file("loader.bin")}
    words = [sys.executable, str(TOOL), "-o", str(output), *more]
    for name, path in {**paths, "kernel": kernel, **files}.items():
        words += [f"--{name}", str(path)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_installing_keeps_the_partition_table(machine: Any) -> None:
    """An image's table, disk signature and other contents stay; the result boots."""
    image = machine.folder / "copy-installed.img"
    old = bytearray(machine.random.randbytes(8 * MIB))
    table = machine.random.randbytes(72)
    old[440:512] = table[:70] + b"\x55\xaa"
    old[446 + 4] = 0x0C
    old[446 + 8 : 446 + 16] = (8192).to_bytes(4, "little") + (100).to_bytes(4, "little")
    old[462 + 4] = 0xDA
    old[462 + 8 : 462 + 16] = (4096).to_bytes(4, "little") + (4096).to_bytes(4, "little")
    old[478 + 4] = old[494 + 4] = 0
    image.write_bytes(old)
    done = run(machine, image, "--install", "--cmdline", "x=1")
    expect_eq(done.returncode, 0, f"mkdisk --install works ({done.stderr.strip()})")
    new = image.read_bytes()
    expect_eq(new[440:512], bytes(old[440:512]), "disk signature and partition table are kept")
    for part in (slice(65 * SECTOR, 4096 * SECTOR), slice(4200 * SECTOR, len(old))):
        expect(new[part] == old[part], "nothing else in the image has changed")
    machine.boot(door="own", image=image).wait_exit(EXIT_OK)


def test_bad_input_is_refused_in_one_line(machine: Any) -> None:
    """Each wrong file or value gets one line that names it, and no image is left."""
    folder: Path = machine.folder
    image = folder / "none.img"
    long, empty, text = folder / "long", folder / "empty", folder / "text"
    long.write_bytes(bytes(0x8001))
    empty.write_bytes(b"")
    text.write_bytes(b"#!/bin/sh\n")
    code = bytearray(machine.file("mbr.bin").read_bytes())
    code[450] = 1
    (folder / "fat.bin").write_bytes(code)
    cases: list[tuple[tuple[str, ...], dict[str, Path], str]] = [
        ((), {"stage2": long}, "at most 32768 fit"),
        ((), {"stage2": empty}, "stage 2 is empty"),
        ((), {"kernel": text}, "not an ELF64 file"),
        ((), {"kernel": folder / "missing"}, "No such file"),
        ((), {"mbr": text}, "the boot sector is not 512 bytes"),
        ((), {"mbr": folder / "fat.bin"}, "reaches into the partition table"),
        (("--cmdline", "x" * 480), {}, "at most 479 fit"),
        (("--size", "3"), {}, "too small"),
        (("--install",), {}, "No such file"),
    ]
    for words, files, said in cases:
        done = run(machine, image, *words, **files)
        expect_eq(done.returncode, 1, f"mkdisk refuses: {said}")
        expect(said in done.stderr, f"mkdisk says '{said}'", seen=done.stderr)
        expect_eq(done.stderr.count("\n"), 1, "one line is said", hint=done.stderr)
        left = [path.name for path in folder.iterdir() if path.name.startswith("none.img")]
        expect_eq(left, [], "no image and no part of one is left")
