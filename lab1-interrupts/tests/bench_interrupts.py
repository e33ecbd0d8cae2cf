# SPDX-License-Identifier: MIT
"""Figures of an interrupt's parts, stamped by the kernel (interrupt_bench.c); of the boot."""

from __future__ import annotations

from typing import Iterator

from strata.bench import Bench, Figure

WHAT = {
    "irq_to_handler": "from its sending to the handler's first instruction; goal 90, Linux 6.1 194",
    "irq_send": "of that: the call that writes the APIC's command register",
    "irq_send_and_entry": "parts of irq_roundtrip: send, entry, to the source's `spurious`",
    "irq_dispatch": "... from there to the handler",
    "irq_handler": "... out of the handler, to the source's `acknowledge`",
    "irq_acknowledge": "... the EOI",
    "irq_leave": "... to the hook interrupt_leave",
    "irq_exit": "... registers back, IRETQ, back in the code that was interrupted",
}


def figures(bench: Bench) -> Iterator[Figure]:
    """All of them."""
    stage = f"stage{bench.lab.number}"
    yield from parts(bench, stage)
    yield from boot(bench, stage)


def parts(bench: Bench, stage: str) -> Iterator[Figure]:
    """One a part; the parts add up to more than irq_roundtrip, by what the stamps cost."""
    spec = bench.spec("pvh", f"{stage}-test.stripped.elf", "irq_spans console=serial", icount=0)
    for line in bench.verdicts(spec):
        word, _, rest = line.partition(" ")
        if word == "span":
            name, value = rest.split()
            yield Figure.of(name, [int(value)], "instructions", WHAT[name])


def boot(bench: Bench, stage: str) -> Iterator[Figure]:
    """A nanosecond is an instruction; tsc.c and lapic_timer.c let 1.2 million of them go by."""
    lines = bench.verdicts(bench.spec("pvh", f"{stage}.stripped.elf", "main=clock", icount=0))
    stamps = dict(line.split() for line in lines if line.startswith(("entered ", "ready ")))
    took = int(stamps["ready"], 16) - int(stamps["entered"], 16)
    what = "kernel's entry to the prompt; 1.2 million of it are measuring clocks"
    yield Figure.of(f"{stage}_boot_insn", [took], "instructions", what)
