# SPDX-License-Identifier: MIT
"""The second terminal of a walkthrough: the kernel's monitor on the serial line."""

from __future__ import annotations

import select
import socket
from pathlib import Path

__all__ = ["PROMPT", "SerialLine"]

PROMPT = "strata> "


class SerialLine:
    """What `make serial` connects to, as a program uses it."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._socket.setblocking(False)
        self._log = b""
        self._from = 0

    def type(self, line: str) -> None:
        """Type a line; its answer begins here. The monitor echoes it."""
        self.read()
        self._from = len(self._log)
        self._socket.setblocking(True)
        try:
            self._socket.sendall(line.encode() + b"\r")
        except OSError:
            pass  # no prompt will come, and the step fails
        self._socket.setblocking(False)

    def read(self) -> None:
        """Take what is there."""
        try:
            data = self._socket.recv(65536)
            while data:
                self._log += data
                data = self._socket.recv(65536)
        except OSError:
            pass  # nothing more, or the end

    def wait(self, seconds: float) -> None:
        """Wait for more."""
        select.select([self._socket], [], [], seconds)
        self.read()

    def prompted(self) -> bool:
        """Whether the answer is complete: the prompt is there again."""
        return self._log[self._from :].endswith(PROMPT.encode())

    def answer(self) -> str:
        """The answer, without the echo and the prompt."""
        text = self._log[self._from :].decode("utf-8", "backslashreplace").replace("\r", "")
        return text.partition("\n")[2].removesuffix(PROMPT)

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()
