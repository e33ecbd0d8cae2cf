# SPDX-License-Identifier: MIT
"""A student's way on, as students meet it: rescue, hint, progress, compare, watch, answers,
handin; and the handout tree, in which there are no solutions."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import zipfile
from pathlib import Path
from typing import Iterator

import pytest

from conftest import TREE, environment, run
from strata.lab import load_course
from test_grading import exercises, grade, labs, plain_tests, solve, up_to


@pytest.fixture(scope="module", name="made")
def _made(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A handout; not to be changed. And what making it said."""
    folder = tmp_path_factory.mktemp("handout")
    done = run(["make", "handout", f"OUT={folder}/tree"], cwd=source)
    assert done.returncode == 0, done.stdout[-3000:]
    assert run(["make", "-s", "print-tag"], cwd=folder / "tree").returncode == 0  # unpacks objects
    yield folder / "tree", done.stdout
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(name="handout")
def _handout(made: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of it."""
    subprocess.run(["cp", "-a", str(made[0]), str(tmp_path / "mine")], check=True)
    return tmp_path / "mine"


def git(tree: Path, *words: str) -> str:
    """What git says."""
    return run(["git", "-C", str(tree), *words]).stdout.strip()


def test_a_handout_has_no_solution_in_it(made: tuple[Path, str]) -> None:
    """A tagged commit a lab; no solutions/, no markers, no names in objects."""
    tree, said = made
    assert "no solution text" in said, said
    tags = [git(tree, "rev-parse", f"lab{lab}") for lab in reversed(labs())]
    assert git(tree, "log", "--format=%H").split() == tags
    assert git(tree, "status", "--porcelain") == ""
    names = git(tree, "ls-files").split("\n")
    assert not [name for name in names if "solutions" in name or "mutant" in name]
    for name in names:
        if re.match(r"lab\d-.*\.(c|asm)$", name):
            assert not re.search(r"EX \d\.\d+ [{}]", (tree / name).read_text()), name
    listed = git(tree, "ls-tree", "-r", "--name-only", f"lab{labs()[-1]}-objects").split("\n")
    course = load_course(TREE)
    linked = sum(one.form != "case" for one in course.exercises())
    assert len([name for name in listed if "/lab" in name and "/cases/" not in name]) == 2 * linked
    for path in tree.glob("objects/**/*.o"):
        assert ".debug" not in run(["readelf", "-S", "-W", str(path)]).stdout, path


@pytest.mark.parametrize("lab", labs())
def test_a_handout_grades_all_that_can_be_given(handout: Path, lab: str) -> None:
    """SOLVED=all is full marks, but for cases: their answers stay behind."""
    status, text, found = grade(handout, f"LAB={lab}", "SOLVED=all")
    cases = [one.points for one in load_course(TREE).lab(int(lab)).exercises if one.form == "case"]
    assert status == 0 and found["score"] == 100 - sum(cases) == found["max_score"], text[-3000:]


def test_what_has_no_object_in_a_handout_is_refused(handout: Path) -> None:
    """With the reason."""
    for path in handout.glob("objects/*/lab0-boot/uart.o"):
        path.unlink()
    wanted = (["grade", "SOLVED=0.1"], ["images", "SOLVED=0.1"], ["rescue", "EX=0.1"])
    for words in wanted:
        done = run(["make", *words], cwd=handout)
        assert done.returncode != 0 and "no reference of 0.1" in done.stdout, done.stdout
    assert "Traceback" not in done.stdout


def test_what_stands_on_a_given_exercise_is_judged_in_a_handout(handout: Path) -> None:
    """A wrong 0.5 is given: its own tests count nothing, those of 0.1 are judged; and undone."""
    shutil.copy(TREE / "solutions/lab0-boot/uart.c", handout / "lab0-boot/uart.c")
    wrong = (TREE / "solutions/lab0-boot/long_mode.asm").read_text()
    wrong = wrong.replace("CR4_PAE", "0").replace("; EX 0.5 }", ";")
    (handout / "lab0-boot/long_mode.asm").write_text(wrong)
    assert run(["make", "rescue", "EX=0.5"], cwd=handout).returncode == 0
    _, text, found = grade(handout, "TEST=0.1,0.5")
    assert found["score"] == 10, text
    assert {test["score"] for test in found["tests"] if "0.5" in test["tags"]} == {0}
    assert "exercise 0.5 Long mode: given" in text
    assert run(["make", "run", "CMDLINE=main=exit"], cwd=handout).returncode == 0
    assert (handout / "lab0-boot/long_mode.asm").read_text() == wrong
    done = run(["make", "rescue", "EX=0.5", "UNDO=1"], cwd=handout)
    assert "is linked again" in done.stdout
    assert not (handout / ".strata/given").read_text().strip()


def check_given(tree: Path, exercise: str, *words: str) -> None:
    """One given, all others solved: only its own tests count nothing."""
    lab = exercise.split(".")[0]
    assert run(["make", "rescue", f"EX={exercise}"], cwd=tree).returncode == 0
    others = ",".join(one for one in up_to(lab) if one != exercise)
    _, text, found = grade(tree, f"LAB={lab}", f"SOLVED={others}", *words)
    own = [test for test in found["tests"] if exercise in test["tags"]]
    rest = [test for test in found["tests"] if exercise not in test["tags"]]
    assert own and rest, text
    for test in own:
        assert test["score"] == 0 and "given" in test["tags"], test
    for test in rest:
        assert test["score"] == test["max_score"] and test["passed_alone"], (test, text[-3000:])
    if not words:
        assert found["score"] == 100 - load_course(tree).by_id[exercise].points
    done = run(["make", "rescue", f"EX={exercise}", "UNDO=1"], cwd=tree)
    assert done.returncode == 0, done.stdout


def test_each_exercise_given_loses_its_own_points_only(clone: Path) -> None:
    """By the plain tests; grader/tests adds up the points of all tests."""
    before = {path: path.read_bytes() for path in clone.glob("lab*/**/*.*") if path.is_file()}
    for lab in labs():
        for exercise in exercises(lab):
            check_given(clone, exercise, f"TEST={plain_tests(lab)}")
    assert before == {path: path.read_bytes() for path in before}


@pytest.mark.long
@pytest.mark.parametrize("exercise", [one for lab in labs() for one in exercises(lab)])
def test_each_exercise_given_leaves_the_rest_of_the_points(clone: Path, exercise: str) -> None:
    """The same by all tests."""
    check_given(clone, exercise)


def test_hand_in_takes_the_exercise_files_only(handout: Path) -> None:
    """A provided file that was spoiled does not travel; grade says so; the zip is repeatable."""
    shutil.copy(TREE / "solutions/lab0-boot/uart.c", handout / "lab0-boot/uart.c")
    printk = handout / "lab0-boot/printk.c"
    printk.write_text(printk.read_text() + "\n/* mine */\n")
    _, text, _ = grade(handout, "TEST=0.1")
    assert re.search(r"not yours to hand in, but changed: lab0-boot/printk\.c:", text), text
    printk.write_text("int broken(\n")
    done = run(["make", "handin", "LAB=0"], cwd=handout)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "9 files, 10 of 100 points" in done.stdout.splitlines()[-1]
    (page,) = re.findall(r"^the same as a page: (\S+)$", done.stdout, re.M)
    assert (handout / page).is_file() and page.startswith("build/handin/"), page
    zipped = handout / "build/handin/lab0.zip"
    names = zipfile.ZipFile(zipped).namelist()
    assert len(names) == 9 and names == sorted(names)
    assert (
        zipfile.ZipFile(zipped).read("lab0-boot/uart.c")
        == (TREE / "solutions/lab0-boot/uart.c").read_bytes()
    )


def test_a_grade_says_what_turned_green_and_red(clone: Path) -> None:
    """Since the last run, also after make clean; compare and progress know of it, too."""
    grade(clone, "TEST=0.1")
    solve(clone, ["0.1"])
    assert run(["make", "clean"], cwd=clone).returncode == 0
    _, text, _ = grade(clone, "TEST=0.1")
    assert re.search(r"since the last run: turned green: boot\.uart\.", text), text
    progress = run(["make", "progress"], cwd=clone).stdout
    assert re.search(r"0\.1 .* 10 of +10 .* done", progress), progress
    done = run(["make", "compare", "EX=0.1"], cwd=clone)
    assert done.returncode == 0 and "uart.c" in done.stdout, done.stdout
    file = clone / "lab0-boot/uart.c"
    file.write_text(file.read_text().replace("UART_LCR", "UART_SCR", 1))
    _, text, _ = grade(clone, "TEST=0.1")
    assert "since the last run: turned red: boot.uart." in text, text
    assert "first needs all its points" in run(["make", "compare", "EX=0.1"], cwd=clone).stdout


def test_a_watch_grades_what_was_saved(clone: Path) -> None:
    """A save of uart.c: its first failure and a hint; meanwhile next to no processor time."""
    watch = subprocess.Popen(
        ["make", "watch", "EX=0.1", "ONCE=1"],
        cwd=clone,
        env=environment(),
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert watch.stdout is not None
    assert "watching 0.1" in watch.stdout.readline()
    file = clone / "lab0-boot/uart.c"
    time.sleep(0.5)
    file.write_text((clone / "solutions/lab0-boot/uart.c").read_text().replace("_LCR", "_SCR"))
    text, _ = watch.communicate(timeout=120)
    assert watch.returncode == 0, text
    assert "uart.c saved" in text and "expected:" in text and "hint 1 of" in text, text


def test_the_ladder_is_climbed_by_calls(clone: Path) -> None:
    """Each call is one rung."""
    rungs = [run(["make", "hint", "EX=0.5"], cwd=clone).stdout for _ in range(2)]
    assert "hint 1 of" in rungs[0] and "hint 2 of" not in rungs[0]
    assert "hint 2 of" in rungs[1] and "hint 1 of" not in rungs[1]
    every = run(["make", "hint", "EX=0.5", "ALL=1"], cwd=clone).stdout
    assert every.count("hint ") >= 3


def test_answers_come_from_the_own_build(clone: Path) -> None:
    """A right one, a wrong one with a pointer, rubbish; without a terminal nothing is asked."""
    done = run(["make", "answers"], cwd=clone)
    assert "0 of 5" in done.stdout and "not answered yet" in done.stdout, done.stdout
    kernel = clone / "build/debug/own/stage0.elf"
    found = re.search(r"(\w+) T pvh_entry", run(["nm", str(kernel)]).stdout)
    assert found
    text = f'q1 = "{int(found[1], 16):#x}"\nq2 = "{int(found[1], 16):#x}"\nq3 = "a few"\n'
    (clone / "lab0-boot/answers.toml").write_text(text)
    done = run(["make", "answers"], cwd=clone)
    assert done.returncode != 0 and "1 of 5" in done.stdout
    assert "wrong; " in done.stdout and "neither a number" in done.stdout, done.stdout


@pytest.mark.parametrize(
    "words,said",
    [
        (["rescue"], "EX=0.5"),
        (["rescue", "EX=9.9"], "0.1"),
        (["rescue", "LAB=7"], "0"),
        (["hint", "EX=x"], "0.1"),
        (["compare"], "0.1"),
        (["compare", "EX=0.1,0.2"], "one exercise"),
        (["watch", "EX=9.9"], "0.1"),
        (["handout"], "OUT=dir"),
        (["handout", "OUT=lab0-boot"], "empty"),
        (["handout", "OUT=build/new"], "what git tracks"),
        (["course"], "OUT=dir"),
        (["chain-check", "OUT=lab0-boot"], "no course in it"),
        (["handin", "LAB=0"], "no tag"),
        (["progress", "LAB=7"], "0"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_gets_a_clear_line(warm: Path, words: list[str], said: str) -> None:
    """In a tree without git: what would be right is named."""
    done = run(["make", *words], cwd=warm)
    assert done.returncode != 0 and said in done.stdout, done.stdout
    assert "Traceback" not in done.stdout


def test_help_names_the_way_on() -> None:
    """All the verbs, in make help and in setup's list."""
    text = run(["make", "help"]).stdout
    for (
        verb
    ) in "rescue hint progress compare watch answers handin handout course chain-check".split():
        assert re.search(rf"^\s+{verb}\s", text, re.M), verb
