# SPDX-License-Identifier: MIT
"""A guest that is recorded while it runs, as a test meets it.

There is no watchdog: what arms it comes from outside and is in no record. A guest that
says nothing for some seconds counts as hung.
"""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path
from typing import Any

from .errors import Failure, MachineError, StrataError
from .gdbrsp import Gdb
from .host import elf_beside
from .machine import End, Guest
from .rr import Recording, rr_words
from .spec import MachineSpec

__all__ = ["NotRecorded", "RecordedGuest"]

_LOOKS: tuple[str, ...] = (
    "info",
    "x",
    "xp",
    "human-monitor-command",
    "stop",
    "cont",
    "quit",
    "query-replay",
)
_LOOKS += ("pmemsave", "memsave", "screendump")
_SILENT_S = 4
_QUIT_S = 5000


class NotRecorded(StrataError):
    """A run that the record would not hold."""


class RecordedGuest(Guest):
    """One recorded run; `recording` is whole after its end."""

    def __init__(self, spec: MachineSpec, folder: Path, paused: bool = False) -> None:
        self._log = folder / "log"
        self._length = 0
        self._closing = False
        self._silent = 0
        super().__init__(spec, paused=paused)

    @property
    def recording(self) -> Recording:
        """To be replayed."""
        return Recording(
            self.spec, self._log, self._length, str(self.end), elf_beside(self.spec.image)
        )

    def _board(self, verdict: str) -> list[str]:
        return rr_words(self.spec, "record", self._log, "stdio", verdict)

    def send(self, data: bytes | str) -> None:
        """QEMU 7.2 takes in what is typed while it records only now and then."""
        raise NotRecorded("its test types into the running guest")

    def gdb(self) -> Gdb:
        """What a debugger does is in no record."""
        raise NotRecorded("its test holds the machine with a debugger")

    def qmp(self, name: str, **arguments: Any) -> Any:
        """Looking is allowed; what comes in by the monitor is in no record."""
        line = str(arguments.get("command_line", "info")).split()
        if name not in _LOOKS or line and line[0] not in _LOOKS:
            raise NotRecorded(f"its test uses the monitor's {line[0] if line else name}")
        return super().qmp(name, **arguments)

    def _next_part(self) -> str:
        self._left_s = 0
        return "info status"

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
