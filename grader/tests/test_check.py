# SPDX-License-Identifier: MIT
"""What `make check` makes of pytest's reports."""

from __future__ import annotations

from strata.check import Count, closing_lines, count_junit, count_lines, times_of

REPORT = """<testsuites><testsuite tests="3" failures="1" errors="0" skipped="1">
<testcase classname="a" name="test_quick" time="0.014"/>
<testcase classname="a" name="test_slow[0.1]" time="12.5"><failure/></testcase>
<testcase classname="a" name="test_left_out"/>
</testsuite></testsuites>"""


PROVIDED = """\
failed: boot.log.records_are_kept
  expected: 3
  seen: 2
  debug:    make debug TEST=boot.log.records_are_kept
broken: boot.doors.all_doors: it
broken: boot.doors.all_doors
  the test could not run: no
not judged on this machine: boot.doors.uefi
5 passed, 2 failed
"""


def test_what_is_skipped_is_no_proof() -> None:
    assert count_junit(REPORT) == Count(1, 1, ("a.py::test_slow[0.1]",))


def test_what_failed_is_named_above_the_count() -> None:
    """Of every part; also a part that ended without saying which test."""
    parts = count_junit(REPORT) + count_lines(PROVIDED, 1, "lab 0") + count_lines("", 3, "lab 1")
    assert closing_lines(parts) == [
        "what failed:",
        "  a.py::test_slow[0.1]",
        "  lab 0: boot.log.records_are_kept",
        "  lab 0: boot.doors.all_doors",
        "  lab 1: it ended with status 3 and no count",
        "6 passed, 4 failed",
    ]
    assert closing_lines(Count(2, 0)) == ["2 passed, 0 failed"]


def test_times_are_kept_by_test() -> None:
    assert times_of(REPORT) == {"test_quick": 0.01, "test_slow[0.1]": 12.5, "test_left_out": 0.0}


def test_a_run_without_a_count_has_failed() -> None:
    assert count_lines("3 passed, 0 failed\n", 0) == Count(3, 0)
    ended = count_lines("3 passed, 0 failed\n", 2)
    assert (ended.passed, ended.failed) == (3, 1) and "status 2" in ended.names[0]
    lost = count_lines("Traceback", 1)
    assert (lost.passed, lost.failed) == (0, 1) and "status 1" in lost.names[0]
