# SPDX-License-Identifier: MIT
"""QEMU's machine protocol: framing only; the machine's loop does the waiting."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["QmpStream", "command", "hmp"]


def command(name: str, ident: int = 0, **arguments: Any) -> bytes:
    """One command as bytes."""
    words: dict[str, Any] = {"execute": name, "id": ident}
    if arguments:
        words["arguments"] = {key.replace("_", "-"): value for key, value in arguments.items()}
    return json.dumps(words).encode() + b"\n"


def hmp(line: str, ident: int = 0) -> bytes:
    """A human monitor command as bytes."""
    return command("human-monitor-command", ident, command_line=line)


class QmpStream:
    """Cuts the byte stream into messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages that are complete now."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [json.loads(line) for line in lines if line.strip()]
