# SPDX-License-Identifier: MIT
"""What an outside test imports: `from strata.api import judges, Machine`."""

from __future__ import annotations

from typing import Any, Callable, Sequence, TypeVar

from .ends import EXIT_FAIL, EXIT_LOADER, EXIT_OK, EXIT_PANIC, EXIT_TODO, End
from .fixture import Machine
from .errors import Failure, GuestEnded, NotJudged
from .machine import Guest
from .spec import Limits

__all__ = [
    "EXIT_FAIL",
    "EXIT_LOADER",
    "EXIT_OK",
    "EXIT_PANIC",
    "EXIT_TODO",
    "End",
    "Failure",
    "Guest",
    "GuestEnded",
    "Limits",
    "Machine",
    "NotJudged",
    "expect",
    "expect_eq",
    "judges",
]

_Test = TypeVar("_Test", bound=Callable[..., None])


def judges(
    *,
    exercise: str,
    weight: int = 1,
    needs: Sequence[str] = (),
    plain: bool = False,
    images: Sequence[str] = (),
) -> Callable[[_Test], _Test]:
    """Say which exercise a test judges; the grader reads this from the source.

    needs   other exercises that the test goes through (theirs are added by itself)
    plain   the plain case, worth 40-60 % of the exercise together with its like
    images  what it boots, where the grader cannot see it in the function's text
    """

    def mark(test: _Test) -> _Test:
        setattr(test, "judges", {"exercise": exercise, "weight": weight, "plain": plain})
        setattr(test, "judged_with", (tuple(needs), tuple(images)))
        return test

    return mark


def expect(holds: object, fact: str, *, seen: object = "", where: str = "", hint: str = "") -> None:
    """Fail with a fact unless something holds. where: a file to look at; default: the test."""
    if not holds:
        raise Failure(fact, seen=_show(seen), where=where, hint=hint)


def expect_eq(
    seen: object, expected: object, fact: str, *, where: str = "", hint: str = ""
) -> None:
    """Fail unless two values are the same; both are shown. where: as of expect."""
    if seen != expected:
        raise Failure(fact, expected=_show(expected), seen=_show(seen), where=where, hint=hint)


def _show(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        return value if isinstance(value, str) else repr(value)
    return f"{value} ({value:#x})"
