# SPDX-License-Identifier: MIT
"""Exercises that are not code: their broken kernels and objects are what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Make, TREE, run
from strata import broken
from strata.elf import read_symbols
from strata.forms import cases_of
from strata.lab import Exercise, Lab, load_course

COURSE = load_course(TREE)
CASES = [(lab, one) for lab in COURSE.labs for one in lab.exercises if one.form == "case"]
TRIALS = [one for one in COURSE.exercises() if one.form == "test"]
TRIALS_WANTED = 4
CAUSES_LEAST = 8
by_id = pytest.mark.parametrize("exercise", TRIALS, ids=[one.id for one in TRIALS])
by_lab = pytest.mark.parametrize(("lab", "exercise"), CASES, ids=[one.id for _, one in CASES])


def case_patches(lab: Lab) -> list[Path]:
    """The patches of a lab's broken kernels."""
    return sorted((TREE / "solutions" / lab.folder.name / "cases").glob("*"))


@by_lab
def test_each_case_has_its_kernel_and_its_answer_is_in_it(
    make: Make, build: str, lab: Lab, exercise: Exercise
) -> None:
    """The functions are functions of that kernel, the cause is a word of the list."""
    patches, words = case_patches(lab), broken.causes(lab)
    assert [path.name for path in patches] == [
        f"{number}.patch" for number in range(1, len(patches) + 1)
    ]
    assert len(patches) >= 2 and len(words) >= CAUSES_LEAST and all(words.values())
    images = [f"cases/lab{lab.number}-{path.stem}.elf" for path in patches]
    done = make("images", f"LAB={lab.number}", f"IMAGES={' '.join(images)}")
    assert done.returncode == 0, done.stdout[-3000:]
    for path, image in zip(patches, images):
        header = broken.read_header(path)
        names = read_symbols(Path(build, "debug", image)).names
        for function in header["function"].split(","):
            assert function.strip() in names, f"{path}: no {function} in the kernel"
        assert header["cause"] in words, f"{path}: {header['cause']}"
        assert header["symptom"].endswith("."), f"{path}: a whole sentence"
    again = make("images", f"LAB={lab.number}", f"IMAGES={' '.join(images)}", "SOLVED=all")
    assert " LD " not in again.stdout, "what is solved has no part in them"


@by_lab
def test_a_debugger_is_not_told_which_file_is_broken(
    make: Make, build: str, lab: Lab, exercise: Exercise
) -> None:
    """The lab's own files are all without lines, or the only one without is the answer."""
    image = f"cases/lab{lab.number}-{case_patches(lab)[0].stem}.elf"
    assert make("images", f"LAB={lab.number}", f"IMAGES={image}").returncode == 0
    words = ["readelf", "--debug-dump=info", "--dwarf-depth=1", str(Path(build, "debug", image))]
    said = run(words).stdout
    assert "lab0-boot/" in said or lab.number == 0
    assert f"{lab.folder.name}/" not in said and "broken/" not in said


@by_id
def test_each_test_on_trial_has_four_broken_objects(exercise: Exercise) -> None:
    """Each is a diff of the subject's reference that fits."""
    folder = TREE / "solutions" / COURSE.lab_of(exercise.id).folder.name / "trials" / exercise.id
    patches = sorted(folder.glob("*.patch"))
    assert len(patches) == TRIALS_WANTED == len(list(folder.glob("*")))
    subject = COURSE.by_id[exercise.subject]
    name = f"{COURSE.lab_of(subject.id).folder.name}/{subject.file}"
    texts = {broken.patched(COURSE, path) for path in patches}
    assert {file for file, _ in texts} == {name} and len(texts) == TRIALS_WANTED


def test_the_tests_of_a_form_are_where_the_exercises_are() -> None:
    """Two of a case, three of a test, none of code."""
    for lab in COURSE.labs:
        count = {"code": 0, "case": 2, "test": 3}
        assert len(cases_of(COURSE, lab)) == sum(count[one.form] for one in lab.exercises)
