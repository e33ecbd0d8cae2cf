# SPDX-License-Identifier: MIT
"""Why a guest ended as it did, in words: hangs, triple faults, panics, stubs."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass, replace

from .errors import Failure, GuestEnded, StrataError
from .machine import EXIT_LOADER, EXIT_PANIC, Guest
from .elf import Symbols

__all__ = ["Fault", "decode_faults", "describe", "hang_text", "reset_text"]

_VECTORS = {
    0: "#DE divide error",
    1: "#DB debug",
    2: "NMI",
    3: "#BP breakpoint",
    4: "#OF overflow",
    5: "#BR bound range",
    6: "#UD invalid opcode",
    7: "#NM no FPU",
    8: "#DF double fault",
    10: "#TS invalid TSS",
    11: "#NP segment not present",
    12: "#SS stack segment",
    13: "#GP general protection",
    14: "#PF page fault",
    16: "#MF x87 error",
    17: "#AC alignment check",
    18: "#MC machine check",
    19: "#XM SIMD error",
}
_WITH_CODE = {8, 10, 11, 12, 13, 14, 17}
_FAULT = re.compile(
    r"^\s*\d+: v=(?P<v>[0-9a-f]+) e=(?P<e>[0-9a-f]+) i=(?P<i>\d) cpl=\d "
    r"IP=[0-9a-f]+:(?P<ip>[0-9a-f]+)(?:.*?CR2=(?P<cr2>[0-9a-f]+))?",
    re.M,
)
_CR2 = re.compile(r"^CR0=[0-9a-f]+ CR2=([0-9a-f]+)", re.M)
_LOG_TAIL = 200_000
_SHOWN = 3


@dataclass(frozen=True)
class Fault:
    """One exception from QEMU's log."""

    vector: int
    error: int
    rip: int
    cr2: int

    def text(self, symbols: Symbols) -> str:
        """In words."""
        words = _VECTORS.get(self.vector, f"vector {self.vector}")
        if self.vector in _WITH_CODE:
            words += f", error code {self.error:#x}"
        if self.vector == 14:
            words += f" ({_page_fault(self.error)} address {self.cr2:#x})"
        return f"{words} at {symbols.find(self.rip)} (RIP {self.rip:#x})"


def describe(guest: Guest, wanted: str) -> GuestEnded:
    """The failure to raise when the guest ended in another way than wanted."""
    end = guest.end
    log = guest.transcript
    detail = _serial_tail(guest)
    if log.todos:
        todo = log.todos[-1]
        return GuestEnded(str(todo), expected=wanted, seen=str(todo), detail=detail)
    if log.panic is not None:
        trace = "\n".join(f"  {line}" for line in log.panic.backtrace)
        return GuestEnded(
            "the kernel panicked",
            expected=wanted,
            seen=str(log.panic),
            where=log.panic.where,
            detail="\n".join(part for part in (trace and f"backtrace:\n{trace}", detail) if part),
        )
    if end is None:
        return GuestEnded("the guest is still running", expected=wanted, detail=detail)
    seen = str(end)
    if end.kind == "reset":
        seen = reset_text(guest)
    elif end.kind == "exit" and end.code == EXIT_LOADER:
        seen = f"{end}; its message: {_last_line(guest)!r}"
    elif end.kind == "exit" and end.code == EXIT_PANIC:
        seen = f"{end}, without a word on the verdict port"
    return GuestEnded("the run ended too early or never", expected=wanted, seen=seen, detail=detail)


def hang_text(guest: Guest, regs: dict[str, int]) -> str:
    """`spinning in F with interrupts off`."""
    rip = regs.get("rip", regs.get("eip", 0))
    where = guest.symbols.find(rip)
    ints = "on" if regs.get("rflags", 0) & 0x200 else "off"
    mode = _mode(regs)
    after = f"no end after {guest.spec.limits.virtual_s:.0f} s of the guest's time"
    if regs.get("hlt"):
        ending = ", so nothing can wake it" if ints == "off" else ""
        return f"{after}: halted in {where}{mode} with interrupts {ints}{ending}"
    return f"{after}: spinning in {where}{mode} with interrupts {ints}"


def reset_text(guest: Guest) -> str:
    """Why the machine was reset: the same boot once more, with QEMU's exception log."""
    if guest.sent:
        return "the machine was reset (a triple fault, or the guest asked for it)"
    try:
        log = _boot_again(guest)
    except (StrataError, Failure, OSError) as error:
        return f"the machine was reset; its exception log could not be had ({error})"
    if "Triple fault" not in log:
        return "the machine was reset: the guest asked for it (no triple fault)"
    faults = decode_faults(log)
    if not faults:
        return "triple fault"
    lines = [fault.text(guest.symbols) for fault in faults[-_SHOWN:]]
    return "triple fault: " + "; then ".join(lines)


def decode_faults(log: str) -> list[Fault]:
    """The exceptions before the last triple fault, those of one cascade only."""
    log = log[: log.rfind("Triple fault")] if "Triple fault" in log else log
    found = []
    matches = list(_FAULT.finditer(log))
    for at, match in enumerate(matches):
        if match["i"] == "1" or int(match["v"], 16) > 31:
            continue
        until = matches[at + 1].start() if at + 1 < len(matches) else len(log)
        dump = _CR2.search(log, match.start(), until)
        cr2 = match["cr2"] or (dump[1] if dump else "0")
        found.append(
            Fault(int(match["v"], 16), int(match["e"], 16), int(match["ip"], 16), int(cr2, 16))
        )
    return _cascade(found)


def _cascade(faults: list[Fault]) -> list[Fault]:
    """The last faults that share an instruction: a fault, the double fault, the third."""
    last = faults[-1:]
    for fault in reversed(faults[:-1]):
        if fault.rip != faults[-1].rip or len(last) == _SHOWN:
            break
        last.insert(0, fault)
    return last


def _boot_again(guest: Guest) -> str:
    read, write = os.pipe()
    tail: list[bytes] = [b""]

    def keep() -> None:
        while data := os.read(read, 65536):
            tail[0] = (tail[0] + data)[-_LOG_TAIL:]

    reader = threading.Thread(target=keep, daemon=True)
    reader.start()
    path = f"/proc/{os.getpid()}/fd/{write}"
    again = replace(guest.spec)
    try:
        with Guest(again, extra=("-d", "int,cpu_reset", "-D", path)) as second:
            second.wait_exit()
    finally:
        os.close(write)
        reader.join(5)
        os.close(read)
    return tail[0].decode("utf-8", "replace")


def _mode(regs: dict[str, int]) -> str:
    if not regs.get("cr0", 1) & 1:
        return " (16-bit real mode)"
    if not regs.get("efer", 0) & 0x400:
        return " (32-bit protected mode)"
    return ""


def _page_fault(error: int) -> str:
    what = "fetching from" if error & 16 else "writing to" if error & 2 else "reading from"
    why = "a protected" if error & 1 else "an unmapped"
    return f"{what} {why}"


def _serial_tail(guest: Guest) -> str:
    text = bytes(guest.serial[-2000:]).decode("utf-8", "backslashreplace")
    lines = [_printable(line) for line in text.splitlines()[-8:]]
    if not any(line.strip() for line in lines):
        return ""
    return "last lines on the serial line:\n" + "\n".join(f"  | {line[:160]}" for line in lines)


def _last_line(guest: Guest) -> str:
    text = bytes(guest.serial[-400:]).decode("utf-8", "backslashreplace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _printable(lines[-1]) if lines else ""


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
