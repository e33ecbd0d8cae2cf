# SPDX-License-Identifier: MIT
"""One replaying QEMU: it runs a recording again, from its first instruction.

QEMU can go back by itself, with snapshots (`rrsnapshot`); 7.2 hangs in about one of
thirty such steps, and 9.1 is reported to hang at once. A new QEMU that runs forward to
the instruction before takes a twentieth of a second and never hangs.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from .errors import StrataError
from .gdbrsp import checksum
from .host import die_with_us
from .qmp import QmpStream, command
from .rr import Recording, rr_words
from .spec import find_qemu

__all__ = ["Replay", "take_packet"]

_START_S = 20.0
_ANSWER_S = 60.0


def take_packet(data: bytes) -> tuple[bytes | None, bytes]:
    """The first packet's body in what a stub or GDB sent, and the rest; None: none yet."""
    start = data.find(b"$")
    end = data.find(b"#", start)
    if start < 0 or end < 0 or len(data) < end + 3:
        return None, data
    return data[start + 1 : end], data[end + 3 :]


class Replay:
    """A QEMU that stands at the recording's first instruction."""

    def __init__(self, recording: Recording) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rr"))
        self._rest = b""
        self._messages = QmpStream()
        self._answers: list[dict[str, Any]] = []
        self.serial = self.folder / "serial"
        words = [*die_with_us(), find_qemu(), "-S"]
        for name, use in (("q", ("-mon", "chardev=q,mode=control")), ("g", ("-gdb", "chardev:g"))):
            path = self.folder / name
            words += ["-chardev", f"socket,path={path},server=on,wait=off,id={name}", *use]
        serial = f"file:{self.serial}"
        waits = recording.waits
        words += rr_words(recording.spec, "replay", recording.log, serial, "null", waits)
        with (self.folder / "stderr").open("wb") as told:
            self._qemu = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=told,
                start_new_session=True,
            )
        try:
            self._qmp = self._connect("q")
            self.stub = self._connect("g")
            self._ask("qmp_capabilities")
        except BaseException:
            self.close()
            raise

    def _connect(self, name: str) -> socket.socket:
        until = time.monotonic() + _START_S
        while True:
            link = socket.socket(socket.AF_UNIX)
            try:
                link.connect(str(self.folder / name))
                link.settimeout(_ANSWER_S)
                return link
            except OSError:
                link.close()
            if self._qemu.poll() is not None or time.monotonic() > until:
                raise StrataError(f"QEMU does not replay: {self._why()}")
            time.sleep(0.005)

    def _why(self) -> str:
        text = (self.folder / "stderr").read_text(encoding="utf-8", errors="replace").strip()
        return text.splitlines()[-1] if text else "it gave no reason"

    def _ask(self, name: str, **arguments: Any) -> Any:
        self._qmp.sendall(command(name, 1, **arguments))
        while True:
            data = self._qmp.recv(65536)
            if not data:
                raise EOFError
            for message in self._messages.feed(data):
                if message.get("id") == 1:
                    return message.get("return")

    def position(self) -> int:
        """How many instructions have run."""
        return int(self._ask("query-replay")["icount"])

    def stop_at(self, count: int) -> None:
        """Let it pause there."""
        self._ask("replay-break", icount=count)

    def send(self, body: bytes) -> None:
        """A packet to the stub."""
        self.stub.sendall(checksum(body))

    def receive(self, wait: bool = True) -> bytes | None:
        """The stub's next packet; None when QEMU is gone, or without `wait` none is there."""
        while True:
            body, self._rest = take_packet(self._rest)
            if body is not None:
                self.stub.sendall(b"+")
                return body
            try:
                data = self.stub.recv(65536)
            except ConnectionError:
                data = b""
            except TimeoutError:
                raise StrataError("the replay does not come to a stop") from None
            if not data:
                raise EOFError
            self._rest += data
            if not wait and take_packet(self._rest)[0] is None:
                return None

    def ask(self, body: bytes) -> bytes:
        """A packet to the stub, and its answer."""
        self.send(body)
        return self.receive() or b""

    def go_to(self, count: int) -> bytes:
        """Run to an instruction; what the stub says there."""
        if self.position() >= count:
            return b""
        self.stop_at(count)
        return self.ask(b"vCont;c")

    def close(self) -> None:
        """End QEMU."""
        self._qemu.kill()
        self._qemu.wait()
        for name in ("_qmp", "stub"):
            link = getattr(self, name, None)
            if link is not None:
                link.close()
        if os.path.isdir(self.folder):
            shutil.rmtree(self.folder, ignore_errors=True)
