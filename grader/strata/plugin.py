# SPDX-License-Identifier: MIT
"""The pytest plugin: runs a plan's tests and tells what became of each.

With --strata-plan=FILE only the plan's tests run: functions of test_*.py files with
the `machine` fixture, and KTESTs of *_test.c files, which all run in as few boots as
possible, in one worker. Results travel as user properties, so that xdist carries them.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generator, Iterator

import pytest

from . import forms, kernel_run
from .errors import Failure, GuestEnded, NotJudged, QemuMissing, QemuTooOld, StrataError, os_trouble
from .fixture import Machine, Variant, save_logs
from .machine import Guest
from .record import BROKEN, FATAL, FAILED, NOT_JUDGED, PASSED, Plan, Planned, Result
from .spec import Limits, MachineSpec
from .trials import Trial

__all__ = ["StrataPlugin"]

_KEY = pytest.StashKey[Planned]()
_PLUGIN = "strata-plan"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one option."""
    parser.addoption("--strata-plan", default="", help="a plan of the grader")


def pytest_configure(config: pytest.Config) -> None:
    """Take over when there is a plan."""
    path = config.getoption("--strata-plan")
    if path and not config.pluginmanager.has_plugin(_PLUGIN):
        plan = Plan.load(Path(path))
        for folder in {str(Path(plan.tree, one.file).parent) for one in plan.tests}:
            sys.path.append(folder)  # helpers that stand beside the tests
        config.pluginmanager.register(StrataPlugin(plan), _PLUGIN)


@pytest.fixture
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Boots guests; ends them with the test."""
    planned = request.node.stash.get(_KEY, None)
    if planned is None:
        pytest.skip("run by the grader: make grade")
    plugin = request.config.pluginmanager.get_plugin(_PLUGIN)
    made = Machine(_variant(plugin.plan, planned), planned.seed, Path(planned.folder))
    made.folder.mkdir(parents=True, exist_ok=True)
    try:
        yield made
    finally:
        made.close()


class KernelFile(pytest.File):
    """The tests of one file, no Python, that the plan wants."""

    def collect(self) -> Iterator[KernelItem | FormItem]:
        """One item a test."""
        plugin: StrataPlugin = self.config.pluginmanager.get_plugin(_PLUGIN)
        for planned in plugin.of_file(self.path):
            kind = KernelItem if planned.kind == "kernel" else FormItem
            yield kind.from_parent(self, name=planned.name)


class KernelItem(pytest.Item):
    """One KTEST."""

    def runtest(self) -> None:
        """Take this test's outcome from its variant's run."""
        plugin: StrataPlugin = self.config.pluginmanager.get_plugin(_PLUGIN)
        outcome = plugin.kernel_outcome(self.stash[_KEY])
        if outcome.failure is not None:
            raise outcome.failure

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """For pytest's own words."""
        return self.path, None, self.name


class FormItem(pytest.Item):
    """A test that an exercise has by its form."""

    def runtest(self) -> None:
        """Judge it in this process."""
        plugin: StrataPlugin = self.config.pluginmanager.get_plugin(_PLUGIN)
        forms.judge(self.stash[_KEY], Path(plugin.plan.tree), plugin.trials)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """For pytest's own words."""
        return self.path, None, self.name


class StrataPlugin:
    """Hooks that need the plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.trials: dict[str, list[Trial]] = {}
        self._children_s = 0.0
        self._outcomes: dict[tuple[int, int, tuple[str, ...]], dict[str, kernel_run.Outcome]] = {}
        self._by_file: dict[str, list[Planned]] = {}
        for planned in plan.tests:
            path = os.path.realpath(os.path.join(plan.tree, planned.file))
            self._by_file.setdefault(path, []).append(planned)

    def of_file(self, path: Path) -> list[Planned]:
        """The plan's tests in a file."""
        return self._by_file.get(os.path.realpath(path), [])

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> KernelFile | None:
        """In-kernel tests are items too, and those of an exercise's form."""
        if file_path.suffix != ".py" and self.of_file(file_path):
            file: KernelFile = KernelFile.from_parent(parent, path=file_path)
            return file
        return None

    @pytest.hookimpl(tryfirst=True)  # type: ignore[misc]
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Only the plan's tests, each knowing its line of the plan."""
        kept = []
        for item in items:
            name = getattr(item, "originalname", None) or item.name
            match = next((one for one in self.of_file(item.path) if one.name == name), None)
            if match is None:
                continue
            item.stash[_KEY] = match
            if match.kind == "kernel":
                group = f"kernel-{match.lab}-{match.stage}-{'+'.join(match.given)}"
                item.add_marker(pytest.mark.xdist_group(group))
            if match.kind == "test":
                item.add_marker(pytest.mark.xdist_group(f"trials-{match.exercise}"))
            kept.append(item)
        items[:] = sorted(kept, key=lambda item: -item.stash[_KEY].cost)

    @pytest.hookimpl(hookwrapper=True)  # type: ignore[misc]
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, None]:
        """Hang our record on pytest's report."""
        outcome = yield
        report: pytest.TestReport = outcome.get_result()
        planned = item.stash.get(_KEY, None)
        if planned is None or (report.when != "call" and call.excinfo is None):
            return
        result = _result(planned, call, item)
        result.unrecorded = _unrecorded(planned, item)
        result.seconds = report.duration
        result.qemu_s = self._guests_time()
        report.user_properties = [("strata", asdict(result))]
        report.longrepr = None
        report.sections = []

    def _guests_time(self) -> float:
        """Processor time of the guests that ended since the last call; they are our children."""
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        before, self._children_s = self._children_s, usage.ru_utime + usage.ru_stime
        return self._children_s - before

    def kernel_outcome(self, planned: Planned) -> kernel_run.Outcome:
        """The outcome of one KTEST; the first of a variant runs them all."""
        key = (planned.lab, planned.stage, planned.given)
        if key not in self._outcomes:
            self._outcomes[key] = self._run_kernel(key)
        outcome = self._outcomes[key][planned.name]
        folder = Path(planned.folder)
        if outcome.guest is not None:
            save_logs(outcome.guest, folder)
        return outcome

    def _run_kernel(self, key: tuple[int, int, tuple[str, ...]]) -> dict[str, kernel_run.Outcome]:
        mine = [
            one
            for one in self.plan.tests
            if one.kind == "kernel" and (one.lab, one.stage, one.given) == key
        ]
        first = mine[0]
        image = Path(first.images) / f"stage{first.stage}-test.stripped.elf"
        everything = self.plan.kernel_tests.get(str(first.stage), ())
        boots = [0]
        marked = all(one.exercise for one in mine)

        def boot(cmdline: str) -> Guest:
            boots[0] += 1
            return Guest(kernel_spec(image, cmdline, first.seed, boots[0], marked))

        run = kernel_run.KernelRun(boot, everything, first.seed)
        return kernel_run.run_all(run, [one.name for one in mine])


def kernel_spec(
    image: Path, cmdline: str, seed: int, boot: int, marked: bool = True
) -> MachineSpec:
    """The machine of in-kernel tests; marked: none of them judges provided code."""
    token = f"{(seed * 2654435761 + boot) & 0xFFFFFFFF or 1:08x}"
    budget_s = kernel_run.VIRTUAL_S if marked else kernel_run.VIRTUAL_PROVIDED_S
    limits = Limits(virtual_s=budget_s)
    icount = kernel_run.ICOUNT
    return MachineSpec("pvh", image, token, cmdline=cmdline, icount=icount, limits=limits)


def _variant(plan: Plan, planned: Planned) -> Variant:
    return Variant(Path(plan.tree), planned.lab, planned.stage, planned.given, Path(planned.images))


def _result(planned: Planned, call: pytest.CallInfo[None], item: pytest.Item) -> Result:
    made = Result(planned.id, PASSED, given=planned.given)
    if call.excinfo is None:
        return made
    error = call.excinfo.value
    if isinstance(error, Failure):
        made.status, made.fact = FAILED, error.fact
        made.expected, made.seen, made.where = error.expected, error.seen, error.where
        made.hint, made.detail = error.hint, error.detail
        made.ended = isinstance(error, GuestEnded)
        if not made.where and planned.kind == "outside":
            made.where = _where(call, item, planned)
    elif isinstance(error, NotJudged):
        made.status, made.fact = NOT_JUDGED, str(error)
    elif isinstance(error, (StrataError, OSError)):
        made.status = FATAL if _is_fatal(error) else BROKEN
        made.fact = os_trouble(error) if isinstance(error, OSError) else str(error)
    elif isinstance(error, AssertionError):
        lines = str(error).splitlines() or ["the claim does not hold"]
        made.status, made.fact = FAILED, lines[0]
        made.detail, made.where = "\n".join(lines[1:]), _where(call, item, planned)
    else:
        made.status, made.fact = FAILED, f"the test stopped: {type(error).__name__}: {error}"
        made.where = _where(call, item, planned)
    return made


def _unrecorded(planned: Planned, item: pytest.Item) -> str:
    """Why `make rewind` would refuse this test; "" if it would not."""
    if planned.kind not in ("kernel", "outside"):
        return "it is no single run"
    machine = getattr(item, "funcargs", {}).get("machine")
    guests = machine.guests if machine is not None else []
    if planned.kind == "outside" and not guests:
        return "it boots no machine"
    return next((guest.unrecorded for guest in guests if guest.unrecorded), "")


def _is_fatal(error: Exception) -> bool:
    """Whether no other test can fare better."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EROFS, errno.EDQUOT)
    return isinstance(error, (QemuMissing, QemuTooOld))


def _where(call: pytest.CallInfo[None], item: pytest.Item, planned: Planned) -> str:
    """The last line of the test's own file that was on the way."""
    assert call.excinfo is not None
    line = 0
    for entry in call.excinfo.traceback:
        if os.path.realpath(str(entry.path)) == os.path.realpath(item.path):
            line = entry.lineno + 1
    return f"{planned.file}:{line}" if line else planned.file
