# SPDX-License-Identifier: MIT
"""What takes long: repeated grades, also under load; the cross toolchain."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from conftest import run
from test_grading import results

pytestmark = pytest.mark.long
RUNS = 5


def load() -> list[subprocess.Popen[bytes]]:
    """A busy loop for each processor."""
    words = ["sh", "-c", "while :; do :; done"]
    return [subprocess.Popen(words) for _ in range(os.cpu_count() or 1)]


@pytest.mark.parametrize("loaded", [False, True], ids=["idle", "loaded"])
def test_five_grades_in_a_row_have_one_result(clone: Path, loaded: bool) -> None:
    """results.json is the same each time, on an idle machine and under load on all cores."""
    found = []
    others = load() if loaded else []
    try:
        for _ in range(RUNS):
            done = run(["make", "grade", "SOLVED=all"], cwd=clone)
            assert done.returncode == 0, done.stdout[-3000:]
            found.append(results(clone / "build"))
    finally:
        for other in others:
            other.kill()
    assert all(one == found[0] for one in found)


def test_the_cross_toolchain_is_built_and_grades_the_solution(clone: Path) -> None:
    """make toolchain, then a grade with it; TOOLCHAIN= names a folder to keep it in."""
    folder = os.environ.get("TOOLCHAIN") or str(clone.parent / "toolchain")
    done = run(["make", "toolchain", f"TOOLCHAIN={folder}"], cwd=clone, timeout=5000)
    assert done.returncode == 0, done.stdout[-3000:]
    words = ["make", "grade", "SOLVED=all", f"CROSS={folder}/bin/x86_64-elf-"]
    done = run(words, cwd=clone)
    assert done.returncode == 0, done.stdout[-3000:]
    shown = run([f"{folder}/bin/x86_64-elf-gcc", "-dumpmachine"]).stdout
    assert re.match(r"x86_64-elf$", shown.strip())
