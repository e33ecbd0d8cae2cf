# SPDX-License-Identifier: MIT
"""The verbs grade and grade-one: build, run, judge again, report."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Iterable, Mapping

from . import grade_page, memory, pristine, report, results
from .build import Builder
from .compiler_words import with_warnings
from .discover import Case, at_stage, discover, kernel_tests, pick
from .errors import BuildError, StrataError, UsageError
from .guard import ended_by_sigterm, hold
from .lab import Course, Lab, load_course
from .markers import State
from .planning import Situation, first_phase, read_states, second_phase, test_seed, tree_seed
from .points import Marks, mark
from .record import BROKEN, FATAL, Plan, Planned, Result

__all__ = [
    "Request",
    "grade",
    "image_names",
    "lab_seed",
    "planned",
    "prepare",
    "request",
    "run_plan",
]

_TOOL_OF = {".iso": "grub-mkrescue"}


@dataclass(frozen=True)
class Request:
    """What the user asked for, checked."""

    course: Course
    labs: tuple[Lab, ...]
    every: tuple[Case, ...]
    cases: tuple[Case, ...]
    solved: frozenset[str]
    jobs: int
    salt: str
    out: Path
    stage: Lab | None = None  # None: each lab at its own
    costs: Mapping[str, float] = field(default_factory=dict)

    def stage_of(self, lab: Lab) -> Lab:
        """The stage at which a lab's tests are run."""
        return self.stage or lab

    @property
    def at_home(self) -> bool:
        """Every lab is at its own stage."""
        return all(self.stage_of(lab) is lab for lab in self.labs)


@dataclass
class Run:
    """Results as they come; what is there when somebody presses Ctrl-C."""

    situation: Situation
    first: dict[str, Result]
    second: dict[str, Result]
    partial: bool = False


def request(environment: Mapping[str, str], out: str, provided: bool = False) -> Request:
    """Read LAB, STAGE, TEST, SOLVED, JOBS and SEED."""
    course = load_course(Path.cwd())
    labs = course.pick_labs(environment.get("LAB", ""))
    stage = course.pick_stage(environment.get("STAGE", ""))
    if stage is not None and environment.get("LAB"):
        above = [lab.number for lab in labs if lab.number > stage.number]
        if above:
            raise UsageError(f"STAGE={stage.number} is below lab {above[0]}: it has none of it")
    labs = [lab for lab in labs if stage is None or lab.number <= stage.number]
    solved = course.pick_exercises(environment.get("SOLVED", ""))
    every = discover(course, labs)
    pattern = environment.get("TEST", "")
    pool = every if pattern else [case for case in every if bool(case.exercise) != provided]
    if environment.get("EX"):
        wanted = course.named_exercises(environment["EX"], "EX")
        pattern = ",".join(filter(None, (pattern, *course.order(wanted))))
    jobs = _jobs(environment.get("JOBS", ""))
    build = Path(environment.get("BUILD") or "build")
    return Request(
        course=course,
        labs=tuple(labs),
        every=tuple(every),
        cases=tuple(pick(pool, pattern)),
        solved=solved,
        jobs=jobs,
        salt=environment.get("SEED", ""),
        out=course.tree / build / out,
        stage=stage,
    )


def _jobs(word: str) -> int:
    if not word:
        return max(1, len(os.sched_getaffinity(0)))
    if not word.isdecimal() or int(word) < 1:
        raise UsageError(f"JOBS={word}: a number from 1 on")
    return int(word)


def grade(asked: Request, show: str = "report") -> int:
    """Run, report; 0 only at full marks. show: report, logs (too), or first (failure only)."""
    with hold(asked.out):
        asked = replace(asked, costs=_last_times(asked.out))
        _clear(asked.out)
        started = time.monotonic()
        run = Run(situation_of(asked), {}, {})
        with ended_by_sigterm():
            try:
                _judge(asked, run)
            except KeyboardInterrupt:
                run.partial = True
        marks = mark(
            asked.course,
            asked.every,
            asked.cases,
            run.situation,
            run.first,
            run.second,
            run.partial,
        )
        marks = with_warnings(asked.course, marks)
        return _finish(asked, run, marks, time.monotonic() - started, show)


def situation_of(asked: Request) -> Situation:
    """The tree as it is. What SOLVED= names is solved, even when it was given before."""
    rescued = memory.given(asked.course) & asked.course.references()
    return Situation(read_states(asked.course), asked.solved, rescued=rescued - asked.solved)


def _judge(asked: Request, run: Run) -> None:
    builder = Builder(asked.course, asked.jobs)
    run.situation = prepare(asked, builder, run.situation)
    if set(run.situation.broken or {}) - asked.course.references():
        return  # nothing can be linked in the place of what does not build
    first = first_phase(asked.cases, run.situation)
    plan = planned(asked, builder, {case: run.situation.given for case in first}, "")
    run_plan(plan, asked.out / "plan.json", asked.jobs, run.first)
    _stop_if_broken(run.first)
    again = second_phase(asked.course, asked.cases, run.situation, run.first)
    if not again:
        return
    cases = {case: again[case.id] for case in asked.cases if case.id in again}
    _build_second(asked, builder, cases)
    plan = planned(asked, builder, cases, "given")
    run_plan(plan, asked.out / "plan-given.json", asked.jobs, run.second)


def prepare(asked: Request, builder: Builder, situation: Situation) -> Situation:
    """Build the first images; exercises that do not build are given from here on."""
    for ident, state in situation.states.items():
        if state is State.MISSING and ident not in situation.given:
            lab = asked.course.lab_of(ident)
            name = f"{lab.folder.name}/{asked.course.by_id[ident].file}"
            broken = {**(situation.broken or {}), ident: [f"{name}: the file is missing"]}
            situation = replace(situation, broken=broken)
    for lab in asked.labs:
        situation = _build_first(asked, builder, lab, situation)
    return situation


def _build_first(asked: Request, builder: Builder, lab: Lab, situation: Situation) -> Situation:
    while True:
        cases = first_phase(asked.cases, situation)
        mine = [case for case in cases if case.lab == lab.number]
        names = image_names(mine, asked.stage_of(lab))
        if not names:
            return situation
        failed = builder.images(asked.stage_of(lab), situation.given, names)
        if failed is None:
            return situation
        found = {
            ident: lines
            for ident, lines in failed.by_exercise.items()
            if ident not in situation.given
        }
        if not found:
            changed = pristine.changed_provided(asked.course)
            about = f"\nprovided files that you changed: {pristine.few(changed)}" if changed else ""
            raise BuildError("the build failed:\n" + _tail(failed.log) + about)
        situation = replace(situation, broken={**(situation.broken or {}), **found})
        if set(found) - asked.course.references():
            return situation


def _build_second(asked: Request, builder: Builder, cases: dict[Case, frozenset[str]]) -> None:
    wanted: dict[tuple[int, frozenset[str]], set[str]] = {}
    for case, given in cases.items():
        stage = asked.stage_of(asked.course.lab(case.lab))
        wanted.setdefault((stage.number, given), set()).update(image_names([case], stage))
    for (number, given), names in wanted.items():
        failed = builder.images(asked.course.lab(number), given, names)
        if failed is not None:
            raise BuildError("the build with exercises given failed:\n" + _tail(failed.log))


def image_names(cases: Iterable[Case], stage: Lab) -> set[str]:
    """What tests boot at a stage, as far as this machine has the tools for it."""
    names = {at_stage(name, stage.number) for case in cases for name in case.images}
    return {
        name
        for name in names
        if Path(name).suffix not in _TOOL_OF or shutil.which(_TOOL_OF[Path(name).suffix])
    }


def planned(
    asked: Request, builder: Builder, cases: Mapping[Case, frozenset[str]], part: str
) -> Plan:
    """The plan of one pytest session."""
    seeds = {lab.number: lab_seed(asked, lab) for lab in asked.labs}
    stages = {asked.stage_of(lab).number for lab in asked.labs}
    names = {str(number): kernel_tests(asked.course, number) for number in stages}
    tests = []
    for case, given in cases.items():
        lab = asked.course.lab(case.lab)
        stage = asked.stage_of(lab)
        seed = seeds[case.lab]
        linked = given if case.kind in ("kernel", "outside") else given & {case.exercise or ""}
        tests.append(
            Planned(
                id=case.id,
                name=case.name,
                kind=case.kind,
                file=case.file,
                lab=case.lab,
                stage=stage.number,
                given=tuple(asked.course.order(linked)),
                images=str(builder.tag(stage, given)),
                seed=seed if case.kind == "kernel" else test_seed(seed, case.id),
                folder=str(asked.out / "tests" / case.id / part),
                exercise=case.exercise or "",
                cost=asked.costs.get(f"{case.id} {part}".strip(), 0.0),
            )
        )
    return Plan(str(asked.course.tree), tuple(tests), names)


def lab_seed(asked: Request, lab: Lab) -> int:
    """SEED=, or the hash of the lab's exercise files."""
    if asked.salt:
        try:
            return int(asked.salt, 16) & ((1 << 63) - 1)
        except ValueError:
            raise UsageError(f"SEED={asked.salt}: a hexadecimal number") from None
    return tree_seed(asked.course, lab.number)


def run_plan(plan: Plan, path: Path, jobs: int, into: dict[str, Result]) -> None:
    """One pytest session; results are put into a dictionary as they come."""
    if not plan.tests:
        return
    plan.save(path)
    from .session import run_session

    run_session(plan, path, jobs, into)


def _stop_if_broken(found: Mapping[str, Result]) -> None:
    fatal = [result for result in found.values() if result.status == FATAL]
    broken = [result for result in found.values() if result.status == BROKEN]
    if fatal:
        raise StrataError(fatal[0].fact)
    if broken and len(broken) == len(found):
        raise StrataError(f"{broken[0].fact}\n(met in all {len(broken)} tests)")


def _finish(asked: Request, run: Run, marks: Marks, seconds: float, show: str) -> int:
    seeds = {lab.number: f"{lab_seed(asked, lab):x}" for lab in asked.labs}
    facts = {
        "seed": {f"lab{number}": seed for number, seed in seeds.items()},
        "solved": asked.course.order(asked.solved),
        "stage": {f"lab{lab.number}": asked.stage_of(lab).number for lab in asked.labs},
    }
    times = {ident: round(result.seconds, 4) for ident, result in run.first.items()}
    times |= {f"{ident} given": round(one.seconds, 4) for ident, one in run.second.items()}
    times["whole run"] = round(seconds, 3)
    guests = [*run.first.values(), *run.second.values()]
    times["all guests"] = round(sum(result.qemu_s for result in guests), 3)
    results.write(asked.out, marks, facts, times)
    if show == "logs":
        _print_logs(asked, run)
    shown = _shown(asked.out, asked.course.tree)
    since = _since(asked, marks)
    if show == "first":
        print("\n".join(line for line in report.first_to_do(asked.course, marks) if line))
    else:
        about = grade_page.Facts(_which(asked), seeds, seconds, since)
        grade_page.write(asked.course, asked.out, marks, about)
        lines = {
            "seed": " ".join(f"lab {number}: {seed}" for number, seed in seeds.items()),
            "results": f"{shown}/results.json, {shown}/tests/",
            "the same as a page": f"{shown}/{grade_page.NAME}",
        }
        report.print_report(asked.course, marks, lines)
    for line in (*since, *report.lab_lines(asked.course, marks)):
        print(line)
    print(f"{_which(asked)}: {report.closing_line(marks)} in {seconds:.1f} s", flush=True)
    if marks.partial:
        return 130
    return 0 if marks.full else 1


def _shown(out: Path, tree: Path) -> str:
    """The folder of the results as the user's own shell finds it."""
    name = os.path.relpath(out, os.environ.get("SHOWN_FROM") or tree)
    return str(out) if name.startswith("..") else name


def _since(asked: Request, marks: Marks) -> list[str]:
    """What turned since the last run, and what will not travel."""
    if asked.solved or marks.partial or not asked.at_home:
        return []
    counts: dict[str, int] = {}
    for case in asked.every:
        if case.exercise:
            counts[case.exercise] = counts.get(case.exercise, 0) + 1
    lines = [f"since the last run: {one}" for one in memory.remember(asked.course, marks, counts)]
    changed = pristine.changed_provided(asked.course)
    if changed:
        lines.append(
            f"not yours to hand in, but changed: {pristine.few(changed)}: "
            "make handin takes the exercise files only"
        )
    return lines


def _which(asked: Request) -> str:
    labs = ", ".join(f"lab {lab.number}" for lab in asked.labs)
    return labs if asked.at_home or not asked.stage else f"{labs} at stage {asked.stage.number}"


def _print_logs(asked: Request, run: Run) -> None:
    for case in asked.cases:
        for folder in sorted((asked.out / "tests" / case.id).rglob("*.log")):
            print(f"--- {os.path.relpath(folder, asked.course.tree)}")
            print(folder.read_bytes().decode("utf-8", "backslashreplace").rstrip())
        result = run.second.get(case.id) or run.first.get(case.id)
        if result is not None:
            print(f"--- {case.id}: {result.status}")
            print("\n".join(result.lines()))


def _tail(log: str) -> str:
    lines = [line for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if "rror" in line]
    return "\n".join((errors or lines)[-12:])


def _last_times(out: Path) -> dict[str, float]:
    """Seconds of the last run's tests; they order this run's, and decide nothing."""
    try:
        data = json.loads((out / "times.json").read_text(encoding="utf-8"))
        return {str(key): float(value) for key, value in data.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _clear(out: Path) -> None:
    old = ("results.json", "junit.xml", "times.json", "plan.json", "plan-given.json")
    for name in (*old, grade_page.NAME):
        (out / name).unlink(missing_ok=True)
    if (out / "tests").exists():
        shutil.rmtree(out / "tests")
