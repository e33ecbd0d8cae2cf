# SPDX-License-Identifier: MIT
"""The `machine` of an outside test: boots guests from the images of its variant."""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Sequence

from .build import Builder
from .discover import STAGE, at_stage
from .errors import BuildError, NotJudged, StrataError
from .lab import load_course
from .machine import Guest
from .spec import IMAGE_END, Limits, MachineSpec, shell_script

__all__ = ["Machine", "save_logs", "Variant"]

_VIRTUAL_S = {"pvh": 2.0, "own": 6.0, "grub": 30.0, "uefi": 60.0}


@dataclass(frozen=True)
class Variant:
    """A set of images: which lab's tests, on which stage, with which exercises given."""

    tree: Path
    lab: int
    stage: int
    given: tuple[str, ...]
    images: Path


class Machine:
    """Boots guests for one test and keeps their logs in the test's folder."""

    def __init__(self, variant: Variant, seed: int, folder: Path) -> None:
        self.variant = variant
        self.images = variant.images
        self.stage = variant.stage
        self.seed = seed
        self.random = random.Random(seed)
        self.folder = folder
        self.guests: list[Guest] = []

    def boot(
        self,
        door: str = "pvh",
        image: str | Path | None = None,
        *,
        cmdline: str = "",
        disk: str = "virtio",
        memory: str = "64M",
        cpu: str = "qemu64",
        machine: str = "pc",
        smp: int = 1,
        vga: str | None = None,
        icount: int | None = -1,
        serial: bool = True,
        debugcon: bool = True,
        exit_device: bool = True,
        fwcfg: bool = True,
        option_rom: Path | None = None,
        read_errors: Sequence[Mapping[str, Any]] = (),
        args: Sequence[str | Path] = (),
        virtual_s: float | None = None,
        limits: Limits | None = None,
        paused: bool = False,
    ) -> Guest:
        """Start a guest; it is ended with the test at the latest.

        door        pvh, own (our loader from a disk), grub or uefi (ISO)
        image       name in the variant's folder, or a path; default: the door's;
                    stageN in it is the stage that is run
        vga         none or std; default none, for uefi std
        icount      shift, or None for real time (default: 5; uefi: real time)
        read_errors blkdebug rules for disk, such as {"iotype": "read", "sector": 1, "once": True}
        virtual_s   seconds of the guest's time until it counts as hung
        paused      do not run it yet: cont() or gdb().cont() does
        """
        if door not in IMAGE_END:
            raise StrataError(f"no door {door!r}; there are {', '.join(IMAGE_END)}")
        path = self._image(door, image)
        spec = MachineSpec(
            door=door,
            image=path,
            token=self._token(),
            cmdline=cmdline,
            disk=disk,
            memory=memory,
            cpu=cpu,
            machine=machine,
            smp=smp,
            vga=vga or ("std" if door == "uefi" else "none"),
            icount=icount if icount != -1 else None if door == "uefi" else 5,
            serial=serial,
            debugcon=debugcon,
            exit_device=exit_device,
            fwcfg=fwcfg,
            option_rom=option_rom,
            read_errors=tuple(_rule(rule) for rule in read_errors),
            args=tuple(str(word) for word in args),
            limits=limits or Limits(virtual_s=virtual_s or _VIRTUAL_S[door]),
        )
        guest = self.start(spec, paused)
        guest.screen_folder = self._folder_of(len(self.guests))
        self.guests.append(guest)
        return guest

    def start(self, spec: MachineSpec, paused: bool) -> Guest:
        """The last step of boot()."""
        return Guest(spec, paused=paused)

    def file(self, name: str) -> Path:
        """A file of the variant's folder, such as mbr.bin; made when it is not there."""
        path = self.images / at_stage(name, self.stage)
        if not path.exists():
            self._build(path.name)
        return path

    def copy(self, image: str) -> Path:
        """A private copy of an image, for tests that spoil it."""
        image = at_stage(image, self.stage)
        path = self.folder / f"copy{len(list(self.folder.glob('copy*')))}-{image}"
        shutil.copyfile(self._image("own", image), path)
        elf = path.with_name(path.name.rsplit(".", 1)[0] + ".elf")
        source = self.images / (image.rsplit(".", 1)[0] + ".elf")
        if source.exists() and not elf.exists():
            os.symlink(source, elf)
        return path

    def need(self, tool: str, package: str = "") -> str:
        """The path of an optional tool; without it the test is not judged here."""
        path = shutil.which(tool) or shutil.which(tool, path="/usr/sbin:/sbin")
        if path is None:
            raise NotJudged(f"{tool} is not installed (Debian: apt install {package or tool})")
        return path

    def close(self) -> None:
        """End all guests and save what they said."""
        for number, guest in enumerate(self.guests):
            guest.close()
            save_logs(guest, self._folder_of(number))
        for path in self.folder.glob("copy*"):
            path.unlink()

    def _folder_of(self, number: int) -> Path:
        return self.folder if number == 0 else self.folder / f"boot{number + 1}"

    def _image(self, door: str, image: str | Path | None) -> Path:
        if isinstance(image, Path) or (image and "/" in image):
            return Path(image)
        path = self.images / at_stage(image or f"{STAGE}.{IMAGE_END[door]}", self.stage)
        if _is_stale(path):
            if path.suffix == ".iso":
                self.need("grub-mkrescue", "grub-pc-bin grub-common xorriso mtools")
            self._build(path.name)
        if path.suffix == ".img":
            return self._private(path)
        return path

    def _private(self, path: Path) -> Path:
        """Disks are written to: each boot has its own."""
        copy = self.folder / f"copy-disk{len(self.guests)}-{path.name}"
        shutil.copyfile(path, copy)
        elf = copy.with_suffix(".elf")
        if not elf.exists():
            os.symlink(path.with_suffix(".elf"), elf)
        return copy

    def _build(self, name: str) -> None:
        """Make an image that nobody foresaw."""
        course = load_course(self.variant.tree)
        stage = course.lab(self.variant.stage)
        with open(self.images / ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            failed = Builder(course, 1).images(stage, frozenset(self.variant.given), [name])
        if failed:
            lines = [line for line in failed.log.splitlines() if line.strip()]
            raise BuildError(f"{name} cannot be built: {lines[-1] if lines else 'no reason given'}")

    def _token(self) -> str:
        text = f"token {self.seed} {len(self.guests)}".encode()
        token = hashlib.sha256(text).hexdigest()[:8]
        return token if token != "00000000" else "00000001"


def _is_stale(path: Path) -> bool:
    """Whether an image has to be made: what a plan did not foresee, make did not look at."""
    if not path.exists():
        return True
    kernel = path.with_suffix("").with_suffix(".stripped.elf")
    return kernel.exists() and kernel.stat().st_mtime_ns > path.stat().st_mtime_ns


def _rule(rule: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    full = {"event": "none", "iotype": "read", "errno": 5, **rule}
    return tuple(sorted(full.items()))


def save_logs(guest: Guest, folder: Path) -> None:
    """serial.log, verdict.log and qemu.sh."""
    folder.mkdir(parents=True, exist_ok=True)
    if guest.spec.serial:
        (folder / "serial.log").write_bytes(guest.serial)
    (folder / "verdict.log").write_bytes(guest.verdict_log)
    script = folder / "qemu.sh"
    script.write_text(shell_script(guest.spec, guest.spec.image), encoding="utf-8")
    script.chmod(0o755)
