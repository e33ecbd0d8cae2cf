# SPDX-License-Identifier: MIT
"""The grader is itself graded: right solutions of another build get full marks, and
wrong ones are caught by the test, and with the words, that they name.

The formats of solutions/labN-*/alternatives and mutants stand in grader/README.md.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Callable, Iterable, Iterator

import pytest

from conftest import TREE, run
from strata.discover import Case, discover
from strata.lab import Exercise, Lab, load_course
from strata.markers import reading
from strata.mistakes import Mutant, mutants

COURSE = load_course(TREE)
MUTANTS_MIN = 2  # for each exercise
OTHERS_MIN = 2  # mutants that do not get a mutant's phrase


@dataclass(frozen=True)
class Outcome:
    """One graded exercise: the ids of its tests, and what the failed ones said."""

    tests: list[str]
    failed: dict[str, str]


Judge = Callable[[str, str, str], Outcome]


def solutions(lab: Lab) -> Path:
    """A lab's folder in solutions/."""
    return TREE / "solutions" / lab.folder.name


MUTANTS = mutants(COURSE)
CASES: list[Case] = discover(COURSE, COURSE.labs)
PLAIN = {case.id for case in CASES if case.plain}


def alternatives(lab: Lab, exercise: Exercise) -> list[Path]:
    """An exercise's: alternatives/FILE, or alternatives/NAME/FILE."""
    folder = solutions(lab) / "alternatives"
    found = [folder / exercise.file, *sorted(folder.glob(f"*/{exercise.file}"))]
    return [path for path in found if path.is_file()]


ALTERNATIVES = [
    (exercise.id, path)
    for lab in COURSE.labs
    for exercise in lab.exercises
    for path in alternatives(lab, exercise)
]


def mutated(mutant: Mutant, scratch: Path) -> str:
    """The student's file: the reference with the mutant's mistake, and without markers."""
    lab, file = COURSE.lab_of(mutant.exercise), COURSE.by_id[mutant.exercise].file
    target = scratch / lab.folder.name / file
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(solutions(lab) / file, target)
    words = ["git", "apply", f"--include={lab.folder.name}/{file}", str(mutant.path)]
    done = run(words, cwd=scratch, GIT_CEILING_DIRECTORIES=str(scratch.parent))
    assert done.returncode == 0, f"{mutant.name} does not fit the reference:\n{done.stdout}"
    text = target.read_text(encoding="utf-8")
    same = text == (solutions(lab) / file).read_text(encoding="utf-8")
    assert not same, f"{mutant.name} changes nothing in {lab.folder.name}/{file}"
    return reading(text, mutant.name)


def grade_file(tree: Path, exercise: str, text: str) -> Outcome:
    """Grade an exercise of a tree with this text as the student's file, all others given."""
    lab = COURSE.lab_of(exercise)
    place = tree / lab.folder.name / COURSE.by_id[exercise].file
    kept = place.read_bytes()
    others = ",".join(one.id for one in COURSE.exercises() if one.id != exercise)
    try:
        place.write_text(text, encoding="utf-8")
        words = [f"LAB={lab.number}", f"TEST={exercise}", f"SOLVED={others or 'none'}", "JOBS=1"]
        done = run(["make", "grade", *words], cwd=tree)
    finally:
        place.write_bytes(kept)
    file = tree / "build/grade/results.json"
    assert file.exists(), done.stdout[-3000:]
    found = json.loads(file.read_text(encoding="utf-8"))
    file.unlink()
    return Outcome(
        [test["id"] for test in found["tests"]],
        {test["id"]: test["output"] for test in found["tests"] if test["status"] != "passed"},
    )


@pytest.fixture(scope="session")
def bench(warm: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """This worker's tree for one changed file after the other."""
    folder = tmp_path_factory.mktemp("bench") / "strata"
    subprocess.run(["cp", "-a", str(warm), str(folder)], check=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def outcome_of(
    bench: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[[Mutant], Outcome]:
    """What becomes of a mutant; each is graded once, whichever worker asks first."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "mutants"
    shared.mkdir(exist_ok=True)

    def outcome(mutant: Mutant) -> Outcome:
        kept = shared / f"{mutant.exercise}-{mutant.name}.json"
        with open(kept.with_suffix(".lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                text = mutated(mutant, tmp_path_factory.mktemp("mutant"))
                found = grade_file(bench, mutant.exercise, text)
                kept.write_text(json.dumps(asdict(found)), encoding="utf-8")
            return Outcome(**json.loads(kept.read_text(encoding="utf-8")))

    return outcome


def complaints(mutant: Mutant, found: Outcome) -> list[str]:
    """Why the grader did not do a mutant right."""
    if mutant.caught_by not in found.tests:
        return [f"exercise {mutant.exercise} has no test {mutant.caught_by}"]
    wrong = []
    said = found.failed.get(mutant.caught_by)
    if said is None:
        wrong.append(f"{mutant.caught_by} passes, but should fail: {mutant.mistake}")
    elif mutant.phrase not in said:
        wrong.append(f"{mutant.caught_by} fails without the phrase '{mutant.phrase}'")
    plain_fails = sorted(PLAIN & set(found.failed))
    if mutant.edge and plain_fails:
        wrong.append(f"a mistake at the edge turns the plain case red: {plain_fails[0]}")
    if not mutant.edge and not plain_fails:
        wrong.append("the plain case stays green: this is a mistake at the edge")
    return wrong


def free_of(phrase: str, others: Iterable[Outcome], enough: int) -> bool:
    """Whether enough of the others have no failure with these words."""
    free = 0
    for found in others:
        free += not any(phrase in said for said in found.failed.values())
        if free >= enough:
            return True
    return free >= enough


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(one, id=one.name, marks=[pytest.mark.long] if one.slow else [])
        for one in MUTANTS
    ],
)
def test_a_mutant_is_caught_by_its_test_in_its_words(
    mutant: Mutant, outcome_of: Callable[[Mutant], Outcome]
) -> None:
    """The named test fails with the phrase; the plain case as the mutant says."""
    found = outcome_of(mutant)
    wrong = complaints(mutant, found)
    said = "\n".join(f"{name}:\n{text}" for name, text in found.failed.items())
    assert not wrong, "\n".join([*wrong, "what failed:", said or "nothing"])


@pytest.mark.parametrize("exercise", [one.id for one in COURSE.exercises()])
def test_a_phrase_is_not_what_every_mutant_gets(
    exercise: str, outcome_of: Callable[[Mutant], Outcome]
) -> None:
    """At least two other mutants of the exercise (all, where there are fewer) lack it."""
    mutants = [one for one in MUTANTS if one.exercise == exercise]
    for mutant in mutants:
        others = sorted((one for one in mutants if one is not mutant), key=lambda one: one.slow)
        enough = min(OTHERS_MIN, len(others))
        assert free_of(mutant.phrase, map(outcome_of, others), enough), (
            f"{mutant.name}: '{mutant.phrase}' says too little: "
            f"fewer than {enough} other mutants of {exercise} fail without it"
        )


def test_a_mutant_that_is_not_caught_as_it_says_is_seen() -> None:
    """A survivor, a wrong phrase, a wrong test, a wrong edge, a phrase that all get."""
    edge = next(case.id for case in CASES if case.exercise and not case.plain)
    plain = next(case.id for case in CASES if case.plain)
    mutant = Mutant(Path("m.patch"), "0.1", edge, "got 3", True, "I forgot.")
    caught = Outcome([plain, edge], {edge: "expected 2, got 3"})
    assert not complaints(mutant, caught)
    assert complaints(mutant, Outcome([plain, edge], {}))
    assert complaints(replace(mutant, phrase="got 4"), caught)
    assert complaints(replace(mutant, caught_by="boot.no.such_test"), caught)
    assert complaints(replace(mutant, caught_by=plain), caught)
    assert complaints(replace(mutant, edge=False), caught)
    assert complaints(mutant, replace(caught, failed={**caught.failed, plain: "nothing"}))
    other = replace(caught, failed={plain: "no end"})
    assert free_of("got 3", [caught, other, other], 2)
    assert not free_of("got 3", [caught, other, caught], 2)


@pytest.mark.parametrize(
    ("exercise", "path"),
    [
        pytest.param(ident, path, id=f"{ident}-{path.parent.name}-{path.name}")
        for ident, path in ALTERNATIVES
    ],
)
def test_an_alternative_gets_full_marks(exercise: str, path: Path, bench: Path) -> None:
    """Another right solution passes all tests of its exercise."""
    found = grade_file(bench, exercise, path.read_text(encoding="utf-8"))
    assert found.tests and not found.failed, "\n".join(found.failed.values())


@pytest.mark.parametrize("lab", COURSE.labs, ids=[lab.name for lab in COURSE.labs])
def test_all_alternatives_together_score_100(lab: Lab, clone: Path) -> None:
    """A student whose every solution is another one gets full marks, nothing given."""
    for one in COURSE.labs:
        if one.number <= lab.number:
            for exercise in one.exercises:
                path = alternatives(one, exercise)[0]
                shutil.copyfile(path, clone / one.folder.name / exercise.file)
    done = run(["make", "grade", f"LAB={lab.number}"], cwd=clone)
    found = json.loads((clone / "build/grade/results.json").read_text(encoding="utf-8"))
    assert done.returncode == 0 and found["score"] == 100, done.stdout[-4000:]


@pytest.mark.parametrize("exercise", [one.id for one in COURSE.exercises()])
def test_every_exercise_is_proved_both_ways(exercise: str) -> None:
    """It has an alternative and at least two mutants, no two of the same mistake."""
    lab = COURSE.lab_of(exercise)
    assert alternatives(lab, COURSE.by_id[exercise]), f"{exercise} has no alternative"
    mutants = [one for one in MUTANTS if one.exercise == exercise]
    assert len(mutants) >= MUTANTS_MIN, f"{exercise} has {len(mutants)} mutants"
    assert len({one.mistake for one in mutants}) == len(mutants), "the same mistake twice"


def test_every_mutant_and_alternative_belongs_to_an_exercise() -> None:
    """Nothing in the folders is passed over in silence."""
    known = {path for _, path in ALTERNATIVES} | {one.path for one in MUTANTS}
    for lab in COURSE.labs:
        for folder in ("alternatives", "mutants"):
            for path in (solutions(lab) / folder).rglob("*"):
                assert path.is_dir() or path in known, f"{path}: of no exercise"
    for mutant in MUTANTS:
        assert mutant.exercise in COURSE.by_id, mutant.path
        assert mutant.slow or mutant.mistake.endswith("."), f"{mutant.name}: a whole sentence"
