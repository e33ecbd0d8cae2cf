# SPDX-License-Identifier: MIT
"""What strangers send: one function a kind of mischief, from right files and a place to lay
others; and the exercise that may get no point for it, with the words that its page has."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path
from typing import Callable

from made_class import TAG, as_repository

__all__ = ["HOSTILE", "UART", "hang", "write", "zips"]

UART = "lab0-boot/uart.c"
VGA = "lab0-boot/vga.c"
Files = dict[str, bytes]


def with_head(head: str | bytes, name: str = UART) -> Callable[[Files, Path], None]:
    """Right in all, but for some lines before the first of a file."""

    def spoil(files: Files, _place: Path) -> None:
        data = head.encode() if isinstance(head, str) else head
        files[name] = data + files[name]

    return spoil


EXIT = '__asm__ volatile("outl %0, $0xf4" :: "a"(0x10));'
SAY = """
static void say(const char *text)
{
    for (const char *c = text; *c; c++)
        __asm__ volatile("outb %0, $0xe9; outb %0, %1" :: "a"(*c), "Nd"((short)0x3f8));
}
"""


def _forged(files: Files, _place: Path) -> None:
    """Writes verdicts on every port, and then the exit code of success; else it does nothing."""
    said = "\\nKTAP version 1\\n1..1\\n# start a\\nok 1 a\\n# done\\n@00000000 ok 1 a\\n"
    bodies = "".join(
        f'int {head} {{ say("{said}"); {EXIT} return 0; }}\n'
        for head in (
            "uart_probe(uint16_t port)",
            "uart_init(uint16_t port, unsigned baud)",
            "uart_putc(uint16_t port, uint8_t byte)",
            "uart_getc(uint16_t port)",
        )
    )
    files[UART] = f"#include <lab0/uart.h>\n{SAY}{bodies}".encode()


def _calls(files: Files, _place: Path) -> None:
    """Says by the tests' own functions that those of the exercise passed, and ends the run."""
    names = (
        "uart_divisor_follows_the_baud_rate",
        "uart_refuses_impossible_baud_rates",
        "uart_probe_tells_a_uart_from_a_mere_byte",
        "uart_bytes_come_back_in_loopback",
        "uart_line_status_is_looked_at",
    )
    lines = "".join(
        f'verdict_line("# start {name}"); verdict_line("ok {at} {name}"); '
        for at, name in enumerate(names, 1)
    )
    body = f'{{ verdict_line("1..5"); {lines} verdict_line("# done"); verdict_exit(EXIT_OK); }}\n'
    _forged(files, _place)
    text = files[UART].decode().split("int uart_probe", 1)
    head = text[0] + "#include <lab0/verdict.h>\nint uart_probe(uint16_t port) " + body
    rest = text[1].partition("\n")[2]
    files[UART] = (head + rest).encode()


def _floods(files: Files, _place: Path) -> None:
    """Prints without an end on every port."""
    both = '"outb %0, $0xe9; outb %0, %1" :: "a"((char)65), "Nd"((short)0x3f8)'
    words = f"for (;;) __asm__ volatile({both});"
    files[UART] = _before_outb(files[UART], words)


def _speaks_in_tongues(files: Files, _place: Path) -> None:
    """Sends bytes that are no text in any encoding."""
    files[UART] = files[UART].replace(b"outb(byte, port + UART_THR)", b"outb(byte | 0x80, port)")
    assert b"0x80, port)" in files[UART]


def _odd_neighbours(files: Files, place: Path) -> None:
    """Names and files around the exercise's that are no UTF-8; what is asked for is right."""
    for name in (b"caf\xe9", b"new\nline", b"\xff\xfe", b"$(reboot)", b"-rf"):
        path = Path(os.fsdecode(os.fsencode(place) + b"/lab0-boot/" + name))
        path.mkdir(parents=True)
        (path / os.fsdecode(name)).write_bytes(b"\xff\x00\xfe")


def _exits(files: Files, _place: Path) -> None:
    """Ends QEMU with the code of success as soon as a byte is sent."""
    files[UART] = _before_outb(files[UART], EXIT)


def _patches(files: Files, _place: Path) -> None:
    """Overwrites all code in memory, tests and their table, with returns."""
    loop = "for (char *p = (char *)0xffffffff80100000; p < (char *)0xffffffff80180000; p++)"
    files[UART] = _before_outb(files[UART], f"{loop} *(volatile char *)p = (char)0xc3;")


def _before_outb(text: bytes, words: str) -> bytes:
    spoilt = text.decode().replace("\toutb(", f"\t{words}\n\toutb(")
    assert spoilt.encode() != text
    return spoilt.encode()


def _fifo(files: Files, place: Path) -> None:
    del files[UART]
    (place / "lab0-boot").mkdir(parents=True)
    os.mkfifo(place / UART)


def _symlink_file(files: Files, place: Path) -> None:
    del files[UART]
    (place / "lab0-boot").mkdir(parents=True)
    (place / UART).symlink_to(place.parents[1] / "secret")


def _symlink_folder(files: Files, place: Path) -> None:
    """Takes a neighbour's whole lab."""
    files.clear()
    place.mkdir()
    (place / "lab0-boot").symlink_to(place.parent / "a-honest" / "lab0-boot")


def _giant(files: Files, place: Path) -> None:
    del files[UART]
    (place / "lab0-boot").mkdir(parents=True)
    with open(place / UART, "wb") as stream:
        stream.truncate(8 << 30)


def _include_bomb(_files: Files, _place: Path) -> None:
    _files[UART] = b'#include "uart.c"\n#include "uart.c"\n' + _files[UART]


def _depend(files: Files, _place: Path) -> None:
    """Words for make in the assembler's list of dependencies."""
    name = "lab0-boot/long_mode.asm"
    words = b'%depend "x: ;touch${IFS}/box/owned"\n%depend ";sh"\n%depend "$(shell touch /box/o)"\n'
    files[name] = words + files[name]


def _results(files: Files, place: Path) -> None:
    """Brings results of its own, a Makefile, and a grader."""
    folder = place / "build" / "grade"
    folder.mkdir(parents=True)
    (folder / "results.json").write_text('{"score": 100, "max_score": 100, "tests": []}')
    (place / "Makefile").write_text("all grade:\n\ttouch /box/owned\n")
    (place / "grader" / "strata").mkdir(parents=True)
    (place / "grader" / "strata" / "__main__.py").write_text("raise SystemExit(0)")
    (place / ".strata").mkdir()
    (place / ".strata" / "given").write_text("0.1\n")
    files[UART] = b"\n"


def _git_tricks(files: Files, place: Path) -> None:
    """Hooks, filters, an alternate object store, a promisor remote that runs a command."""
    write(place, files)
    (place / ".gitattributes").write_text("*.c filter=evil\n")
    as_repository(place)
    config = place / ".git" / "config"
    owned = place.parents[1] / "owned"
    with open(config, "a", encoding="utf-8") as stream:
        stream.write(f'[filter "evil"]\n\tsmudge = touch {owned}\n\tclean = touch {owned}\n')
        stream.write(f"[core]\n\tfsmonitor = touch {owned}\n\tpager = touch {owned}\n")
        stream.write('[remote "o"]\n\tpromisor = true\n\turl = "ext::sh -c touch% ' + f'{owned}"\n')
        stream.write("[extensions]\n\tpartialClone = o\n[protocol]\n\tallow = always\n")
    for hook in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
        path = place / ".git" / "hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {owned}\n")
        path.chmod(0o755)
    files.clear()


def _git_neighbour(files: Files, place: Path) -> None:
    """Its .git is a file that names another's repository."""
    files.clear()
    place.mkdir()
    (place / ".git").write_text(f"gitdir: {place.parent / 'b-git' / '.git'}\n")


def _submodule(files: Files, place: Path) -> None:
    """The lab's folder is a submodule, and one file a link."""
    write(place, files)
    words = ["git", "-C", str(place), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*words, "init", "-q"], check=True)
    for line in ("160000," + "1" * 40 + ",lab0-boot",):
        subprocess.run([*words, "update-index", "--add", "--cacheinfo", line], check=True)
    subprocess.run([*words, "commit", "-qm", "mine"], check=True)
    subprocess.run([*words, "tag", TAG], check=True)
    shutil.rmtree(place / "lab0-boot")
    files.clear()


def write(place: Path, files: Files) -> None:
    """Files in a folder."""
    for name, data in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)


MACROS = "".join(f"#define {chr(65 + at)} {' '.join([chr(66 + at)] * 12)}\n" for at in range(14))
MULTILINE = '__asm__(".rept 100000000\\n.quad 1\\n.endr");\n'
WARNINGS = "".join(f"#warning {at} {'x' * 200}\n" for at in range(1000))

# kind -> (what spoils it, the exercise that may get no point, words that it is told)
HOSTILE: dict[str, tuple[Callable[[Files, Path], None], str, str]] = {
    "symlink-file": (_symlink_file, "0.1", "a link, or no plain file"),
    "symlink-folder": (_symlink_folder, "0.1", "no exercise file"),
    "fifo": (_fifo, "0.1", "a link, or no plain file"),
    "giant": (_giant, "0.1", "larger than 256 KiB"),
    "include-passwd": (with_head('#include "/etc/passwd"\n'), "0.1", "No such file"),
    "include-secret": (with_head('#include "{secret}"\n'), "0.1", "No such file"),
    "incbin": (with_head('__asm__(".incbin \\"{secret}\\"");\n'), "0.1", "file not found"),
    "include-reference": (
        with_head('#include "../solutions/lab0-boot/uart.c"\n'),
        "0.1",
        "No such file",
    ),
    "plugin": (
        with_head('#pragma GCC plugin "/box/x.so"\n#include "/proc/self/environ"\n#error end\n'),
        "0.1",
        "error: #error end",
    ),
    "forged-ktap": (_forged, "0.1", "0.1"),
    "calls-verdict": (_calls, "0.1", "verdict_exit is the grader's"),
    "endless-print": (_floods, "0.1", "printed without end"),
    "tongues": (_speaks_in_tongues, "0.1", "prompt"),
    "odd-neighbours": (_odd_neighbours, "", ""),
    "exit-device": (_exits, "0.1", "make|ended|exit"),
    "patched-tests": (_patches, "0.1", "0.1"),
    "own-results": (_results, "0.1", "0.1"),
    "endless-output": (with_head(WARNINGS + "#error end\n"), "0.1", "error"),
    "endless-macro": (
        with_head(MACROS + "int x[] = { A };\n"),
        "0.1",
        "error|the compiler gave up",
    ),
    "include-itself": (_include_bomb, "0.1", "nested depth|gave up"),
    "full-disk": (with_head(MULTILINE), "0.1", "the compiler gave up|error"),
    "depend": (_depend, "", ""),
    "bytes": (with_head(b"\xff\xfe\x80\x00\x1b[2J\n"), "0.1", "error|stray"),
    "git-tricks": (_git_tricks, "", ""),
    "git-neighbour": (_git_neighbour, "0.1", "not a folder of its own"),
    "submodule": (_submodule, "0.1", "no exercise file|not handed in"),
}


def hang(files: Files) -> None:
    """No byte is ever sent: each wait lasts as long as it may."""
    files[UART] = _before_outb(files[UART], 'for (;;) __asm__ volatile("pause");')


def zips(folder: Path, files: Files) -> None:
    """A bomb, climbing names, names with newlines, a lying one, links."""
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as made:
        with made.open(UART, "w", force_zip64=True) as stream:
            for _ in range(300):
                stream.write(bytes(1 << 20))
    with zipfile.ZipFile(folder / "climbing.zip", "w") as made:
        for name in (f"../../{UART}", f"/{UART}", f"lab0-boot/../{UART}", "..\\uart.c"):
            made.writestr(name, files[UART])
        link = zipfile.ZipInfo(VGA)
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, str(folder.parent / "secret"))
    with zipfile.ZipFile(folder / "new\nline<b>.zip", "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
        made.writestr("lab0-boot/new\nline\x1b[2J.c", b"x")
    (folder / "no-zip.zip").write_bytes(b"PK\x03\x04" + os.urandom(3000))
