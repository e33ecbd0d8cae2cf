# SPDX-License-Identifier: MIT
"""The tests of a lab, read from their sources without running them.

In-kernel tests are KTEST(...) in labN-*/tests/*_test.c, outside tests are
functions in labN-*/tests/test_*.py. A test's id is `lab.file.name`, such as
`boot.uart.prints_what_it_is_sent`.
"""

from __future__ import annotations

import ast
import fnmatch
import os
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Iterable, Sequence

from .errors import LabError, UsageError
from .lab import Course, Lab, load_course

__all__ = ["Case", "at_stage", "discover", "kernel_tests", "lint", "main", "nearest", "pick"]
__all__ += ["too_many"]
__all__ += ["read_kernel_tests", "read_outside_tests"]

_KTEST = re.compile(
    r"(?:/\*(?P<title>(?:[^*]|\*(?!/))*)\*/\s*)?^KTEST\(\s*(?P<name>\w+)"
    r"(?P<attributes>(?:[^()\"]|\"[^\"]*\")*)\)",
    re.M,
)
_ATTRIBUTE = re.compile(r'\.(\w+)\s*=\s*("(?:[^"]*)"|[\w.]+)')
_DOOR = re.compile(r'door\s*=\s*"(\w+)"')
_IMAGE = re.compile(r'"(stage(?:N|\d+)(?:-test)?\.(?:stripped\.elf|img|iso))"')
_LIKE = 0.45  # what is less like is no help
_LONGEST = 100
_FEW = 12
STAGE = "stageN"  # in image names: the stage that is run


@dataclass(frozen=True)
class Case:
    """One test."""

    id: str
    name: str
    lab: int
    kind: str  # "kernel", "outside", or of an exercise's form: "case", "test"
    file: str  # relative to the tree
    line: int
    title: str
    exercise: str | None
    needs: tuple[str, ...] = ()
    weight: int = 1
    plain: bool = False
    images: tuple[str, ...] = ()


def discover(course: Course, labs: Iterable[Lab]) -> list[Case]:
    """All tests of some labs, in reading order of their exercises."""
    cases: list[Case] = []
    for lab in labs:
        cases += _of_lab(course, lab)
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise LabError(f"{case.file}:{case.line}: a second test named {case.id}")
        if case.kind == "kernel" and case.name in seen:
            raise LabError(f"{case.file}:{case.line}: an image can have one KTEST({case.name})")
        seen |= {case.id, case.name} if case.kind == "kernel" else {case.id}
    return cases


def kernel_tests(course: Course, stage: int) -> tuple[str, ...]:
    """The names of all KTESTs in a stage's test image, in its order."""
    labs = [lab for lab in course.labs if lab.number <= stage]
    return tuple(one.name for one in discover(course, labs) if one.kind == "kernel")


def at_stage(image: str, stage: int) -> str:
    """The image of a name at a stage: stageN-test.img is stage1-test.img."""
    return image.replace(STAGE, f"stage{stage}", 1)


def pick(cases: list[Case], pattern: str) -> list[Case]:
    """TEST=: ids, parts of ids at a dot, exercise ids or globs, separated by commas."""
    if not pattern:
        return cases
    chosen: list[Case] = []
    for part in pattern.split(","):
        part = part.strip()
        found = [case for case in cases if _matches(case, part)]
        if not found:
            raise UsageError(_no_match(cases, part))
        chosen += [case for case in found if case not in chosen]
    return [case for case in cases if case in chosen]


def _no_match(cases: list[Case], part: str) -> str:
    """Why nothing was picked, on a few lines."""
    lines = [f"TEST={_short(part)}: none matches"]
    names = [case.id for case in cases]
    if len(names) <= _FEW:
        return "\n".join([*lines, "there are these:", *(f"  TEST={name}" for name in names)])
    near = nearest(names, part)
    if near:
        lines += ["did you mean", *(f"  TEST={name}" for name in near)]
    return "\n".join([*lines, f"`make tests` lists all (here there are {len(cases)})"])


def too_many(verb: str, cases: Sequence[Case], pattern: str) -> UsageError:
    """For a verb that takes one test."""
    shown = _short(pattern)
    more = [f"`make tests TEST={shown}` lists all"] if len(cases) > _FEW else []
    end = ", such as" if more else ":"
    lines = [f"{verb} takes one test; TEST={shown} is {len(cases)}{end}"]
    lines += [f"  TEST={case.id}" for case in cases[:_FEW]]
    return UsageError("\n".join(lines + more))


def nearest(names: Sequence[str], wanted: str, most: int = 3) -> list[str]:
    """The names that are most like a misspelt one, or have a last part that is."""
    last = wanted.rpartition(".")[2]
    likeness: dict[str, float] = {}
    for name in names:
        whole = SequenceMatcher(None, name, wanted[:_LONGEST]).ratio()
        part = SequenceMatcher(None, name.rpartition(".")[2], last[:_LONGEST]).ratio()
        likeness[name] = max(whole, part)
    good = [name for name in names if likeness[name] >= _LIKE]
    return sorted(good, key=lambda name: -likeness[name])[:most]


def _short(text: str) -> str:
    shown = text if text.isprintable() else repr(text)
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "..."


def main(_words: list[str]) -> int:
    """`make tests`: the tests by name, of LAB and as TEST picks."""
    course = load_course(Path.cwd())
    cases = discover(course, course.pick_labs(os.environ.get("LAB", "")))
    for case in pick(cases, os.environ.get("TEST", "")):
        print(f"{case.exercise or 'provided':8} {case.id}")
    return 0


def lint(course: Course) -> list[str]:
    """What is wrong with the tests' declarations: one line each."""
    lines = []
    for case in discover(course, course.labs):
        if case.exercise and not case.title:
            lines.append(f"{case.file}:{case.line}: {case.name} has no sentence for the student")
        for image in case.images:
            if re.match(r"stage\d+[-.](?!bin$|elf$)", image):
                lines.append(f"{case.file}:{case.line}: {image}: say {STAGE}, for any stage")
    cases = discover(course, course.labs)
    for exercise in course.exercises():
        mine = [case for case in cases if case.exercise == exercise.id]
        total = sum(case.weight for case in mine)
        plain = [case.weight for case in mine if case.plain]
        share = sum(plain) / total if total else 0
        if not mine:
            lines.append(f"exercise {exercise.id} has no test")
        elif not plain or not 0.4 <= share <= 0.6 or len(plain) == len(mine):
            lines.append(
                f"exercise {exercise.id}: the plain case is worth {share:.0%} of its points "
                f"({len(plain)} of {len(mine)} tests); 40-60 % and one more test are wanted"
            )
    for lab in course.labs:
        if lab.points != 100:
            lines.append(f"{lab.folder.name}: its exercises are worth {lab.points} points, not 100")
    return lines


def read_kernel_tests(lab: Lab, path: Path, file: str, text: str) -> list[Case]:
    """KTESTs of one C file."""
    stem = path.name.removesuffix("_test.c")
    cases = []
    for match in _KTEST.finditer(text):
        line = text.count("\n", 0, match.start("name")) + 1
        words = {key: value.strip('"') for key, value in _ATTRIBUTE.findall(match["attributes"])}
        try:
            weight = int(words.get("weight", "1"))
        except ValueError:
            raise LabError(f"{file}:{line}: .weight is a number") from None
        cases.append(
            Case(
                id=f"{lab.name}.{stem}.{match['name']}",
                name=match["name"],
                lab=lab.number,
                kind="kernel",
                file=file,
                line=line,
                title=_sentence(match["title"] or ""),
                exercise=words.get("exercise"),
                needs=tuple(re.findall(r"\d+\.\d+", words.get("needs", ""))),
                weight=weight,
                plain=words.get("plain") == "true",
                images=(f"{STAGE}-test.stripped.elf",),
            )
        )
    return cases


def read_outside_tests(lab: Lab, path: Path, file: str, text: str) -> list[Case]:
    """Test functions of one Python file."""
    try:
        module = ast.parse(text)
    except SyntaxError as error:
        raise LabError(f"{file}:{error.lineno}: {error.msg}") from None
    stem = path.stem.removeprefix("test_")
    cases = []
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            words = _judges(node, file)
            source = ast.get_source_segment(text, node) or ""
            cases.append(
                Case(
                    id=f"{lab.name}.{stem}.{node.name.removeprefix('test_')}",
                    name=node.name,
                    lab=lab.number,
                    kind="outside",
                    file=file,
                    line=node.lineno,
                    title=_sentence(ast.get_docstring(node) or ""),
                    exercise=words.get("exercise"),
                    needs=tuple(words.get("needs", ())),
                    weight=int(words.get("weight", 1)),
                    plain=bool(words.get("plain", False)),
                    images=tuple(words.get("images", ())) or _images(source),
                )
            )
    return cases


def _of_lab(course: Course, lab: Lab) -> list[Case]:
    cases: list[Case] = []
    for path in sorted((lab.folder / "tests").glob("*")):
        file = path.relative_to(course.tree).as_posix()
        if path.name.endswith("_test.c"):
            cases += read_kernel_tests(lab, path, file, path.read_text(encoding="utf-8"))
        elif path.name.startswith("test_") and path.suffix == ".py":
            cases += read_outside_tests(lab, path, file, path.read_text(encoding="utf-8"))
    from .forms import cases_of

    cases += cases_of(course, lab)
    none = (99, 99)
    for case in cases:
        _check_exercises(course, case)
    return sorted(
        cases,
        key=lambda case: (
            course.by_id[case.exercise].key if case.exercise else none,
            not case.plain,
        ),
    )


def _check_exercises(course: Course, case: Case) -> None:
    for exercise in (*case.needs, *([case.exercise] if case.exercise else [])):
        if exercise not in course.by_id:
            raise LabError(f"{case.file}:{case.line}: there is no exercise {exercise}")


def _matches(case: Case, part: str) -> bool:
    if part in (case.id, case.name, case.exercise):
        return True
    if f".{part}." in f".{case.id}." or case.id.startswith(part):
        return True
    return any(fnmatch.fnmatchcase(name, part) for name in (case.id, case.exercise or ""))


def _sentence(comment: str) -> str:
    lines = [line.strip(" \t*") for line in comment.strip().split("\n")]
    return " ".join(line for line in lines if line)


def _judges(node: ast.FunctionDef, file: str) -> dict[str, Any]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name):
            if decorator.func.id == "judges":
                try:
                    return {
                        word.arg: ast.literal_eval(word.value)
                        for word in decorator.keywords
                        if word.arg
                    }
                except ValueError:
                    raise LabError(
                        f"{file}:{decorator.lineno}: @judges takes plain values only"
                    ) from None
    return {}


def _images(source: str) -> tuple[str, ...]:
    """Images that a test boots, guessed from its text; others are made on demand."""
    ends = {"pvh": "stripped.elf", "own": "img", "grub": "iso", "uefi": "iso"}
    named = set(_IMAGE.findall(source))
    if not named:
        doors = _DOOR.findall(source) or ["pvh"]
        named = {f"{STAGE}.{ends[door]}" for door in doors if door in ends}
    return tuple(sorted(named))
