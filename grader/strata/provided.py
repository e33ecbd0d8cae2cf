# SPDX-License-Identifier: MIT
"""The verb provided: tests of provided code, on the finished stages; part of make check."""

from __future__ import annotations

from typing import Mapping

from .grade import image_names, planned, request, run_plan
from .guard import hold
from .build import Builder
from .errors import BuildError
from .record import FAILED, NOT_JUDGED, Result

__all__ = ["run_provided"]


def run_provided(environment: Mapping[str, str]) -> int:
    """Run all tests without an exercise; ends with `N passed, N failed`."""
    asked = request({"SOLVED": "all", **environment}, "provided", provided=True)
    builder = Builder(asked.course, asked.jobs)
    found: dict[str, Result] = {}
    with hold(asked.out):
        for lab in asked.labs:
            stage = asked.stage_of(lab)
            names = image_names([one for one in asked.cases if one.lab == lab.number], stage)
            failed = builder.images(stage, asked.solved, names) if names else None
            if failed is not None:
                raise BuildError("the build failed:\n" + failed.log[-2000:])
        plan = planned(asked, builder, {case: asked.solved for case in asked.cases}, "")
        run_plan(plan, asked.out / "plan.json", asked.jobs, found)
    failures = [one for one in found.values() if not one.passed and one.status != NOT_JUDGED]
    for result in found.values():
        if not result.passed:
            where = " on this machine" if result.status == NOT_JUDGED else ""
            print(f"{result.status}{where}: {result.id}")
            print("\n".join(f"  {line}" for line in result.lines()))
        if result.status == FAILED:
            back = "" if result.unrecorded else f" or make rewind TEST={result.id}"
            print(f"  debug:    make debug TEST={result.id}{back}")
    print(f"{sum(one.passed for one in found.values())} passed, {len(failures)} failed")
    return 1 if failures else 0
