# SPDX-License-Identifier: MIT
"""Reports that can be read aloud, and hosts that are not like ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import TREE, Make, run

FRAMES = re.compile("[\x1b\u2500-\u259f\r]")
# Words of GNU's tools that BSD's do not have, as far as our scripts could want them.
GNU_ONLY = re.compile(
    r"readlink -f|\bsed -[a-z]*[ir]|\bstat -c|\bcp -[a-z]*a|grep -[a-z]*P|xargs -r|date -d"
    r"|\bmktemp -[dt]* *$|\[\[ |\$'|<<<|&>|\bseq |\bnproc\b|\btac\b|head -n -"
)


@pytest.mark.parametrize("verb", ["help", "doctor", "print-tag"])
def test_plain_words_have_no_colour_and_no_frame(make: Make, verb: str) -> None:
    """PLAIN=1: text only, one fact a line."""
    done = make("-s", verb, PLAIN="1")
    assert done.returncode == 0, done.stdout
    assert not FRAMES.search(done.stdout)
    assert not re.search(r"\S {4,}\S", done.stdout) or verb == "help"


@pytest.mark.parametrize("variable", ["PLAIN", "NO_COLOR"])
def test_a_terminal_gets_plain_text_when_it_asks(warm: Path, tmp_path: Path, variable: str) -> None:
    """On a terminal, too: a failure is a word, and nothing is drawn or painted."""
    words = f"make grade TEST=0.1 SOLVED=none BUILD={tmp_path}/b"
    shell = ["script", "-qec", f"env {variable}=1 TERM=xterm-256color {words}", "/dev/null"]
    if variable == "NO_COLOR":
        shell[2] = f"env -u PLAIN {shell[2][4:]}"
    done = run(shell, cwd=warm)
    said = done.stdout.replace("\r\n", "\n")
    assert not FRAMES.search(said), said[-2000:]
    assert "exercise 0.1 The 16550 UART: not begun, 0 of 10" in said


def test_an_old_make_is_told_to_call_a_newer_one() -> None:
    """GNU make 3.81, which macOS has: one line that says gmake."""
    done = run(["make", "MAKE_VERSION=3.81", "grade"])
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1
    assert "GNU make 3.81 is too old" in done.stdout and "gmake" in done.stdout


@pytest.mark.parametrize(("compiler", "word"), [("", "x86_64-linux-gnu-gcc"), ("clang", "clang")])
def test_another_cpu_compiles_across_and_tests_on_itself(
    tmp_path: Path, compiler: str, word: str
) -> None:
    """uname says aarch64: kernel by a cross compiler and linker, host tests by gcc."""
    (tmp_path / "uname").write_text("#!/bin/sh\necho aarch64\n")
    (tmp_path / "uname").chmod(0o755)
    words = [
        "make",
        "-nB",
        "V=1",
        f"BUILD={tmp_path}/b",
        "SOLVED=all",
        *["CC=clang"] * bool(compiler),
    ]
    done = run([*words, "images", "host-test"], PATH=f"{tmp_path}:/usr/bin:/bin")
    lines = [line for line in done.stdout.splitlines() if "&&" in line]
    kernel = next(line for line in lines if "lab0-boot/boot.o" in line and "/host/" not in line)
    assert f" {word} " in kernel
    assert any("x86_64-linux-gnu-ld -m elf_x86_64" in line for line in done.stdout.splitlines())
    assert any(" gcc " in line and "/host/test/" in line for line in lines)


@pytest.mark.parametrize("name", ["setup", "Makefile", ".ci/run"])
def test_scripts_keep_to_what_bsd_has_too(name: str) -> None:
    """No option that only GNU's tools know, no word that only bash knows."""
    for number, line in enumerate((TREE / name).read_text(encoding="utf-8").splitlines(), 1):
        found = GNU_ONLY.search(line)
        assert not found, f"{name}:{number}: {found[0]!r}"
