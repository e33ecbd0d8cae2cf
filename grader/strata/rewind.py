# SPDX-License-Identifier: MIT
"""The verb rewind: a graded run, recorded and opened in GDB at its failure.

From there `reverse-stepi`, `reverse-step`, `reverse-continue` and watchpoints lead back
to the cause. What cannot be recorded is offered to `make debug`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Callable, Mapping

from .debug import find_gdb, gdb_flags, load_test, recorded_given, recorded_stage
from .debug import build_for as _build
from .debuggee import GDB_FILE
from .discover import Case, at_stage, kernel_tests, too_many
from .elf import is_elf64, read_symbols
from .errors import Failure, MachineError, NotJudged, StrataError, UsageError
from .fixture import Machine, Variant
from .grade import Request, lab_seed, request
from .kernel_run import finish, options
from .lab import Lab
from .machine import Guest
from .planning import test_seed
from .plugin import kernel_spec
from .recorder import NotRecorded, RecordedGuest, Typed
from .rr import Recording, why_not
from .spec import MachineSpec
from .time_machine import TimeMachine

__all__ = ["Rewound", "main", "record"]

# The first of these that is reached is the failure; without one, the run's own end.
_FAILURES = ("diagnostic_begin", "panic_with", "todo_reached")
_END = "verdict_exit"
_SLOW_S = 2.0
_LENGTH_MAX = 1_000_000_000  # each way back would take a minute


def main(_words: list[str]) -> int:
    """Record the run of TEST and open GDB in it."""
    gdb = find_gdb()
    if gdb is None:
        raise StrataError("gdb is not installed; see `make doctor`")
    extra = gdb_flags(os.environ.get("GDBFLAGS", ""))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as Ctrl-C: tidy up first
    with record(os.environ) as run:
        run.stand()
        print(run.told, flush=True)
        words = run.gdb_words(gdb)
        old = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is GDB's
        try:
            return subprocess.run([*words, *extra], check=False).returncode
        finally:
            signal.signal(signal.SIGINT, old)


def record(environment: Mapping[str, str]) -> Rewound:
    """Record the run that TEST names."""
    asked, case, lab, given = _asked(environment)
    folder = Path(tempfile.mkdtemp(prefix="rewind"))
    try:
        images = _build(asked, asked.stage_of(lab), given, case)
        began = time.monotonic()
        if case.kind == "outside":
            recording = _record_outside(asked, case, lab, given, images, folder)
        else:
            image = images / at_stage(case.images[0], asked.stage_of(lab).number)
            everything = kernel_tests(asked.course, asked.stage_of(lab).number)
            cmdline, _ = options([case.name], everything, lab_seed(asked, lab))
            recording = _record(kernel_spec(image, cmdline, lab_seed(asked, lab), 1), case, folder)
        took = time.monotonic() - began
        told = f"{case.id}: {case.title}\n  with {', '.join(sorted(given)) or 'nothing'} given"
        return Rewound(
            recording,
            folder,
            _offer(case),
            f"{told}\n  recorded in {took:.1f} s: {recording.ended}",
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _asked(environment: Mapping[str, str]) -> tuple[Request, Case, Lab, frozenset[str]]:
    if not environment.get("TEST"):
        raise UsageError("rewind takes a test of the last `make grade`: make rewind TEST=...")
    asked = request(environment, "rewind")
    exact = tuple(case for case in asked.cases if case.id == environment["TEST"])
    asked = replace(asked, cases=exact or asked.cases)
    if len(asked.cases) != 1:
        raise too_many("rewind", asked.cases, environment["TEST"])
    case = asked.cases[0]
    if case.kind not in ("kernel", "outside"):
        raise UsageError(f"{case.id} is no single run: {_offer(case)}")
    lab = asked.course.lab(case.lab)
    verb = "grade" if case.exercise else "provided"
    last = asked.out.parent / verb / "results.json"
    if not last.with_name("plan.json").exists():
        raise UsageError(f"nothing was graded yet: make {verb} TEST={case.id}")
    given = asked.solved if environment.get("SOLVED") else recorded_given(last, case.id)
    if not case.exercise and not environment.get("SOLVED"):
        given = asked.course.pick_exercises("all")  # as `make provided` does
    if not environment.get("STAGE"):
        asked = replace(asked, stage=recorded_stage(last, asked.course, lab))
    return asked, case, lab, given


def _offer(case: Case) -> str:
    return f"take make debug TEST={case.id}: the same machine and seed each time"


def _record(spec: MachineSpec, case: Case, folder: Path) -> Recording:
    """A run that needs nobody but itself."""
    guest = _start(spec, case, folder, False, False)
    with guest:
        finish(guest)
    return guest.recording


def _start(spec: MachineSpec, case: Case, folder: Path, paused: bool, waits: bool) -> RecordedGuest:
    reason = why_not(spec)
    if reason:
        raise StrataError(f"{case.id} cannot be recorded, {reason}: {_offer(case)}")
    try:
        return RecordedGuest(spec, folder, paused, waits)
    except MachineError as error:
        raise StrataError(f"QEMU does not record {case.id} ({error}): {_offer(case)}") from None


class _Recorded(Machine):
    """Every boot of an outside test is recorded; the last one is the one that fails."""

    case: Case
    waits = False

    def start(self, spec: MachineSpec, paused: bool) -> Guest:
        """A recorded guest."""
        folder = self.folder / f"rr{len(self.guests)}"
        folder.mkdir()
        return _start(spec, self.case, folder, paused, self.waits or spec.door != "pvh")


def _record_outside(
    asked: Request, case: Case, lab: Lab, given: frozenset[str], images: Path, folder: Path
) -> Recording:
    """Run the test's Python; its last boot is kept.

    First by the clock of the graded run, which jumps while the CPU sleeps. A test that types
    is run again with one that waits.
    """
    test = load_test(asked.course.tree, case)
    stage = asked.stage_of(lab).number
    variant = Variant(asked.course.tree, lab.number, stage, tuple(sorted(given)), images)
    seed = test_seed(lab_seed(asked, lab), case.id)
    try:
        try:
            return _run_recorded(test, variant, seed, folder / "1", case, False)
        except Typed:
            return _run_recorded(test, variant, seed, folder / "2", case, True)
    except NotRecorded as error:
        raise StrataError(f"{case.id} cannot be recorded, {error}: {_offer(case)}") from None
    except NotJudged as error:
        raise StrataError(f"{case.id} is not judged here: {error}") from None


def _run_recorded(
    test: Callable[[Machine], object],
    variant: Variant,
    seed: int,
    folder: Path,
    case: Case,
    waits: bool,
) -> Recording:
    folder.mkdir()
    machine = _Recorded(variant, seed, folder)
    machine.case, machine.waits = case, waits
    try:
        test(machine)
    except Failure as failure:
        print(f"  {failure.fact}")
    finally:
        for guest in machine.guests:
            guest.close()
    if not machine.guests:
        raise StrataError(f"{case.id} boots no machine")
    last = machine.guests[-1]
    assert isinstance(last, RecordedGuest)
    return last.recording


@dataclass
class Rewound:
    """A recorded run with its place in time; a context manager, which ends it."""

    recording: Recording
    folder: Path
    offer: str
    told: str

    def __post_init__(self) -> None:
        self.elf = self.recording.elf
        self._machine: TimeMachine | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Rewound:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._machine is not None:
            self._machine.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def gdb_socket(self) -> Path:
        """Where GDB connects."""
        return self.folder / "gdb"

    def stand(self) -> None:
        """Replay up to the failure, and listen for GDB."""
        try:
            self._stand()
        except (EOFError, OSError) as error:
            raise StrataError(f"the replay goes another way than the run: {self.offer}") from error
        except StrataError as error:
            raise StrataError(f"{error}: {self.offer}") from None
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.gdb_socket))
        listener.listen(1)
        self._thread = threading.Thread(target=self._serve, args=(listener,), daemon=True)
        self._thread.start()

    def _stand(self) -> None:
        known = read_symbols(self.elf).by_name if is_elf64(self.elf) else {}
        machine = self._machine = TimeMachine(self.recording)
        if not machine.length and machine.to_first(_places(known, _END), last=True) >= 0:
            machine.end_here()
        if machine.length > _LENGTH_MAX:
            raise StrataError(f"the run is too long to go back in: {machine.length} instructions")
        began = time.monotonic()
        machine.to_end()  # a replay that does not get there is none
        took = time.monotonic() - began
        at = machine.to_first(_places(known, *_FAILURES))
        where = "where it fails" if at >= 0 else "at its end"
        if at < 0:
            at = machine.to_end()
        self.told += f"\n  {where}: instruction {at} of {machine.length}"
        if took > _SLOW_S:
            self.told += f"\n  a long run: each way back takes about {2 * took:.0f} s"

    def _serve(self, listener: socket.socket) -> None:
        assert self._machine is not None
        with listener:
            try:
                self._machine.serve(listener)
            except (OSError, EOFError, StrataError) as error:
                print(f"rewind: {error or 'the replay has ended'}", flush=True)

    def gdb_words(self, gdb: str) -> list[str]:
        """GDB's command line."""
        words = [gdb, "-q", "-ex", "set confirm off", "-ex", "set pagination off"]
        words += ["-ex", f"source {GDB_FILE}", "-ex", f"target remote {self.gdb_socket}"]
        return [*words, str(self.elf)] if is_elf64(self.elf) else words


def _places(known: Mapping[str, int], *names: str) -> list[int]:
    return [known[name] for name in names if name in known]
