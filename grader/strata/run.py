# SPDX-License-Identifier: MIT
"""`make run`: one stage in QEMU, its serial line on the terminal."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from .broken import keys
from .errors import MachineError, UsageError
from .lab import load_course
from .ends import EXIT_NAMES
from .spec import DOORS, IMAGE_END, MachineSpec, command_line, find_qemu

__all__ = ["image_name", "main"]


def image_name(lab: str, door: str) -> str:
    """The file that a door boots."""
    if door not in DOORS:
        raise UsageError(f"BOOT={door}: no such way in; there are {', '.join(DOORS)}")
    return f"stage{lab}.{IMAGE_END[door]}"


def _words(args: argparse.Namespace) -> list[str]:
    """QEMU's command line for a person."""
    image = Path(args.images) / image_name(args.lab, args.boot)
    if args.case:
        image = Path(args.images).parent / "cases" / f"lab{args.lab}-{args.case}.stripped.elf"
    spec = MachineSpec(
        door=args.boot,
        image=image,
        token="00000000",
        cmdline=args.cmdline,
        memory=args.memory,
        cpu=args.cpu,
        vga="std",
        icount=None,
    )
    words = command_line(spec, "stdio,mux=on,signal=off", f"file,path={_verdict_log(args)}")
    words += ["-mon", "chardev=com1,mode=readline"]
    if args.accel:
        words += ["-accel", args.accel]
    if args.gui:
        at = words.index("-display")
        del words[at : at + 2]
    return [find_qemu(), *words]


def _verdict_log(args: argparse.Namespace) -> Path:
    return Path(args.images) / "run-verdicts.log"


def _last_words(log: Path) -> list[str]:
    """What the kernel said beside its consoles: stubs, panics."""
    text = log.read_text(encoding="utf-8", errors="backslashreplace") if log.exists() else ""
    return [line.partition(" ")[2] for line in text.splitlines() if line.startswith("@")]


def _symptom(args: argparse.Namespace) -> str:
    course = load_course(Path.cwd())
    return keys(course, course.lab(int(args.lab)))[int(args.case)].symptom


def _check_display(gui: str) -> None:
    if gui and sys.platform == "linux":
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            raise MachineError(
                "GUI=1: there is no display (DISPLAY and WAYLAND_DISPLAY are not set); "
                "without GUI=1 the serial line is on this terminal"
            )


def _ending(status: int) -> str:
    if status == 0:
        return "the machine was switched off"
    name = EXIT_NAMES.get(status >> 1) if status & 1 else None
    return name or f"QEMU ended with status {status}"


def main(argv: list[str]) -> int:
    """Run a stage; the status is 0 unless QEMU itself failed."""
    parser = argparse.ArgumentParser(prog="make run")
    parser.add_argument("--images", required=True)
    parser.add_argument("--lab", required=True)
    parser.add_argument("--case", default="")
    parser.add_argument("--boot", default="pvh")
    parser.add_argument("--gui", default="")
    parser.add_argument("--cmdline", default="")
    parser.add_argument("--memory", default="128M")
    parser.add_argument("--cpu", default="qemu64")
    parser.add_argument("--accel", default="")
    args = parser.parse_args(argv)
    _check_display(args.gui)
    words = _words(args)
    if args.case:
        print(f"case {args.case}: {_symptom(args)}")
    print(f"stage {args.lab} by {args.boot}; leave with Ctrl-A X, QEMU's monitor is Ctrl-A C")
    sys.stdout.flush()
    status = subprocess.run(words, check=False).returncode
    print("\r", *_last_words(_verdict_log(args)), _ending(status), sep="\n")
    return 0 if status == 0 or status >> 1 in EXIT_NAMES else 1
