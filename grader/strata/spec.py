# SPDX-License-Identifier: MIT
"""A machine as its parts, and the QEMU command line that makes it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import MachineError, NotJudged, QemuMissing

__all__ = [
    "DOORS",
    "IMAGE_END",
    "Limits",
    "MachineSpec",
    "command_line",
    "find_qemu",
    "shell_script",
]

# What each way in boots: stageN. and this.
IMAGE_END = {"pvh": "stripped.elf", "own": "img", "grub": "iso", "uefi": "iso"}
DOORS = tuple(IMAGE_END)
_LEAN = ["-nodefaults", "-no-user-config", "-net", "none", "-display", "none", "-no-reboot"]
_OVMF = (
    "/usr/share/qemu/OVMF.fd",
    "/usr/share/ovmf/OVMF.fd",
    "/usr/share/OVMF/OVMF.fd",
    "/usr/share/edk2/ovmf/OVMF_CODE.fd",
    "/usr/share/edk2-ovmf/x64/OVMF.fd",
)


@dataclass(frozen=True)
class Limits:
    """When a boot is ended from outside."""

    virtual_s: float = 12.0
    cpu_s: float = 60.0
    serial_bytes: int = 64 * 1024
    verdict_bytes: int = 512 * 1024


@dataclass(frozen=True)
class MachineSpec:
    """What to boot and on what."""

    door: str
    image: Path
    token: str
    cmdline: str = ""
    disk: str = "virtio"
    memory: str = "64M"
    cpu: str = "qemu64"
    machine: str = "pc"
    smp: int = 1
    vga: str = "none"
    icount: int | None = 5
    serial: bool = True
    debugcon: bool = True
    exit_device: bool = True
    fwcfg: bool = True
    option_rom: Path | None = None
    read_errors: tuple[tuple[tuple[str, Any], ...], ...] = ()
    args: tuple[str, ...] = ()
    limits: Limits = Limits()


def find_qemu() -> str:
    """QEMU's path; QEMU= in the environment names another."""
    name = os.environ.get("QEMU") or "qemu-system-x86_64"
    path = shutil.which(name)
    if path is None:
        raise QemuMissing(
            f"{name} is not installed: `make doctor` tells how to get it "
            "(Debian: apt install qemu-system-x86)"
        )
    return path


def command_line(spec: MachineSpec, serial: str, verdict: str) -> list[str]:
    """QEMU's arguments; serial and verdict are complete -chardev values without id."""
    words = [*_LEAN, "-M", spec.machine, "-vga", spec.vga, "-cpu", spec.cpu, "-m", spec.memory]
    if spec.smp > 1:
        words += ["-smp", str(spec.smp)]
    if spec.icount is not None:
        words += ["-icount", f"shift={spec.icount},sleep=off"]
        if "-rtc" not in spec.args:  # the host's date would differ from run to run
            words += ["-rtc", "base=2027-01-01T00:00:00,clock=vm"]
    words += _door(spec)
    if spec.serial:
        words += ["-chardev", _with_id(serial, "com1"), "-serial", "chardev:com1"]
    if spec.debugcon:
        words += ["-chardev", _with_id(verdict, "verdict")]
        words += ["-device", "isa-debugcon,iobase=0xe9,chardev=verdict"]
    if spec.exit_device:
        words += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    if spec.fwcfg:
        words += ["-fw_cfg", f"name=opt/strata/token,string={spec.token}"]
        if spec.cmdline:
            words += ["-fw_cfg", f"name=opt/strata/cmdline,string={_comma(spec.cmdline)}"]
    if spec.option_rom is not None:
        words += ["-option-rom", str(spec.option_rom)]
    return words + list(spec.args)


def shell_script(spec: MachineSpec, image: Path) -> str:
    """The same machine as a script for a human: serial on the terminal."""
    words = command_line(spec, "stdio,signal=off", "file,path=/dev/stderr")
    kept = [word.replace(str(spec.image), str(image)) for word in words]
    lines = " \\\n    ".join(shlex.quote(word) for word in ["qemu-system-x86_64", *kept])
    return f"#!/bin/sh\n# Serial line: this terminal. Verdict port: stderr.\n{lines}\n"


def _with_id(chardev: str, ident: str) -> str:
    kind, _, rest = chardev.partition(",")
    return f"{kind},id={ident}" + (f",{rest}" if rest else "")


def _comma(text: str) -> str:
    return text.replace(",", ",,")


def _door(spec: MachineSpec) -> list[str]:
    if spec.door == "pvh":
        return ["-bios", "qboot.rom", "-kernel", str(spec.image)]
    if spec.door == "own":
        return _disk(spec)
    if spec.door == "grub":
        return _cdrom(spec)
    if spec.door == "uefi":
        return ["-bios", _ovmf(), *_cdrom(spec)]
    raise MachineError(f"no door {spec.door!r}; there are {', '.join(DOORS)}")


def _ovmf() -> str:
    for path in _OVMF:
        if os.path.exists(path):
            return path
    raise NotJudged("OVMF, the UEFI firmware, is not installed (Debian: apt install ovmf)")


def _disk(spec: MachineSpec) -> list[str]:
    file: dict[str, Any] = {"driver": "file", "filename": str(spec.image)}
    if spec.read_errors:
        errors = [dict(pairs) for pairs in spec.read_errors]
        file = {"driver": "blkdebug", "image": file, "inject-error": errors}
    node = {"driver": "raw", "node-name": "disk0", "file": file}
    words = ["-blockdev", json.dumps(node)]
    if spec.disk == "virtio":
        return words + ["-device", "virtio-blk-pci,drive=disk0,bootindex=0"]
    if spec.disk == "ide":
        return words + ["-device", "ide-hd,drive=disk0,bootindex=0"]
    raise MachineError(f"no disk {spec.disk!r}; there are virtio, ide")


def _cdrom(spec: MachineSpec) -> list[str]:
    file = {"driver": "file", "filename": str(spec.image), "read-only": True}
    node = {"driver": "raw", "node-name": "cd0", "read-only": True, "file": file}
    return ["-blockdev", json.dumps(node), "-device", "ide-cd,drive=cd0,bootindex=0"]
