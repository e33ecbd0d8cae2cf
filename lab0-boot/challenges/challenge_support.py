# SPDX-License-Identifier: MIT
"""What the challenges share: a kernel that says when it runs, and then waits."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

from loader_support import MIB, Elf, Segment, multiboot2_header, tag_of  # noqa: E402

__all__ = ["RUNS", "cmdline_of", "waiting_kernel", "wait_for_kernel"]

RUNS = b"\x06"  # what the kernel sends on COM1; no loader does

# mov dx, 3f8h; mov al, 6; out dx, al; hlt; jmp to the hlt
_SAY_AND_WAIT = bytes.fromhex("66baf803 b006 ee f4 ebfd")


def waiting_kernel(rubbish: bytes = b"") -> Elf:
    """One segment at 1 MiB, with these bytes behind its code."""
    header = multiboot2_header()
    return Elf((Segment(MIB, header + _SAY_AND_WAIT + rubbish),), entry=MIB + len(header))


def wait_for_kernel(guest: Any) -> None:
    """Until the kernel runs; the guest stands still then."""
    guest.wait_serial(RUNS, "the loader enters the kernel")
    guest.stop()


def cmdline_of(guest: Any) -> str:
    """The command line that the kernel got."""
    text, _, rest = tag_of(guest, 1, "command line").partition(b"\0")
    return text.decode("ascii", "backslashreplace") + ("" if not rest.strip(b"\0") else "+rubbish")
