# SPDX-License-Identifier: MIT
"""In-kernel tests: as many as possible in one boot.

A test that kills the kernel is reported with how it died, and those that had not
run yet get a fresh boot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Sequence

from .errors import Failure
from .ktap import TestRun, Transcript
from .ends import EXIT_OK
from .machine import Guest

__all__ = ["Count", "KernelRun", "Outcome", "Transcript", "finish", "options", "run_all"]
__all__ += ["to_failure"]

_CMDLINE_MAX = 960
# For one test; a run in which tests go by gets it again and again. Slow instructions (a shift of
# 7: 128 ns each), for an endless wait is found after a number of them. Provided tests may be long.
ICOUNT = 7
VIRTUAL_S = 2.0
VIRTUAL_PROVIDED_S = 16.0


@dataclass
class Outcome:
    """What became of one in-kernel test."""

    passed: bool
    failure: Failure | None = None
    verdicts: list[str] = field(default_factory=list)
    guest: Guest | None = None


@dataclass(frozen=True)
class KernelRun:
    """How to run tests of an image: boot(cmdline) starts one."""

    boot: Callable[[str], Guest]
    everything: tuple[str, ...]
    seed: int


def run_all(run: KernelRun, names: Sequence[str]) -> dict[str, Outcome]:
    """Run all named tests; every one gets an outcome."""
    outcomes: dict[str, Outcome] = {}
    pending = [name for name in run.everything if name in names]
    pending += [name for name in names if name not in pending]
    while pending:
        cmdline, part = options(pending, run.everything, run.seed)
        with run.boot(cmdline) as guest:
            guest.progress = Count(guest)
            finish(guest)
            found = _judge(guest, part)
        outcomes.update(found)
        pending = [name for name in pending if name not in outcomes]
    return outcomes


def options(pending: Sequence[str], everything: Sequence[str], seed: int) -> tuple[str, list[str]]:
    """The command line for the next boot and the tests that it runs."""
    rest = f" seed={seed:x} main=exit panic=exit"
    skipped = [name for name in everything if name not in pending]
    known = [name for name in pending if name in everything]
    skip = "test=all" + (" skip=" + ",".join(skipped) if skipped else "") + rest
    test = "test=" + ",".join(pending) + rest
    if len(known) == len(pending) and len(skip) <= min(_CMDLINE_MAX, len(test)):
        return skip, list(pending)
    part: list[str] = []
    for name in pending:
        if part and len(",".join([*part, name])) + len(rest) + 5 > _CMDLINE_MAX:
            break
        part.append(name)
    return "test=" + ",".join(part) + rest, part


class Count:
    """How many tests have started."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest

    def __call__(self) -> int:
        return self._guest.verdict_log.count(b"# start ")


def finish(guest: Guest) -> None:
    """Wait for the end, whatever it is."""
    try:
        guest.wait_exit()
    except Failure:
        pass


def _judge(guest: Guest, part: Sequence[str]) -> dict[str, Outcome]:
    log = guest.transcript
    found: dict[str, Outcome] = {}
    for name in part:
        test = log.tests.get(name)
        if test is not None and test.passed is not None:
            found[name] = _outcome(guest, log, test)
    running = log.running
    if running is not None and running.name in part:
        failure = guest.failure("the test runs to its end")
        _add_notes(failure, log, running)
        found[running.name] = Outcome(False, failure, running.lines, guest)
    if not found:
        found = _none_ran(guest, log, part)
    return found


def _outcome(guest: Guest, log: Transcript, test: TestRun) -> Outcome:
    if test.name in log.duplicates:
        failure = Failure("the kernel reported this test more than once")
        return Outcome(False, failure, test.lines, guest)
    if test.passed:
        return Outcome(True, None, test.lines, guest)
    return Outcome(False, to_failure(test), test.lines, guest)


def to_failure(test: TestRun) -> Failure:
    """The failure of a test that said why."""
    where, expected, seen = test.facts
    fact = "the test's claim does not hold"
    notes = [line for line in test.lines if not (where and line.startswith(where))]
    return Failure(fact, expected=expected, seen=seen, where=where, detail="\n".join(notes))


def _add_notes(failure: Failure, log: Transcript, running: TestRun) -> None:
    notes = list(running.lines)
    if log.forged:
        notes.append(f"the kernel printed forged verdicts, such as {log.forged[0]!r}")
    failure.detail = "\n".join(part for part in (*notes, failure.detail) if part)


def _none_ran(guest: Guest, log: Transcript, part: Sequence[str]) -> dict[str, Outcome]:
    """The boot ended before any test of ours started, or without them."""
    end = guest.end
    if end is not None and end.code == EXIT_OK and log.done:
        missing = Failure("the kernel's image does not have this test, or did not run it")
        return {name: Outcome(False, missing, [], guest) for name in part}
    failure = guest.failure("the kernel boots and runs its tests")
    if log.forged:
        failure.detail += f"\nforged verdicts were printed, such as {log.forged[0]!r}"
    return {name: Outcome(False, failure, [], guest) for name in part}
