# SPDX-License-Identifier: MIT
"""A student's way on: given exercises, hints, progress, comparing, handing in."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from strata import answers, compare, handin, hint, leaks, memory, progress, rescue, watch
from strata.discover import discover
from strata.errors import StrataError, UsageError
from strata.lab import Course, load_course
from strata.markers import State, reading, skeleton
from strata.planning import Situation, first_phase, second_phase
from strata.points import Marks, mark
from strata.record import Result
from strata.report import first_to_do, plain_lines
from support import SOLUTION, case, make_course, passed

TREE = Path(__file__).parents[2]
HERE = load_course(TREE)
A, B, C = case("a", "0.1"), case("b", "0.2"), case("c", "0.3")
WRITTEN = {"0.1": State.WRITTEN, "0.2": State.WRITTEN, "0.3": State.WRITTEN}


@pytest.fixture(name="course")
def _course(tmp_path: Path) -> Course:
    """Three exercises; the student's files are skeletons."""
    course = make_course(tmp_path)
    for exercise in course.exercises():
        text = course.solution(exercise).read_text()
        course.lab_of(exercise.id).path(exercise).write_text(skeleton(text, "x"))
    return course


def marks_of(course: Course, rescued: str, *right: str) -> Marks:
    """One exercise given; of the others some are right."""
    situation = Situation(WRITTEN, rescued=frozenset([rescued]))
    ran = first_phase([A, B, C], situation)
    first = {one.id: Result(one.id, "passed" if one.exercise in right else "failed") for one in ran}
    return mark(course, [A, B, C], [A, B, C], situation, first, {})


@pytest.mark.parametrize("ident", list(HERE.by_id))
def test_one_given_and_all_others_right_is_all_but_its_points(ident: str) -> None:
    lab = HERE.lab_of(ident)
    cases = [one for one in discover(HERE, [lab]) if one.exercise]
    states = {one.id: State.WRITTEN for one in lab.exercises}
    situation = Situation(states, rescued=frozenset([ident]))
    ran = first_phase(cases, situation)
    assert {one.exercise for one in cases} - {one.exercise for one in ran} == {ident}
    marks = mark(HERE, cases, cases, situation, passed(*ran), {})
    assert marks.points == lab.points - HERE.by_id[ident].points
    assert marks.most == lab.points


def test_what_stands_on_a_given_exercise_is_judged_as_ever(course: Course) -> None:
    marks = marks_of(course, "0.1", "0.2")
    assert [one.points for one in marks.exercises] == [0, 30, 0]
    assert marks.alone == marks.points
    situation = Situation(WRITTEN, rescued=frozenset(["0.1"]))
    failed = {C.id: Result(C.id, "failed")}
    again = second_phase(course, [A, B, C], situation, {**passed(B), **failed})
    assert again == {}, "what is given already is not given again"


def test_a_given_exercise_is_said_to_be_given(course: Course) -> None:
    marks = marks_of(course, "0.1", "0.2", "0.3")
    assert "exercise 0.1 Exercise 0.1: given, 0 of 40" in plain_lines(marks)
    assert first_to_do(course, marks) == []
    assert not marks.full


def test_rescue_keeps_the_students_file_and_undo_brings_it_back(course: Course) -> None:
    path = course.tree / "lab0-boot/f1.c"
    path.write_bytes(b"mine \xff\r\n")
    rescue.rescue(course, ["0.1"])
    assert "return 1;" in path.read_text() and "EX 0.1" not in path.read_text()
    assert memory.given(course) == {"0.1"}
    assert "is given already" in rescue.rescue(course, ["0.1"])[0]
    rescue.undo(course, ["0.1"])
    assert path.read_bytes() == b"mine \xff\r\n"
    assert memory.given(course) == frozenset()
    assert rescue.undo(course, ["0.1"]) == ["0.1: was not given"]


def test_a_given_file_that_was_changed_is_not_lost(course: Course) -> None:
    path = course.tree / "lab0-boot/f1.c"
    rescue.rescue(course, ["0.1"])
    path.write_text("changed")
    (line,) = rescue.undo(course, ["0.1"])
    assert (course.tree / ".strata/kept/lab0-boot/f1.c.1").read_text() == "changed"
    assert "f1.c.1" in line


def test_what_is_not_at_hand_cannot_be_given(course: Course) -> None:
    (course.tree / "solutions").rename(course.tree / "elsewhere")
    with pytest.raises(UsageError, match="no reference of 0.2"):
        rescue.rescue(course, ["0.2"])
    folder = course.tree / "objects/debug/lab0-boot"
    folder.mkdir(parents=True)
    (folder / "f1.o").touch()
    before = (course.tree / "lab0-boot/f1.c").read_text()
    assert course.references() == {"0.1"}
    rescue.rescue(course, ["0.1"])
    assert (course.tree / "lab0-boot/f1.c").read_text() == before


def test_a_ladder_is_climbed_rung_by_rung(course: Course) -> None:
    one = replace(course.by_id["0.1"], hints=("a question", "a trap", "the steps"))
    texts = ["\n".join(hint.next_rungs(course, one, False)) for _ in range(4)]
    assert "a question" in texts[0] and "a trap" not in texts[0]
    assert "a trap" in texts[1] and "the steps" in texts[2]
    assert "make rescue EX=0.1" in texts[2]
    assert "a question" in texts[3] and "the steps" in texts[3], "then all of it again"
    assert "no hints yet" in hint.next_rungs(course, course.by_id["0.2"], False)[0]


def remember(course: Course, *right: str) -> list[str]:
    """A run in which some are right."""
    first = {}
    for one in (A, B, C):
        first[one.id] = Result(one.id, "passed" if one.exercise in right else "failed")
    marks = mark(course, [A, B, C], [A, B, C], Situation(WRITTEN), first, {})
    return memory.remember(course, marks, {"0.1": 1, "0.2": 1, "0.3": 1})


def test_a_grade_says_what_turned(course: Course) -> None:
    assert remember(course, "0.1", "0.2") == []
    assert remember(course, "0.1", "0.2") == ["no test changed"]
    lines = remember(course, "0.1", "0.3")
    assert lines == [f"turned green: {C.id}", f"turned red: {B.id}"]


def test_progress_adds_up(course: Course) -> None:
    remember(course, "0.1", "0.2")
    rescue.rescue(course, ["0.3"])
    (course.tree / "lab0-boot/f2.c").write_text("edited")
    found = progress.standings(course, course.labs[0])
    assert [one.word for one in found] == [
        "done",
        "written, changed since it was graded",
        "given",
    ]
    text = progress.lines_of(course.labs[0], found)[-1]
    assert text.startswith("done 1, given 1, open 1; 70 of 100 points")


def test_compare_wants_a_pass_of_the_file_as_it_is(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(course.tree)
    monkeypatch.setenv("EX", "0.1")
    with pytest.raises(StrataError, match="make grade TEST=0.1"):
        compare.main([])
    remember(course, "0.1")
    assert compare.main([]) == 0
    assert "+        return 1;" in capsys.readouterr().out
    (course.tree / "lab0-boot/f1.c").write_text("edited")
    with pytest.raises(StrataError, match="as it is now"):
        compare.main([])
    remember(course, "0.1")
    (course.tree / "solutions").rename(course.tree / "elsewhere")
    with pytest.raises(StrataError, match="no solutions/"):
        compare.main([])


def test_two_columns_show_who_has_what() -> None:
    lines = compare.side_by_side(["a", "b", "c"], ["a", "x", "c", "d"], 43)
    assert [line[21] if len(line) > 21 else " " for line in lines[2:]] == [" ", "|", " ", ">"]


def test_a_reading_is_the_skeleton_with_the_body() -> None:
    text = SOLUTION.format(n=1)
    lines = reading(text, "x").split("\n")
    assert set(skeleton(text, "x").split("\n")) - set(lines) == {'        todo("0.1");'}
    assert "        return 1;" in lines


def test_a_save_touches_its_exercise_or_everything(course: Course) -> None:
    lab = course.tree / "lab0-boot"
    assert watch.touched(course, {lab / "f1.c"}) == {"0.1"}
    assert watch.touched(course, {lab / "printk.c"}) == {"0.1", "0.2", "0.3"}
    assert watch.touched(course, {lab / "f1.c~", lab / "4913"}) is None


def test_a_poll_sees_a_save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f1.c"
    path.write_text("a")
    monkeypatch.setattr(watch.time, "sleep", lambda _seconds: os.utime(path, ns=(1, 1)))
    assert next(watch.Poll([path]).saved()) == {path}


def test_inotify_sees_a_save(tmp_path: Path) -> None:
    source = watch.Inotify([tmp_path])
    (tmp_path / "f1.c").write_text("a")
    assert next(source.saved()) == {tmp_path / "f1.c"}


def test_a_zip_depends_on_its_files_only(tmp_path: Path) -> None:
    handin.write_zip(tmp_path / "a.zip", {"b": b"2", "a": b"1"})
    handin.write_zip(tmp_path / "b.zip", {"a": b"1", "b": b"2"})
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "a.zip").namelist() == ["a", "b"]


def test_a_leak_is_found(course: Course, tmp_path: Path) -> None:
    path = course.tree / "solutions/lab0-boot/f1.c"
    path.write_text(SOLUTION.format(n=1).replace("return 1;", "return the_long_secret + 1;"))
    out = tmp_path / "out"
    out.mkdir()
    (out / "page.md").write_text("nothing here: return 1;")
    assert leaks.find(course, out) == []
    (out / "page.md").write_bytes(b"\0\xff so: return  the_long_secret + 1; and")
    (line,) = leaks.find(course, out)
    assert "page.md" in line and "solutions/lab0-boot/f1.c" in line


def test_answers_are_numbers_or_symbols(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Table:
        by_name = {"pvh_entry": 0x100034}

    monkeypatch.setattr(answers, "read_symbols", lambda path: Table())
    build = answers.Build(tmp_path, tmp_path, 0)
    for word, value in (("0x100034", 0x100034), ("7", 7), ("<pvh_entry+4>", 0x100038), ("x", None)):
        assert answers.parse(word, build) == value
    truth = answers.Truth.of(7, "count again")
    assert answers.judge(truth, "7", build) == (True, "right")
    good, line = answers.judge(truth, "8", build)
    assert not good and "count again" in line and "7" not in line


def test_each_question_has_its_checker() -> None:
    for lab in HERE.labs:
        assert len(lab.questions) >= 4
        assert set(answers._checkers(lab)) == {one.id for one in lab.questions}
