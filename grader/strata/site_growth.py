# SPDX-License-Identifier: MIT
"""How the kernel grows: lines of each lab, size and boot of each stage, measured now."""

from __future__ import annotations

import html
import importlib.util
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from .bench import Bench
from .build import Builder
from .errors import BuildError
from .lab import Course, Lab
from .markers import reading

__all__ = ["Lines", "Stage", "growth_page", "lines_of", "measure"]

_KINDS = {
    "C": (".c",),
    "headers": (".h",),
    "assembly": (".asm", ".inc"),
}
_ROAD = "lab0-boot/tests/bench_boot.py"


@dataclass(frozen=True)
class Lines:
    """Lines of a lab's kernel and loader by kind, and of its tests."""

    lab: Lab
    kernel: dict[str, int]
    tests: int

    @property
    def total(self) -> int:
        """Without the tests."""
        return sum(self.kernel.values())


@dataclass(frozen=True)
class Stage:
    """A release image, as it is here."""

    lab: Lab
    file_bytes: int
    memory_bytes: int
    boot: dict[str, int]  # instructions by what they are


def lines_of(course: Course, lab: Lab) -> Lines:
    """Counted in the tree; exercises as they are solved, where there are solutions."""
    solved = {one.file for one in lab.exercises} if course.has_solutions else set()
    kernel = dict.fromkeys(_KINDS, 0)
    tests = 0
    for path in sorted(lab.folder.rglob("*")):
        name = path.relative_to(lab.folder).as_posix()
        if name.startswith(("tests/", "challenges/")):
            if path.suffix in (".c", ".h", ".py"):
                tests += _count(path.read_text("utf-8", "replace"))
            continue
        kind = next((kind for kind, ends in _KINDS.items() if path.suffix in ends), None)
        if kind is None or not path.is_file():
            continue
        source = course.tree / "solutions" / lab.folder.name / name if name in solved else path
        text = source.read_text("utf-8", "replace")
        kernel[kind] += _count(reading(text, name) if name in solved else text)
    return Lines(lab, kernel, tests)


def _count(text: str) -> int:
    return len(text.splitlines())


def measure(course: Course) -> list[Stage]:
    """Build every finished stage, and boot it, counting instructions. Nothing where a
    handout has no references: what is not written does not boot to its end."""
    if _given(course) is None:
        return []
    os.environ["RELEASE"] = "1"
    try:
        return [_stage(course, lab) for lab in course.labs]
    finally:
        del os.environ["RELEASE"]


def _given(course: Course) -> frozenset[str] | None:
    """The exercises that are taken from the references; None where some have none."""
    if course.has_solutions:
        return frozenset(course.by_id)
    mine = frozenset(one.id for one in course.exercises() if one.is_set) & course.codes
    return mine if mine <= course.references() else None


def _stage(course: Course, lab: Lab) -> Stage:
    builder = Builder(course, os.cpu_count() or 1)
    given = _given(course) or frozenset()
    name = f"stage{lab.number}"
    failed = builder.images(lab, given, [f"{name}.elf", f"{name}.stripped.elf", f"{name}.img"])
    if failed:
        raise BuildError(f"growth: stage {lab.number} cannot be built: {failed.log[-800:]}")
    images = builder.tag(lab, given)
    road = _module(course.tree / _ROAD)
    with tempfile.TemporaryDirectory(prefix="strata-site-") as scratch:
        bench = Bench(course, lab, images, Path(scratch))
        boot = {one.what: int(one.value) for one in road.instructions(bench, name)}
        memory = sum(int(one.value) for one in road.memory(images / f"{name}.elf"))
    return Stage(lab, (images / f"{name}.stripped.elf").stat().st_size, memory, boot)


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def growth_page(course: Course, lines: list[Lines], stages: list[Stage]) -> str:
    """The page: tables and two pictures."""
    whose = "the finished exercises"
    if not course.has_solutions:
        whose = "lines of your exercises as they are now, and stages with the references"
    text = ["# How the kernel grows", ""]
    text += [f"Counted and measured when this page was made, with {whose}.", ""]
    text += ["## Lines of each lab", ""]
    text += [
        _bars("Lines of kernel and loader by lab", [(_name(one.lab), one.total) for one in lines])
    ]
    text += ["", f"| lab | {' | '.join(_KINDS)} | together | all labs so far | tests |"]
    text += ["|---|" + "---:|" * (len(_KINDS) + 3)]
    so_far = 0
    for one in lines:
        so_far += one.total
        numbers = [*one.kernel.values(), one.total, so_far, one.tests]
        text.append(f"| {_name(one.lab)} | {' | '.join(f'{n:,}' for n in numbers)} |")
    text += ["", "Comments and empty lines count; tests are C and Python.", ""]
    if not stages:
        return "\n".join(text) + "\n"
    text += ["## Stages", ""]
    text += ["Stage N is the kernel of labs 0 to N, here as a release build.", ""]
    kinds = list(stages[0].boot)
    for kind in kinds[1:]:
        rows = [(f"Stage {one.lab.number}", one.boot[kind]) for one in stages]
        text += [_bars(f"Instructions of a boot: {kind}", rows), ""]
    heads = ["image, bytes", "in memory, bytes", *(f"instructions: {kind}" for kind in kinds)]
    text += [f"| stage | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    for stage in stages:
        numbers = [stage.file_bytes, stage.memory_bytes, *stage.boot.values()]
        text.append(f"| {stage.lab.number} | {' | '.join(f'{n:,}' for n in numbers)} |")
    text += ["", "Instructions are counted by QEMU (`-icount`) on the way from our own loader;"]
    text += ["`make bench` has these figures and more."]
    return "\n".join(text) + "\n"


def _name(lab: Lab) -> str:
    return f"{lab.number}: {lab.name}"


def _bars(title: str, rows: list[tuple[str, int]]) -> str:
    """Bars as SVG in the page; its words are those of a table."""
    most = max((value for _, value in rows), default=1) or 1
    said = ", ".join(f"{name}: {value:,}" for name, value in rows)
    height = 30 * len(rows) + 10
    parts = [f'<svg class="bars" role="img" viewBox="0 0 420 {height}" aria-label="']
    parts.append(html.escape(f"{title}. {said}", quote=True) + '">')
    for at, (name, value) in enumerate(rows):
        y = 30 * at + 5
        wide = max(1, round(230 * value / most))
        parts.append(f'<text x="0" y="{y + 16}">{html.escape(name)}</text>')
        parts.append(f'<rect x="110" y="{y}" width="{wide}" height="22"></rect>')
        parts.append(f'<text x="{116 + wide}" y="{y + 16}">{value:,}</text>')
    return f'<div class="graph"><p>{html.escape(title)}</p>{"".join(parts)}</svg></div>'
