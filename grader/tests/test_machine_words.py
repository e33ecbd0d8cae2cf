# SPDX-License-Identifier: MIT
"""What is known of a machine without starting one: command lines, dumps, build logs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from strata import host
from strata.build import blame, passed_on, read_errors
from strata.doctor import version_of
from strata.elf import Symbols
from strata.gdbrsp import Gdb, checksum
from strata.host import parse_registers
from strata.machine import Guest
from strata.postmortem import decode_faults, hang_text
from strata.qmp import QmpStream, command
from strata.spec import Limits, MachineSpec, command_line, shell_script
from support import make_course

REGISTERS = """
CPU#0
RAX=0000000000000001 RBX=0000000000000002 RCX=0000000000000003 RDX=0000000000000004
RSI=0000000000000005 RDI=0000000000000006 RBP=0000000000000007 RSP=ffffffff80001000
R8 =0000000000000008 R9 =0000000000000009 R10=000000000000000a R11=000000000000000b
RIP=ffffffff80100123 RFL=00000206 [-----P-] CPL=0 II=0 A20=1 SMM=0 HLT=1
ES =0010 0000000000000000 ffffffff 00cf9300 DPL=0 DS   [-WA]
CS =0008 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 [-RA]
GS =0000 ffffffff80200000 00000000 00000000
GDT=     ffffffff80003000 0000001f
CR0=80010011 CR2=0000000000000000 CR3=0000000000102000 CR4=00000020
EFER=0000000000000d00
"""

FAULTS = """
     3: v=20 e=0000 i=1 cpl=0 IP=0008:ffffffff80100000 pc=ffffffff80100000 SP=0:0 env->regs
CR0=80000011 CR2=0000000000000000 CR3=0000000000001000 CR4=00000020
     4: v=0e e=0002 i=0 cpl=0 IP=0008:ffffffff80100200 pc=0 SP=0010:0 CR2=00000000deadbeef
CR0=80000011 CR2=00000000deadbeef CR3=0000000000001000 CR4=00000020
check_exception old: 0xe new 0xd
     5: v=08 e=0000 i=0 cpl=0 IP=0008:ffffffff80100200 pc=0 SP=0010:0 env->regs
CR0=80000011 CR2=00000000deadbeef CR3=0000000000001000 CR4=00000020
check_exception old: 0x8 new 0xd
Triple fault
CPU Reset (CPU 0)
"""

SYMBOLS = Symbols({"f": 0xFFFFFFFF80100200}, (0xFFFFFFFF80100200,), ("f",))


def test_a_register_dump_is_read() -> None:
    regs = parse_registers(REGISTERS)
    assert regs["rip"] == 0xFFFFFFFF80100123 and regs["rflags"] == 0x206
    assert regs["hlt"] == 1 and regs["r8"] == 8 and regs["cs"] == 8
    assert regs["gs_base"] == 0xFFFFFFFF80200000 and regs["gdt_base"] == 0xFFFFFFFF80003000
    assert regs["cr3"] == 0x102000 and regs["efer"] == 0xD00


def test_a_triple_fault_is_decoded() -> None:
    faults = decode_faults(FAULTS)
    assert [fault.vector for fault in faults] == [14, 8]
    text = faults[0].text(SYMBOLS)
    assert text.startswith("#PF page fault, error code 0x2")
    assert "writing to an unmapped address 0xdeadbeef" in text and "at f " in text


def test_symbols_are_found_by_address() -> None:
    assert SYMBOLS.find(0xFFFFFFFF80100210) == "f+0x10"
    assert SYMBOLS.find(0x7C00) == "0x7c00"


_STACK = 0xFFFF_FFFF_8020_0000
_CODE = ("kernel_main", "monitor_main", "console_getc", "console_write", "uart_getc", "uart_putc")
_CODE += ("line_feed", "read_line.part.0", "idle")


def hung(*names: str, halted: bool = False) -> str:
    """The words for a guest that hangs in the first of these, which the others called."""
    at = {name: 0xFFFF_FFFF_8010_0000 + 256 * n for n, name in enumerate(_CODE)}
    memory: dict[int, bytes] = {}
    for n, name in enumerate(names[1:]):
        last = n == len(names) - 2
        link = 0 if last else _STACK + 16 * (n + 1)
        memory[_STACK + 16 * n] = b"".join(
            number.to_bytes(8, "little") for number in (link, at[name] + 0x42)
        )
    guest = SimpleNamespace(
        spec=SimpleNamespace(limits=Limits(virtual_s=2.0)),
        symbols=Symbols(at, tuple(at.values()), tuple(at)),
        read_virt=lambda address, length: memory[address],
    )
    regs = {"rip": at[names[0]] + 8, "rbp": _STACK, "rflags": 2, "hlt": int(halted)}
    return hang_text(cast(Guest, guest), regs | {"efer": 0xD00, "cr0": 0x8001_0011})


@pytest.mark.parametrize(
    "names",
    [
        ("uart_getc", "console_getc", "monitor_main", "kernel_main"),
        ("uart_getc", "console_getc", "read_line.part.0", "monitor_main", "kernel_main"),
        ("uart_getc", "monitor_main", "kernel_main"),  # before a frame of its own
        ("monitor_main", "kernel_main"),
    ],
)
def test_a_guest_at_the_prompt_waits_and_does_not_spin(names: tuple[str, ...]) -> None:
    text = hung(*names)
    assert f"waiting for a key at the prompt, in {names[0]}+0x8 with interrupts off" in text
    assert "spinning" not in text
    assert "waiting for a key at the prompt, halted in idle+0x8" in hung(
        "idle", "monitor_main", "kernel_main", halted=True
    )


@pytest.mark.parametrize(
    "names",
    [
        ("uart_putc", "console_write", "monitor_main", "kernel_main"),
        ("line_feed", "monitor_main", "kernel_main"),
        ("uart_getc", "console_getc", "kernel_main"),
    ],
)
def test_a_guest_that_is_busy_elsewhere_spins(names: tuple[str, ...]) -> None:
    assert f"spinning in {names[0]}+0x8 with interrupts off" in hung(*names)


def test_a_command_line_has_no_port_and_no_default() -> None:
    rule = (("event", "none"), ("iotype", "read"), ("sector", 1))
    spec = MachineSpec("own", Path("a b.img"), "1234abcd", cmdline="test=a,b", read_errors=(rule,))
    words = command_line(spec, "stdio", "null")
    assert "-nodefaults" in words and "shift=5,sleep=off" in words
    assert "name=opt/strata/cmdline,string=test=a,,b" in words
    node = json.loads(words[words.index("-blockdev") + 1])
    assert node["file"]["image"]["filename"] == "a b.img"
    assert node["file"]["inject-error"][0]["sector"] == 1
    assert not any("tcp" in word for word in words)


def test_the_script_can_be_run_by_hand() -> None:
    text = shell_script(MachineSpec("pvh", Path("/x y/k.elf"), "0"), Path("/x y/k.elf"))
    assert text.startswith("#!/bin/sh\n") and "'/x y/k.elf'" in text


def test_qmp_is_cut_into_messages() -> None:
    stream = QmpStream()
    assert stream.feed(b'{"a": 1}\r\n{"b"') == [{"a": 1}]
    assert stream.feed(b": 2}\n") == [{"b": 2}]
    sent = json.loads(command("chardev-add", 3, some_thing=1))
    assert sent["arguments"] == {"some-thing": 1}


class _Link:
    """A GDB stub that says what it was told to say."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self._waiting = b""
        self.sent: list[bytes] = []

    def gdb_send(self, data: bytes) -> None:
        """Answer each packet with the next prepared one."""
        self.sent.append(data)
        if data.startswith(b"$"):
            self._waiting += b"+" + checksum(self._answers.pop(0))

    def gdb_wait(self, until: object) -> bytes:
        """All is there at once."""
        return self._waiting

    def gdb_drop(self, count: int) -> None:
        """Forget."""
        self._waiting = self._waiting[count:]


def test_gdb_reads_memory_with_runs() -> None:
    gdb = Gdb(_Link(b"0* 41"))
    assert gdb.read(0x1000, 3) == b"\x00\x00A"


def test_gdb_breaks_at_symbols() -> None:
    link = _Link(b"OK")
    gdb = Gdb(link)
    gdb.use_symbols({"main": 0x100})
    gdb.break_at("main")
    assert link.sent[0].startswith(b"$Z1,100,1#")


def test_compile_errors_name_their_exercise(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    log = (
        "  CC lab0-boot/f1.c\n"
        "lab0-boot/f1.c: In function 'f1':\n"
        "lab0-boot/f1.c:7:3: error: expected ';' before '}' token\n"
        "lab0-boot/f2.c:3:1: warning: unused\n"
        "lab0-boot/./f3.c:9: error: instruction expected\n"
        "make: *** [Makefile:9: build/debug/lab0-boot/f1.o] Error 1\n"
    )
    guilty = blame(course, log, tmp_path)
    assert set(guilty) == {"0.1", "0.3"}
    assert guilty["0.1"] == ["lab0-boot/f1.c:7:3: error: expected ';' before '}' token"]


def test_link_errors_name_their_exercise(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    log = (
        "ld: build/debug/lab0-boot/printk.o: in function `printk':\n"
        "/a b/lab0-boot/printk.c:9: multiple definition of `printk'; "
        "build/debug/lab0-boot/f2.o:/a b/lab0-boot/f2.c:60: first defined here\n"
    )
    assert set(blame(course, log, tmp_path)) == {"0.2"}


def test_a_missing_file_is_named() -> None:
    log = "make: *** No rule to make target 'lab0-boot/f1.c', needed by 'x.o'.  Stop."
    assert read_errors(log) == [("lab0-boot/f1.c", "lab0-boot/f1.c: the file is missing")]


def test_variables_are_passed_on_to_the_inner_make() -> None:
    flags = r"rR -j2 --jobserver-auth=3,4 -- LAB=0 CC=clang BUILD=/a\ b SOLVED=all"
    assert passed_on({"MAKEFLAGS": flags}) == ["CC=clang", "BUILD=/a b"]
    assert passed_on({"MAKEFLAGS": "rR"}) == []
    assert passed_on({}) == []


def test_versions_are_found() -> None:
    assert version_of("GNU gdb (Debian 13.1-3) 13.1") == "13.1"
    assert version_of("NASM version 2.16.01") == "2.16.01"
    assert version_of("none") == ""


@pytest.mark.parametrize("proc", [True, False])
def test_qemu_can_write_where_there_is_no_proc(proc: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "_HAS_PROC", proc)
    with host.Scratch("memory") as file:
        Path(file.path).write_bytes(b"four")
        assert file.read() == b"four"
    assert proc or not Path(file.path).exists()
    read, write, path = host.named_pipe()
    with open(path, "wb") as stream:
        stream.write(b"log")
    os.close(write)
    assert os.read(read, 10) == b"log" and os.read(read, 10) == b""
    os.close(read)
