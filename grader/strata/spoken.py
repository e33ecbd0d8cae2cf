# SPDX-License-Identifier: MIT
"""A pytest plugin for PLAIN=1: no row of dots; what failed is said in words at the end."""

from __future__ import annotations

import pytest

__all__ = ["pytest_report_teststatus"]


@pytest.hookimpl(tryfirst=True)  # type: ignore[misc]
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str]:
    """The kind of result for the counts, and no letter for it."""
    called = report.when == "call"
    if report.failed:
        return "failed" if called else "error", "", "FAILED" if called else "ERROR"
    if report.skipped:
        return "skipped", "", "SKIPPED"
    return "passed" if called else "", "", ""
