# SPDX-License-Identifier: MIT
"""A guest that is recorded while it runs, as a test meets it.

There is no watchdog: what arms it comes from outside and is in no record. A guest that
says nothing for some seconds counts as hung.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
from dataclasses import replace
from pathlib import Path

from .budget import Budget
from .ends import End
from .errors import Failure, MachineError, StrataError
from .host import elf_beside, pipe_bytes
from .machine import Guest
from .rr import Recording, rr_words
from .spec import MachineSpec

__all__ = ["NotRecorded", "RecordedGuest", "Typed"]

_READS_MAX = 200  # a guest that stands still reads nothing
_SILENT_S = 4
_QUIT_S = 5000


class NotRecorded(StrataError):
    """A run that the record would not hold."""


class Typed(NotRecorded):
    """A run that must be recorded with a clock that waits."""


class _NoBudget(Budget):
    """Its commands only ask."""

    def next_part(self) -> str:
        self._left_s = 0
        return "info status"


class RecordedGuest(Guest):
    """One recorded run; `recording` is whole after its end."""

    def __init__(
        self, spec: MachineSpec, folder: Path, paused: bool = False, waits: bool = False
    ) -> None:
        self._log = folder / "log"
        self._waits = waits
        self._first = spec  # its disk as it was
        if spec.door != "pvh":
            disk = shutil.copyfile(spec.image, folder / f"first-{spec.image.name}")
            self._first = replace(spec, image=disk)
        self._length = 0
        self._closing = False
        self._silent = 0
        super().__init__(spec, paused=paused)

    @property
    def recording(self) -> Recording:
        """To be replayed."""
        elf = elf_beside(self.spec.image)
        return Recording(
            self._first,
            self._log,
            self._length,
            str(self.end),
            elf,
            self._waits,
            bytes(self.serial),
        )

    def _board(self, verdict: str) -> list[str]:
        return rr_words(self.spec, "record", self._log, "stdio", verdict, self._waits)

    def send(self, data: bytes | str) -> None:
        """Keys are in the record if the clock waits for them."""
        if not self._waits:
            raise Typed("its test types into the running guest")
        for byte in data.encode() if isinstance(data, str) else data:
            super().send(bytes([byte]))
            self._let_it_read()

    def _let_it_read(self) -> None:
        """QEMU looks for room in the UART when a key comes, but puts it there later, when it
        writes it down: several keys at once would run over."""
        before = -1
        for _ in range(_READS_MAX):
            try:
                now = int(self.qmp("query-replay")["icount"])
            except (Failure, MachineError):
                return  # that key has ended it
            if not pipe_bytes(self._stdin):
                if before not in (-1, now):
                    return
                before = now

    def _note(self, reason: str) -> None:
        if reason:
            raise NotRecorded(reason)

    def _new_budget(self) -> Budget:
        return _NoBudget(0)

    def _read(self, fd: int, name: str) -> bool:
        self._silent = 0 if name in ("serial", "verdict") else self._silent
        return super()._read(fd, name)

    def _tick(self) -> None:
        super()._tick()
        self._silent += 1
        if self.end is None and not self._closing and self._silent >= _SILENT_S:
            self._finish(End("hang", text="the guest did not end"))

    def _turn(self, timeout: float) -> None:
        super()._turn(timeout)
        if self._reason and self.end is None and not self._closing:
            kind = "reset" if self._reason == "guest-reset" else "shutdown"
            self._finish(End(kind, text=f"the machine's end: {self._reason}"))

    def _finish(self, end: End) -> None:
        self._kill()
        self._reap()
        self.end = end

    def _kill(self) -> None:
        """Ask how far it came, then let QEMU end by itself: it writes the log's end then."""
        if self._exited or self._closing:
            return
        self._closing, end, self.end = True, self.end, None
        try:
            self.qmp("stop")
            self._length = int(self.qmp("query-replay")["icount"])
            self.qmp("quit")
        except (Failure, MachineError, OSError):
            pass  # gone already, or it has to be killed
        self.end = end
        gone = select.poll()
        gone.register(self._pidfd, select.POLLIN)
        if not gone.poll(_QUIT_S):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        self._closing = os.path.exists(self._log)
