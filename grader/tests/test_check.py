# SPDX-License-Identifier: MIT
"""What `make check` makes of pytest's reports."""

from __future__ import annotations

from strata.check import Count, count_junit, count_lines, times_of

REPORT = """<testsuites><testsuite tests="3" failures="1" errors="0" skipped="1">
<testcase classname="a" name="test_quick" time="0.014"/>
<testcase classname="a" name="test_slow[0.1]" time="12.5"><failure/></testcase>
<testcase classname="a" name="test_left_out"/>
</testsuite></testsuites>"""


def test_what_is_skipped_is_no_proof() -> None:
    assert count_junit(REPORT) == Count(1, 1)


def test_times_are_kept_by_test() -> None:
    assert times_of(REPORT) == {"test_quick": 0.01, "test_slow[0.1]": 12.5, "test_left_out": 0.0}


def test_a_run_without_a_count_has_failed() -> None:
    assert count_lines("3 passed, 0 failed\n", 0) == Count(3, 0)
    assert count_lines("3 passed, 0 failed\n", 2) == Count(3, 1)
    assert count_lines("Traceback", 1) == Count(0, 1)
