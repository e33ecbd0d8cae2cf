# SPDX-License-Identifier: MIT
"""What a class run leaves: marks.csv, marks.json, index.html, and a page for each student.

Each page is one file that loads nothing. A student's page names no other student, and holds
no salt: its seed is the student's own.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections import Counter
from io import StringIO
from pathlib import Path
from statistics import mean, median
from typing import Sequence

from .class_key import Key, Result, TestResult
from .lab import Course, Lab
from .likeness import Rows
from .page import esc, number, page, pre, table
from .record import write_atomically

__all__ = ["Bar", "index_page", "marks_csv", "student_page", "write"]

_LIKE_SHOWN = 100
_NAME = "display:inline-block;min-width:8rem;overflow-wrap:anywhere"


class Bar:
    """How far the run is: a line that moves on a terminal, a line each elsewhere."""

    def __init__(self, total: int, done: int) -> None:
        self._total, self._done = total, done
        self._moves = sys.stderr.isatty() and not os.environ.get("PLAIN")

    def step(self, result: Result) -> None:
        """One more."""
        self._done += 1
        mark = f"{number(result.points)} of {number(result.most)}"
        if not self._moves:
            print(f"{self._done} of {self._total}: {result.name}: {mark}", flush=True)
            return
        width = 30 * self._done // max(1, self._total)
        bar = "#" * width + "." * (30 - width)
        line = f"[{bar}] {self._done} of {self._total}  {result.name[:30]}: {mark}"
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()

    def close(self) -> None:
        """The next line is free again."""
        if self._moves:
            sys.stderr.write("\n")


def write(
    out: Path, course: Course, lab: Lab, key: Key, results: Sequence[Result], rows: Rows
) -> None:
    """All of it; pages of submissions that are gone go, too."""
    pages = out / "students"
    pages.mkdir(exist_ok=True)
    names = {f"{one.name}.html" for one in results}
    for old in pages.glob("*.html"):
        if old.name not in names:
            old.unlink()
    for one in results:
        write_atomically(pages / f"{one.name}.html", student_page(lab, one))
    write_atomically(out / "marks.csv", marks_csv(course, lab, results))
    data = {
        "lab": lab.number,
        "submissions": [one.as_json() for one in results],
        "likeness": [list(row) for row in rows.rows],
    }
    write_atomically(out / "marks.json", json.dumps(data, indent=1) + "\n")
    write_atomically(out / "index.html", index_page(lab, key, results, rows))


def marks_csv(course: Course, lab: Lab, results: Sequence[Result]) -> str:
    """A line a submission; a cell that a spreadsheet would take for a formula is quoted."""
    made = StringIO()
    lines = csv.writer(made, lineterminator="\n")
    ids = [one.id for one in lab.exercises if one.is_set]
    lines.writerow(["name", "score", "score_alone", "max_score", *ids, "trouble"])
    for one in results:
        sums = {ident: 0.0 for ident in ids}
        for test in one.tests:
            if test.exercise in sums:
                sums[test.exercise] += test.points * test.passed
        cells = [one.points, one.alone, one.most, *(round(sums[ident], 2) for ident in ids)]
        lines.writerow([_cell(one.name), *map(number, cells), _cell(one.trouble)])
    return made.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def student_page(lab: Lab, one: Result) -> str:
    """The same words as `make grade` has, for one student."""
    body = [f"<p>{_marks(one)}</p>"]
    if one.trouble:
        body.append(f'<p class="bad">{esc(one.trouble)}</p>')
    if one.notes:
        body.append("<ul>" + "".join(f"<li>{esc(note)}</li>" for note in one.notes) + "</ul>")
    parts: list[str] = []
    rows: list[list[str]] = []
    for exercise in (exercise for exercise in lab.exercises if exercise.is_set):
        mine = [test for test in one.tests if test.exercise == exercise.id]
        if not mine:
            continue
        got = number(sum(test.points for test in mine if test.passed))
        alone = number(sum(test.points for test in mine if test.alone))
        most = number(sum(test.most for test in mine))
        title = f"{exercise.id} {exercise.name}"
        rows.append([f'<a href="#ex-{exercise.id}">{esc(title)}</a>', got, alone, most])
        parts.append(f'<h2 id="ex-{exercise.id}">{esc(title)}: {got} of {most}</h2>')
        tests = [[_word(test), _claim(test), _worth(test)] for test in mine]
        parts.append(table(exercise.file, ["result", "test", "#points"], tests))
    body.append(table("Exercises", ["exercise", "#points", "#alone", "#of"], rows))
    body += parts
    body.append(
        f"<p>The numbers of this run came from the seed {esc(one.seed)}: "
        f"<code>make grade LAB={lab.number} SEED={esc(one.seed)}</code> has the same.</p>"
    )
    return page(f"Lab {lab.number}, {lab.title}: {one.name}", "\n".join(body))


def _marks(one: Result) -> str:
    text = f"<strong>{number(one.points)} of {number(one.most)} points</strong>, each exercise "
    text += "judged with what it stands on given; "
    return text + f"{number(one.alone)} with nothing given."


def _word(test: TestResult) -> str:
    if test.passed:
        return f'<span class="good">{"passed" if test.alone else "passed, with help given"}</span>'
    kind = "not judged here" if not test.most else esc(test.word)
    return f'<span class="bad">{kind}</span>'


def _claim(test: TestResult) -> str:
    said = "" if test.passed and test.alone else test.output
    return _named(test.name) + (pre(said) if said else "")


def _named(name: str) -> str:
    """`id: title`: the sentence first, the id below."""
    ident, _, title = name.partition(": ")
    return f"{esc(title)}<br><code>{esc(ident)}</code>"


def _worth(test: TestResult) -> str:
    return f"{number(test.points if test.passed else 0)} of {number(test.points)}"


def index_page(lab: Lab, key: Key, results: Sequence[Result], rows: Rows) -> str:
    """The instructor's page."""
    body = [_summary(results), _distribution(results), _students(results)]
    body += [_rates(key, results), _likeness(rows)]
    return page(f"Lab {lab.number}, {lab.title}: the class", "\n".join(body))


def _summary(results: Sequence[Result]) -> str:
    points = [one.points for one in results]
    odd = sum(bool(one.trouble) for one in results)
    text = f"<p>{len(results)} submissions; "
    text += f"median {number(median(points))}, mean {number(mean(points))}, "
    text += f"lowest {number(min(points))}, highest {number(max(points))}; "
    return text + f"{odd} with a word of trouble.</p>"


def _distribution(results: Sequence[Result]) -> str:
    count: Counter[int] = Counter()
    for one in results:
        count[min(9, int(10 * one.points / one.most)) if one.most else 0] += 1
    most = max(count.values())
    rows = []
    for step in range(10):
        bar = f'<span class="bar" style="width:{8 * count[step] / most:.1f}rem"></span>'
        name = f"{10 * step} to {100 if step == 9 else 10 * step + 9} %".replace(" ", "\u00a0")
        rows.append([name, str(count[step]), bar if count[step] else ""])
    return table("Distribution", ["points", "#submissions", "as a bar"], rows)


def _rates(key: Key, results: Sequence[Result]) -> str:
    passed: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for one in results:
        for test in one.tests:
            passed[test.id] += test.passed
            alone[test.id] += test.alone
    rows = []
    for ident, (name, exercise, worth) in key.tests.items():
        if not worth:
            continue  # its exercise is not set
        rate = [f"{100 * count[ident] / len(results):.0f} %" for count in (passed, alone)]
        rows.append([exercise, _named(name), number(worth), *rate])
    heads = ["exercise", "test", "#points", "#passed", "#alone"]
    return table("Pass rate of each test", heads, rows)


def _students(results: Sequence[Result]) -> str:
    rows: list[list[str]] = []
    for one in results:
        link = f'<a style="{_NAME}" href="students/{esc(one.name)}.html">{esc(one.name)}</a>'
        points = [number(one.points), number(one.alone), number(one.most)]
        said = esc("; ".join(filter(None, [one.trouble, *one.notes[:2]])))
        rows.append([link, *points, said, f"{one.seconds:.1f}", one.form])
    heads = ["name", "#points", "#alone", "#of", "said", "#seconds", "came as"]
    return table("Submissions", heads, rows)


def _likeness(rows: Rows) -> str:
    if rows.missing:
        return f"<p>{esc(rows.missing)}</p>"
    cells = [
        [esc(one), esc(other), exercise, f"{percent} %"]
        for one, other, exercise, percent in rows.rows[:_LIKE_SHOWN]
    ]
    more = len(rows.rows) - len(cells) + rows.left
    said = f"<p>{more} more, less alike, are not shown.</p>" if more > 0 else ""
    note = "<p>Of the lines that the skeleton has not. A reason to read both, and no proof.</p>"
    heads = ["submission", "is like", "exercise", "#share"]
    return table("Likeness", heads, cells) + note + said
