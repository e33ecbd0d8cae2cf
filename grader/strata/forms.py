# SPDX-License-Identifier: MIT
"""Exercises that are not code: which tests they have, and how a case is judged.

    case    kernel, function and cause, in a TOML file; nothing is booted
    test    an in-kernel test; trials.py runs it
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Callable, Mapping

from . import broken, trials
from .build import Builder
from .discover import Case
from .elf import read_symbols
from .errors import BuildError, Failure, NotJudged
from .lab import Course, Exercise, Lab, load_course
from .markers import reading
from .record import Planned

__all__ = ["cases_of", "judge", "judge_cause", "judge_function", "read_answer"]

_CASE = (
    ("names_the_function", "The function with the mistake is named.", 3, True),
    ("names_the_cause", "What is wrong in it is named.", 2, False),
)
_TEST = (
    (trials.CLAIMS[1], "It passes on the reference, and catches a broken object.", 2, True),
    (trials.CLAIMS[2], "It catches two of the broken objects.", 1, False),
    (trials.CLAIMS[3], "It catches three of the broken objects.", 1, False),
)


def cases_of(course: Course, lab: Lab) -> list[Case]:
    """The tests that a lab's exercises have by their form."""
    found = []
    for exercise in lab.exercises:
        rows = {"case": _CASE, "test": _TEST}.get(exercise.form, ())
        path = Path(exercise.file)
        stem = path.stem if exercise.form == "case" else f"own_{path.stem.removesuffix('_test')}"
        images = trials.images(course, exercise) if exercise.form == "test" else ()
        for name, title, weight, plain in rows:
            found.append(
                Case(
                    id=f"{lab.name}.{stem}.{name}",
                    name=name,
                    lab=lab.number,
                    kind=exercise.form,
                    file=f"{lab.folder.name}/{exercise.file}",
                    line=1,
                    title=title,
                    exercise=exercise.id,
                    weight=weight,
                    plain=plain,
                    images=images,
                )
            )
    return found


def judge(planned: Planned, tree: Path, seen: dict[str, list[trials.Trial]]) -> None:
    """Judge one of these tests. seen: trials that were run already, by exercise."""
    course = load_course(tree)
    exercise = course.by_id[planned.exercise]
    if exercise.form == "test":
        if exercise.id not in seen:
            seen[exercise.id] = trials.run(course, exercise, planned)
        trials.judge(planned.name, seen[exercise.id])
        return
    lab = course.lab_of(exercise.id)
    keys = broken.keys(course, lab)
    answer = read_answer(_text(course, exercise, planned), planned.file, keys)
    functions = _functions(course, lab, answer["kernel"])
    judge_function(answer, keys, functions)
    if planned.name == _CASE[1][0]:
        judge_cause(answer, keys, broken.causes(lab))


def _text(course: Course, exercise: Exercise, planned: Planned) -> str:
    """The student's answer; where the exercise is given, the reference's."""
    if exercise.id not in planned.given:
        return course.lab_of(exercise.id).path(exercise).read_text(encoding="utf-8")
    if not course.has_solutions:
        raise NotJudged("this tree has no answer that could be given")
    return reading(course.solution(exercise).read_text(encoding="utf-8"), exercise.file)


def read_answer(text: str, file: str, keys: Mapping[int, broken.Key]) -> dict[str, Any]:
    """kernel, function and cause; anything else there is named."""
    kernels = f"one of {', '.join(map(str, keys))}"
    wanted = f'kernel = {min(keys, default=1)}, function = "a name", cause = "a word"'
    try:
        answer = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Failure(
            "the answer can be read", expected=wanted, seen=str(error), where=file
        ) from None
    kernel = answer.get("kernel")
    if isinstance(kernel, bool) or not isinstance(kernel, int) or kernel not in keys:
        seen = "nothing" if kernel is None else repr(kernel)
        raise Failure("the answer says which kernel", expected=kernels, seen=seen, where=file)
    for name in ("function", "cause"):
        if not isinstance(answer.get(name, ""), str):
            raise Failure(f"{name} is text", expected=wanted, seen=repr(answer[name]), where=file)
        answer[name] = str(answer.get(name, "")).strip()
    return answer


def _functions(course: Course, lab: Lab, kernel: int) -> Callable[[], frozenset[str]]:
    """The functions of a case's kernel, which is built when somebody asks."""

    def names() -> frozenset[str]:
        image = f"cases/lab{lab.number}-{kernel}.elf"
        builder = Builder(course, 1)
        failed = builder.images(lab, frozenset(), [image])
        if failed is not None:
            raise BuildError(f"{image} cannot be built:\n{failed.log[-800:]}")
        return frozenset(read_symbols(builder.tag(lab, frozenset()).parent / image).names)

    return names


def judge_function(
    answer: Mapping[str, Any],
    keys: Mapping[int, broken.Key],
    functions: Callable[[], frozenset[str]],
) -> None:
    """A failure says what kind of thing is expected, not which."""
    name, key = answer["function"].removesuffix("()"), keys[answer["kernel"]]
    if key.is_function(name):
        return
    about = f"kernel {answer['kernel']}: {key.symptom}"
    wanted = "the function that does the wrong thing, as GDB names it"
    if not name:
        raise Failure("no function is named", expected=wanted, seen="nothing", detail=about)
    if name not in functions():
        raise Failure(
            f"kernel {answer['kernel']} has no function {name}",
            expected=wanted,
            seen=name,
            hint="`info functions` in GDB lists them",
            detail=about,
        )
    raise Failure(
        f"the mistake is not in {name}",
        expected=wanted,
        seen=name,
        hint="who calls it, and what does it call? Stop there and look at what goes in and out",
        detail=about,
    )


def judge_cause(
    answer: Mapping[str, Any], keys: Mapping[int, broken.Key], causes: Mapping[str, str]
) -> None:
    """The function is right; is the cause?"""
    cause, name = answer["cause"].lower(), answer["function"].removesuffix("()")
    if keys[answer["kernel"]].is_cause(name, cause):
        return
    words = f"one of {', '.join(causes)} (case-causes.txt says what they mean)"
    if cause not in causes:
        fact = f"'{cause}' is none of the causes" if cause else "no cause is named"
        raise Failure(fact, expected=words, seen=cause or "nothing")
    raise Failure(
        f"the function is right; {cause} is not what is wrong there",
        expected="what this function does otherwise than its contract says",
        seen=f"{cause}: {causes[cause]}",
    )
