# SPDX-License-Identifier: MIT
"""Guests that misbehave: each is judged quickly and rightly, with a reason."""

from __future__ import annotations

import re
import resource
import subprocess
import time
from pathlib import Path
from typing import Callable

import pytest

from strata.ends import EXIT_OK
from strata.errors import Failure, GuestEnded, QemuCrashed, QemuMissing
from strata.kernel_run import ICOUNT, VIRTUAL_S, KernelRun, run_all
from strata.machine import Guest
from strata.plugin import kernel_spec
from strata.spec import Limits, MachineSpec

TOKEN = "1234abcd"

SOURCE = """
bits 32
global _start
section .note.PVH note alloc noexec nowrite
        dd 4, 4, 18
        db "Xen", 0
        dd _start
section .text
_start:
        mov esp, stack_end
        {body}
finish: mov eax, 0x10
        out 0xf4, eax
        hlt

; esi = text on both ports, ended by 0
say:    lodsb
        test al, al
        jz .done
        call both
        jmp say
.done:  ret
both:   out 0xe9, al
        mov ah, al
.wait:  mov dx, 0x3fd
        in al, dx
        test al, 0x20
        jz .wait
        mov al, ah
        mov dx, 0x3f8
        out dx, al
        ret
section .data
nothing: dq 0
text:   db {text}, 0
section .bss
        resb 4096
stack_end:
"""

Build = Callable[..., MachineSpec]


@pytest.fixture(name="build")
def _build(tmp_path: Path) -> Build:
    """Assemble a guest from a body and a text."""

    def build(body: str, text: str = '"hello", 10', limits: Limits = Limits(6.0)) -> MachineSpec:
        source, image = tmp_path / "guest.asm", tmp_path / "guest.elf"
        source.write_text(SOURCE.format(body=body, text=text))
        subprocess.run(["nasm", "-f", "elf32", "-o", tmp_path / "guest.o", source], check=True)
        words = ["ld", "-m", "elf_i386", "-Ttext", "0x100000", "-o", image, tmp_path / "guest.o"]
        subprocess.run(words, check=True)
        return MachineSpec("pvh", image, TOKEN, limits=limits)

    return build


def ended(spec: MachineSpec) -> GuestEnded:
    """The reason why a guest did not end as it should; and it came quickly."""
    began = time.monotonic()
    with Guest(spec) as guest:
        with pytest.raises(GuestEnded) as raised:
            guest.wait_exit(EXIT_OK)
        assert len(guest.serial) <= spec.limits.serial_bytes
        assert len(guest.verdict_log) <= spec.limits.verdict_bytes
    assert time.monotonic() - began < 30, "a reason that comes too late"
    return raised.value


def test_a_guest_that_ends_is_fine(build: Build) -> None:
    """The control: what is said is read, the code comes through."""
    with Guest(build("mov esi, text\n call say")) as guest:
        guest.wait_exit(EXIT_OK)
        assert guest.serial == b"hello\n" and guest.verdict_log == b"hello\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("cli\n jmp $", "spinning in .* with interrupts off"),
        ("lidt [nothing]\n sti\n jmp $", "spinning in .* with interrupts on|triple fault"),
        ("cli\n hlt\n jmp $", "halted in .* with interrupts off, so nothing can wake it"),
        ("lidt [nothing]\n ud2", "triple fault: #UD invalid opcode at .*; then #GP"),
        ("mov al, 0xfe\n out 0x64, al\n hlt", "reset: the guest asked for it"),
        ("mov dx, 0xb004\n mov ax, 0x2000\n out dx, ax\n mov dx, 0x604\n out dx, ax\n hlt", "off"),
        (".a: mov al, 'x'\n call both\n jmp .a", "printed without end: .* KiB on the serial line"),
        (".a: out 0xe9, al\n inc al\n jmp .a", "printed without end: .* KiB on the verdict port"),
        ("mov eax, 0x29\n out 0xf4, eax\n hlt", "exit code that nobody knows .exit code 0x29"),
    ],
)
def test_the_reason_is_told(build: Build, body: str, reason: str) -> None:
    """Hangs, sleeps, resets, floods and odd ends have each their own words."""
    assert re.search(reason, ended(build(body)).seen, re.S)


def test_page_tables_in_a_device_are_told(build: Build) -> None:
    """QEMU does not walk them, where a real CPU would: the guest's fault, not the machine's."""
    body = """
        mov eax, cr4
        or eax, 0x10                            ; pages of 4 MiB
        mov cr4, eax
        mov dword [0x200000], 0x83              ; one, where we are
        mov dword [0x200004], 0x80000003        ; a table where no RAM is
        mov eax, 0x200000
        mov cr3, eax
        mov eax, 0x80000011
        mov cr0, eax
        mov eax, [0x400000]
        jmp $"""
    failure = ended(build(body))
    assert re.search("gave up on what the guest did: .*, in .*protected mode", failure.seen)
    assert "CR3" in failure.hint


def test_binary_rubbish_is_shown_safely(build: Build) -> None:
    """Escape codes and broken UTF-8 of a guest never reach the terminal."""
    text = ", ".join(str(byte) for byte in (27, 91, 50, 74, 255, 254, 128, 7, 13, 8, 10) * 20)
    failure = ended(build("mov esi, text\n call say\n cli\n jmp $", text))
    assert all(char.isprintable() or char == "\n" for char in str(failure))


def test_forged_verdicts_pass_nothing(build: Build) -> None:
    """KTAP without this boot's token is named, and the test is not passed."""
    said = r'"KTAP version 1", 10, "1..1", 10, "# start a", 10, "ok 1 a", 10, "# done", 10'
    spec = build("mov esi, text\n call say", said)
    run = KernelRun(lambda cmdline: Guest(spec), ("a",), 1)
    outcome = run_all(run, ["a"])["a"]
    assert not outcome.passed and outcome.failure is not None
    assert "forged" in str(outcome.failure)


def test_a_test_that_kills_the_kernel_costs_no_other(build: Build, tmp_path: Path) -> None:
    """It is reported as the one that hung; the rest is asked for again."""
    asked: list[str] = []
    said = ", 10, ".join(
        f'"@{TOKEN} {line}"' for line in ("1..3", "# start a", "ok 1 a", "# start b")
    )
    hanging = build("mov esi, text\n call say\n cli\n jmp $", f"{said}, 10")
    rest = ", 10, ".join(f'"@{TOKEN} {line}"' for line in ("1..1", "# start c", "ok 1 c", "# done"))

    def boot(cmdline: str) -> Guest:
        asked.append(cmdline)
        if len(asked) == 1:
            return Guest(hanging)
        return Guest(build("mov esi, text\n call say", f"{rest}, 10"))

    found = run_all(KernelRun(boot, ("a", "b", "c"), 1), ["a", "b", "c"])
    assert [found[name].passed for name in "abc"] == [True, False, True]
    assert "interrupts off" in str(found["b"].failure)
    assert len(asked) == 2 and ("skip=a,b" in asked[1] or "test=c" in asked[1])


def test_typing_to_a_dead_guest_tells_how_it_died(build: Build) -> None:
    """No traceback, no broken pipe."""
    with Guest(build("nop")) as guest:
        guest.wait_exit(EXIT_OK)
        for ask in (lambda: guest.send("x"), guest.regs, guest.gdb):
            with pytest.raises(Failure, match="too early|still running"):
                ask()


def test_a_guest_that_waits_is_no_hang(build: Build) -> None:
    """Between two waits a guest may use up its time; the next wait lets it run on."""
    echo = """mov esi, text
        call say
.poll:  mov dx, 0x3fd
        in al, dx
        test al, 1
        jz .poll
        mov dx, 0x3f8
        in al, dx
        cmp al, "q"
        je finish
        call both
        jmp .poll"""
    with Guest(build(echo, '"> "', Limits(2.0))) as guest:
        guest.wait_serial("> ")
        time.sleep(2)  # the guest's two seconds go by meanwhile
        guest.send("a")
        guest.wait_serial("a")
        assert guest.gdb().regs()["rip"] >= 0x100000


def test_a_missing_or_crashing_qemu_is_one_line(
    build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither is the student's fault, and neither is a traceback."""
    spec = build("nop")
    monkeypatch.setenv("QEMU", str(tmp_path / "nowhere"))
    with pytest.raises(QemuMissing, match="not installed"):
        Guest(spec)
    fake = tmp_path / "fake"
    fake.write_text("#!/bin/sh\necho 'fake: no such luck' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("QEMU", str(fake))
    with pytest.raises(QemuCrashed, match="did not start .status 1.: fake: no such luck"):
        Guest(spec)


def test_nothing_is_left_behind(build: Build) -> None:
    """No file descriptor and no process after a hundred ends of all kinds."""
    spec = build("nop")
    for _ in range(3):
        with Guest(spec) as guest:
            guest.wait_exit(EXIT_OK)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        Guest(spec).close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 0


def test_in_kernel_tests_have_a_limit_of_their_own(tmp_path: Path) -> None:
    """The machine of KTESTs is deterministic and short of patience."""
    spec = kernel_spec(tmp_path / "x", "test=all", 7, 1)
    assert spec.icount == ICOUNT and spec.limits.virtual_s == VIRTUAL_S
    assert spec == kernel_spec(tmp_path / "x", "test=all", 7, 1)
    assert spec.token != kernel_spec(tmp_path / "x", "test=all", 7, 2).token
