# SPDX-License-Identifier: MIT
"""A real GDB on pipes, for who types into it by program."""

from __future__ import annotations

import os
import secrets
import selectors
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Callable, Mapping, Sequence

from .host import cpu_seconds

__all__ = ["GdbOfMake", "GdbProcess", "Limit", "TURN_S"]

TURN_S = 0.2
_CPU_MAX_S = 20.0
_WALL_MAX_S = 120.0
_END_S = 10.0


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
        gdb, *others = words
        quiet = ["-nx"]
        for line in self._first_lines():
            quiet += ["-iex", line]
        self._begin([gdb, *quiet, *others], tree, os.environ)
        self._pid = pid

    def _first_lines(self) -> list[str]:
        self._prompt = f"<{secrets.token_hex(8)}>"
        lines = [f"set prompt {self._prompt}", "set width 0", "set style enabled off"]
        return [*lines, "set confirm off"]

    def _begin(self, words: Sequence[str], tree: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            words,
            cwd=tree,
            env=environment,
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


class GdbOfMake(GdbProcess):
    """The GDB that a verb of make opens, such as `make rewind`; what make says comes first."""

    def __init__(self, words: Sequence[str], tree: Path, environment: Mapping[str, str]) -> None:
        # pylint: disable=super-init-not-called
        with tempfile.NamedTemporaryFile("w", suffix=".gdb", delete=False) as file:
            file.write("\n".join(self._first_lines()) + "\n")
        self._file = Path(file.name)
        self._begin(words, tree, {**environment, "GDBFLAGS": f"-nx -ix {file.name}"})
        self._pid = self._process.pid

    def close(self) -> None:
        """Let GDB end, and make after it; what then still is there is ended."""
        self._in.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._out.close()
        self._file.unlink()
