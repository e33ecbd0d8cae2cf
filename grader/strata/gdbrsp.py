# SPDX-License-Identifier: MIT
"""A small client of the GDB remote serial protocol, for looking into a guest.

QEMU tells registers by a fixed layout when the client names none: 64-bit ones in
long mode. Memory is virtual, through the page tables of the stopped CPU.
"""

from __future__ import annotations

import struct
from typing import Callable, Protocol

from .errors import Failure

__all__ = ["Gdb", "Link", "checksum"]

_NAMES = (
    "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split()
    + "eflags cs ss ds es fs gs fs_base gs_base kernel_gs_base cr0 cr2 cr3 cr4 cr8 efer".split()
)


class Link(Protocol):
    """What carries the bytes: the machine's loop."""

    def gdb_send(self, data: bytes) -> None:
        """Write bytes to the stub."""

    def gdb_wait(self, until: Callable[[bytes], bool]) -> bytes:
        """Run the loop until the bytes read so far satisfy; they are kept."""

    def gdb_drop(self, count: int) -> None:
        """Forget the first bytes."""


def checksum(body: bytes) -> bytes:
    """A packet around a body."""
    return b"$" + body + b"#%02x" % (sum(body) & 255)


class Gdb:
    """One connection; the guest is stopped while the caller looks."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._symbols: dict[str, int] = {}
        self._breaks: set[tuple[int, bool]] = set()

    def use_symbols(self, symbols: dict[str, int]) -> None:
        """Names that break_at understands."""
        self._symbols = symbols

    def break_at(self, place: int | str, hardware: bool = True) -> None:
        """Stop when this address (or symbol) is reached."""
        self._ok(b"Z%d,%x,1" % (int(hardware), self._address(place)))
        self._breaks.add((self._address(place), hardware))

    def clear(self, place: int | str, hardware: bool = True) -> None:
        """Forget a breakpoint."""
        self._ok(b"z%d,%x,1" % (int(hardware), self._address(place)))
        self._breaks.discard((self._address(place), hardware))

    def watch(self, place: int | str, length: int = 8) -> None:
        """Stop when these bytes are written."""
        self._ok(b"Z2,%x,%x" % (self._address(place), length))

    def cont(self) -> int:
        """Run until a breakpoint; the address where it stopped.

        QEMU would stop at once where it stands at one already: step over it first.
        """
        here = self._linear()
        stands_on = [one for one in self._breaks if one[0] == here]
        for place, hardware in stands_on:
            self.clear(place, hardware)
        if stands_on:
            self.step()
        for place, hardware in stands_on:
            self.break_at(place, hardware)
        self._ask(b"c", b"TS")
        return self.regs()["rip"]

    def step(self, count: int = 1) -> int:
        """Execute instructions; the address reached."""
        for _ in range(count):
            self._ask(b"s", b"TS")
        return self.regs()["rip"]

    def regs(self) -> dict[str, int]:
        """General registers, rip, eflags, selectors, bases, control registers and EFER."""
        data = bytes.fromhex(self._ask(b"g").decode())
        return dict(zip(_NAMES, struct.unpack_from("<17Q7I9Q", data)))

    def set(self, name: str, value: int) -> None:
        """Change a register, by its name in regs()."""
        self._ask(b"qXfer:features:read:target.xml:0,40")  # QEMU takes P after this only
        self._ok(b"P%x=%s" % (_NAMES.index(name), value.to_bytes(8, "little").hex().encode()))

    def read(self, address: int | str, length: int) -> bytes:
        """Guest memory at a virtual address."""
        out = b""
        at = self._address(address)
        while len(out) < length:
            size = min(1024, length - len(out))
            answer = self._ask(b"m%x,%x" % (at + len(out), size))
            if answer.startswith(b"E"):
                raise Failure(f"no memory is mapped at {at + len(out):#x}")
            out += bytes.fromhex(answer.decode())
        return out

    def write(self, address: int | str, data: bytes) -> None:
        """Change guest memory."""
        start = self._address(address)
        for at in range(0, len(data), 1024):
            part = data[at : at + 1024]
            self._ok(b"M%x,%x:" % (start + at, len(part)) + part.hex().encode())

    def detach(self) -> None:
        """Let the guest run on without us; it may end before it answers."""
        self._link.gdb_send(checksum(b"D"))

    def _address(self, place: int | str) -> int:
        if isinstance(place, int):
            return place
        if place not in self._symbols:
            raise Failure(f"the image has no symbol {place}")
        return self._symbols[place]

    def _linear(self) -> int:
        """Where the CPU stands, in real mode too."""
        regs = self.regs()
        return regs["rip"] + (0 if regs["cr0"] & 1 else regs["cs"] * 16)

    def _ok(self, body: bytes) -> None:
        answer = self._ask(body)
        if answer != b"OK":
            raise Failure(f"the GDB stub refused {body.decode()}: {answer.decode() or 'unknown'}")

    def _ask(self, body: bytes, kinds: bytes = b"") -> bytes:
        """Send a packet; the answer's body (of one of the kinds, if given)."""
        self._link.gdb_send(checksum(body))
        while True:
            data = self._link.gdb_wait(_has_packet)
            start = data.index(b"$")
            end = data.index(b"#", start)
            self._link.gdb_drop(end + 3)
            self._link.gdb_send(b"+")
            answer = _unescape(data[start + 1 : end])
            if answer[:1] == b"W" or not kinds or answer[:1] in (kinds[:1], kinds[1:2]):
                return answer


def _has_packet(data: bytes) -> bool:
    start = data.find(b"$")
    end = data.find(b"#", start) if start >= 0 else -1
    return end >= 0 and len(data) >= end + 3


def _unescape(body: bytes) -> bytes:
    """Undo run lengths (`0* `)."""
    out = bytearray()
    at = 0
    while at < len(body):
        if body[at] == ord("*") and out and at + 1 < len(body):
            out += out[-1:] * (body[at + 1] - 29)
            at += 2
        else:
            out.append(body[at])
            at += 1
    return bytes(out)
