# SPDX-License-Identifier: MIT
"""Every command of the pages runs, and prints what the page shows.

Blocks fenced as `sh` hold commands; blocks fenced as `console` hold `$ ` commands, what is
typed into them (`strata> `, `(gdb) `), and lines of what they print, in order (`...`: some
are left out). Lines of indented blocks that begin as a command does are run, too; a
synopsis, with [ or .. in it, is not a command.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from conftest import TREE, environment

PAGES = [TREE / "README.md", TREE / "CONTRIBUTING.md", TREE / "grader" / "README.md"]
PAGES += sorted((TREE / "docs").glob("*.md")) + sorted(TREE.glob("lab[0-9]*/README.md"))
PAGES = [page for page in PAGES if page.exists()]

# Why a command is not run here: (pattern, reason).
LEFT_OUT = (
    (r"^\./setup\b", "installs packages: grader/tests/test_setup.py, and a fresh Debian by hand"),
    (r"\b(sudo|apt|apt-get|dnf|pacman|brew|docker|wsl)\b", "changes the host"),
    (r"^make .*\bcheck(-all)?\b", "this test is a part of it"),
    (r"^make toolchain\b", "an hour; make check-all does it"),
    (r"^make fuzz\b", "takes its time on purpose: test_host.py"),
    (r"^make bench\b", "takes minutes, and needs a quiet machine"),
    (r"\bGUI=1\b", "needs a display"),
    (r"\bCASE=", "a broken kernel: it may not come to a prompt"),
    (r"^git (clone|push|fetch|pull)\b", "needs a network"),
    (r"\b(your|PATH|NAME|FILE|DIR|some_claim)\b", "names what only the reader has"),
    (r"\.patch$|^make rewind\b|^make provided TEST", "a planted bug: test_rewind.py plays it"),
    (r"^make challenge\b", "fails until somebody meets it"),
    (
        r"^make (compare|handin|answers|rescue|watch)\b",
        "keeps state, or waits for a person: grader/checks/test_way_on.py",
    ),
)
# Statuses other than 0 that a page may meet in a tree where nothing is written yet.
ALSO_GOOD = (
    (r"^make (grade|grade-one|host-test)\b", {2}),
    (r"^qemu-system", {-signal.SIGTERM, 124}),
    (r"^grep\b", {1}),
)
BOUNDED = r"^qemu-system"  # runs until somebody ends it
_WORDS = r"(?:\./setup|make|qemu-\S+|nasm|objdump|readelf|nm|xxd|head|gdb|git|cat|grep)\b"
_COMMAND = re.compile(rf"^{_WORDS}")
_TYPED = ("strata> ", "(gdb) ")


@dataclass
class Command:
    """One command line of a page."""

    page: Path
    line: int
    text: str
    typed: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.page.relative_to(TREE)}:{self.line}: {self.text}"

    def left_out(self) -> str:
        """Why it is not run here; nothing if it is."""
        return next((why for pattern, why in LEFT_OUT if re.search(pattern, self.text)), "")


def commands(page: Path) -> list[Command]:
    """The commands of a page, from its fenced and indented blocks."""
    found: list[Command] = []
    fence = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            fence = "" if fence else line[3:].strip() or "text"
        elif fence == "sh" and line.strip() and not line.startswith("#"):
            found.append(Command(page, number, re.sub(r"\s+# .*", "", line)))
        elif fence == "console":
            _console(found, page, number, line)
        elif not fence and re.match(rf"^ {{4}}(\$ )?{_WORDS}", line):
            text = re.split(r" {2,}", line.strip().removeprefix("$ "))[0]
            if "[" not in text and ".." not in text.replace("../", ""):
                found.append(Command(page, number, text))
    return found


def _console(found: list[Command], page: Path, number: int, line: str) -> None:
    """One line of a console block."""
    if line.startswith("$ "):
        found.append(Command(page, number, re.sub(r"\s+# .*", "", line[2:])))
    elif line.startswith(_TYPED):
        found[-1].typed.append(line.partition(" ")[2])
    elif line.strip() not in ("", "..."):
        found[-1].shown.append(line.rstrip())


class Output:
    """What a process prints, as it comes."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._data = stream, b""
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def _pump(self) -> None:
        while data := os.read(self._stream.fileno(), 4096):
            self._data += data

    def text(self) -> str:
        """All of it so far."""
        return self._data.decode("utf-8", "backslashreplace").replace("\r", "")

    def wait(self, count: int, words: str, process: subprocess.Popen[bytes], limit: float) -> bool:
        """Until these words have come so often, or the process has ended."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self.text().count(words) >= count:
                return True
            if process.poll() is not None:
                break
            time.sleep(0.02)
        return self.text().count(words) >= count

    def finish(self) -> str:
        """The rest, after the end of the process."""
        self._thread.join(5)
        return self.text()


def start(text: str, cwd: Path) -> subprocess.Popen[bytes]:
    """A command of a user's shell, in a process group of its own."""
    return subprocess.Popen(
        ["sh", "-c", text],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes], limit: float) -> int:
    """Wait for it so long, then end its group."""
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(5)
        return -signal.SIGTERM


def boot(command: Command, cwd: Path) -> tuple[int, str]:
    """make run: type the lines at the prompt, then Ctrl-A X."""
    process = start(command.text, cwd)
    assert process.stdin is not None and process.stdout is not None
    output = Output(process.stdout)
    up = output.wait(1, "strata> ", process, 40)
    for number, line in enumerate(command.typed, 2):
        assert up, f"{command}: no prompt\n{output.text()}"
        process.stdin.write(line.encode() + b"\r")
        process.stdin.flush()
        up = output.wait(number, "strata> ", process, 10)
    if process.poll() is None:
        process.stdin.write(b"\x01x")
        process.stdin.close()
    status = end(process, 10)
    return status, output.finish()


def execute(command: Command, cwd: Path) -> tuple[int, str]:
    """Run a command as its page says: status and output."""
    if command.text.startswith("make run"):
        return boot(command, cwd)
    process = start(command.text, cwd)
    assert process.stdin is not None and process.stdout is not None
    output = Output(process.stdout)
    if command.text.startswith("make debug"):
        process.stdin.write("\n".join([*command.typed, "quit", ""]).encode())
    process.stdin.close()
    status = end(process, 2 if re.search(BOUNDED, command.text) else 60)
    return status, output.finish()


def check(command: Command, status: int, output: str) -> None:
    """It ended well, and printed what the page shows, in that order."""
    also: set[int] = next(
        (good for pattern, good in ALSO_GOOD if re.search(pattern, command.text)), set()
    )
    assert status == 0 or status in also, f"{command}: status {status}\n{output[-2000:]}"
    at = 0
    for line in command.shown:
        found = output.find(line, at)
        assert found >= 0, f"{command}: did not print\n  {line}\nbut\n{output[-3000:]}"
        at = found + len(line)


def test_every_command_of_the_pages_does_what_they_say(clone: Path) -> None:
    """All in one copy of the tree, so that nothing is built twice."""
    wrong = []
    for command in (one for page in PAGES for one in commands(page)):
        tool = command.text.split()[0]
        if command.left_out() or (shutil.which(tool) is None and not tool.startswith("./")):
            continue
        try:
            check(command, *execute(command, clone))
        except AssertionError as error:
            wrong.append(str(error))
    assert not wrong, "\n\n".join(wrong)


def test_the_handout_is_full_of_commands() -> None:
    """Or the blocks are not read as they should be."""
    found = commands(TREE / "lab0-boot" / "README.md")
    assert len(found) >= 20 and sum(bool(one.shown) for one in found) >= 10
    assert sum(bool(one.typed) for one in found) >= 5


def test_the_verbs_that_the_pages_name_are_there() -> None:
    makefile = (TREE / "Makefile").read_text(encoding="utf-8")
    verbs = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.M))
    verbs |= {
        word for line in re.findall(r"^\.PHONY:(.*)", makefile, re.M) for word in line.split()
    }
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for verb in re.findall(r"`make ([a-z][a-z-]*)\b[^`\n]*`", text):
            assert verb in verbs, f"{page.relative_to(TREE)}: make {verb}"
