# SPDX-License-Identifier: MIT
"""`make serial`: this terminal becomes the serial line of the machine of `make debug`."""

from __future__ import annotations

import os
import selectors
import socket
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from .debuggee import serial_note
from .errors import UsageError

__all__ = ["main"]

_LEAVE = b"\x1d"  # Ctrl-]


def main(_words: list[str]) -> int:
    """Show what was said so far, then be the line until Ctrl-] or the machine's end."""
    line = socket.socket(socket.AF_UNIX)
    try:
        path = Path(serial_note().read_text(encoding="utf-8").strip())
        line.connect(str(path))
    except OSError:
        raise UsageError("no machine is being debugged: `make debug` in another terminal") from None
    print("the serial line; leave with Ctrl-]\n", flush=True)
    with _raw(), selectors.DefaultSelector() as selector:
        _out((path.parent / "serial").read_bytes())
        selector.register(line, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if not _relay(line, key.fileobj is line):
                    return 0


def _relay(line: socket.socket, from_guest: bool) -> bool:
    """Pass on what came from one side; False at an end."""
    try:
        data = line.recv(4096) if from_guest else os.read(sys.stdin.fileno(), 4096)
        if not data or (not from_guest and _LEAVE in data):
            return False
        if from_guest:
            _out(data)
        else:
            line.sendall(data)
    except OSError:
        return False
    return True


def _out(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


@contextmanager
def _raw() -> Iterator[None]:
    """Keys come one by one and unseen: the kernel echoes them."""
    if not sys.stdin.isatty():
        yield
        return
    import termios
    import tty

    old = termios.tcgetattr(sys.stdin)
    tty.setraw(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, old)
        print()
