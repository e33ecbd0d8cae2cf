# SPDX-License-Identifier: MIT
"""GDB that knows the kernel: what its commands say of the finished kernel is what QEMU
says, and rubbish in memory is answered by a line."""

from __future__ import annotations

import os
import re
import signal
import struct
import time
from pathlib import Path
from typing import Iterator

import pytest

from conftest import TREE, run
from strata.debug import find_gdb
from strata.debuggee import Debuggee
from strata.gdb_process import GdbProcess
from strata.lab import load_course
from strata.machine import Guest
from strata.spec import MachineSpec
from strata.walkthrough_serial import SerialLine

STAGE = load_course(TREE).labs[-1].number
SCRATCH = 0xFFFF800002000000  # 32 MiB into the direct map: nobody's
CRASH = re.compile(r"Traceback|Python Exception|<class ")


class Bench:
    """A guest that both QMP and a real GDB look into."""

    def __init__(self, image: Path, cmdline: str = "clock=pit") -> None:
        spec = MachineSpec("pvh", image, "00000001", cmdline=cmdline)
        self._machine = Debuggee(spec)  # not started: its words and its folder
        link = ("-chardev", f"socket,path={self._machine.socket},server=on,wait=off,id=gdb0")
        self.guest = Guest(spec, extra=(*link, "-gdb", "chardev:gdb0"), paused=True)
        words = self._machine.gdb_words(find_gdb() or "gdb")
        self.gdb = GdbProcess(words, TREE, os.getpid())
        self.first = self.gdb.wait() or ""

    def close(self) -> None:
        """End both."""
        self.gdb.close()
        self.guest.close()
        self._machine.__exit__(None, None, None)

    def ask(self, command: str) -> str:
        """A command's output, which is never a Python error."""
        seen = self.gdb.ask(command)
        assert not CRASH.search(seen), f"{command}: {seen}"
        return seen.strip()

    def lines(self, command: str) -> list[str]:
        """The output's lines, blanks as one."""
        return [" ".join(line.split()) for line in self.ask(command).splitlines()]

    def go(self, name: str) -> None:
        """Run to a function."""
        self.ask(f"hbreak {name}")
        seen = self.ask("continue")
        assert name in seen, seen


@pytest.fixture(scope="module", name="images")
def _images(warm: Path) -> Path:
    """The finished highest stage."""
    done = run(["make", "-s", "images", f"LAB={STAGE}", "SOLVED=all"], cwd=warm)
    assert done.returncode == 0, done.stdout[-2000:]
    done = run(["make", "-s", "print-tag", f"LAB={STAGE}", "SOLVED=all"], cwd=warm)
    return warm / done.stdout.strip().splitlines()[-1]


@pytest.fixture(name="fresh")
def _fresh(images: Path) -> Iterator[Bench]:
    """At the first instruction after reset."""
    bench = Bench(images / f"stage{STAGE}.stripped.elf")
    yield bench
    bench.close()


@pytest.fixture(name="booted")
def _booted(fresh: Bench) -> Bench:
    """Where the monitor begins."""
    fresh.go("monitor_main")
    return fresh


def test_every_command_is_there_and_listed(fresh: Bench) -> None:
    """`strata`, `strata help` and GDB's own help know them."""
    listed = re.findall(r"^strata (\w+)", fresh.ask("strata help"), re.M)
    wanted = {"until", "help", "regs", "gdt", "idt", "pagewalk", "log", "lists", "irqs", "timers"}
    assert wanted <= set(listed), listed
    assert fresh.ask("strata") == fresh.ask("strata help")
    assert "Usage: strata pagewalk ADDRESS" in fresh.ask("help strata pagewalk")
    page = (TREE / "docs/gdb.md").read_text(encoding="utf-8")
    for name in listed:
        assert f"strata {name}" in page, f"docs/gdb.md does not name strata {name}"


def test_registers_are_those_of_qemu(booted: Bench) -> None:
    """Mode, place, control registers and segments."""
    regs, said = booted.guest.regs(), booted.ask("strata regs")
    assert said.startswith("mode    long mode, 64-bit code, ring 0; paging on"), said
    for name, width in (("cr0", 8), ("cr3", 16), ("cr4", 8), ("efer", 8)):
        assert re.search(rf"^{name} +{regs[name]:0{width}x}\b", said, re.M), (name, said)
    for name in ("rax", "rsp", "r15"):
        assert re.search(rf"\b{name} +{regs[name]:016x}\b", said), (name, said)
    assert f"{regs['rip']:016x}  monitor_main" in said
    assert f"gs      {regs['gs']:04x}  base {regs['gs_base']:x}" in said
    assert re.search(r"^cr0 .* PE .*WP PG$", said, re.M), said


def test_descriptors_are_those_in_memory(booted: Bench) -> None:
    """Every slot that is not 0, and every gate's address."""
    regs = booted.guest.regs()
    raw = booted.guest.read_virt(regs["gdt_base"], regs["gdt_limit"] + 1)
    slots = struct.unpack(f"<{len(raw) // 8}Q", raw)
    said = booted.lines("strata gdt")
    for line in said[1:]:
        at, slot = line.split()[:2]
        assert slots[int(at, 16) // 8] == int(slot, 16), line
    assert f"0008 {slots[1]:016x} code, ring 0, 64-bit" in "\n".join(said)
    assert re.search(r"^0038 .* TSS, busy, ring 0, base [0-9a-f]+, limit 67", "\n".join(said), re.M)
    raw = booted.guest.read_virt(regs["idt_base"], regs["idt_limit"] + 1)
    for vector in (0, 3, 8, 14, 0xE0, 255):
        low, selector, ist, kind, middle, high = struct.unpack_from("<HHBBHI", raw, 16 * vector)
        line = booted.lines(f"strata idt {vector}")[-1]
        assert f"{low | middle << 16 | high << 32:016x} interrupt gate" in line, line
        assert f"selector {selector:04x}, ring {kind >> 5 & 3}" in line, line
        assert (f", IST {ist}" in line) == bool(ist), line
    assert len(booted.lines("strata idt")) == 1 + 32 + 1


def test_a_walk_ends_where_qemu_ends(booted: Bench) -> None:
    """Small and large pages, and what is not mapped."""
    regs = booted.guest.regs()
    for expression, address in (
        ("$rip", regs["rip"]),
        ("$rsp", regs["rsp"]),
        ("kernel_main", booted.guest.symbol("kernel_main")),
        ("0xffff8000000b8123", 0xFFFF8000000B8123),
        ("0x1000", 0x1000),
        ("0xffffc00000000000", 0xFFFFC00000000000),
    ):
        truth = booted.guest.hmp(f"gva2gpa {address:#x}")
        found = re.search(r"gpa: (?:0x)?([0-9a-f]+)", truth)
        said = booted.lines(f"strata pagewalk {expression}")
        if found:
            assert said[-1].startswith(f"physical {int(found[1], 16):x}, a page of "), said
        else:
            assert said[-1].startswith("nothing is mapped: "), (truth, said)
        entry = re.fullmatch(r"PML4\[ ?\s*\d+\] at ([0-9a-f]+): ([0-9a-f]+) .*", said[1])
        assert entry, said
        word = booted.guest.read_phys(int(entry[1], 16), 8)
        assert int.from_bytes(word, "little") == int(entry[2], 16)
    assert "not canonical" in booted.ask("strata pagewalk 0x800000000000")


def test_the_log_is_what_the_serial_line_said(booted: Bench) -> None:
    """Each line that went out is a record, in this order."""
    booted.guest.hmp("info status")  # takes in what came
    sent = booted.guest.serial.decode().replace("\r", "").splitlines()[:-1]
    texts = [line.partition("] ")[2].strip() for line in sent if line.startswith("[")]
    assert len(texts) > 5, sent
    records = iter(line.partition("> ")[2].strip() for line in booted.lines("strata log 1000"))
    for text in texts:
        assert text in records, f"{text!r} is no record, or not in this order"
    assert len(booted.lines("strata log 3")) == 3


def test_lists_are_those_of_the_image(booted: Bench) -> None:
    """Linker sets, by their symbols."""
    said = booted.ask("strata lists")
    count = re.search(r"^set +init +(\d+) members", said, re.M)
    assert count, said
    members = booted.lines("strata lists init")
    assert len(members) == int(count[1]) > 5
    assert all(re.fullmatch(r"[0-9a-f]{16} init_step_\w+", line) for line in members), members
    symbols = {name for name in booted.guest.symbols.by_name if name.startswith("init_step_")}
    assert {line.split()[1] for line in members} <= symbols


def test_interrupts_and_timers_are_those_of_the_monitor(booted: Bench) -> None:
    """Counts by vector, handlers, pending timers."""
    pending = int(booted.ask("output 'timer.c'::timers.pending"))
    said = booted.lines("strata timers")
    assert said[0].startswith(f"{pending} pending; the device is armed for ")
    assert len(said) == 1 + pending and pending >= 1
    armed = re.search(r"armed for (\d+) ns", said[0])
    assert armed and said[1].startswith(f"{armed[1]} ns "), said
    taken = int(booted.ask("output 'interrupt.c'::counts.taken[0xe0]"))
    line = next(one for one in booted.lines("strata irqs") if one.startswith("224 "))
    assert taken > 0 and line.startswith(f"224 {taken} lapic timer ("), line
    assert "interrupt gate, ring 3, to " in booted.ask("print idt[3]")


def test_a_backtrace_goes_through_an_interrupt(fresh: Bench) -> None:
    """At the entry's first instruction, in the dispatch, and before IRETQ."""
    fresh.go("interrupts_enable")
    entry = int(fresh.ask("output/x vector_entries[0xe0]"), 16)
    fresh.ask(f"hbreak *{entry:#x}")
    fresh.ask("continue")
    said = fresh.lines("backtrace")
    assert "interrupts_enable ()" in said[1] and "kernel_main (" in "\n".join(said), said
    rsp = struct.unpack("<5Q", fresh.guest.read_virt(fresh.guest.regs()["rsp"], 40))[3]
    fresh.go("interrupt_dispatch")
    said = fresh.lines("backtrace")
    assert "interrupt_dispatch (" in said[0] and "interrupts_enable ()" in said[2], said
    assert not any("?? ()" in line for line in said), said
    fresh.ask("frame function interrupts_enable")
    for name, field in (("rsp", "rsp"), ("rbx", "rbx"), ("r15", "r15"), ("rbp", "rbp")):
        seen = int(fresh.ask(f"output/x ${name}"), 16)
        fresh.ask("frame function interrupt_dispatch")
        assert seen == int(fresh.ask(f"output/x frame->{field}"), 16), name
        fresh.ask("frame function interrupts_enable")
    assert int(fresh.ask("output/x $rsp"), 16) == rsp
    fresh.ask("frame function interrupt_dispatch")
    assert "interrupt frame (vector 224, error 0x0, at interrupts" in fresh.ask("output *frame")


def test_a_machine_that_is_late_is_not_asked_twice(images: Path) -> None:
    """QEMU held for longer than GDB's usual two seconds: one step is one step."""
    places = []
    for held_s in (0.0, 2.4):
        spec = MachineSpec("pvh", images / f"stage{STAGE}.stripped.elf", "00000001")
        with Debuggee(spec) as machine:
            machine.start()
            gdb = GdbProcess(machine.gdb_words(find_gdb() or "gdb"), TREE, machine.pid)
            gdb.wait()
            gdb.ask("hbreak kernel_main")
            gdb.ask("continue")
            os.kill(machine.pid, signal.SIGSTOP if held_s else signal.SIGCONT)
            gdb.send("stepi 3")
            time.sleep(held_s)
            os.kill(machine.pid, signal.SIGCONT)
            gdb.wait()
            places.append((gdb.ask("info registers rip rsp"), gdb.ask("print $cs")))
            gdb.close()
    assert places[0] == places[1], places


@pytest.mark.parametrize(
    ("typed", "stop", "times", "names"),
    [
        (
            "fault nested",
            "panic_with",
            2,
            "panic_with exception_handle in_panic panic_with exception_handle provoke_nested "
            "fault_command monitor_execute kernel_main",
        ),
        (
            "fault df",
            "panic_with",
            1,
            "panic_with exception_handle provoke_df monitor_execute monitor_main kernel_main",
        ),
        ("", "nmi", 1, "nmi exception_handle wait_key kernel_main"),
    ],
    ids=["nested", "double fault on a stack of its own", "nmi"],
)
def test_a_backtrace_goes_through_exceptions(
    typed: str, stop: str, times: int, names: str, images: Path
) -> None:
    """Through a fault inside a fault's report, from one stack to another, out of an NMI."""
    with Debuggee(MachineSpec("pvh", images / f"stage{STAGE}.stripped.elf", "00000001")) as machine:
        machine.start()
        line = SerialLine(machine.serial_socket)
        gdb = GdbProcess(machine.gdb_words(find_gdb() or "gdb"), TREE, machine.pid)

        def ask(command: str) -> str:
            gdb.send(command)
            return gdb.wait(line.read) or ""

        gdb.wait(line.read)
        for command in ("delete", "hbreak monitor_main", "continue", "delete", f"hbreak {stop}"):
            ask(command)
        if typed:
            line.type(typed)
        else:
            ask("monitor nmi")
        for _ in range(times):
            seen = ask("continue")
            assert f", {stop} (" in seen, seen
        said = ask("backtrace")
        assert not CRASH.search(said) and "?? ()" not in said, said
        assert re.search(r".*".join(rf"\b{name} \(" for name in names.split()), said, re.S), said
        gdb.close()
        line.close()


def test_stepping_until_an_instruction_shows_only_that(fresh: Bench) -> None:
    """From a function's start to its end; not found, and wrong words, are a line."""
    fresh.go("interrupts_enable")
    assert re.fullmatch(
        r"=> 0x[0-9a-f]+ <interrupts_enable\+\d+>:\s+sti", fresh.ask("strata until sti")
    )
    assert fresh.ask("strata until").startswith("strata until: takes the name of an instruction")


def test_types_are_printed_in_words(booted: Bench) -> None:
    """Made up in spare memory: lists, trees, rings, locks."""
    put = "set {unsigned long}"
    a, b = SCRATCH, SCRATCH + 64
    for at, value in ((a, a), (a + 8, a)):
        booted.ask(f"{put}{at:#x} = {value:#x}")
    assert "list (empty) = " in booted.ask(f"print *(struct list *){a:#x}")
    for at, value in ((a, b), (a + 8, b), (b, a), (b + 8, a)):
        booted.ask(f"{put}{at:#x} = {value:#x}")
    assert "list (1 linked) = " in booted.ask(f"print *(struct list *){a:#x}")
    booted.ask(f"{put}{b + 8:#x} = 8")
    assert "broken: " in booted.ask(f"print *(struct list *){a:#x}")
    booted.ask(f"{put}{b:#x} = 0x1234567812345678")
    assert "list (" in booted.ask(f"print *(struct list *){a:#x}")
    node = SCRATCH + 128
    for at, value in ((a, node), (a + 8, node), (node, 1), (node + 8, 0), (node + 16, 0)):
        booted.ask(f"{put}{at:#x} = {value:#x}")
    assert "tree (1 nodes)" in booted.ask(f"print *(struct rb_tree *){a:#x}")
    assert "black node" in booted.ask(f"print *(struct rb_node *){node:#x}")
    booted.ask(f"{put}{node + 8:#x} = {node:#x}")
    assert "tree (broken: " in booted.ask(f"print *(struct rb_tree *){a:#x}")
    booted.ask(f"set *(struct ring *){a:#x} = {{(void *){b:#x}, 16, 20, 17, 2}}")
    booted.ask(f'set {{char[16]}}{b:#x} = "....abcdefghijk"')
    assert "ring (3 of 16 bytes, 2 lost)" in booted.ask(f"print *(struct ring *){a:#x}")
    booted.ask(f"set ((struct ring *){a:#x})->size = 15")
    assert "ring (broken: " in booted.ask(f"print *(struct ring *){a:#x}")
    assert booted.ask("output 'log.c'::ring.lock") == "spinlock log, rank 1: free"
    booted.ask("set 'log.c'::ring.lock.next = 'log.c'::ring.lock.serving + 2")
    assert booted.ask("output 'log.c'::ring.lock").endswith("held, 1 wait")
    assert "present, writable, no execute" in booted.ask("output $pte(0x8000000000001003)")


def test_rubbish_is_answered_by_a_line(booted: Bench) -> None:
    """Tables, rings and queues that make no sense."""
    for spoil, command in (
        ("set 'log.c'::ring.tail = 0x123456789abcdef", "strata log"),
        ("set 'timer.c'::timers.queue = {0}", "strata timers"),
        (
            "set {unsigned long[2]}&'timer.c'::timers.queue = {0x4141414141414141, 7}",
            "strata timers",
        ),
        ("set interrupt_slots[0xe0].first = 0x4141414141414141", "strata irqs"),
        ("set interrupt_slots[0xe0].first = 8", "strata irqs 0xe0"),
    ):
        booted.ask(spoil)
        said = booted.ask(command)
        assert said, command
    for wrong in (
        "strata idt 999",
        "strata idt nonsense",
        "strata irqs 999",
        "strata pagewalk",
        "strata pagewalk nonsense",
        "strata log nonsense",
        "strata lists nonsense",
        "strata nonsense",
    ):
        assert booted.lines(wrong)[-1].startswith("strata"), wrong


def test_before_the_kernel_there_is_an_answer_too(fresh: Bench) -> None:
    """In real mode, with nothing loaded: each command says something, and none fails."""
    assert "real mode, 16-bit code" in fresh.ask("strata regs")
    assert "paging is off" in fresh.ask("strata pagewalk 0x7c00")
    for name in re.findall(r"^strata (\w+)", fresh.ask("strata help"), re.M):
        assert fresh.ask(f"strata {name}"), name


def test_heads_of_lists_are_found_without_a_machine(tmp_path: Path) -> None:
    """Any file with debug information; what needs a kernel or a machine says so."""
    source, program = tmp_path / "lists.c", tmp_path / "lists"
    source.write_text(
        "struct list { struct list *next, *prev; };\n"
        "struct list idle = { &idle, &idle };\n"
        "static struct list a, b;\n"
        "static struct list a = { &b, &b }, b = { &a, &a };\n"
        "int main(void) { return a.next == &idle; }\n"
    )
    done = run(["gcc", "-g", "-no-pie", "-o", str(program), str(source)])
    assert done.returncode == 0, done.stdout
    words = [find_gdb() or "gdb", "-nx", "-batch", "-ex", "source grader/gdb/strata.py"]
    for name in ("lists", "lists a", "timers", "irqs", "log", "regs"):
        words += ["-ex", f"strata {name}"]
    said = run([*words, str(program)]).stdout
    assert not CRASH.search(said), said
    for line in (
        r"list +idle +empty",
        r"list +a +1 linked",
        r"[0-9a-f]{16}  b",
        r"1 nodes",
        r"strata timers: this kernel has no timers in timer\.c",
        r"strata irqs: this kernel has no interrupt_slots",
        r"strata log: this kernel has no ring in log\.c",
        r"strata regs: no machine answers \(.*",
    ):
        assert re.search(rf"^{line}$", said, re.M), (line, said)
