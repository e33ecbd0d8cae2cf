# SPDX-License-Identifier: MIT
"""Grading a class, its pure parts: names, what is taken, what may come out, pages."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from strata import class_asked, sandbox
from strata.class_asked import asked_for, try_out
from strata.class_key import Key, Result, judge
from strata.class_report import index_page, marks_csv, student_page
from strata.errors import StrataError, UsageError
from strata.grade_class import seed_of
from strata.lab import load_course
from strata.likeness import Rows, compare, own_lines, read_sim
from strata.submissions import FILE_MOST, clean_name, listed, read

COURSE = load_course(Path(__file__).resolve().parents[2])
LAB = COURSE.lab(0)
FILES = ["lab0-boot/uart.c", "lab0-boot/loader/elf.c"]
KEY = Key({"a.one": ("a.one: it works", "0.1", 6.0), "a.two": ("a.two: <b>", "0.1", 4.0)})


def fresh(name: str = "ann") -> Result:
    """Before anything is known."""
    return Result(name, "zip", "d", "5eed")


def row(ident: str, **more: object) -> dict[str, object]:
    """A test as results.json has it."""
    found = {"id": ident, "status": "passed", "max_score": 6, "passed_alone": True}
    return {**found, "output": "fine", "tags": ["0.1", "core", "passed"], **more}


def test_names_are_fit_for_pages_and_paths() -> None:
    """Odd names get a digest, plain ones stay; no name climbs or hides."""
    assert clean_name("ann-lee.zip") == "ann-lee"
    assert clean_name("a\nb").startswith("a_b-") and clean_name("a\tb") != clean_name("a\nb")
    for odd in ("..", "../x", ".hidden", "<b>", "a/b", "-rf", "", "\udcff"):
        made = clean_name(odd)
        assert made and not made.startswith((".", "-")) and "/" not in made and "<" not in made


def test_two_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """ann.zip and ann/ are two submissions; other files are none."""
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann.zip").touch()
    (tmp_path / "notes.txt").touch()
    names = [name for name, _ in listed(tmp_path)]
    assert len(names) == 2 and len(set(names)) == 2
    with pytest.raises(UsageError, match="no such folder"):
        listed(tmp_path / "nowhere")


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    """A zip of these."""
    with zipfile.ZipFile(path, "w") as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return path


def test_only_exercise_files_are_taken_from_a_zip(tmp_path: Path) -> None:
    """By their whole names, also within the one folder around all."""
    entries = {FILES[0]: b"u", "Makefile": b"evil", f"../{FILES[1]}": b"e"}
    made = read("a", zipped(tmp_path / "a.zip", entries), FILES, "")
    assert made.files == {FILES[0]: b"u"} and "2 other files of the zip: not taken" in made.notes
    around = {f"mine/{name}": b"x" for name in FILES}
    made = read("b", zipped(tmp_path / "b.zip", around), FILES, "")
    assert set(made.files) == set(FILES)


def test_too_much_is_not_taken(tmp_path: Path) -> None:
    """A file that is too large, in a zip and in a folder."""
    big = {FILES[0]: bytes(FILE_MOST + 1)}
    assert not read("a", zipped(tmp_path / "a.zip", big), FILES, "").files
    (tmp_path / "b" / "lab0-boot").mkdir(parents=True)
    (tmp_path / "b" / FILES[0]).write_bytes(big[FILES[0]])
    assert not read("b", tmp_path / "b", FILES, "").files


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Neither the submission, nor a folder, nor a file may be one."""
    (tmp_path / "secret").write_text("x")
    (tmp_path / "a" / "lab0-boot").mkdir(parents=True)
    (tmp_path / "a" / FILES[0]).symlink_to(tmp_path / "secret")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "lab0-boot").symlink_to(tmp_path / "a" / "lab0-boot")
    (tmp_path / "c").symlink_to(tmp_path / "a")
    for name in "abc":
        made = read(name, tmp_path / name, FILES, "")
        assert not made.files and any("link" in note for note in made.notes)


def test_points_are_counted_anew() -> None:
    """Whatever the score says; unknown tests make the results void."""
    found = {"score": 100, "partial": False, "tests": [row("a.one"), row("a.two", status="failed")]}
    result = judge(fresh(), KEY, found, "")
    assert (result.points, result.alone, result.most) == (6, 6, 10)
    found["tests"] = [row("a.one", passed_alone=False), row("a.two")]
    result = judge(fresh(), KEY, found, "")
    assert (result.points, result.alone) == (10, 4)


@pytest.mark.parametrize(
    "found",
    [
        None,
        [],
        {"tests": None},
        {"partial": False, "tests": [row("b.three")]},
        {"partial": False, "tests": [row("a.one"), row("a.one")]},
        {"partial": False, "tests": [{"id": "a.one"}]},
    ],
)
def test_results_that_make_no_sense_are_none(found: object) -> None:
    """No points, and a word of why."""
    result = judge(fresh(), KEY, found, "make: *** x\ngrade: the disk is full\n")
    assert result.points == 0 and result.most == 10 and result.trouble


def test_a_result_is_kept_whole() -> None:
    """What is written is what was judged."""
    result = judge(fresh(), KEY, {"partial": True, "tests": [row("a.one")]}, "")
    assert "time was over" in result.trouble
    assert Result.of(result.as_json()) == result


def test_seeds_depend_on_salt_and_files() -> None:
    """And show neither."""
    assert seed_of("s", "a") == seed_of("s", "a") != seed_of("t", "a")
    assert seed_of("s", "a") != seed_of("s", "b")


def test_pages_escape_what_strangers_say() -> None:
    """Names, notes, output; and they load nothing."""
    result = judge(fresh(), KEY, {"partial": False, "tests": [row("a.two", status="failed")]}, "")
    result.notes.append("<script>alert(1)</script>")
    rows = Rows([("ann", "bob", "0.1", 97)])
    for page in (student_page(LAB, result), index_page(LAB, KEY, [result], rows)):
        assert "<script" not in page and "http://" not in page and "https://" not in page
    assert "bob" not in student_page(LAB, result)
    result.name = "=cmd()"
    assert "'=cmd()" in marks_csv(COURSE, LAB, [result])


def test_an_even_class_has_a_median_between_two() -> None:
    """Of 0, 4, 6 and 10 points it is 5."""
    states = [("failed", "failed"), ("failed", "passed"), ("passed", "failed"), ("passed",) * 2]
    results = []
    for at, (one, two) in enumerate(states):
        rows = [row("a.one", status=one), row("a.two", status=two)]
        results.append(judge(fresh(f"s{at}"), KEY, {"partial": False, "tests": rows}, ""))
    assert "median 5, mean 5, lowest 0, highest 10;" in index_page(LAB, KEY, results, Rows())


def test_what_is_not_judged_here_is_in_no_sum() -> None:
    """The exercise's points are those of the head line."""
    rows = [row("a.one"), row("a.two", status="not judged", max_score=0)]
    page = student_page(LAB, judge(fresh(), KEY, {"partial": False, "tests": rows}, ""))
    assert "<strong>6 of 6 points</strong>" in page and ": 6 of 6</h2>" in page


def test_what_everybody_has_is_not_alike() -> None:
    """The skeleton's lines go out before anything is compared."""
    assert own_lines("int a;\nint mine;\n}\n", "int a;\n}\n") == "int mine;\n"
    said = "3.c consists for 84 % of 1.c material\nFile 3.c: 587 tokens\n"
    assert read_sim(said) == [(3, 84, 1)]


def test_a_sandbox_is_asked_for_all_that_it_keeps_out() -> None:
    """No network, no shared processes, a sized tmpfs; as root another uid first."""
    words = sandbox.words_for(["true"], sandbox.Limits(disk=4096), {"/box/x": 9}, {}, True)
    text = " ".join(words)
    assert words[0] == "setpriv" and "--clear-groups" in words
    for part in ("--unshare-all", "--clearenv", "--size 4096 --tmpfs /box", "--new-session"):
        assert part in text
    assert "--file 9 /box/x" in text and "--remount-ro / " in text
    assert sandbox.words_for(["true"], sandbox.Limits(), {}, {}, False)[0] == "prlimit"


def test_a_zip_that_lies_is_one_line(tmp_path: Path) -> None:
    """Cut off, or with a wrong checksum: no traceback."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(FILES[0], b"abc" * 1000)
    data = bytearray(stream.getvalue())
    data[45] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(bytes(data))
    (tmp_path / "b.zip").write_bytes(bytes(data[:40]))
    for name in ("a", "b"):
        made_of = read(name, tmp_path / f"{name}.zip", FILES, "")
        assert not made_of.files and "cannot be read as a zip" in made_of.notes[0]


@pytest.fixture(name="words")
def _words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A call that is right."""
    monkeypatch.chdir(COURSE.tree)
    (tmp_path / "in" / "ann").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("salt = 4\n")
    return {"SUBMISSIONS": str(tmp_path / "in"), "LAB": "0", "OUT": str(tmp_path / "out")}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"SUBMISSIONS": ""}, "SUBMISSIONS not said: make grade-class SUBMISSIONS=dir"),
        ({"LAB": "", "OUT": ""}, "LAB and OUT not said"),
        ({"SUBMISSIONS": "{}/nowhere"}, "SUBMISSIONS=.*/nowhere: there is no such folder"),
        ({"SUBMISSIONS": "{}/file"}, "file: is no folder"),
        ({"SUBMISSIONS": "{}/empty"}, "no zip and no folder in it"),
        ({"SUBMISSIONS": "{}/out/students"}, "there is no such folder"),
        ({"OUT": "{}/in"}, "OUT=.*/in: lies among the submissions"),
        ({"OUT": "{}/in/deep/out"}, "lies among the submissions"),
        ({"OUT": "{}/in/../in/out"}, "lies among the submissions"),
        ({"OUT": "{}/file"}, "is there already, and no folder"),
        ({"LAB": "77"}, "LAB=77: no lab '77'; there are 0"),
        ({"LAB": "all"}, "one lab"),
        ({"JOBS": "0"}, "JOBS=0: a number from 1 to 256"),
        ({"JOBS": "many"}, "JOBS=many: a number"),
        ({"JOBS": "\u0663"}, "a number from 1"),
        ({"LIMIT": "-1"}, "LIMIT=-1: a number from 1 to 3600"),
        ({"LIMIT": "9" * 30}, "a number from 1 to 3600"),
        ({"CONFIG": "{}/nowhere"}, "CONFIG=.*/nowhere: cannot be read"),
        ({"CONFIG": "{}/file"}, "salt is a string of at least 16"),
        ({"AGAINST": "{}/nowhere"}, "AGAINST=.*/nowhere: there is no such folder"),
        ({"AGAINST": "{}/empty"}, "AGAINST=.*/empty: no zip and no folder"),
        ({"TAG": "--upload-pack=sh"}, "TAG=--upload-pack=sh: the name of a tag"),
        ({"TAG": "a b"}, "the name of a tag"),
        ({"SCHEDULER": "localhost"}, "SCHEDULER=localhost: an address like tcp://"),
        ({"TEST": "nothing"}, "TEST=nothing: none matches"),
    ],
)
def test_a_wrong_word_is_one_line_before_anything_is_built(
    changed: dict[str, str], said: str, words: dict[str, str], tmp_path: Path
) -> None:
    """Each value is looked at first, and the line says what would be right."""
    told = {name: value.format(tmp_path) for name, value in changed.items()}
    with pytest.raises(StrataError, match=said):
        asked_for({**words, **told})
    assert not (tmp_path / "out").exists()


def test_a_right_call_is_read(words: dict[str, str], tmp_path: Path) -> None:
    """With the points and the choice of course.toml."""
    config = tmp_path / "course.toml"
    config.write_text('salt = "0123456789abcdef"\n[lab0]\nexercises = ["0.1", "0.3"]\n')
    asked = asked_for({**words, "CONFIG": str(config), "TAG": "v1", "SCHEDULER": "tcp://h:8786"})
    assert asked.wanted == ["lab0-boot/uart.c", "lab0-boot/vga.c"]
    assert asked.lab.points == 100 and asked.salt == "0123456789abcdef"
    assert asked_for(words).wanted == [f"lab0-boot/{one.file}" for one in LAB.exercises]


def test_what_the_machine_lacks_is_said_with_its_package(
    words: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """bubblewrap and Dask are needed; the likeness of a class can do without."""
    monkeypatch.setattr(class_asked, "find_spec", lambda name: None)
    monkeypatch.setattr(sandbox, "missing", lambda: "")
    with pytest.raises(StrataError, match="distributed is missing .*apt install python3-distrib"):
        try_out(asked_for(words))
    monkeypatch.undo()
    monkeypatch.chdir(COURSE.tree)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(StrataError, match="bwrap is not installed .*apt install bubblewrap"):
        try_out(asked_for(words))
    rows = compare(COURSE, LAB, [], None, FILES)
    assert "apt install similarity-tester" in rows.missing and not rows.rows


def test_an_output_that_cannot_be_written_to_is_one_line(
    words: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write nearly everywhere, but not below /proc."""
    monkeypatch.setattr(sandbox, "missing", lambda: "")
    monkeypatch.setattr(class_asked, "find_spec", lambda name: True)
    with pytest.raises(UsageError, match="OUT=/proc/there: cannot be written to"):
        try_out(asked_for({**words, "OUT": "/proc/there"}))
