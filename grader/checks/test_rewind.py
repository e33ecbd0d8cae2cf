# SPDX-License-Identifier: MIT
"""`make rewind`: from a failure back to the write that caused it; what cannot be recorded
is refused with an offer."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Iterator

import pytest

from conftest import TREE, environment, run
from test_graded import COURSE, MUTANTS, mutated

MUTANT = "vga-backspace-underflow"
FAILS = "boot.vga.vga_obeys_control_characters"
PASSES = "boot.vga.vga_shows_text_and_starts_rows"
PLANTED = "interrupts.dispatch.vectors_are_given_once"
DISKS = ("boot.doors.facts_by_our_loader", "boot.doors.facts_by_our_loader_on_ide")
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


# Python in GDB: `ask` says what a command prints, or that it was refused.
ASK = """
python
import time
def ask(line):
    try:
        return gdb.execute(line, to_string=True)
    except gdb.error as error:
        return f"refused: {error}"
def place():
    return int(gdb.parse_and_eval("(unsigned long)$pc"))
"""
AGAIN = (
    ASK
    + """
hits = []
gdb.events.stop.connect(lambda event: hits.append(isinstance(event, gdb.BreakpointEvent)))
ask("FRAME")
ask("watch -l WORD")
for turn in range(TIMES):
    hits.clear()
    began = time.monotonic()
    ask("reverse-continue")
    took, back = time.monotonic() - began, place()
    ask("continue")
    print("turn", hex(back), hex(place()), hits == [True, True], f"{took:.2f}")
ask("reverse-continue")
for line in ("reverse-stepi", "stepi", "reverse-step", "reverse-next", "reverse-finish"):
    before, said = place(), ask(line)
    print(line, hex(before), said.startswith("refused"), hex(place()))
ask("delete")
for line in ("reverse-continue", "reverse-continue", "reverse-stepi", "continue", "continue"):
    ask(line)
    print("edge", line, hex(place()))
end
"""
)
LOOKS = ("regs", "gdt", "idt", "idt 14", "pagewalk $rip", "log", "log 3", "lists", "lists init")
LOOKS += ("irqs", "irqs 0xe0", "timers", "help")
WRONG = ("idt 999", "pagewalk", "pagewalk rubbish", "log rubbish", "irqs 999", "nothing")
EVERY = (
    ASK
    + f"""
for line in {LOOKS}:
    print("<good>", line, len(ask("strata " + line).splitlines()), ask("strata " + line)[:60])
for line in {WRONG}:
    print("<bad>", ask("strata " + line))
for line in ("set $rax = 1", "set *(char *)$rsp = 1", "monitor nmi", "monitor o /b 0x80 1"):
    print("<past>", ask(line).strip())
ask("reverse-continue")
print("<reset>", ask("strata regs").splitlines()[0], "|", ask("strata pagewalk 0x7c00").strip())
for line in {LOOKS}:
    print("<early>", line, len(ask("strata " + line)))
end
"""
)


def rewind(tree: Path, test: str, script: str = "", **env: str) -> str:
    """What `make rewind` says, with GDB's answers to a script."""
    file = tree / "build" / "script.gdb"
    file.parent.mkdir(exist_ok=True)
    file.write_text(script, encoding="utf-8")
    words = ["make", "rewind", f"TEST={test}", f"GDBFLAGS=-nx -batch -x {file}"]
    return run(words, cwd=tree, **env).stdout


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
    patch = "lab1-interrupts/walkthroughs/who-gave-it-back.patch"
    run(["git", "apply", patch], cwd=clone, GIT_CEILING_DIRECTORIES=str(scratch))
    done = run(["make", "provided", f"TEST={PLANTED},{DISKS[0]},{TWO_CPUS}"], cwd=clone)
    assert f"debug:    make debug TEST={PLANTED} or make rewind TEST={PLANTED}\n" in done.stdout
    words = ["make", "grade", f"TEST={FAILS},{PASSES}", f"SOLVED={others}"]
    done = run(words, cwd=clone)
    assert done.returncode != 0 and "results.json" in done.stdout, done.stdout[-2000:]
    assert f"or: make rewind TEST={FAILS}" in done.stdout, done.stdout[-2000:]
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


@pytest.mark.parametrize(
    ("test", "word", "times"),
    [
        (FAILS, "vga.column", 3),
        (PLANTED, "vectors.given[1]", 3),
        pytest.param(FAILS, "vga.column", 20, marks=pytest.mark.long),
        pytest.param(PLANTED, "vectors.given[1]", 20, marks=pytest.mark.long),
    ],
    ids=["lab0", "lab1", "lab0-20", "lab1-20"],
)
def test_all_ways_back_lead_to_the_same_places(
    test: str, word: str, times: int, graded: Path
) -> None:
    """Again and again: backwards to the write, forwards over it; steps; both ends."""
    frame = f"frame function ktest_{test.rpartition('.')[2]}"
    script = AGAIN.replace("FRAME", frame).replace("WORD", word).replace("TIMES", str(times))
    seen = rewind(graded, test, script)
    turns = re.findall(r"^turn (\w+) (\w+) True ([\d.]+)$", seen, re.M)
    assert len(turns) == times and len({turn[:2] for turn in turns}) == 1, seen[-3000:]
    write = turns[0][0]
    steps = re.findall(r"^(reverse-\w+|stepi) (\w+) False (\w+)$", seen, re.M)
    assert [name for name, _, _ in steps] == [
        *("reverse-stepi", "stepi", "reverse-step", "reverse-next", "reverse-finish")
    ], seen[-3000:]
    assert steps[0][1] == steps[1][2] == write and steps[0][2] == steps[1][1] != write
    assert all(before != after for _, before, after in steps), steps
    edges = [place for _, place in re.findall(r"^edge (\S+) (\w+)$", seen, re.M)]
    assert edges[:3] == ["0xfff0"] * 3 and edges[3] == edges[4] != "0xfff0", seen[-2000:]
    assert seen.count("No more reverse-execution history.") == 5, seen[-2000:]


@pytest.mark.parametrize("test", DISKS, ids=["virtio", "ide"])
def test_disks_and_keys_are_recorded(test: str, graded: Path) -> None:
    """Our loader reads the kernel, somebody types; a replay ends where the run did."""
    script = "bt 1\nprint $pc\nhbreak monitor_execute\nreverse-continue\nprint line\ncontinue\n"
    seen = rewind(graded, test, script)
    assert "at its end: instruction" in seen and "machine's end: guest-shutdown" in seen, seen
    assert "Breakpoint 1, monitor_execute" in seen, seen[-2000:]
    assert re.search(r'^\$2 = .* "poweroff"$', seen, re.M), seen[-2000:]
    assert "No more reverse-execution history" in seen


def test_every_command_looks_at_the_past(graded: Path) -> None:
    """As in make debug; what is wrong, or would change something, is a line."""
    seen = rewind(graded, PLANTED, EVERY)
    good = re.findall(r"^<good> .*? (\d+) (.+)$", seen, re.M)
    assert len(good) == len(LOOKS) and not any(int(n) == 0 for n, _ in good), seen[-4000:]
    assert not any(text.startswith("refused") for _, text in good), good
    wrong = re.findall(r"^<bad> refused: (.*)$", seen, re.M)
    assert len(wrong) == len(WRONG) and all(line.startswith("strata") for line in wrong), seen
    past = re.findall(r"^<past> (.*)$", seen, re.M)
    assert len(past) == 4 and past[2:] == ["the past cannot be changed"] * 2, past
    assert all(line.startswith("refused: ") for line in past[:2]), past
    assert "<reset> mode    real mode, 16-bit code; paging off | paging is off" in seen
    early = re.findall(r"^<early> .* (\d+)$", seen, re.M)
    assert len(early) == len(LOOKS) and "0" not in early, seen[-2000:]
    assert "Traceback" not in seen and "Python Exception" not in seen, seen[-3000:]


def left_behind(folder: Path) -> list[str]:
    """Processes whose command line or directory names a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words and "rr=" in words:
            found.append(words)
    return found


@pytest.mark.parametrize("when", ["rr=record", "rr=replay"])
def test_ctrl_c_leaves_nothing(when: str, graded: Path, tmp_path: Path) -> None:
    """While it is recorded, and while it is replayed: no QEMU, no folder."""
    words = ["make", "rewind", f"TEST={PASSES}", "GDBFLAGS=-nx -batch"]
    with subprocess.Popen(
        words,
        cwd=graded,
        env=environment(TMPDIR=str(tmp_path)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        until = time.monotonic() + 60
        while not any(when in one for one in left_behind(tmp_path)):
            assert time.monotonic() < until and process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
    until = time.monotonic() + 10
    while left_behind(tmp_path) and time.monotonic() < until:
        time.sleep(0.05)
    assert not left_behind(tmp_path)
    assert not list(tmp_path.iterdir())


def test_ctrl_c_in_gdb_ends_a_search(graded: Path) -> None:
    """Backwards through a breakpoint that is hit all the time; GDB goes on working."""
    script = (
        ASK
        + """
import os, signal, threading
ask("hbreak line_length")
ask("hbreak uart_putc")
ask("watch -l vga.column")
ask("watch *(int *)0xffff8000000b8000 if 1 == 2")
threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    said = ask("reverse-continue 100000")
except KeyboardInterrupt:
    said = "interrupted"
print("said", said.splitlines()[-1:])
ask("delete")
print("still", hex(place()), ask("reverse-stepi").startswith("refused"))
end
"""
    )
    seen = rewind(graded, PASSES, script)
    assert re.search(r"^still 0x[0-9a-f]+ False$", seen, re.M), seen[-2000:]


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
