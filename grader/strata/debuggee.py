# SPDX-License-Identifier: MIT
"""A machine for GDB: QEMU waiting at its first instruction.

GDB's socket and the serial line's lie in a private folder with a short path; a file in
the build folder tells `make serial` where, so that a second terminal can be the serial
line. What the guest prints is kept, whether somebody listens or not.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Sequence

from .elf import is_elf64, read_symbols
from .errors import StrataError
from .host import die_with_us, elf_beside
from .spec import MachineSpec, command_line, find_qemu

__all__ = ["Debuggee", "GDB_FILE", "serial_note"]

GDB_FILE = Path(__file__).resolve().parents[1] / "gdb" / "strata.py"
_STOPS = ("panic_with", "todo_reached", "verdict_exit")
_BOOT_SECTOR = "*0x7c00"


def serial_note() -> Path:
    """Where a debugged machine says which socket is its serial line."""
    return Path(os.environ.get("BUILD") or "build") / "debug.serial"


class Debuggee:
    """One such machine; a context manager, which ends it."""

    def __init__(self, spec: MachineSpec, stops: Sequence[str] = (), at_reset: bool = False):
        self.elf = elf_beside(spec.image)
        self._folder = Path(tempfile.mkdtemp(prefix="gdb"))
        if spec.door == "own":  # a disk is written to, and locked
            disk = shutil.copyfile(spec.image, self._folder / spec.image.name)
            spec = replace(spec, image=disk)
        self.spec = spec
        self.socket = self._folder / "s"
        self.serial_socket = self._folder / "com1"
        self.serial_log = self._folder / "serial"
        self._told = self._folder / "stderr"
        self._stops = list(stops)
        self._at_reset = at_reset
        self._qemu: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Debuggee:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """QEMU's."""
        assert self._qemu is not None
        return self._qemu.pid

    def start(self, extra: Sequence[str] = ()) -> None:
        """QEMU, stopped; returns when GDB can connect."""
        words = [*die_with_us(), find_qemu(), "-S"]
        words += ["-chardev", f"socket,path={self.socket},server=on,wait=off,id=gdb0"]
        words += ["-gdb", "chardev:gdb0"]
        serial = f"socket,path={self.serial_socket},server=on,wait=off,logfile={self.serial_log}"
        words += command_line(self.spec, serial, "file,path=/dev/null")
        with self._told.open("wb") as stderr:  # its warnings would stand among GDB's lines
            self._qemu = subprocess.Popen(
                [*words, *extra], stdin=subprocess.DEVNULL, stderr=stderr, start_new_session=True
            )
        while not self._listens():
            if self._qemu.poll() is not None:
                self.check()
            time.sleep(0.01)

    def _listens(self) -> bool:
        """Whether QEMU takes connections; the serial line's socket is its last one."""
        if not self.spec.serial:  # then GDB's is the only one, and takes one connection
            return self.socket.exists()
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.serial_socket)) == 0

    def ended(self) -> bool:
        """Whether QEMU is gone."""
        return self._qemu is None or self._qemu.poll() is not None

    def check(self) -> None:
        """A StrataError with QEMU's own words if it is gone."""
        if self._qemu is not None and self._qemu.poll() is not None:
            why = self._told.read_text(encoding="utf-8", errors="replace").strip()
            raise StrataError(f"QEMU did not start (status {self._qemu.returncode}): {why}")

    def end(self) -> None:
        """End QEMU."""
        if self._qemu is not None:
            self._qemu.kill()
            self._qemu.wait()

    def serial(self) -> str:
        """What the serial line has said."""
        data = self.serial_log.read_bytes() if self.serial_log.exists() else b""
        return data.decode("utf-8", "backslashreplace")

    def gdb_words(self, gdb: str) -> list[str]:
        """GDB's command line. No `set architecture`: registers and stops are right in all modes."""
        words = [gdb, "-q", "-ex", "set confirm off", "-ex", "set pagination off"]
        words += ["-ex", f"source {GDB_FILE}", "-ex", f"target remote {self.socket}"]
        first = [_BOOT_SECTOR] if self.spec.door == "own" and not self._at_reset else []
        known = read_symbols(self.elf).by_name
        stops = [*first, *(name for name in (*self._stops, *_STOPS) if name in known)]
        for name in stops:
            words += ["-ex", f"hbreak {name}"]
        if first or self._stops:
            words += ["-ex", "continue"]
        return [*words, str(self.elf)] if is_elf64(self.elf) else words
