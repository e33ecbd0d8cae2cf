# SPDX-License-Identifier: MIT
"""The pure parts of rewind: command lines, refusals, packets, hits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from strata import rewind
from strata.errors import StrataError
from strata.replay import take_packet
from strata.rr import Recording, changed_by_debugger, changed_by_monitor, rr_words, why_not
from strata.spec import MachineSpec
from strata.time_machine import TimeMachine, only_looks

SPEC = MachineSpec("pvh", Path("kernel.elf"), "00000001", icount=7)


def test_a_recorded_machine_differs_in_its_clock_and_its_line_only() -> None:
    """-icount gets the log; the serial line is one that is recorded."""
    words = rr_words(SPEC, "record", Path("log"), "stdio", "file,path=verdict", False)
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
        (replace(SPEC, door="own"), ""),
        (replace(SPEC, door="own", args=("-drive", "x")), "a disk that is not recorded"),
        (replace(SPEC, args=("-netdev", "user,id=n")), "real peers"),
        (replace(SPEC, args=("-device", "edu")), ""),
    ],
)
def test_what_cannot_be_recorded_has_a_reason(spec: MachineSpec, reason: str) -> None:
    """In words; none where it can."""
    assert reason in why_not(spec) and bool(reason) == bool(why_not(spec))


def test_a_disk_is_replayed_on_an_overlay() -> None:
    """Its requests end when the log says so; a CD needs no overlay."""
    spec = replace(SPEC, door="own", image=Path("a,b.img"))
    for mode, overlay in (("record", False), ("replay", True)):
        words = rr_words(spec, mode, Path("log"), "stdio", "null", True)
        drives = [words[at + 1] for at, word in enumerate(words) if word == "-drive"]
        assert "sleep=on" in words[words.index("-icount") + 1] and "-blockdev" not in words
        assert drives[0].endswith(",snapshot=on") == overlay and "a,,b.img" in drives[0]
        assert drives[1] == "if=none,id=disk0,driver=blkreplay,image=disk0-file"
    words = rr_words(replace(SPEC, door="grub"), "replay", Path("log"), "stdio", "null", True)
    drives = [words[at + 1] for at, word in enumerate(words) if word == "-drive"]
    assert all(one.endswith(",read-only=on") and "snapshot" not in one for one in drives)


def test_looking_is_told_from_changing() -> None:
    """By QMP, by its monitor, by a debugger; in the replay, too."""
    assert changed_by_monitor("human-monitor-command", {"command_line": "info pic"}) == ""
    assert changed_by_monitor("screendump", {"filename": "f"}) == ""
    for line in ("nmi", "o /b 0x80 1", "mce 0 4"):
        told = changed_by_monitor("human-monitor-command", {"command_line": line})
        assert told == f"its test uses the monitor's {line.split()[0]}"
    assert changed_by_monitor("system_powerdown", {}).endswith("system_powerdown")
    assert changed_by_debugger(b"$g#67") == changed_by_debugger(b"$c#63") == ""
    assert changed_by_debugger(b"$P10=00#00") and changed_by_debugger(b"$s#73")
    assert only_looks(b"qRcmd," + b"info registers".hex().encode())
    assert not only_looks(b"qRcmd," + b"nmi".hex().encode()) and not only_looks(b"qRcmd,")


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


class EndlessRun:
    """In the place of a time machine: one that would take minutes."""

    length = 5_000_000_000

    def __init__(self, _recording: Recording) -> None:
        pass

    def close(self) -> None:
        """Nothing to end."""


def test_too_long_a_run_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its length, and what to do instead."""
    monkeypatch.setattr(rewind, "TimeMachine", EndlessRun)
    (tmp_path / "kernel.elf").write_bytes(b"none")
    recording = Recording(SPEC, tmp_path / "log", 0, "it ended", tmp_path / "kernel.elf")
    with rewind.Rewound(recording, tmp_path / "scratch", "take make debug TEST=t", "") as run:
        with pytest.raises(StrataError, match="too long .* 5000000000 .*: take make debug TEST=t"):
            run.stand()
