# SPDX-License-Identifier: MIT
"""One pytest session in this process, with workers when there is work for them."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from .errors import StrataError
from .record import BROKEN, Plan, Result

__all__ = ["run_session"]

_QUIET: tuple[str, ...] = (
    "cacheprovider",
    "logging",
    "doctest",
    "unittest",
    "nose",
    "junitxml",
    "pastebin",
)
_QUIET += ("faulthandler", "warnings", "terminalreporter", "setuponly", "setupplan", "stepwise")


class _Collector:
    """Takes results from pytest's reports and shows how far it is."""

    def __init__(self, plan: Plan, into: dict[str, Result]) -> None:
        self._into = into
        self._total = len(plan.tests)
        self._show = sys.stderr.isatty() and not os.environ.get("PLAIN")
        self._stream = sys.stderr
        self.trouble: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A test (or its set-up, or its clean-up) ended."""
        found = [value for name, value in report.user_properties if name == "strata"]
        for data in found:
            result = Result.of(data)
            known = self._into.get(result.id)
            if known is None or known.passed:
                self._into[result.id] = result
        if not found and report.outcome == "failed":
            self.trouble.append(f"{report.nodeid}: {str(report.longrepr).strip()[-400:]}")
        if self._show:
            self._stream.write(f"\r  {len(self._into)} of {self._total} tests \r")
            self._stream.flush()

    def pytest_collectreport(self, report: Any) -> None:
        """A file of tests could not be read."""
        if report.outcome == "failed":
            text = str(report.longrepr).strip().splitlines()
            self.trouble.append(f"{report.nodeid}: {text[-1] if text else 'cannot be read'}")


def run_session(plan: Plan, path: Path, jobs: int, into: dict[str, Result]) -> None:
    """Run a plan's tests."""
    import pytest

    collector = _Collector(plan, into)
    noise = StringIO()
    with redirect_stdout(noise), redirect_stderr(noise):
        code = pytest.main(_arguments(plan, path, jobs), plugins=[collector])
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        raise StrataError(f"pytest stopped: {noise.getvalue().strip()[-600:]}")
    for planned in plan.tests:
        if planned.id not in into:
            about = [text for text in collector.trouble if planned.file in text]
            why = next(iter(about or collector.trouble), "pytest did not run it")
            into[planned.id] = Result(planned.id, BROKEN, f"the test could not run: {why}")


def _arguments(plan: Plan, path: Path, jobs: int) -> list[str]:
    files = list(dict.fromkeys(planned.file for planned in plan.tests))
    words = ["-q", "-p", "strata.plugin", "--import-mode=importlib", f"--strata-plan={path}"]
    words += [f"--rootdir={plan.tree}", "-c", os.devnull, "--capture=no", "--tb=no"]
    for name in _QUIET:
        words += ["-p", f"no:{name}"]
    units = len({one.images for one in plan.tests if one.kind == "kernel"})
    units += sum(one.kind == "outside" for one in plan.tests)
    if min(jobs, units) > 1:
        words += ["-p", "xdist", "-n", str(min(jobs, units)), "--dist=loadgroup"]
    return words + [os.path.join(plan.tree, file) for file in files]
