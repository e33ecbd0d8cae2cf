# SPDX-License-Identifier: MIT
"""`make rewind`: from a failure back to the write that caused it; what cannot be recorded
is refused with an offer."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from conftest import TREE, run
from test_graded import COURSE, MUTANTS, mutated

MUTANT = "vga-backspace-underflow"
FAILS = "boot.vga.vga_obeys_control_characters"
PASSES = "boot.vga.vga_shows_text_and_starts_rows"
TWO_CPUS = "interrupts.irqchip.two_cpus_one_listens"
BACK = """
bt 3
frame function ktest_vga_obeys_control_characters
watch -l vga.column
reverse-continue
bt 2
stepi
print vga->column
reverse-stepi
print vga->column
"""


def rewind(tree: Path, test: str, script: str = "", **env: str) -> str:
    """What `make rewind` says, with GDB's answers to a script."""
    file = tree / "build" / "script.gdb"
    file.parent.mkdir(exist_ok=True)
    file.write_text(script, encoding="utf-8")
    words = ["make", "rewind", f"TEST={test}", f"GDBFLAGS=-nx -batch -x {file}"]
    return run(words, cwd=tree, timeout=60, **env).stdout


@pytest.fixture(name="graded", scope="module")
def _graded(warm: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A student's tree with one mistake, just graded; the tests only look at it."""
    scratch = tmp_path_factory.mktemp("rewind")
    clone = scratch / "clone"
    subprocess.run(["cp", "-a", str(warm), str(clone)], check=True)
    mutant = next(one for one in MUTANTS if one.name == MUTANT)
    file = clone / COURSE.lab_of(mutant.exercise).folder.name / COURSE.by_id[mutant.exercise].file
    file.write_text(mutated(mutant, scratch / "mutant"), encoding="utf-8")
    others = ",".join(one.id for one in COURSE.exercises() if one.id != mutant.exercise)
    run(["make", "provided", f"TEST={TWO_CPUS}"], cwd=clone)
    words = ["make", "grade", f"TEST={FAILS},{PASSES}", f"SOLVED={others}"]
    done = run(words, cwd=clone)
    assert done.returncode != 0 and "results.json" in done.stdout, done.stdout[-2000:]
    yield clone
    shutil.rmtree(scratch, ignore_errors=True)


def test_a_failure_leads_back_to_the_write(graded: Path) -> None:
    """A watchpoint backwards stops at the line of the mistake; each way may be gone twice."""
    seen = rewind(graded, FAILS, BACK)
    assert "where it fails: instruction" in seen, seen[-3000:]
    assert re.search(r"#0 +diagnostic_begin", seen) and "ktest_check_eq" in seen, seen[-3000:]
    assert re.search(r"Hardware watchpoint 1: .*\n\nOld value = 4294967294\n", seen), seen[-3000:]
    assert re.search(r"vga_putc .*lab0-boot/vga\.c:\d+", seen), seen[-3000:]
    after, before = re.findall(r"^\$\d = (\d+)", seen, re.M)
    assert (after, before) == ("4294967294", "4294967295"), seen[-3000:]
    assert not re.search(r"Remote communication error|[Ww]arning|Traceback", seen), seen[-3000:]


def test_a_passing_test_goes_both_ways(graded: Path) -> None:
    """From its end to the beginning and back: it ends where it ended."""
    seen = rewind(graded, PASSES, "print $pc\nreverse-continue\nprint $pc\ncontinue\nprint $pc\n")
    assert "at its end: instruction" in seen and "No more reverse-execution history" in seen
    last, first, again = re.findall(r"^\$\d = .*?(0x[0-9a-f]+)", seen, re.M)
    assert first == "0xfff0" and last == again, seen[-2000:]


def test_what_cannot_be_recorded_is_offered_to_debug(graded: Path) -> None:
    """In one line, with its reason."""
    seen = rewind(graded, TWO_CPUS)
    assert "more than one CPU: take make debug TEST=" + TWO_CPUS in seen, seen[-2000:]
    assert "Traceback" not in seen


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "rewind takes a test"),
        (["TEST=nowhere.at_all"], "none matches"),
        ([f"TEST={FAILS}", "BUILD=build/never"], "nothing was graded yet"),
        (["TEST=boot.vga.*"], "rewind takes one test"),
    ],
)
def test_bad_input_is_one_clear_line(words: list[str], said: str, graded: Path) -> None:
    """No trace of Python's."""
    done = run(["make", "rewind", *words], cwd=graded)
    assert done.returncode != 0 and said in done.stdout, done.stdout[-2000:]
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("*rrsnapshot=*) exec sleep 600", "No more reverse-execution history"),
        ("*rr=record*) echo no such option >&2; exit 1", "take make debug TEST="),
        ("*rr=replay*) exit 1", "take make debug TEST="),
    ],
)
def test_another_qemu(way: str, said: str, graded: Path) -> None:
    """One that hangs with snapshots is no trouble; one without record or replay is refused."""
    wrapper = graded / "build" / "qemu"
    wrapper.write_text(
        f'#!/bin/sh\ncase "$*" in {way};; esac\nexec qemu-system-x86_64 "$@"\n', encoding="utf-8"
    )
    os.chmod(wrapper, 0o755)
    seen = rewind(graded, PASSES, "reverse-stepi\nreverse-continue\n", QEMU=str(wrapper))
    assert said in seen, seen[-2000:]
    assert "Traceback" not in seen


def test_the_tree_names_the_page() -> None:
    """The help line and the page belong together."""
    assert "docs/rewind.md" in run(["make", "help"]).stdout
    assert (TREE / "docs/rewind.md").exists()
