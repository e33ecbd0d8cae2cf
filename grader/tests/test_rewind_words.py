# SPDX-License-Identifier: MIT
"""The pure parts of rewind: command lines, refusals, packets, hits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from strata.replay import take_packet
from strata.rr import rr_words, why_not
from strata.spec import MachineSpec
from strata.time_machine import TimeMachine

SPEC = MachineSpec("pvh", Path("kernel.elf"), "00000001", icount=7)


def test_a_recorded_machine_differs_in_its_clock_and_its_line_only() -> None:
    """-icount gets the log; the serial line is one that is recorded."""
    words = rr_words(SPEC, "record", Path("log"), "stdio", "file,path=verdict")
    assert words[words.index("-icount") + 1] == "shift=7,sleep=off,rr=record,rrfile=log"
    assert words[words.index("-serial") + 1] == "stdio"
    assert not any("id=com1" in word for word in words)
    assert "file,id=verdict,path=verdict" in words and "-no-shutdown" in words


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (SPEC, ""),
        (replace(SPEC, smp=2), "more than one CPU"),
        (replace(SPEC, icount=None), "real time"),
        (replace(SPEC, door="own"), "from a disk"),
        (replace(SPEC, args=("-netdev", "user,id=n")), "real peers"),
        (replace(SPEC, args=("-device", "edu")), ""),
    ],
)
def test_what_cannot_be_recorded_has_a_reason(spec: MachineSpec, reason: str) -> None:
    """In words; none where it can."""
    assert reason in why_not(spec) and bool(reason) == bool(why_not(spec))


def test_packets_are_cut_out_of_what_comes() -> None:
    """Also in pieces, and behind acknowledgements."""
    assert take_packet(b"+$T05thread:1;#a") == (None, b"+$T05thread:1;#a")
    assert take_packet(b"+$OK#9a$l#6c") == (b"OK", b"$l#6c")
    assert take_packet(b"") == (None, b"")


@pytest.mark.parametrize(
    ("reply", "at", "before", "hit"),
    [
        (b"T05thread:1;", 5, 9, True),
        (b"T05thread:1;", 9, 9, False),  # the breakpoint it stands at
        (b"T05thread:1;watch:10;", 9, 9, True),  # the write that was just done
        (b"T02thread:1;", 5, 9, False),  # a pause
        (b"T05thread:1;", 5, 0, True),  # the length is not known yet
    ],
)
def test_a_hit_lies_before_the_place(reply: bytes, at: int, before: int, hit: bool) -> None:
    """A breakpoint's is at its instruction, a watchpoint's behind it."""
    assert bool(TimeMachine._hit(reply, at, before)) is hit
