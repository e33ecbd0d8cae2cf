# SPDX-License-Identifier: MIT
"""How a guest ended, told from QEMU's exit status and its last words."""

from __future__ import annotations

import pytest

from strata.ends import EXIT_PANIC, crash_text, end_of

ABORT = """qemu: fatal: cpu_io_recompile: could not find TB for pc=(nil)
RAX=0000000000000001 RBX=0000000000000002
RIP=ffffffff80100123 RFL=00000082 [--S----] CPL=0 II=0 A20=1 SMM=0 HLT=0
"""
ASTRAY = "qemu: fatal: Trying to execute code outside RAM or ROM at 0xa0000\nmore"


@pytest.mark.parametrize(
    "status,reason,said,kind",
    [
        (2 * EXIT_PANIC + 1, "", "", "exit"),
        (1, "", "", "exit"),
        (1, "", "qemu: no such option", None),
        (0, "guest-reset", "", "reset"),
        (0, "guest-shutdown", "", "shutdown"),
        (0, "", "", None),
        (-6, "", ASTRAY, "astray"),
        (-6, "", "Trying to execute code outside RAM or ROM at ", None),
        (-6, "", "qemu: fatal: ", "abort"),
        (-6, "", ABORT, "abort"),
        (-11, "", "", None),
    ],
)
def test_a_status_is_an_end(status: int, reason: str, said: str, kind: str | None) -> None:
    end = end_of(status, reason, said, started=True)
    assert (end.kind if end else None) == kind
    if end and end.kind == "exit":
        assert end.code == status >> 1


def test_an_abort_has_its_reason_and_registers() -> None:
    end = end_of(-6, "", ABORT, started=True)
    assert end and str(end).endswith("did: cpu_io_recompile: could not find TB for pc=(nil)")
    assert end.regs["rip"] == 0xFFFFFFFF80100123


def test_status_1_is_no_guests_end_before_qemu_started() -> None:
    assert end_of(1, "", "", started=False) is None


def test_a_crash_names_its_signal_and_last_line() -> None:
    assert crash_text(-11, "one\ntwo", True) == "QEMU ended by itself (SIGSEGV): two"
    assert crash_text(1, "", False) == "QEMU did not start (status 1)"
