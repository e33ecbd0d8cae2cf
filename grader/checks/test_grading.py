# SPDX-License-Identifier: MIT
"""The marks are right: solved is full marks, untouched is none, twice is the same."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Iterator

import pytest

from conftest import Make, TREE, copy_tree, run
from strata.discover import discover
from strata.lab import load_course
from strata.markers import reading

EXERCISE = re.compile(r'^id = "([\d.]+)"', re.M)


def labs() -> list[str]:
    """Numbers of the labs present."""
    return [path.name[3] for path in sorted(TREE.glob("lab[0-9]*-*"))]


def exercises(lab: str) -> list[str]:
    """The ids of a lab's exercises."""
    (toml,) = TREE.glob(f"lab{lab}-*/lab.toml")
    return EXERCISE.findall(toml.read_text())


def up_to(lab: str) -> list[str]:
    """The ids of a lab's exercises and of those below."""
    return [one for below in labs() if int(below) <= int(lab) for one in exercises(below)]


def results(build: str | Path) -> dict[str, Any]:
    """The last grade's results.json."""
    loaded = json.loads((Path(build) / "grade/results.json").read_text())
    assert isinstance(loaded, dict)
    return loaded


def grade(tree: Path, *words: str, **env: str) -> tuple[int, str, dict[str, Any]]:
    """Grade in a tree: status, output, results."""
    done = run(["make", "grade", *words], cwd=tree, **env)
    return done.returncode, done.stdout, results(tree / "build")


def scores(found: dict[str, Any]) -> dict[str, float]:
    """Points by test name."""
    return {test["name"]: test["score"] for test in found["tests"]}


@pytest.mark.parametrize("lab", labs())
def test_the_solution_scores_full_marks(make: Make, build: str, lab: str) -> None:
    """make grade SOLVED=all: 100 of 100, at least 25 tests, status 0."""
    done = make("grade", f"LAB={lab}", "SOLVED=all")
    assert done.returncode == 0, done.stdout[-4000:]
    found = results(build)
    assert found["score"] == 100
    assert len(found["tests"]) >= 25
    again = make("grade", f"LAB={lab}", "SOLVED=all")
    assert again.returncode == 0
    assert results(build) == found, "the same tree, another result"


STAGES = [(lab, stage) for lab in labs() for stage in labs() if int(lab) < int(stage)]


@pytest.mark.parametrize(("lab", "stage"), STAGES)
def test_a_lab_scores_full_marks_at_a_higher_stage(
    make: Make, build: str, lab: str, stage: str
) -> None:
    """What a lab promises holds with the labs above it in the kernel."""
    done = make("grade", f"LAB={lab}", f"STAGE={stage}", "SOLVED=all")
    assert done.returncode == 0, done.stdout[-4000:]
    assert f"lab {lab} at stage {stage}: 100 of 100 points: all done" in done.stdout
    found = results(build)
    assert found["stage"] == {f"lab{lab}": int(stage)} and len(found["tests"]) >= 25


@pytest.mark.parametrize("lab", labs()[1:])
def test_a_lab_scores_where_those_below_are_not_begun(clone: Path, lab: str) -> None:
    """Full marks, with what is missing given."""
    solve(clone, exercises(lab))
    status, text, found = grade(clone, f"LAB={lab}")
    assert status == 0 and found["score"] == 100, text[-4000:]


def test_an_untouched_tree_scores_nothing_and_names_each_exercise(clone: Path) -> None:
    """The skeleton builds and is graded: 0 points, every exercise named once as not begun."""
    status, text, found = grade(clone)
    assert status != 0
    assert found["score"] == 0
    for lab in labs():
        for exercise in exercises(lab):
            assert re.search(rf"{re.escape(exercise)}\b.*not begun", text), f"{exercise}:\n{text}"


def test_an_untouched_kernel_boots_as_far_as_it_can_and_ends(make: Make, build: str) -> None:
    """Without any exercise the kernel comes up, names what is missing and stops by itself."""
    done = make("run", "SOLVED=none", "CMDLINE=main=exit")
    assert done.returncode == 0, done.stdout


def solve(tree: Path, ids: list[str]) -> None:
    """Put the reference into a tree as if the student had written it."""
    for lab in load_course(tree).labs:
        for exercise in lab.exercises:
            if exercise.id in ids:
                source = tree / "solutions" / lab.folder.name / exercise.file
                (lab.folder / exercise.file).write_text(reading(source.read_text(), source.name))


def plain_tests(lab: str) -> str:
    """The plain tests of a lab: one or two of each exercise."""
    course = load_course(TREE)
    cases = discover(course, [course.lab(int(lab))])
    return ",".join(one.id for one in cases if one.plain and one.exercise)


@pytest.fixture(scope="session", name="written")
def _written(warm: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """This worker's tree in which a student has written everything."""
    folder = tmp_path_factory.mktemp("written") / "strata"
    subprocess.run(["cp", "-a", str(warm), str(folder)], check=True)
    solve(folder, up_to(labs()[-1]))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def check_undone(tree: Path, exercise: str, *words: str) -> None:
    """One not begun, all others written: only its own tests count nothing."""
    lab = exercise.split(".")[0]
    course = load_course(tree)
    place = course.lab_of(exercise).path(course.by_id[exercise])
    kept = place.read_bytes()
    try:
        shutil.copyfile(TREE / place.relative_to(tree), place)
        _, text, found = grade(tree, f"LAB={lab}", *words)
    finally:
        place.write_bytes(kept)
    lost = {test["name"] for test in found["tests"] if test["score"] < test["max_score"]}
    own = {test["name"] for test in found["tests"] if exercise in test["tags"]}
    assert own and lost == own, f"lost {lost ^ own}\n{text[-3000:]}"


@pytest.mark.parametrize("exercise", [one for lab in labs() for one in exercises(lab)])
def test_one_exercise_undone_loses_its_own_points_only(written: Path, exercise: str) -> None:
    """All others score through substitution; by the plain tests."""
    check_undone(written, exercise, f"TEST={plain_tests(exercise.split('.')[0])}")


@pytest.mark.long
@pytest.mark.parametrize("exercise", [one for lab in labs() for one in exercises(lab)])
def test_one_exercise_undone_leaves_the_rest_of_the_points(written: Path, exercise: str) -> None:
    """The same by all tests."""
    check_undone(written, exercise)


def test_a_students_own_file_is_what_is_graded(clone: Path) -> None:
    """A wrong edit in an exercise file turns its tests red, a right one green."""
    solve(clone, exercises("0"))
    file = clone / "lab0-boot/uart.c"
    file.write_text(file.read_text().replace("UART_LCR", "UART_SCR", 1))
    status, text, found = grade(clone, "LAB=0")
    assert status != 0 and found["score"] < 100
    assert "make debug TEST=" in text
    copy_tree(clone)
    solve(clone, exercises("0"))
    status, text, found = grade(clone, "LAB=0")
    assert status == 0 and found["score"] == 100, text[-3000:]


def test_a_file_that_does_not_compile_costs_its_own_points_only(clone: Path) -> None:
    """The compiler's message is shown with its line; the other exercises are judged."""
    solve(clone, exercises("0"))
    file = clone / "lab0-boot/format.c"
    file.write_text(file.read_text() + "\nint broken(\n")
    _, text, found = grade(clone, "LAB=0")
    assert "lab0-boot/format.c:" in text and "error" in text
    for test in found["tests"]:
        assert (test["score"] == 0) == ("0.2" in test["tags"]), (test, text[-3000:])
