# SPDX-License-Identifier: MIT
"""Exercise 0.2, formats: random ones, against the host's own printf.

The test image's option samples= prints formats, values and what the kernel
made of them; tests/printk_samples_test.c describes the lines.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

from strata.api import EXIT_OK, Failure, Machine, judges

SAMPLES = 1500
TEXT_MAX = 256


@dataclass(frozen=True)
class Sample:
    """One line of the kernel."""

    size: int
    length: int
    value: int | str
    fmt: str
    text: str

    @property
    def call(self) -> str:
        """The call as one would write it."""
        shown = f"{self.value:#x}" if isinstance(self.value, int) else f'"{self.value}"'
        return f'snprintk(buffer, {self.size}, "{self.fmt}", {shown})'


def read_sample(line: str) -> Sample:
    """A line `sample|SIZE|LENGTH|KIND|VALUE|FORMAT|TEXT|`."""
    parts = line.split("|")
    if len(parts) != 8:
        raise Failure("a sample line is garbled", seen=line)
    _, size, length, kind, value, fmt, text, _ = parts
    return Sample(int(size), int(length), int(value, 16) if kind == "i" else value, fmt, text)


def host_printf(sample: Sample) -> tuple[str, int]:
    """What C's own snprintf makes of it: text and length."""
    printf = ctypes.CDLL(None).snprintf
    buffer = ctypes.create_string_buffer(TEXT_MAX)
    argument: object
    if isinstance(sample.value, int):
        argument = ctypes.c_uint64(sample.value)
    else:
        argument = ctypes.c_char_p(sample.value.encode())
    size = ctypes.c_size_t(sample.size)
    length = printf(buffer, size, ctypes.c_char_p(sample.fmt.encode()), argument)
    return buffer.value.decode(), length


def check(sample: Sample) -> None:
    """Fail unless the kernel and the host agree."""
    text, length = host_printf(sample)
    if sample.text != text:
        raise Failure(
            f"{sample.call} gives another text than C's snprintf",
            expected=f'"{text}"',
            seen=f'"{sample.text}"',
            hint="the table in include/lab0/format.h says why",
            where="format.c",
        )
    if sample.length != length:
        raise Failure(
            f"{sample.call} returns another length than C's snprintf",
            expected=str(length),
            seen=str(sample.length),
            hint="count each character by format_putc, also one that finds no room",
            where="format.c",
        )


@judges(exercise="0.2", weight=1)
def test_random_formats_agree_with_the_host(machine: Machine) -> None:
    """Random flags, widths, precisions and values come out as from the host's printf."""
    guest = machine.boot(
        door="pvh",
        image="stageN-test.stripped.elf",
        cmdline=f"samples={SAMPLES} console=none",
    )
    guest.wait_exit(EXIT_OK)
    samples = [read_sample(line) for line in guest.verdicts if line.startswith("sample|")]
    if len(samples) != SAMPLES:
        raise Failure(
            "the kernel prints all samples", expected=str(SAMPLES), seen=str(len(samples))
        )
    for sample in samples:
        check(sample)
