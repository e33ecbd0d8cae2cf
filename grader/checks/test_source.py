# SPDX-License-Identifier: MIT
"""The source keeps its promises: warnings, headers, floors, skeletons, style."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from conftest import Make, TREE, run, tracked_files

C_COMPILERS = ("gcc", "clang")


@pytest.mark.parametrize("compiler", C_COMPILERS)
@pytest.mark.parametrize("release", ["", "1"])
def test_everything_builds_without_a_warning(make: Make, compiler: str, release: str) -> None:
    """gcc and clang, debug and release, skeleton and solution: -Werror."""
    for solved in ("none", "all"):
        words = [f"CC={compiler}", f"RELEASE={release}", f"SOLVED={solved}", "WERROR=-Werror"]
        done = make(*words, "all")
        assert done.returncode == 0, done.stdout[-4000:]
        assert "warning" not in done.stdout


def test_the_analyzer_finds_nothing(make: Make) -> None:
    """gcc -fanalyzer on the release build, where no check hides a path."""
    flags = "-fanalyzer -Werror"
    done = make("CC=gcc", "RELEASE=1", "SOLVED=all", f"WERROR={flags}", "all")
    assert done.returncode == 0, done.stdout[-4000:]


def test_the_other_linker_links_the_same_sets(make: Make) -> None:
    """ld.lld builds a kernel whose sets are whole."""
    done = make("CC=clang", "LD=ld.lld", "SOLVED=all", "all")
    assert done.returncode == 0, done.stdout[-4000:]


def headers() -> list[Path]:
    """Every public header."""
    return sorted(TREE.glob("lab[0-9]*-*/include/lab*/*.h"))


def test_every_public_header_compiles_alone(tmp_path: Path) -> None:
    """Included first and alone, with the include paths of its own floor and below."""
    for header in headers():
        lab = int(header.parent.name[3:])
        folders = [path for path in sorted(TREE.glob("lab[0-9]*-*")) if int(path.name[3]) <= lab]
        source = tmp_path / "one.c"
        source.write_text(f"#include <{header.parent.name}/{header.name}>\n")
        words = ["gcc", "-std=gnu11", "-ffreestanding", "-fsyntax-only", "-Wall", "-Wextra"]
        words += ["-Werror", f"-DLAB={lab}", "-DDEBUG=1", '-DLAB_DIR="x"']
        words += [f"-I{folder}/include" for folder in folders]
        done = run([*words, str(source)])
        assert done.returncode == 0, f"{header}: {done.stdout}"


def test_no_floor_names_an_upper_one() -> None:
    """No include of a higher lab, and no #if on the lab's number."""
    for name in tracked_files():
        match = re.match(r"(?:solutions/)?lab(\d)-[^/]*/.*\.(c|h|asm|inc)$", name)
        if not match:
            continue
        text = (TREE / name).read_text()
        above = [n for n in re.findall(r"<lab(\d)/", text) if int(n) > int(match[1])]
        assert not above, f"{name} includes lab {above}"
        assert not re.search(r"#\s*if.*\bLAB\b", text), f"{name} asks for the lab's number"


def test_skeletons_are_what_the_solutions_make(make: Make) -> None:
    """No drift between solutions/ and the exercise files in the labs."""
    done = run(["/bin/sh", "-c", "PYTHONPATH=grader exec $PY -m strata skeletons --check"], PY=py())
    assert done.returncode == 0, done.stdout


def test_the_declarations_of_tests_add_up() -> None:
    """Each exercise has a plain test worth 40 to 60 %, and another one; points sum to 100."""
    done = run(["/bin/sh", "-c", "PYTHONPATH=grader exec $PY -m strata lint"], PY=py())
    assert done.returncode == 0, done.stdout


def py() -> str:
    """The Python that runs this check."""
    import sys

    return sys.executable


def python_files() -> list[str]:
    """Ours, all of them."""
    return [name for name in tracked_files() if name.endswith(".py")]


@pytest.mark.parametrize(
    "tool",
    [["black", "--check", "-q"], ["flake8"], ["mypy"]],
    ids=["black", "flake8", "mypy"],
)
def test_python_is_clean(tool: list[str]) -> None:
    """black and flake8 on every file, mypy --strict on the grader's package."""
    files = python_files() if tool[0] != "mypy" else ["grader/strata"]
    extra = ["--strict"] if tool[0] == "mypy" else []
    done = run([py(), "-m", *tool, *extra, *files], PYTHONPATH="grader")
    assert done.returncode == 0, done.stdout[-3000:]


def test_nothing_names_a_place_or_is_forgotten() -> None:
    """No paths of a machine, no marks of unfinished work."""
    forbidden = re.compile(r"/wo" r"rk/|\bXX" r"X\b|#i" r"f 0|FIX" r"ME")
    for name in tracked_files():
        path = TREE / name
        if path.suffix in (".c", ".h", ".asm", ".inc", ".py", ".md", ".toml", ".mk", ".ld", ""):
            found = forbidden.search(path.read_text(errors="replace"))
            assert not found, f"{name}: {found[0]!r}"


def test_what_the_compiler_said_stays_beside_the_object(clone: Path) -> None:
    """Of exercise files, and still said; a compilation without a word takes it away."""
    source = clone / "lab0-boot" / "uart.c"
    source.write_text(source.read_text() + "\nint uart_spare(void);\nint uart_spare(void)\n{\n}\n")
    words = ["make", "LAB=0", "build/debug/lab0-boot/uart.o"]
    said = clone / "build/debug/lab0-boot/uart.o.said"
    for done in (run(words, cwd=clone), run(words, cwd=clone)):
        assert done.returncode == 0, done.stdout[-3000:]
        assert "control reaches end" in said.read_text()
    source.write_text(source.read_text().replace("{\n}\n", "{\n\treturn 1;\n}\n"))
    assert run(words, cwd=clone).returncode == 0 and said.read_text() == ""
    source.write_text("int broken(\n")
    done = run(words, cwd=clone)
    assert done.returncode != 0 and "error:" in done.stdout and "error:" in said.read_text()


def test_a_one_line_edit_rebuilds_one_object_and_relinks(clone: Path) -> None:
    """Touching printk.c compiles printk.c and nothing else; a header, those that include it."""
    first = run(["make", "SOLVED=all", "LAB=0", "images"], cwd=clone)
    assert first.returncode == 0, first.stdout[-3000:]
    os.utime(clone / "lab0-boot/printk.c")
    second = run(["make", "SOLVED=all", "LAB=0", "images"], cwd=clone).stdout
    assert re.findall(r"(?:CC|NASM) (\S+)", second) == ["lab0-boot/printk.c"], second
    assert " LD " in second
    os.utime(clone / "lab0-boot/include/lab0/log.h")
    third = run(["make", "SOLVED=all", "LAB=0", "images"], cwd=clone).stdout
    assert 0 < len(re.findall(r"CC (\S+)", third)) < 25, third
    fourth = run(["make", "SOLVED=all", "LAB=0", "images"], cwd=clone).stdout
    assert not re.findall(r"CC|LD", fourth), fourth


def test_the_editor_files_are_made(clone: Path) -> None:
    """compile_commands.json names each C file of the kernel and of the loader."""
    done = run(["make", "editor"], cwd=clone)
    assert done.returncode == 0, done.stdout
    text = (clone / "compile_commands.json").read_text()
    for name in ("lab0-boot/printk.c", "lab0-boot/loader/loader_main.c"):
        assert f'"file": "{name}"' in text
    assert (clone / ".vscode/launch.json").exists()


def test_help_names_every_verb() -> None:
    """make help is made from the Makefile."""
    text = run(["make", "help"]).stdout
    for verb in "grade grade-one debug run check bench doctor host-test fuzz analyze".split():
        assert re.search(rf"^\s+{verb}\s", text, re.M), text


def test_nothing_is_untracked_after_a_build() -> None:
    """Output goes to build/ only."""
    done = subprocess.run(
        ["git", "status", "--porcelain", "--ignored"], cwd=TREE, capture_output=True, text=True
    )
    odd = [line for line in done.stdout.splitlines() if line.endswith((".pyc", "__pycache__/"))]
    assert not odd, odd
