# SPDX-License-Identifier: MIT
"""The verb challenge: a lab's tests that nobody is marked by (labN-*/challenges)."""

from __future__ import annotations

import os
from typing import Mapping

from .build import Builder
from .discover import Case, pick, read_outside_tests
from .errors import BuildError, StrataError
from .grade import Request, image_names, planned, request, run_plan
from .guard import hold
from .record import Result

__all__ = ["challenges", "main"]

_IMAGES = ("mbr.bin", "loader.bin", "loader.elf")


def challenges(asked: Request) -> list[Case]:
    """The tests in the labs' folders, in the order of their files."""
    cases: list[Case] = []
    for lab in asked.labs:
        for path in sorted((lab.folder / "challenges").glob("test_*.py")):
            file = path.relative_to(asked.course.tree).as_posix()
            cases += read_outside_tests(lab, path, file, path.read_text(encoding="utf-8"))
    return cases


def _run(environment: Mapping[str, str]) -> int:
    asked = request({**environment, "TEST": "", "EX": ""}, "challenge")
    cases = pick(challenges(asked), environment.get("TEST", ""))
    if not cases:
        raise StrataError("there are no challenges in these labs")
    builder = Builder(asked.course, asked.jobs)
    found: dict[str, Result] = {}
    with hold(asked.out):
        for lab in asked.labs:
            stage = asked.stage_of(lab)
            booted = image_names([case for case in cases if case.lab == lab.number], stage)
            failed = builder.images(stage, asked.solved, (*_IMAGES, *sorted(booted)))
            if failed is not None:
                raise BuildError("the build failed:\n" + failed.log[-2000:])
        plan = planned(asked, builder, {case: asked.solved for case in cases}, "")
        run_plan(plan, asked.out / "plan.json", asked.jobs, found)
    for case in cases:
        result = found[case.id]
        print(f"{result.status}: {case.id}: {case.title}")
        if not result.passed:
            print("\n".join(f"  {line}" for line in result.lines()))
    met = sum(found[case.id].passed for case in cases)
    print(f"{met} of {len(cases)} claims hold (no marks)")
    return 0 if met == len(cases) else 1


def main(_words: list[str]) -> int:
    """Run them; 0 if all hold."""
    return _run(os.environ)
