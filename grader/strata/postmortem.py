# SPDX-License-Identifier: MIT
"""Why a guest ended as it did, in words: hangs, triple faults, panics, stubs."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass, replace

from .errors import Failure, GuestEnded, StrataError
from .ends import EXIT_LOADER, EXIT_PANIC
from .machine import Guest
from .elf import Symbols
from .host import named_pipe
from .record import ENDED, SERIAL_TAIL, printable

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
_CS32 = re.compile(r"^CS =.* CS32 ", re.M)
_LONG = re.compile(r"^EFER=[0-9a-f]*[4-7c-f][0-9a-f]{2}$", re.M)
_LEVELS = (("PML4", 39), ("PDPT", 30), ("PD", 21), ("PT", 12))
_ADDRESS = 0x000F_FFFF_FFFF_F000
_KERNEL_VMA = 0xFFFF_FFFF_8000_0000
# Of monitor.c: compilers put the first two into the third. What these call besides looks
# for no key.
_PROMPT = ("wait_key", "read_line", "monitor_main")
_BUSY = {"console_has_input", "console_printf", "console_write", "end_without_input"}
_BUSY |= {"line_feed", "line_start", "monitor_execute"}
_FRAMES = 8
_LOG_TAIL = 200_000
_SHOWN = 3
_OUTLANDISH = (
    "QEMU walks no page tables and runs no code in a device's memory: is each address in CR3 "
    "and in the tables one of your RAM?"
)


@dataclass(frozen=True)
class Fault:
    """One exception from QEMU's log."""

    vector: int
    error: int
    rip: int
    cr2: int
    compatibility: bool = False

    def text(self, symbols: Symbols) -> str:
        """In words."""
        words = _VECTORS.get(self.vector, f"vector {self.vector}")
        if self.vector in _WITH_CODE:
            words += f", error code {self.error:#x}"
        if self.vector == 14:
            words += f" ({_page_fault(self.error, self.cr2)})"
        words += f" at {symbols.find(self.rip)} (RIP {self.rip:#x})"
        if self.compatibility and self.vector == 6:
            words += ", run as 32-bit code inside long mode: was there a far jump?"
        return words


def describe(guest: Guest, wanted: str) -> Failure:
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
        return Failure("the guest is still running", expected=wanted, detail=detail)
    seen = str(end)
    if end.kind == "reset":
        seen = reset_text(guest)
    elif end.kind == "exit" and end.code == EXIT_LOADER:
        seen = f"{end}; its message: {_last_line(guest)!r}"
    elif end.kind == "exit" and end.code == EXIT_PANIC:
        seen = f"{end}, without a word on the verdict port"
    elif end.kind == "abort":
        seen = f"{end}, in {guest.symbols.find(end.regs.get('rip', 0))}{_mode(end.regs)}"
        return GuestEnded(ENDED, expected=wanted, seen=seen, detail=detail, hint=_OUTLANDISH)
    return GuestEnded(ENDED, expected=wanted, seen=seen, detail=detail)


def hang_text(guest: Guest, regs: dict[str, int]) -> str:
    """`spinning in F with interrupts off`; at the prompt, that it waits there."""
    rip = regs.get("rip", regs.get("eip", 0))
    where = guest.symbols.find(rip)
    ints = "on" if regs.get("rflags", 0) & 0x200 else "off"
    mode = _mode(regs)
    after = f"no end after {guest.spec.limits.virtual_s:.0f} s of the guest's time"
    if _waits_for_a_key(guest, regs):
        place = f"{'halted ' if regs.get('hlt') else ''}in {where}{mode}"
        return f"{after}: waiting for a key at the prompt, {place} with interrupts {ints}"
    if regs.get("hlt"):
        ending = ", so nothing can wake it" if ints == "off" else ""
        return f"{after}: halted in {where}{mode} with interrupts {ints}{ending}"
    return f"{after}: spinning in {where}{mode} with interrupts {ints}"


def _waits_for_a_key(guest: Guest, regs: dict[str, int]) -> bool:
    """Whether the monitor looks for a key: its loop or what that calls to look."""
    frame = regs.get("rbp", 0)
    places = [regs.get("rip", 0)]
    for _ in range(_FRAMES):
        if frame < _KERNEL_VMA:
            break
        try:
            data = guest.read_virt(frame, 16)
        except (StrataError, Failure):
            break  # not mapped
        frame = int.from_bytes(data[:8], "little")
        places.append(int.from_bytes(data[8:], "little"))
    names = [guest.symbols.find(place).partition("+")[0].partition(".")[0] for place in places]
    at = next((at for at, name in enumerate(names) if name in _PROMPT), None)
    return at is not None and not _BUSY & set(names[:at])


def reset_text(guest: Guest) -> str:
    """Why the machine was reset: the same boot once more, with QEMU's exception log."""
    if guest.sent:
        return "the machine was reset (a triple fault, or the guest asked for it)"
    try:
        log, walk = _boot_again(guest)
    except (StrataError, Failure, OSError) as error:
        return f"the machine was reset; its exception log could not be had ({error})"
    if "Triple fault" not in log:
        return "the machine was reset: the guest asked for it (no triple fault)"
    faults = decode_faults(log)
    if not faults:
        return "triple fault"
    lines = [fault.text(guest.symbols) for fault in faults[-_SHOWN:]]
    return "triple fault: " + "; then ".join(lines) + walk


def decode_faults(log: str) -> list[Fault]:
    """The exceptions before the last triple fault, those of one cascade only."""
    log = log[: log.rfind("Triple fault")] if "Triple fault" in log else log
    found = []
    matches = list(_FAULT.finditer(log))
    for at, match in enumerate(matches):
        if match["i"] == "1" or int(match["v"], 16) > 31:
            continue
        until = matches[at + 1].start() if at + 1 < len(matches) else len(log)
        dump = log[match.start() : until]
        shown = _CR2.search(dump)
        cr2 = match["cr2"] or (shown[1] if shown else "0")
        vector, error, rip = (int(match[name], 16) for name in ("v", "e", "ip"))
        narrow = bool(_CS32.search(dump) and _LONG.search(dump))
        found.append(Fault(vector, error, rip, int(cr2, 16), narrow))
    return _cascade(found)


def _cascade(faults: list[Fault]) -> list[Fault]:
    """The last faults that share an instruction: a fault, the double fault, the third."""
    last = faults[-1:]
    for fault in reversed(faults[:-1]):
        if fault.rip != faults[-1].rip or len(last) == _SHOWN:
            break
        last.insert(0, fault)
    return last


def _boot_again(guest: Guest) -> tuple[str, str]:
    """QEMU's log of the exceptions, and the page walk of a page fault among the last ones."""
    read, write, path = named_pipe()
    tail: list[bytes] = [b""]

    def keep() -> None:
        while data := os.read(read, 65536):
            tail[0] = (tail[0] + data)[-_LOG_TAIL:]

    reader = threading.Thread(target=keep, daemon=True)
    reader.start()
    again = replace(guest.spec)
    extra = ("-d", "int,cpu_reset", "-D", path, "-action", "shutdown=pause")
    walk = ""
    try:
        with Guest(again, extra=extra) as second:
            if second.wait_reset():
                walk = _walk_of_fault(second, tail[0].decode("utf-8", "replace"))
    finally:
        os.close(write)
        reader.join(5)
        os.close(read)
    return tail[0].decode("utf-8", "replace"), walk


def _walk_of_fault(guest: Guest, log: str) -> str:
    fault = next((one for one in decode_faults(log) if one.vector == 14), None)
    if fault is None or not guest.regs().get("efer", 0) & 0x400:
        return ""
    return f"; the page tables on the way to {fault.cr2:#x}: {_page_walk(guest, fault.cr2)}"


def _mode(regs: dict[str, int]) -> str:
    if not regs.get("cr0", 1) & 1:
        return " (16-bit real mode)"
    if not regs.get("efer", 0) & 0x400:
        return " (32-bit protected mode)"
    return ""


def _page_fault(error: int, address: int) -> str:
    """The bits of a page fault's error code. Source: Intel SDM 3A, "Page-Fault Exceptions"."""
    who = "user code " if error & 4 else ""
    what = "fetching from" if error & 16 else "writing to" if error & 2 else "reading from"
    if error & 8:
        why = "an entry on the way has a reserved bit set, such as no-execute without EFER.NXE"
        return f"{who}{what} address {address:#x}: {why}"
    return f"{who}{what} {'a protected' if error & 1 else 'an unmapped'} address {address:#x}"


def _page_walk(guest: Guest, address: int) -> str:
    """The entries that the CPU met on its way to an address, while the guest is stopped."""
    table, steps = guest.regs().get("cr3", 0), []
    for name, shift in _LEVELS:
        slot = address >> shift & 511
        place = (table & _ADDRESS) + 8 * slot
        entry = int.from_bytes(guest.read_phys(place, 8), "little")
        steps.append(f"{name}[{slot}] = {entry:#x}")
        if not entry & 1:
            return " -> ".join(steps) + " (not present)"
        if entry & 0x80 and name in ("PDPT", "PD"):
            break
        table = entry
    return " -> ".join(steps)


def _serial_tail(guest: Guest) -> str:
    text = bytes(guest.serial[-2000:]).decode("utf-8", "backslashreplace")
    lines = [printable(line) for line in text.splitlines()[-8:]]
    if not any(line.strip() for line in lines):
        return ""
    return f"{SERIAL_TAIL}\n" + "\n".join(f"  | {line[:160]}" for line in lines)


def _last_line(guest: Guest) -> str:
    text = bytes(guest.serial[-400:]).decode("utf-8", "backslashreplace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return printable(lines[-1]) if lines else ""
