# SPDX-License-Identifier: MIT
"""A real GDB on pipes, for who types into it by program."""

from __future__ import annotations

import os
import secrets
import selectors
import subprocess
import time
from pathlib import Path
from typing import Callable, Sequence

from .host import cpu_seconds

__all__ = ["GdbProcess", "Limit", "TURN_S"]

TURN_S = 0.2
_CPU_MAX_S = 20.0
_WALL_MAX_S = 120.0


class Limit:
    """How long a step may take: QEMU's CPU time, and the host's clock for a stuck one."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._cpu = cpu_seconds(pid)
        self._wall = time.monotonic()

    def reached(self) -> bool:
        """Whether that is enough."""
        used = cpu_seconds(self._pid) - self._cpu
        return used > _CPU_MAX_S or time.monotonic() - self._wall > _WALL_MAX_S


class GdbProcess:
    """A real GDB on pipes. Its prompt is drawn anew, so that no output can be one."""

    def __init__(self, words: Sequence[str], tree: Path, pid: int) -> None:
        self._pid = pid
        self._prompt = f"<{secrets.token_hex(8)}>"
        gdb, *others = words
        quiet = ["-nx", "-iex", f"set prompt {self._prompt}", "-iex", "set width 0"]
        quiet += ["-iex", "set style enabled off", "-iex", "set confirm off"]
        self._process = subprocess.Popen(
            [gdb, *quiet, *others],
            cwd=tree,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        os.set_blocking(self._out.fileno(), False)
        self._seen = b""

    def send(self, command: str) -> None:
        """Type a line."""
        try:
            self._in.write(command.encode() + b"\n")
            self._in.flush()
        except BrokenPipeError:
            pass  # wait() sees the end

    def ask(self, command: str) -> str:
        """A command's output; TimeoutError when it does not come to an end."""
        self.send(command)
        seen = self.wait()
        if seen is None:
            raise TimeoutError(f"GDB does not come to an end with {command}")
        return seen

    def wait(self, idle: Callable[[], object] = int) -> str | None:
        """All up to the prompt, without it; None when none comes in time."""
        limit = Limit(self._pid)
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            while self._prompt.encode() not in self._seen:
                if selector.select(TURN_S):
                    data = os.read(self._out.fileno(), 65536)
                    self._seen += data
                    if not data:
                        return self._take(len(self._seen))
                idle()
                if limit.reached():
                    return None
        return self._take(self._seen.index(self._prompt.encode()))

    def _take(self, end: int) -> str:
        text = self._seen[:end].decode("utf-8", "backslashreplace")
        self._seen = self._seen[end + len(self._prompt) :]
        return text

    def close(self) -> None:
        """End GDB."""
        self._process.kill()
        self._process.wait()
        self._in.close()
        self._out.close()
