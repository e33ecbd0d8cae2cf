# SPDX-License-Identifier: MIT
"""What goes to Gradescope and GitHub Classroom, and what may come from there."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from strata import gradescope_run
from strata.class_key import Key, Result, judge, nothing
from strata.classroom import notices, summary
from strata.errors import UsageError
from strata.gradescope import request
from strata.gradescope_run import as_gradescope, collect, main

WANTED = ["lab0-boot/uart.c", "lab0-boot/loader/elf.c", "lab0-boot/case.toml", "lab1-x/case.toml"]
KEY = Key({"a.b.c": ("a.b.c: Claim.", "0.1", 2.5), "a.b.d": ("a.b.d: Other.", "0.1", 7.5)})
CONFIG = {"lab": 0, "title": "Boot", "mark": "given", "commit": "abc", "wanted": WANTED}
# Source: "Autograder Specifications"; nothing else may be there.
TOP = {"score", "execution_time", "output", "output_format", "test_output_format"}
TOP |= {"test_name_format", "visibility", "stdout_visibility", "extra_data", "tests", "leaderboard"}
TEST = {"score", "max_score", "status", "name", "name_format", "number", "output"}
TEST |= {"output_format", "tags", "visibility", "extra_data"}


def rows(**more: Any) -> dict[str, Any]:
    """Results of a grade: the first test passed with help, the second failed."""
    test = {"id": "a.b.c", "max_score": 2.5, "status": "passed", "passed_alone": False}
    test |= {"output": "alone: no", "tags": ["0.1", "core", "passed"]}
    other = {**test, "id": "a.b.d", "status": "failed", "output": "no", **more}
    return {"partial": False, "tests": [test, other]}


def graded(mark: str = "given", **more: Any) -> dict[str, Any]:
    """What Gradescope is told of them."""
    result = judge(Result("submission", "folder", "", "5eed"), KEY, rows(**more), "")
    return as_gradescope({**CONFIG, "mark": mark}, result)


def test_only_documented_fields_are_told() -> None:
    made = graded()
    assert set(made) <= TOP and all(set(one) <= TEST for one in made["tests"])
    assert made["score"] == 2.5 and made["stdout_visibility"] == "hidden"
    assert [one["status"] for one in made["tests"]] == ["passed", "failed"]
    assert [one["number"] for one in made["tests"]] == ["0.1.1", "0.1.2"]
    assert "SEED=5eed" in made["output"] and "2.5 of 10 points" in made["output"]


def test_the_instructor_picks_which_mark_counts() -> None:
    made = graded("alone")
    assert made["score"] == 0 and made["tests"][0]["status"] == "failed"
    assert made["extra_data"]["score_given"] == 2.5


def test_what_the_machine_cannot_judge_has_no_status() -> None:
    made = graded(max_score=0)
    assert "status" not in made["tests"][1] and made["tests"][1]["max_score"] == 0


def test_nothing_is_said_of_a_missing_file_twice() -> None:
    result = Result("submission", "folder", "", "5eed")
    result.notes = [f"{name}: not handed in" for name in WANTED] + ["3 other files: not taken"]
    text = as_gradescope(CONFIG, nothing(result, KEY, "there is no file in it"))["output"]
    assert text.count("not handed in") == 1 and all(name in text for name in WANTED)


def put(folder: Path, *names: str) -> Path:
    """Files with their own names in them."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


@pytest.mark.parametrize(
    "names",
    [
        ("lab0-boot/uart.c", "lab0-boot/loader/elf.c"),
        ("repo-main/lab0-boot/uart.c", "repo-main/lab0-boot/loader/elf.c"),
        ("uart.c", "elf.c"),
        ("uart.c", "loader/elf.c"),
        ("lab0-boot/uart.c", "elf.c", "notes.txt"),
    ],
)
def test_files_are_found_however_they_are_laid_out(tmp_path: Path, names: tuple[str, ...]) -> None:
    made = collect(put(tmp_path, *names), WANTED)
    assert set(made.files) == set(WANTED[:2])


def test_a_zip_in_the_folder_is_opened(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "lab0.zip", "w") as zipped:
        zipped.writestr("lab0-boot/uart.c", "mine")
    assert collect(tmp_path, WANTED).files == {"lab0-boot/uart.c": b"mine"}


def test_a_name_of_several_exercises_is_nobodys(tmp_path: Path) -> None:
    assert collect(put(tmp_path, "case.toml"), WANTED).files == {}


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "uart.c").symlink_to("/etc/passwd")
    (tmp_path / "loader").symlink_to("/etc")
    assert collect(tmp_path, WANTED).files == {}


def test_there_is_always_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_ROOT", str(tmp_path))
    monkeypatch.setattr(gradescope_run.os, "umask", lambda mask: 0)
    assert main(["grade"]) == 0
    made = json.loads((tmp_path / "results" / "results.json").read_text())
    assert made["score"] == 0 and "no fault of yours" in made["output"]


@pytest.mark.parametrize(
    "words",
    [{}, {"LAB": "0,1"}, {"LAB": "9"}, {"LAB": "0", "MARK": "best"}, {"LAB": "0", "OUT": "x.tar"}]
    + [{"LAB": "0", "JOBS": "0"}, {"LAB": "0", "LIMIT": "1h"}, {"LAB": "0", "LIMIT": "9999"}],
)
def test_words_are_looked_at(words: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        request(words)


def test_classroom_gets_two_notices_and_a_page() -> None:
    found = {0: {"score": 2.5, "max_score": 10, "tests": [{**rows()["tests"][0], "score": 2.5}]}}
    said = notices(found)
    assert said[0] == "::notice title=Autograding complete::Points 2.5/10"
    head, _, data = said[1].rpartition("::")
    assert head == "::notice title=Autograding report"
    assert json.loads(data) == {"totalPoints": 2.5, "maxPoints": 10.0}
    assert "| `a.b.c` | passed | 2.5 of 2.5 |" in summary(found)
