# SPDX-License-Identifier: MIT
"""Going back in a recording, for GDB: a stub between GDB and a replaying QEMU.

`bs` and `bc`, GDB's packets for backwards, are answered here: a new replay runs from the
start to the instruction before, or to the last hit of GDB's breakpoints and watchpoints.
All other packets pass through. The past cannot be changed: writes are refused.
"""

from __future__ import annotations

import re
import select
import socket
from pathlib import Path
from typing import Sequence

from .gdbrsp import checksum
from .replay import Replay, take_packet
from .rr import Recording

__all__ = ["TimeMachine", "only_looks"]

_FORWARD = (b"c", b"s", b"C", b"S", b"vCont;")
_WRITES = (b"G", b"P", b"M", b"X")
_HELLO = b"qSupported:multiprocess+;xmlRegisters=i386"
_LAYOUT = b"qXfer:features:read:target.xml:0,ffb"
_REFUSED = b"E01"
_MONITOR = b"qRcmd,"
_LOOKS = (b"info", b"x", b"xp", b"p", b"print", b"gva2gpa", b"cpu", b"help", b"screendump")
# The guest has switched off or been reset, or the one who recorded has ended it. QEMU takes
# some instructions to stop then, in a replay others than in the record.
_SHUT_DOWN = b"T03"


def only_looks(body: bytes) -> bool:
    """Whether a line for QEMU's monitor leaves the machine as it is."""
    line = bytes.fromhex(body.removeprefix(_MONITOR).decode()).split()
    return bool(line) and line[0] in _LOOKS


class _Interrupted(Exception):
    """Ctrl-C in GDB."""


class TimeMachine:
    """A recording in which GDB can go both ways."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._points: list[bytes] = []  # what GDB has inserted, without its Z
        self._hello: dict[bytes, bytes] = {b"qSupported": _HELLO, b"qXfer": _LAYOUT}
        self._thread = b"thread:p01.01;"
        self._rest = b""
        self._gdb: socket.socket | None = None
        self.length = recording.length
        self._now = self._fresh()

    # -- places ----------------------------------------------------------------------

    def to_first(self, places: Sequence[int], last: bool = False) -> int:
        """Go to the first (or last) time that one of these is reached; -1: never."""
        hit = -1, b"", 0
        points = [b"1,%x,1" % place for place in places]
        for number, (count, reply) in enumerate(self._hits(points, self.length)):
            hit = count, reply, number
            if not last:
                break
        if hit[0] >= 0:
            self._stand(hit[0], points)
        return hit[0]

    def to_end(self) -> int:
        """Go to the last instruction of the recording; its number."""
        if not self.length:
            self.length = self._find_end()
        reply = self._seek(self.length)
        if self._now.position() != self.length:
            if not reply.startswith(_SHUT_DOWN):
                raise EOFError
            self.length = self._now.position()
        if not self._says_the_same():
            raise EOFError
        return self.length

    def _says_the_same(self) -> bool:
        """Whether the replay has printed what the run did; its last words may be missing."""
        said = self._recording.said
        if not self.serial.exists():
            return not said
        return said.startswith(self.serial.read_bytes()[: len(said)])

    def end_here(self) -> None:
        """What comes from here on ends QEMU."""
        self.length = self._now.position()

    def _find_end(self) -> int:
        """The last place where a replay can be stopped: QEMU itself ends behind it."""
        low, high = 0, 1 << 16
        while self._reaches(high):
            low, high = high, high * 4
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._reaches(middle) else (low, middle)
        return low

    def _reaches(self, count: int) -> bool:
        replay = self._fresh()
        try:
            replay.go_to(count)
            return replay.position() >= count
        except (EOFError, OSError):
            return False
        finally:
            replay.close()

    def _fresh(self) -> Replay:
        replay = Replay(self._recording)
        for packet in self._hello.values():
            replay.ask(packet)
        return replay

    def _insert(self) -> None:
        """GDB believes that its breakpoints are there, and takes them out."""
        for point in self._points:
            self._now.ask(b"Z" + point)

    def _take(self, replay: Replay) -> None:
        self._now.close()
        self._now = replay

    def _seek(self, count: int) -> bytes:
        if self._now.position() > count:
            self._take(self._fresh())
        return self._now.go_to(count)

    def _stand(self, count: int, points: Sequence[bytes]) -> None:
        """Stand at a breakpoint: behind an interrupt that comes at the same instruction."""
        self._take(self._fresh())
        self._now.go_to(max(0, count - 1))
        for point in points:
            self._now.ask(b"Z" + point)
        if self._now.position() < count:
            self._now.stop_at(count + 1)
            self._now.ask(b"vCont;c")
        for point in points:
            self._now.ask(b"z" + point)

    def _hits(self, points: Sequence[bytes], before: int) -> list[tuple[int, bytes]]:
        """Where breakpoints and watchpoints stop a run up to an instruction.

        A breakpoint's number is that of its instruction; a watchpoint's one more, for the
        write has been done.
        """
        found: list[tuple[int, bytes]] = []
        code = [one for one in points if one[:1] in b"01"]
        replay = self._fresh()
        try:
            for point in points:
                replay.ask(b"Z" + point)
            if before:  # one further: a pause there would hide the write that was just done
                replay.stop_at(before if before == self.length else before + 1)
            while True:
                reply = self._run_on(replay)
                at = replay.position()
                found += self._hit(reply, at, before)
                if self._over(reply, at, before):
                    return found
                if b"watch:" in reply:
                    continue
                for point in code:
                    replay.ask(b"z" + point)
                reply = replay.ask(b"vCont;s")
                at = replay.position()
                if b"watch:" in reply:
                    found += self._hit(reply, at, before)
                if before and at >= before:
                    return found
                for point in code:
                    replay.ask(b"Z" + point)
        except EOFError:
            return found
        finally:
            replay.close()

    @staticmethod
    def _over(reply: bytes, at: int, before: int) -> bool:
        return not reply.startswith(b"T05") or bool(before) and at >= before

    @staticmethod
    def _hit(reply: bytes, at: int, before: int) -> list[tuple[int, bytes]]:
        if not reply.startswith(b"T05"):
            return []
        inside = not before or at < before or at == before and b"watch:" in reply
        return [(at, reply)] if inside else []

    def _run_on(self, replay: Replay) -> bytes:
        """Let a replay run to its next stop, unless Ctrl-C comes from GDB meanwhile."""
        replay.send(b"vCont;c")
        while self._gdb is not None:
            ready, _, _ = select.select([self._gdb, replay.stub], [], [])
            if self._gdb in ready and b"\x03" in self._gdb.recv(4096):
                raise _Interrupted
            if replay.stub in ready:
                break
        return replay.receive() or b""

    # -- backwards -------------------------------------------------------------------

    def step_back(self) -> bytes:
        """The instruction before."""
        at = self._now.position()
        if at == 0:
            return self._edge(b"begin")
        self._seek(at - 1)
        return b"T05" + self._thread

    def run_back(self) -> bytes:
        """The last hit before this instruction, or the beginning."""
        at = self._now.position()
        try:
            hits = self._hits(self._points, at) if at and self._points else []
        except _Interrupted:
            return b"T02" + self._thread
        if not hits:
            self._seek(0)
            return self._edge(b"begin")
        count, reply = hits[-1]
        if b"watch:" in reply:
            self._seek(count - 1)
        else:
            self._stand(count, [one for one in self._points if one[:1] in b"01"])
        return reply

    def _edge(self, which: bytes) -> bytes:
        return b"T05" + self._thread + b"replaylog:" + which + b";"

    # -- GDB -------------------------------------------------------------------------

    def serve(self, listener: socket.socket) -> None:
        """Be GDB's stub until it goes."""
        gdb, _ = listener.accept()
        self._gdb = gdb
        with gdb:
            data = gdb.recv(65536)
            while data:
                self._rest += data
                self._answer_all(gdb)
                data = gdb.recv(65536)

    def _answer_all(self, gdb: socket.socket) -> None:
        while True:
            body, self._rest = take_packet(self._rest)
            if body is None:
                self._rest = self._rest.lstrip(b"+\x03")
                return
            gdb.sendall(b"+")
            reply = self._answer(body, gdb)
            while body.startswith(_MONITOR) and reply[:1] == b"O" and reply != b"OK":
                gdb.sendall(checksum(reply))  # a part of what QEMU's monitor says
                reply = self._now.receive() or b""
            gdb.sendall(checksum(reply))

    def _answer(self, body: bytes, gdb: socket.socket) -> bytes:
        if body in (b"bs", b"bc"):
            reply = self.step_back() if body == b"bs" else self.run_back()
            self._insert()
            return reply
        if body[:1] == b"k" or body.startswith((b"D", b"vKill")):
            return b"OK"
        if body.startswith(_WRITES):
            return _REFUSED
        if body.startswith(_MONITOR) and not only_looks(body):
            gdb.sendall(checksum(b"O" + b"the past cannot be changed\n".hex().encode()))
            return b"OK"
        if body.startswith(_FORWARD):
            return self._forward(body, gdb)
        self._remember(body)
        try:
            return self._now.ask(body)
        except (EOFError, OSError):
            return _REFUSED

    def _remember(self, body: bytes) -> None:
        if re.match(rb"[Zz][0-4],", body):
            point = body[1:]
            self._points = [one for one in self._points if one != point]
            if body[:1] == b"Z":
                self._points.append(point)
        elif body.startswith((b"qSupported", b"Hg")):
            self._hello[body[:10] if body[:1] == b"q" else b"Hg"] = body

    def _forward(self, body: bytes, gdb: socket.socket) -> bytes:
        """Run on, at most to the end; Ctrl-C in GDB stops it."""
        try:
            if self.length:
                if self._now.position() >= self.length:
                    return self._edge(b"end")
                self._now.stop_at(self.length)
            self._now.send(body)
            reply = self._listen(gdb)
            if reply.startswith(_SHUT_DOWN):
                self.length = self._now.position()
            if self.length and self._now.position() >= self.length and b"watch:" not in reply:
                return self._edge(b"end")
            return reply
        except (EOFError, OSError):  # the guest has ended QEMU
            self._take(self._fresh())
            self.to_end()
            self._insert()
            return self._edge(b"end")

    def _listen(self, gdb: socket.socket) -> bytes:
        while True:
            ready, _, _ = select.select([gdb, self._now.stub], [], [])
            if gdb in ready and b"\x03" in gdb.recv(4096):
                self._now.stub.sendall(b"\x03")
            if self._now.stub in ready:
                reply = self._now.receive(wait=False)
                if reply is not None:
                    return reply

    # -- the end ---------------------------------------------------------------------

    @property
    def serial(self) -> Path:
        """What the serial line has said up to here."""
        return self._now.serial

    def close(self) -> None:
        """End the replay."""
        self._now.close()
