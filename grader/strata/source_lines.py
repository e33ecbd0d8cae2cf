# SPDX-License-Identifier: MIT
"""Places in sources: `file:line` words in a text, and the lines behind addresses."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

__all__ = ["ADDRESS", "Place", "excerpt", "lines_behind", "places"]

ADDRESS = re.compile(r"\b0x[0-9a-f]{5,16}\b")
_PLACE = re.compile(r"\b((?:lab\d+-\w+|grader)/[\w./-]+\.(?:c|h|asm|inc|S|py|toml)):(\d{1,6})\b")
_DISCRIMINATOR = re.compile(r" \(discriminator \d+\)$")
_SECONDS = 5
_LINE_MOST = 200


@dataclass(frozen=True)
class Place:
    """A line of a file in the tree; file is relative to it."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def places(tree: Path, text: str) -> list[tuple[int, int, Place]]:
    """(start, end, place) of each `file:line` whose file is in the tree."""
    found = []
    for match in _PLACE.finditer(text):
        inside = ".." not in match[1].split("/")
        if inside and os.path.isfile(tree / match[1]):
            found.append((match.start(), match.end(), Place(match[1], int(match[2]))))
    return found


def _lines(path: Path) -> list[str]:
    """The lines as compilers count them: a form feed ends none."""
    try:
        text = path.read_bytes().decode("utf-8", "backslashreplace")
    except OSError:
        return []
    return text.removesuffix("\n").replace("\r\n", "\n").split("\n")


def excerpt(tree: Path, place: Place, around: int = 0) -> list[tuple[int, str]]:
    """(number, text) of a place's line and those around it."""
    lines = _lines(tree / place.file)
    first, last = max(1, place.line - around), min(len(lines), place.line + around)
    return [(n, lines[n - 1].expandtabs(8)[:_LINE_MOST]) for n in range(first, last + 1)]


def lines_behind(tree: Path, image: Path, addresses: Iterable[int]) -> dict[int, Place]:
    """Where the code at these addresses was written, as far as the image says: binutils'
    addr2line, one call. Nothing where that is missing, slow, or the image has no lines."""
    wanted = sorted(set(addresses))
    tool = shutil.which(os.environ.get("ADDR2LINE") or "addr2line")
    if not wanted or tool is None or not image.is_file():
        return {}
    try:
        words = [tool, "-e", str(image), *map(hex, wanted)]
        done = subprocess.run(words, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError):
        return {}
    found = {}
    for address, line in zip(wanted, done.stdout.decode("utf-8", "replace").splitlines()):
        name, _, number = _DISCRIMINATOR.sub("", line).rpartition(":")
        file = _in_tree(tree, name)
        if file and number.isdecimal() and int(number):
            found[address] = Place(file, int(number))
    return found


def _in_tree(tree: Path, name: str) -> str:
    """A file's name in the tree. NASM writes its folder twice: /tree/lab0-boot//lab0-boot/a.asm."""
    for part in (name, name.rpartition("//")[2]):
        path = os.path.normpath(os.path.join(tree, part))
        if path.startswith(f"{tree}{os.sep}") and os.path.isfile(path):
            return os.path.relpath(path, tree)
    return ""
