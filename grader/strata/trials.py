# SPDX-License-Identifier: MIT
"""A student's in-kernel test on trial: it passes on the reference, and catches objects
that are broken. Each is a kernel of its own, in which it is the only test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

from . import broken, kernel_run
from .errors import Failure
from .fixture import save_logs
from .lab import Course, Exercise
from .machine import Guest
from .record import Planned
from .spec import Limits, MachineSpec

__all__ = ["CLAIMS", "Trial", "images", "judge", "run", "spec", "table", "trial_of"]

CLAIMS = {1: "passes_and_catches_one", 2: "catches_two", 3: "catches_three"}


@dataclass(frozen=True)
class Trial:
    """What became of the test on one object: how many KTESTs ended, the first failure."""

    label: str
    tests: int
    failure: Failure | None
    ended: bool = True  # the kernel ran all tests, whatever they said

    @property
    def words(self) -> str:
        """In one line."""
        if self.failure is None:
            return f"all {self.tests} passed" if self.tests else "there is no KTEST"
        if not self.ended:
            return f"did not end: {self.failure.fact}"
        return f"failed: {self.failure.fact}"


def images(course: Course, exercise: Exercise) -> tuple[str, ...]:
    """Its kernels: with the reference, then with the broken objects."""
    count = len(broken.trial_names(course, exercise.id))
    return tuple(f"trials/{exercise.id}-{at}.stripped.elf" for at in range(count + 1))


def run(course: Course, exercise: Exercise, planned: Planned) -> list[Trial]:
    """Boot each of them; without the reference's pass, no other."""
    which = "given" if exercise.id in planned.given else "own"
    folder = Path(planned.images).parent / "trials" / which
    found: list[Trial] = []
    for at, name in enumerate(images(course, exercise)):
        label = "the reference" if at == 0 else f"broken object {chr(ord('A') + at - 1)}"
        made = spec(folder / Path(name).name, planned.seed, at)
        found.append(_boot(made, label, Path(planned.folder) / label.replace(" ", "-")))
        if found[0].failure is not None or not found[0].tests:
            break
    return found


def spec(image: Path, seed: int, at: int) -> MachineSpec:
    """The machine of one trial."""
    token = f"{(seed * 2654435761 + at) & 0xFFFFFFFF or 1:08x}"
    cmdline = f"test=all seed={seed:x} main=exit panic=exit"
    limits = Limits(virtual_s=kernel_run.VIRTUAL_S)
    icount = kernel_run.ICOUNT
    return MachineSpec("pvh", image, token, cmdline=cmdline, icount=icount, limits=limits)


def _boot(made: MachineSpec, label: str, folder: Path) -> Trial:
    with Guest(made) as guest:
        guest.progress = kernel_run.Count(guest)
        kernel_run.finish(guest)
        trial = trial_of(label, guest.transcript, guest.failure)
    save_logs(guest, folder)
    return trial


def trial_of(label: str, log: kernel_run.Transcript, failure: Callable[[str], Failure]) -> Trial:
    """Read what a kernel said."""
    failed = [test for test in log.tests.values() if test.passed is False]
    count = len(log.ended)
    if failed:
        first = kernel_run.to_failure(failed[0])
        first.fact = f"{failed[0].name}: {first.fact}"
        return Trial(label, count, first)
    if log.running is not None or not log.done:
        name = log.running.name if log.running else "the test"
        stopped = failure(f"{name} runs to its end")
        return Trial(label, count, stopped, ended=False)
    return Trial(label, count, None)


def table(found: Sequence[Trial]) -> str:
    """What each object gave."""
    return "\n".join(f"{one.label}: {one.words}" for one in found)


def judge(claim: str, found: Sequence[Trial]) -> None:
    """Whether so many were caught; nothing counts that fails on the reference, too."""
    reference, *objects = found
    if reference.failure is not None:
        wrong = reference.failure
        raise Failure(
            f"the test fails on the reference, where it should pass: {wrong.fact}",
            expected=wrong.expected,
            seen=wrong.seen,
            where=wrong.where,
            detail=wrong.detail,
        )
    if not reference.tests:
        raise Failure("the file has a test", expected="KTEST(a_claim) { ... }", seen="no KTEST")
    wanted = next(count for count, name in CLAIMS.items() if name == claim)
    caught = sum(one.failure is not None for one in objects)
    if caught < wanted:
        raise Failure(
            f"the test catches {caught} of {len(objects)} broken objects",
            expected=f"it fails on at least {wanted} of them, and passes on the reference",
            seen=f"{len(objects) - caught} of them pass it",
            hint="what does the contract say that no expect_* of yours would notice?",
            detail=table(found),
        )
