# SPDX-License-Identifier: MIT
"""Figures of the boot: against a bare boot sector, in instructions, in bytes."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Iterator

from strata.bench import Bench, Figure

RUNS = 15
DISK_BYTES = 16 << 20

FLOOR = """
        bits 16
        org 0x7c00
        mov eax, 0x10
        mov dx, 0xf4
        out dx, eax
        hlt
        times 510 - ($ - $$) db 0
        dw 0xaa55
"""

# Tells the time-stamp counter at the boot sector's first byte, in hexadecimal.
CLOCK = """
        bits 16
        org 0x7c00
        rdtsc
        mov esi, eax
        mov ebx, edx
        mov si, prefix
        push eax
        push edx
.text:  lodsb
        test al, al
        jz .digits
        out 0xe9, al
        jmp .text
.digits:
        pop ebx
        call hex
        pop ebx
        call hex
        mov al, 10
        out 0xe9, al
        mov eax, 0x10
        mov dx, 0xf4
        out dx, eax
        hlt
hex:    mov cx, 8
.next:  rol ebx, 4
        mov al, bl
        and al, 15
        cmp al, 10
        sbb al, 0x69
        das
        out 0xe9, al
        loop .next
        ret
prefix: db "@bebebebe tsc ", 0
        times 510 - ($ - $$) db 0
        dw 0xaa55
"""


def disk(bench: Bench, name: str, source: str) -> Path:
    """A disk whose boot sector is this."""
    path = bench.scratch / name
    path.write_bytes(bench.assemble(source).read_bytes())
    with path.open("r+b") as file:
        file.truncate(DISK_BYTES)
    return path


def wall(bench: Bench, stage: str) -> Iterator[Figure]:
    """Our loader's boot against the floor, interleaved."""
    floor = disk(bench, "floor.img", FLOOR)
    plain = {"cmdline": "main=exit", "icount": None}
    specs = {
        "floor": bench.spec("own", floor, **plain),
        "own": bench.spec("own", f"{stage}.img", **plain),
        "floor_ide": bench.spec("own", floor, disk="ide", **plain),
        "own_ide": bench.spec("own", f"{stage}.img", disk="ide", **plain),
        "pvh": bench.spec("pvh", f"{stage}.stripped.elf", **plain),
    }
    times = bench.interleaved_ms(specs, RUNS)

    def ratio(name: str, base: str) -> list[float]:
        middle = sorted(times[base])[RUNS // 2]
        return [one / middle for one in times[name]]

    text = "wall time of a boot by our loader on {} / a bare boot sector, same flags"
    yield Figure.of("boot_vs_floor", ratio("own", "floor"), "ratio", text.format("virtio-blk"))
    yield Figure.of("boot_vs_floor_ide", ratio("own_ide", "floor_ide"), "ratio", text.format("IDE"))
    yield Figure.of(
        "boot_pvh_vs_floor", ratio("pvh", "floor"), "ratio", "a boot by PVH and qboot / that floor"
    )


def clock(lines: list[str], word: str) -> int:
    """The number behind a word of the verdict lines."""
    for line in lines:
        if line.startswith(f"{word} "):
            return int(line.split()[1], 16)
    raise AssertionError(f"no line {word!r} in {lines}")


def instructions(bench: Bench, stage: str) -> Iterator[Figure]:
    """From the boot sector's first byte, and from the kernel's, to the end of the boot."""
    start = disk(bench, "clock.img", CLOCK)
    first = clock(bench.verdicts(bench.spec("own", start, "main=exit", icount=0)), "tsc")
    spec = bench.spec("own", f"{stage}.img", "main=clock", icount=0)
    lines = bench.verdicts(spec)
    entered, ready = clock(lines, "entered"), clock(lines, "ready")
    unit = "instructions"
    yield Figure.of("boot_insn", [ready - first], unit, "boot sector's first byte to the prompt")
    yield Figure.of("boot_insn_kernel", [ready - entered], unit, "kernel's entry to the prompt")


def memory(elf: Path) -> Iterator[Figure]:
    """Image and static data."""
    words = ["readelf", "-lW", str(elf)]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in text.splitlines() if line.strip().startswith("LOAD")]
    total = sum(int(row[5], 16) for row in rows)
    yield Figure.of("kernel_mem_bytes", [total], "bytes", "stage 0's image and static data")


def figures(bench: Bench) -> Iterator[Figure]:
    """All of them."""
    stage = f"stage{bench.lab.number}"
    yield from wall(bench, stage)
    yield from instructions(bench, stage)
    yield from memory(bench.images / f"{stage}.elf")
