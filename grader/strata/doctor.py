# SPDX-License-Identifier: MIT
"""The verb doctor: every tool, its version, who needs it, and what mends it.

Fails only for tools that building and grading cannot do without. A test whose
optional tool is missing is not judged on this machine. Only the standard library is
used here, and nothing newer than Python 3.9, so that it runs where others do not.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

__all__ = ["TOOLS", "Tool", "doctor", "find", "version_of"]


@dataclass(frozen=True)
class Tool:
    """One tool: a command, a Python module (python:NAME) or a file (file:A:B)."""

    name: str
    what: str
    package: str
    needed: bool = False
    oldest: tuple[int, ...] = ()
    variable: str = ""
    option: str = "--version"


@dataclass(frozen=True)
class Finding:
    """What is there of a tool."""

    tool: Tool
    path: str
    version: str
    fault: str


_OVMF = "file:/usr/share/qemu/OVMF.fd:/usr/share/ovmf/OVMF.fd:/usr/share/OVMF/OVMF.fd"

# Where the CPU is another, the kernel's tools are a cross compiler's (Debian's names).
_HERE = platform.machine() in ("x86_64", "AMD64", "amd64", "i686")
_CROSS = {
    "gcc": "gcc-x86-64-linux-gnu",
    "binutils": "binutils-x86-64-linux-gnu",
    "gdb": "gdb-multiarch",
}

TOOLS = (
    Tool("make", "builds everything", "make", True, (4, 0)),
    Tool("gcc", "compiles the kernel", "gcc", True, (11,), "CC"),
    Tool("ld", "links it", "binutils", True, (2, 35), "LD"),
    Tool("objcopy", "strips images", "binutils", True, (2, 35), "OBJCOPY"),
    Tool("nasm", "assembles it", "nasm", True, (2, 14), "NASM", "-v"),
    Tool("qemu-system-x86_64", "runs it", "qemu-system-x86", True, (7, 0), "QEMU"),
    Tool("python:tomllib", "Python 3.11 or newer, for the grader", "python3", True),
    Tool("python:pytest", "runs the tests", "python3-pytest", True, (7, 0)),
    Tool("python:xdist", "runs them side by side", "python3-pytest-xdist", True, (3, 0)),
    Tool("python:rich", "shows the report", "python3-rich", True),
    Tool("gdb" if _HERE else "gdb-multiarch", "make debug", "gdb", False, (12,)),
    Tool("grub-mkrescue", "tests that boot through GRUB", "grub-common", False, (2, 4)),
    Tool("file:/usr/lib/grub/i386-pc/kernel.img", "GRUB on a BIOS", "grub-pc-bin"),
    Tool("file:/usr/lib/grub/x86_64-efi/kernel.img", "GRUB on UEFI", "grub-efi-amd64-bin"),
    Tool("xorriso", "tests that boot through GRUB", "xorriso", False, (1, 5)),
    Tool("mformat", "tests that boot through UEFI", "mtools"),
    Tool(_OVMF, "OVMF, tests that boot through UEFI", "ovmf"),
    Tool("setpriv", "ends QEMU with the grader, even when that is killed", "util-linux"),
    Tool("git", "make handin, handout, gradescope, skeletons", "git"),
    Tool("bwrap", "make grade-class: the sandbox", "bubblewrap", False, (0, 5)),
    Tool("prlimit", "make grade-class: limits", "util-linux"),
    Tool("python:distributed", "make grade-class: Dask", "python3-distributed"),
    Tool("python:cryptography", "make grade-class: keys of its workers", "python3-cryptography"),
    Tool("sim_c", "make grade-class: likeness", "similarity-tester", option="-v"),
    Tool("clang", "make check: the second compiler", "clang", False, (14,)),
    Tool("ld.lld", "make check: the second linker", "lld", False, (14,)),
    Tool("mypy", "make check", "mypy"),
    Tool("black", "make check", "black"),
    Tool("flake8", "make check", "flake8"),
    Tool("shellcheck", "make check", "shellcheck"),
    Tool("mkdocs", "make docs", "mkdocs", False, (1, 4)),
    Tool("file:/usr/share/mkdocs/themes/material", "make docs: its looks", "mkdocs-material"),
    Tool("python:markdown_it", "make docs", "python3-markdown-it", False, (2, 0)),
    Tool("dot", "make docs: graphs", "graphviz", False, (2, 40), option="-V"),
    Tool("aspell", "make check: spelling of the pages", "aspell"),
    Tool("chromium", "make check: the site in a browser", "chromium"),
    Tool("chromedriver", "make check: the same", "chromium-driver"),
    Tool("python:selenium", "make check: the same", "python3-selenium", False, (4,)),
    Tool("npm", "make check: gets axe-core, of the same", "npm"),
)

_MANAGERS = (
    ("apt-get", "apt install"),
    ("dnf", "dnf install"),
    ("pacman", "pacman -S"),
    ("brew", "brew install"),
)


def doctor() -> int:
    """Print the table; 1 when something needed is missing or too old."""
    findings = [find(tool) for tool in TOOLS]
    for one in findings:
        print(_line(one))
    bad = [one for one in findings if one.fault]
    needed = [one for one in bad if one.tool.needed]
    optional = [one for one in bad if not one.tool.needed]
    print()
    if optional:
        print(f"optional: {_mend(optional)}")
        print("  without them the tests named above are not judged on this machine")
    if needed:
        print(f"needed: {_mend(needed)}")
        print(f"doctor: {len(needed)} needed tools are missing or too old")
        return 1
    print("doctor: everything needed is here")
    return 0


def find(tool: Tool) -> Finding:
    """Look for a tool and ask for its version."""
    if tool.name.startswith("file:"):
        paths = [path for path in tool.name.split(":")[1:] if os.path.exists(path)]
        return Finding(tool, paths[0] if paths else "", "", "" if paths else "missing")
    if tool.name.startswith("python:"):
        return _module(tool, tool.name[7:])
    name = os.environ.get(tool.variable) or tool.name
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        return Finding(tool, "", "", "missing")
    version = version_of(_ask([path, tool.option]))
    return Finding(tool, path, version, _age(version, tool.oldest))


def version_of(text: str) -> str:
    """The first thing that looks like a version."""
    match = re.search(r"\d+(?:\.\d+)+", text)
    return match[0] if match else ""


def _module(tool: Tool, name: str) -> Finding:
    from importlib import util

    if util.find_spec(name) is None:
        return Finding(tool, "", "", f"missing in {sys.executable}")
    if name == "tomllib":
        return Finding(tool, sys.executable, sys.version.split()[0], "")
    from importlib import metadata

    try:
        version = metadata.version({"xdist": "pytest-xdist"}.get(name, name))
    except metadata.PackageNotFoundError:
        version = ""
    return Finding(tool, sys.executable, version, _age(version, tool.oldest))


def _age(version: str, oldest: tuple[int, ...]) -> str:
    numbers = tuple(int(part) for part in re.findall(r"\d+", version))
    if oldest and numbers and numbers < oldest:
        return f"too old: {'.'.join(map(str, oldest))} or newer is wanted"
    return ""


def _ask(words: list[str]) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout + done.stderr


def _line(one: Finding) -> str:
    """A row of the table; with PLAIN=1 a sentence, the tool's name first."""
    kind = "needed  " if one.tool.needed else "optional"
    name = one.tool.name.split(":")[-1] if one.tool.name.startswith("file:") else one.tool.name
    name = name.replace("python:", "Python: ")
    state = one.fault or "ok"
    if os.environ.get("PLAIN"):
        words = f"{name} {one.version}".rstrip()
        return f"{words}: {state}, {kind.rstrip()}: {one.tool.what}"
    version = one.version or "-"
    return f"{kind}  {state:10}  {name:28} {version:12} {one.tool.what}"


def _mend(findings: list[Finding]) -> str:
    names = [one.tool.package for one in findings]
    names = names if _HERE else [_CROSS.get(name, name) for name in names]
    packages = " ".join(dict.fromkeys(names))
    for command, words in _MANAGERS:
        if shutil.which(command):
            sudo = "" if command == "brew" or os.geteuid() == 0 else "sudo "
            named = "" if command == "apt-get" else "  (names are Debian's)"
            return f"{sudo}{words} {packages}{named}"
    return f"install {packages} (Debian's names)"
