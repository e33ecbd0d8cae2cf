# SPDX-License-Identifier: MIT
"""Everything that can go wrong, as one tree.

    StrataError             the grader cannot go on; its text is one clear line
    |-- UsageError          a value on the command line is unknown
    |-- LabError            a lab.toml or a marker is wrong
    |-- Busy                another grade run holds this tree
    |-- BuildError          make failed for a reason no exercise explains
    `-- MachineError        QEMU itself
        |-- QemuMissing
        |-- QemuTooOld
        `-- QemuCrashed     it ended before the guest could run, or by a signal
    Failure                 a test failed: what was expected, seen, and where
    `-- GuestEnded          the guest ended in another way than the test wanted
    NotJudged               an optional tool is missing on this machine
"""

from __future__ import annotations

import errno

__all__ = [
    "StrataError",
    "UsageError",
    "LabError",
    "Busy",
    "BuildError",
    "MachineError",
    "QemuMissing",
    "QemuTooOld",
    "QemuCrashed",
    "Failure",
    "GuestEnded",
    "NotJudged",
    "os_trouble",
]


class StrataError(Exception):
    """The grader cannot go on."""


class UsageError(StrataError):
    """A value that the user gave is not one of the valid ones."""


class LabError(StrataError):
    """A lab.toml, a marker or a test's declaration is wrong."""


class Busy(StrataError):
    """Another run holds the lock."""


class BuildError(StrataError):
    """The build failed and no exercise file is to blame."""


class MachineError(StrataError):
    """QEMU cannot be used as it is."""


class QemuMissing(MachineError):
    """There is no QEMU."""


class QemuTooOld(MachineError):
    """QEMU lacks what the tests need."""


class QemuCrashed(MachineError):
    """QEMU ended by itself without the guest's doing."""


class NotJudged(Exception):
    """The test needs a tool that this machine does not have."""


def os_trouble(error: OSError) -> str:
    """An error of the operating system as one line that helps."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space left{where}: free some, or put BUILD= elsewhere"
    if error.errno in (errno.EROFS, errno.EACCES):
        return f"cannot write there{where}: put BUILD= where you may write"
    return f"{error.strerror or error}{where}"


class Failure(Exception):
    """A test's claim does not hold."""

    def __init__(
        self,
        fact: str,
        *,
        expected: str = "",
        seen: str = "",
        where: str = "",
        hint: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(fact)
        self.fact = str(fact)  # who writes a test is not held to types
        self.expected = str(expected)
        self.seen = str(seen)
        self.where = str(where)
        self.hint = str(hint)
        self.detail = str(detail)

    def __str__(self) -> str:
        """All that is known, line by line."""
        pairs = (
            ("", self.fact),
            ("expected: ", self.expected),
            ("seen:     ", self.seen),
            ("where:    ", self.where),
            ("hint:     ", self.hint),
            ("", self.detail),
        )
        return "\n".join(name + text for name, text in pairs if text)


class GuestEnded(Failure):
    """The guest ended (or hung) in another way than the test wanted."""
