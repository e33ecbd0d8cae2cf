# SPDX-License-Identifier: MIT
"""A guest's time: its parts, and which of QEMU's pauses is the watchdog's of now."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from strata.budget import Budget

PORT = re.compile(r"o /b 0x443 (0x[0-9a-f]+)")


def event(name: str, after: float = 0.0) -> dict[str, Any]:
    """What QEMU says, some seconds after now."""
    when = time.time() + after
    stamp = {"seconds": int(when), "microseconds": int(when % 1 * 1e6)}
    return {"event": name, "timestamp": stamp}


def seconds(line: str) -> int:
    """What the watchdog is armed with."""
    found = PORT.fullmatch(line)
    assert found
    return (15 - int(found[1], 16)) * 2


@pytest.mark.parametrize(
    "virtual_s,parts", [(0.1, [2]), (2, [2]), (2.5, [2]), (3, [4]), (30, [30]), (71, [30, 30, 12])]
)
def test_a_budget_is_given_in_parts(virtual_s: float, parts: list[int]) -> None:
    budget = Budget(virtual_s)
    given = [seconds(budget.begin())]
    while not budget.is_spent:
        given.append(seconds(budget.next_part()))
    assert given == parts


@pytest.mark.parametrize("stopped,its_own", [(False, "STOP"), (True, "WATCHDOG")])
def test_only_one_of_the_two_events_counts(stopped: bool, its_own: str) -> None:
    for name in ("STOP", "WATCHDOG"):
        budget = Budget(2)
        budget.begin()
        assert not budget.take_pause(event(name, 1.0), stopped)
        assert budget.paused == (name == its_own)


def test_a_pause_from_before_is_of_the_budget_before() -> None:
    budget = Budget(2)
    budget.begin()
    assert budget.take_pause(event("STOP", -1.0), False)
    assert not budget.paused


def test_a_pause_before_the_answer_is_of_the_budget_before() -> None:
    budget = Budget(2)
    budget.begin(7)
    assert budget.take_pause(event("STOP", 1.0), False)
    assert not budget.take_answer(6) and budget.take_answer(7)
    assert not budget.take_pause(event("STOP", 1.0), False)
    assert budget.paused


def test_a_second_event_changes_nothing() -> None:
    budget = Budget(2)
    budget.begin()
    budget.take_pause(event("STOP", 1.0), False)
    assert not budget.take_pause(event("STOP", -1.0), False)
    assert budget.paused
