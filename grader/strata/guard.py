# SPDX-License-Identifier: MIT
"""What surrounds a run: one at a time in a tree, ended by a polite kill as by Ctrl-C."""

from __future__ import annotations

import errno
import fcntl
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Iterator

from .errors import Busy

__all__ = ["ended_by_sigterm", "hold"]


@contextmanager
def hold(out: Path, what: str = "grade") -> Iterator[None]:
    """One of a kind at a time in a tree: the second waits, with a line."""
    out.mkdir(parents=True, exist_ok=True)
    with open(out / ".lock", "a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise Busy(f"{out}: cannot be locked ({error.strerror})") from None
            print(f"another {what} runs in this tree: waiting for it", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """A polite kill is an interrupt: children ended, a partial report."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, old)
