# SPDX-License-Identifier: MIT
"""The page of a grade: complete, bounded, and harmless whatever a guest printed."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import time
from dataclasses import asdict, replace
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import pytest

from strata import grade_page
from strata.failure_page import Maker
from strata.lab import Course
from strata.markers import State
from strata.page import esc
from strata.planning import Situation
from strata.points import Marks, TestMark, mark
from strata.record import Plan, Planned, Result
from strata.source_lines import Place, excerpt, lines_behind, places
from support import case, make_course, passed

A, B, C = case("a", "0.1"), case("b", "0.2"), case("c", "0.3")
STATES = {"0.1": State.WRITTEN, "0.2": State.WRITTEN, "0.3": State.NOT_BEGUN}
NASTY = "</pre><script>alert(1)</script><img src=http://x/y onerror=z> \x1b[31m\x00 \u202e \ud800"
PANIC = b"""@0000abcd panic: page fault <b>here</b>
@0000abcd panic-at: lab0-boot/f2.c:3
@0000abcd bt: 0xffffffff80101234 f2+0x4
@0000abcd bt: 0xffffffff80105678 <i>kernel</i>_main+0x8
@0000abcd fact: vector=0xe
@0000abcd fact: error=0x2
@0000abcd fact: cr2=0xdead000
@0000abcd fact: rip=0xffffffff80101234
@0000abcd panic-end
"""


class Seen(HTMLParser):
    """Tags that are opened and closed, what they would load, the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more."""
        self.tags.add(tag)
        words = dict(attrs)
        assert not any(name.startswith("on") or name == "style" for name in words), words
        self.loads += [words[name] or "" for name in ("src", "data", "poster") if name in words]
        self.ids += [words["id"] or ""] if "id" in words else []
        if tag == "a":
            self.targets.append(words["href"] or "")
        if tag not in ("meta", "link", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It closes the last one."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Words."""
        self.text += data


def seen(text: str) -> Seen:
    """A page, read."""
    found = Seen()
    found.feed(text)
    found.close()
    assert found.open == []
    return found


@pytest.fixture(name="course")
def _course(tmp_path: Path) -> Course:
    made = make_course(tmp_path / "tree")
    (made.tree / "lab0-boot" / "f2.c").write_text("int\nf2(void)\n{\n\treturn 1 < 2;\n}\n")
    (made.tree / "lab0-boot" / "README.md").write_text("# Lab\n\n## Exercise 0.2\n")
    return made


def planned(out: Path, ident: str, images: Path = Path("/nowhere")) -> Planned:
    """The run of a test."""
    folder = str(out / "tests" / ident)
    return Planned(ident, "b", "kernel", "t.c", 0, 0, (), str(images), 0xABC, folder)


def page_of(
    course: Course, bad: Result, logs: dict[str, bytes], images: Path = Path("/nowhere")
) -> tuple[Path, str]:
    """0.1 right, 0.2 wrong in this way, 0.3 not begun."""
    out = course.tree / "build" / "grade"
    folder = out / "tests" / bad.id
    folder.mkdir(parents=True)
    for name, data in logs.items():
        (folder / name).write_bytes(data)
    plan = Plan(str(course.tree), (planned(out, bad.id, images),), {})
    (out / "plan.json").write_text(json.dumps(asdict(plan)))
    first = passed(A) | {bad.id: bad}
    marks: Marks = mark(course, [A, B, C], [A, B, C], Situation(STATES), first, {})
    facts = grade_page.Facts("lab 0", {0: "abc"}, 1.25, ["since the last run: nothing"])
    grade_page.write(course, out, marks, facts)
    return out, (out / "index.html").read_text(encoding="utf-8")


def test_a_page_has_all_that_is_known(course: Course) -> None:
    ended = "the kernel panicked"
    bad = Result(B.id, "failed", ended, "2", "3", "lab0-boot/f2.c:4", "count", "more", seconds=0.5)
    screen = {"screen.png": b"\x89PNG", "screen.txt": b"strata> \n"}
    _, text = page_of(course, bad, {"verdict.log": PANIC, "serial.log": b"hello\n", **screen})
    found = seen(text)
    for words in (
        "Lab 0: 40 of 100 points",
        "Seed: lab 0: abc",
        "since the last run: nothing",
        "not begun",
        "What to do first: exercise 0.2",
        "return 1 < 2;",
        "#PF page fault, error code 0x2 (writing to an unmapped address 0xdead000)",
        "<i>kernel</i>_main+0x8",
        "hello",
        "strata>",
        f"make debug TEST={B.id}",
        f"make rewind TEST={B.id}",
        f"make grade-one TEST={B.id}",
        "Exercise 0.2",
        "0.50",
        "seed of this test: abc",
    ):
        assert words in found.text, words
    assert found.loads == ["data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()]


def test_a_panic_is_told_where_it_ended_the_test(course: Course) -> None:
    _, text = page_of(course, Result(B.id, "failed", "no", "2", "3"), {"verdict.log": PANIC})
    assert "Decoded" not in text and "Backtrace" not in text


def test_a_frame_without_an_address_is_only_shown(course: Course, tmp_path: Path) -> None:
    """It came from the guest; what is asked of addr2line are numbers."""
    tool = tmp_path / "addr2line"
    tool.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\n')
    tool.chmod(0o755)
    image = tmp_path / "stage0-test.elf"
    image.touch()
    bad = Result(B.id, "failed", "the kernel panicked")
    panic = PANIC.replace(b"bt: 0xffffffff80105678 ", b"bt: nowhere ")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADDR2LINE", str(tool))
        _, text = page_of(course, bad, {"verdict.log": panic}, images=tmp_path)
    assert "nowhere &lt;i&gt;kernel&lt;/i&gt;_main+0x8" in text
    assert (tmp_path / "asked").read_text() == f"-e {image} 0x0 0xffffffff80101234\n"


def test_a_place_behind_the_end_of_its_file_has_no_excerpt(course: Course) -> None:
    _, text = page_of(course, Result(B.id, "failed", "no", where="lab0-boot/f2.c:900"), {})
    assert "lab0-boot/f2.c:900</a>" in text and '<pre class="box"></pre>' not in text


def test_a_full_page_still_says_where_the_logs_are(course: Course) -> None:
    out, _ = page_of(course, Result(B.id, "failed", "no"), {"serial.log": b"hello\n" * 9})
    test = TestMark(B, Fraction(10), Result(B.id, "failed", "no"), None)
    for left, shown in ((0, 0), (12, 2)):
        (made,) = Maker(course, out, {B.id: planned(out, B.id)}, logs_left=left).failures([test])
        assert made.count("hello") == shown and "serial.log</a>, 54 bytes" in made


def test_links_lead_somewhere(course: Course) -> None:
    bad = Result(B.id, "failed", "no", where="lab0-boot/f2.c:4")
    out, text = page_of(course, bad, {"serial.log": b"hello\n"})
    found = seen(text)
    assert len(set(found.ids)) == len(found.ids)
    late = ("results.json", "junit.xml")  # written before the page by a real run
    for target in found.targets:
        path, _, section = target.partition("#")
        if not path:
            assert section in found.ids, target
        elif path not in late and path.rpartition("/")[2] not in ("t.c", "f1.c"):
            assert (out / path).exists(), target


def test_what_a_guest_prints_stays_text(course: Course) -> None:
    log = NASTY.encode("utf-8", "surrogatepass") + b"\xff\xfe" + bytes(range(32))
    panic = PANIC.replace(b"page fault", log.replace(b"\n", b"").replace(b"\r", b""))
    bad = Result(B.id, "failed", NASTY, NASTY, NASTY, NASTY, NASTY, f"{NASTY}\nlab0-boot/f2.c:4")
    _, text = page_of(course, bad, {"serial.log": log, "verdict.log": panic})
    found = seen(text)
    assert not found.tags & {"script", "b", "i", "iframe", "object"}
    assert not found.loads
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e]", text)
    assert "\\x1b[31m\\x00 \\u202e \\ud800" in found.text


def test_what_the_compiler_said_is_on_the_page(course: Course) -> None:
    marks = mark(course, [B], [B], Situation(STATES), {B.id: Result(B.id, "failed", "no")}, {})
    said = f"lab0-boot/f2.c:4: {NASTY}"
    warned = tuple(replace(one, warnings=(said,)) for one in marks.exercises)
    out = course.tree / "build" / "grade"
    out.mkdir(parents=True)
    facts = grade_page.Facts("lab 0", {0: "abc"}, 1.25)
    grade_page.write(course, out, replace(marks, exercises=warned), facts)
    found = seen((out / "index.html").read_text(encoding="utf-8"))
    assert found.text.count("lab0-boot/f2.c:4: </pre><script>") == 2  # first to do; the exercise
    assert not found.tags & {"script", "b", "i"} and not found.loads


def test_a_page_is_bounded(course: Course) -> None:
    long = b"".join(b"line %07d\n" % n for n in range(400_000))
    bad = Result(B.id, "failed", "no", detail="x" * 5_000_000)
    picture = {"screen.png": bytes(900_000), "screen.txt": b"text"}
    began = time.process_time()
    _, text = page_of(course, bad, {"serial.log": long, "verdict.log": long + PANIC, **picture})
    assert time.process_time() - began < 1.0
    assert len(text) < 100_000
    found = seen(text)
    assert f"{len(long)} bytes; the last 6000 of them:" in found.text
    assert "line 0399999" in found.text and "line 0000001" not in found.text
    assert "characters more: results.json has them" in found.text
    assert not found.loads and "The picture is large" in found.text


def test_a_folder_that_is_gone_does_no_harm(course: Course) -> None:
    out, _ = page_of(course, Result(B.id, "failed", "no"), {})
    assert (out / "index.html").exists()


@pytest.mark.parametrize("text", ["plain", "a & b", "<\x00>", "\u202e", "é ü", "\ud800"])
def test_escaping_keeps_words_and_nothing_else(text: str) -> None:
    made = esc(text)
    assert "<" not in made and all(char.isprintable() for char in made)
    assert made.encode()


def test_only_files_of_the_tree_are_places(course: Course) -> None:
    text = "at lab0-boot/f2.c:4, lab0-boot/../../x.c:1, lab0-boot/none.c:2, /etc/passwd:1"
    assert [place for _, _, place in places(course.tree, text)] == [Place("lab0-boot/f2.c", 4)]
    assert excerpt(course.tree, Place("lab0-boot/f2.c", 900), 2) == []


def test_lines_are_counted_as_compilers_count_them(course: Course) -> None:
    """Not at a form feed, a separator of Unicode, or what is no UTF-8; a pipe is no file."""
    odd = course.tree / "lab0-boot" / "odd.c"
    odd.write_bytes(b"one\f\x1c\r\n/* \xff \xe2\x80\xa8 */\r\nthree\n")
    assert excerpt(course.tree, Place("lab0-boot/odd.c", 3), 1)[1:] == [(3, "three")]
    os.mkfifo(course.tree / "lab0-boot" / "pipe.c")
    text = f"lab0-boot/pipe.c:1 lab0-boot/{'x' * 5000}.c:1 lab0-boot/odd.c:1"
    assert [place.file for _, _, place in places(course.tree, text)] == ["lab0-boot/odd.c"]


def test_addresses_have_lines(tmp_path: Path) -> None:
    tree = tmp_path.resolve() / "strata (1)"
    tree.mkdir()
    (tree / "a.c").write_text("int one;\nvoid _start(void)\n{\n\tone = 1;\n}\n")
    words = ["gcc", "-g", "-nostdlib", "-static", "-no-pie", "-Wl,-Ttext=0x401000", "a.c", "-o"]
    subprocess.run([*words, "a.elf"], cwd=tree, check=True)
    found = lines_behind(tree, tree / "a.elf", [0x401000, 0x999999999])
    assert found == {0x401000: Place("a.c", 3)}
    assert lines_behind(tree, tree / "none.elf", [1]) == {}
