# SPDX-License-Identifier: MIT
"""`make bench`: a lab's figures, as a table and build/bench/labN.json.

Three sources: KBENCHes of the release test image, counted in guest instructions
(`-icount shift=0`: one per nanosecond of the time-stamp counter); functions
`figures(bench)` of labN-*/tests/bench_*.py; and how long grading the lab takes.
Wall time appears only as a ratio within one run, or as what a user waits for.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Iterable, Iterator, Sequence

from .build import Builder
from .errors import BuildError, StrataError
from .lab import Course, Lab, load_course
from .ends import EXIT_OK
from .machine import Guest
from .spec import Limits, MachineSpec, command_line, find_qemu

__all__ = ["Bench", "Figure", "main", "table"]

_TOKEN = "bebebebe"
_LINE = re.compile(r"bench (\S+) (\d+) (\d+) (\d+) (\d+) (.*)")
_GRADES = 3


@dataclass(frozen=True)
class Figure:
    """One measured number. spread is (most - least) / median of the runs."""

    name: str
    value: float
    unit: str
    runs: int
    spread: float
    what: str

    @staticmethod
    def of(name: str, values: Sequence[float], unit: str, what: str) -> Figure:
        """The median of some runs."""
        median = statistics.median(values)
        spread = (max(values) - min(values)) / median if median else 0.0
        return Figure(name, round(median, 3), unit, len(values), round(spread, 3), what)


@dataclass(frozen=True)
class Bench:
    """What a lab's own bench functions get."""

    course: Course
    lab: Lab
    images: Path
    scratch: Path

    def spec(self, door: str, image: str | Path, cmdline: str = "", **more: Any) -> MachineSpec:
        """A release image, or a file of the bench's own, on the machine of the figures."""
        path = image if isinstance(image, Path) else self.images / image
        limits = Limits(virtual_s=30)
        return MachineSpec(door, path, _TOKEN, cmdline=cmdline, limits=limits, **more)

    def verdicts(self, spec: MachineSpec) -> list[str]:
        """The verdict lines of a run that ends well."""
        with Guest(spec) as guest:
            guest.wait_exit(EXIT_OK)
            return guest.verdicts

    def wall_ms(self, spec: MachineSpec) -> float:
        """Wall time from starting QEMU, bare, to its end."""
        words = [find_qemu(), *command_line(spec, "null", "null")]
        start = time.perf_counter()
        status = subprocess.run(words, stdin=subprocess.DEVNULL, check=False).returncode
        if status != EXIT_OK << 1 | 1:
            raise StrataError(f"bench: {spec.door} boot of {spec.image.name} ended with {status}")
        return (time.perf_counter() - start) * 1000

    def interleaved_ms(self, specs: dict[str, MachineSpec], runs: int) -> dict[str, list[float]]:
        """Wall times of several machines, taken in turn so that load hits all alike."""
        times: dict[str, list[float]] = {name: [] for name in specs}
        for _ in range(runs):
            for name, spec in specs.items():
                times[name].append(self.wall_ms(spec))
        return times

    def assemble(self, source: str) -> Path:
        """A flat binary from NASM source."""
        text = self.scratch / "source.asm"
        text.write_text(source, encoding="utf-8")
        out = self.scratch / "source.bin"
        subprocess.run(["nasm", "-f", "bin", "-o", str(out), str(text)], check=True)
        return out


def _kernel_figures(bench: Bench) -> Iterator[Figure]:
    """The KBENCHes, each one boot's median of many runs."""
    image = f"stage{bench.lab.number}-test.stripped.elf"
    names = ",".join(_own_benches(bench.lab))
    spec = bench.spec("pvh", image, f"bench={names} console=serial", icount=0)
    for line in bench.verdicts(spec):
        match = _LINE.match(line)
        if match:
            name, (median, least, most, runs) = match[1], map(int, match.group(2, 3, 4, 5))
            spread = round((most - least) / median, 3) if median else 0.0
            yield Figure(name, median, "instructions", runs, spread, match[6])


def _own_benches(lab: Lab) -> list[str]:
    sources = sorted(lab.folder.glob("tests/*_bench.c"))
    names = re.findall(r"^KBENCH\((\w+)", "\n".join(one.read_text() for one in sources), re.M)
    return names or ["none"]


def _lab_figures(bench: Bench) -> Iterator[Figure]:
    """What labN-*/tests/bench_*.py measure."""
    for path in sorted(bench.lab.folder.glob("tests/bench_*.py")):
        module_spec = importlib.util.spec_from_file_location(path.stem, path)
        assert module_spec and module_spec.loader
        module = importlib.util.module_from_spec(module_spec)
        module_spec.loader.exec_module(module)
        yield from module.figures(bench)


def _timed_grade(tree: Path, lab: Lab, solved: str) -> tuple[float, float]:
    """(seconds, processor seconds of all QEMUs) of `make grade`."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    env.update(PLAIN="1", BUILD="build")
    words = ["make", "--no-print-directory", "grade", f"LAB={lab.number}", f"SOLVED={solved}"]
    start = time.perf_counter()
    done = subprocess.run(words, cwd=tree, env=env, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if solved == "all" and done.returncode:
        raise StrataError(f"bench: the solution does not score full marks: {done.stdout[-500:]}")
    times = tree / "build/grade/times.json"
    boots = json.loads(times.read_text()).get("all guests", 0.0) if times.exists() else 0.0
    return seconds, float(boots)


def _grading_figures(bench: Bench) -> Iterator[Figure]:
    """What a student waits for, in a copy of the tree."""
    name = f"grade_lab{bench.lab.number}"
    tree = bench.scratch / "tree"
    _copy_tree(bench.course.tree, tree)
    clean, edit, overhead = [], [], []
    edited = next(one.file for one in bench.lab.exercises if one.file.endswith(".c"))
    file = tree / "solutions" / bench.lab.folder.name / edited
    for _ in range(_GRADES):
        shutil.rmtree(tree / "build", ignore_errors=True)
        clean.append(_timed_grade(tree, bench.lab, "all")[0])
        file.write_text(file.read_text() + "\n/* an edit */\n")
        seconds, boots = _timed_grade(tree, bench.lab, "all")
        edit.append(seconds)
        overhead.append(seconds / (boots / (os.cpu_count() or 1)) if boots else 0.0)
    shutil.rmtree(tree / "build", ignore_errors=True)
    skeleton = _timed_grade(tree, bench.lab, "none")[0]
    yield Figure.of(f"{name}_s", clean, "s", "make grade SOLVED=all, from clean")
    yield Figure.of(f"{name}_skeleton_s", [skeleton], "s", "make grade of the untouched tree")
    yield Figure.of(f"{name}_edit_s", edit, "s", "make grade after a one-file edit")
    yield Figure.of(
        "grader_overhead", overhead, "ratio", "make grade / (CPU time of its QEMUs / processors)"
    )


def _copy_tree(tree: Path, to: Path) -> None:
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=tree, capture_output=True, text=True, check=True)
    for name in listed.stdout.split("\0"):
        if name and (tree / name).exists():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(tree / name, to / name)


def table(figures: Iterable[Figure]) -> str:
    """The figures as aligned lines."""
    rows = [
        (one.name, f"{one.value:,}", one.unit, f"{one.spread:.1%}", one.what) for one in figures
    ]
    rows.insert(0, ("name", "value", "unit", "spread", "what"))
    wide = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = []
    for row in rows:
        lines.append(
            f"{row[0]:<{wide[0]}}  {row[1]:>{wide[1]}}  {row[2]:<{wide[2]}}  "
            f"{row[3]:>{wide[3]}}  {row[4]}"
        )
    return "\n".join(lines)


def _measure(course: Course, lab: Lab) -> list[Figure]:
    os.environ["RELEASE"] = "1"
    builder = Builder(course, os.cpu_count() or 1)
    given = frozenset(course.by_id) if (course.tree / "solutions").exists() else frozenset()
    stage = f"stage{lab.number}"
    names = [f"{stage}{end}" for end in (".stripped.elf", "-test.stripped.elf", ".img")]
    failed = builder.images(lab, given, names)
    images = builder.tag(lab, given)
    del os.environ["RELEASE"]
    if failed:
        raise BuildError(f"bench: the release images cannot be built: {failed.log[-800:]}")
    with tempfile.TemporaryDirectory(prefix="strata-bench-") as scratch:
        bench = Bench(course, lab, images, Path(scratch))
        figures = [*_kernel_figures(bench), *_lab_figures(bench)]
        if given and lab.exercises:
            figures += _grading_figures(bench)
        return figures


def main(argv: list[str]) -> int:
    """Measure LAB (default: all labs)."""
    course = load_course(Path.cwd())
    wanted = os.environ.get("LAB")
    out = Path(os.environ.get("BUILD") or "build") / "bench"
    out.mkdir(parents=True, exist_ok=True)
    for lab in course.labs:
        if wanted and str(lab.number) != wanted:
            continue
        figures = _measure(course, lab)
        results = {"results": [asdict(figure) for figure in figures]}
        path = out / f"lab{lab.number}.json"
        path.with_suffix(".new").write_text(json.dumps(results, indent=1) + "\n")
        path.with_suffix(".new").replace(path)
        print(f"lab {lab.number}, {path}")
        print(table(figures))
    sys.stdout.flush()
    return 0
