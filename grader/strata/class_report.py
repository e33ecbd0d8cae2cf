# SPDX-License-Identifier: MIT
"""What a class run leaves: marks.csv, marks.json, index.html, and a page for each student.

Each page is one file that loads nothing. A student's page names no other student, and holds
no salt: its seed is the student's own.
"""

from __future__ import annotations

import csv
import html
import json
import os
import sys
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any, Sequence

from .class_key import Key, Result, TestResult
from .lab import Course, Lab
from .likeness import Rows
from .record import write_atomically

__all__ = ["Bar", "index_page", "marks_csv", "student_page", "write"]

_LIKE_SHOWN = 100
_STYLE = """
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #b42318; --bar: #4a7ab5 }
@media (prefers-color-scheme: dark) { :root { --good: #6bd68b; --bad: #ff9b8f; --bar: #7aa7dd } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
caption { text-align: left; font-weight: 600; padding: .3rem 0 }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left }
th, td { vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0; font-size: .85rem }
.good { color: var(--good) } .bad { color: var(--bad); font-weight: 600 }
.bar { display: block; background: var(--bar); height: .7rem; min-width: 1px }
.wide { overflow-x: auto }
"""


class Bar:
    """How far the run is: a line that moves on a terminal, a line each elsewhere."""

    def __init__(self, total: int, done: int) -> None:
        self._total, self._done = total, done
        self._moves = sys.stderr.isatty() and not os.environ.get("PLAIN")

    def step(self, result: Result) -> None:
        """One more."""
        self._done += 1
        mark = f"{_number(result.points)} of {_number(result.most)}"
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


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def marks_csv(course: Course, lab: Lab, results: Sequence[Result]) -> str:
    """A line a submission; a cell that a spreadsheet would take for a formula is quoted."""
    made = StringIO()
    table = csv.writer(made, lineterminator="\n")
    ids = [one.id for one in lab.exercises]
    table.writerow(["name", "score", "score_alone", "max_score", *ids, "trouble"])
    for one in results:
        sums = {ident: 0.0 for ident in ids}
        for test in one.tests:
            sums[test.exercise] = sums.get(test.exercise, 0.0) + test.points * test.passed
        cells = [one.points, one.alone, one.most, *(round(sums[ident], 2) for ident in ids)]
        table.writerow([_cell(one.name), *map(_number, cells), _cell(one.trouble)])
    return made.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text[:1] in "=+-@\t" and text else text


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style></head>\n"
        f"<body><main>\n<h1>{html.escape(title)}</h1>\n{body}\n</main></body></html>\n"
    )


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML; a head that begins with # is a column of numbers."""
    numbers = [head.startswith("#") for head in heads]

    def row(cells: Sequence[str], tag: str) -> str:
        made = ""
        for at, cell in enumerate(cells):
            kind = ' class="n"' if numbers[at] else ""
            scope = ' scope="col"' if tag == "th" else ""
            made += f"<{tag}{kind}{scope}>{cell}</{tag}>"
        return f"<tr>{made}</tr>"

    head = row([html.escape(one.lstrip("#")) for one in heads], "th")
    body = "\n".join(row(cells, "td") for cells in rows)
    return (
        f'<div class="wide"><table><caption>{html.escape(caption)}</caption>'
        f"<thead>{head}</thead><tbody>\n{body}\n</tbody></table></div>"
    )


def student_page(lab: Lab, one: Result) -> str:
    """The same words as `make grade` has, for one student."""
    esc = html.escape
    body = [f"<p>{_marks(one)}</p>"]
    if one.trouble:
        body.append(f'<p class="bad">{esc(one.trouble)}</p>')
    if one.notes:
        body.append("<ul>" + "".join(f"<li>{esc(note)}</li>" for note in one.notes) + "</ul>")
    for exercise in lab.exercises:
        mine = [test for test in one.tests if test.exercise == exercise.id]
        if not mine:
            continue
        got = sum(test.points for test in mine if test.passed)
        rows = [[_word(test), _claim(test), _worth(test)] for test in mine]
        title = f"{exercise.id} {exercise.name}: {_number(got)} of {exercise.points}"
        body.append(f"<h2>{esc(title)}</h2>")
        body.append(_table(exercise.file, ["result", "test", "#points"], rows))
    body.append(
        f"<p>The numbers of this run came from the seed {esc(one.seed)}: "
        f"<code>make grade LAB={lab.number} SEED={esc(one.seed)}</code> has the same.</p>"
    )
    return _page(f"Lab {lab.number}, {lab.title}: {one.name}", "\n".join(body))


def _marks(one: Result) -> str:
    text = f"<strong>{_number(one.points)} of {_number(one.most)} points</strong>, each exercise "
    text += "judged with what it stands on given; "
    return text + f"{_number(one.alone)} with nothing given."


def _word(test: TestResult) -> str:
    if test.passed:
        return f'<span class="good">{"passed" if test.alone else "passed, with help given"}</span>'
    kind = "not judged here" if not test.most else html.escape(test.word)
    return f'<span class="bad">{kind}</span>'


def _claim(test: TestResult) -> str:
    text = html.escape(test.name)
    said = "" if test.passed and test.alone else test.output
    return text + (f"<pre>{html.escape(said)}</pre>" if said else "")


def _worth(test: TestResult) -> str:
    return f"{_number(test.points if test.passed else 0)} of {_number(test.points)}"


def index_page(lab: Lab, key: Key, results: Sequence[Result], rows: Rows) -> str:
    """The instructor's page."""
    body = [_summary(results), _distribution(results), _rates(key, results)]
    body += [_students(results), _likeness(rows)]
    return _page(f"Lab {lab.number}, {lab.title}: the class", "\n".join(body))


def _summary(results: Sequence[Result]) -> str:
    points = sorted(one.points for one in results)
    middle = points[len(points) // 2]
    mean = sum(points) / len(points)
    odd = sum(bool(one.trouble) for one in results)
    text = f"<p>{len(results)} submissions; median {_number(middle)}, mean {_number(mean)}, "
    text += f"lowest {_number(points[0])}, highest {_number(points[-1])}; "
    return text + f"{odd} with a word of trouble.</p>"


def _distribution(results: Sequence[Result]) -> str:
    count: Counter[int] = Counter()
    for one in results:
        count[min(9, int(10 * one.points / one.most)) if one.most else 0] += 1
    most = max(count.values())
    rows = []
    for step in range(10):
        width = round(100 * count[step] / most)
        bar = f'<span class="bar" style="width:{width}%"></span>'
        name = f"{10 * step} to {100 if step == 9 else 10 * step + 9} %"
        rows.append([name, str(count[step]), bar if count[step] else ""])
    return _table("Distribution", ["part of the points", "#submissions", ""], rows)


def _rates(key: Key, results: Sequence[Result]) -> str:
    passed: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for one in results:
        for test in one.tests:
            passed[test.id] += test.passed
            alone[test.id] += test.alone
    rows = []
    for ident, (name, exercise, worth) in key.tests.items():
        rate = [f"{100 * count[ident] / len(results):.0f} %" for count in (passed, alone)]
        rows.append([exercise, html.escape(name), _number(worth), *rate])
    heads = ["exercise", "test", "#points", "#passed", "#alone"]
    return _table("Pass rate of each test", heads, rows)


def _students(results: Sequence[Result]) -> str:
    rows: list[list[Any]] = []
    for one in results:
        link = f'<a href="students/{html.escape(one.name)}.html">{html.escape(one.name)}</a>'
        points = [_number(one.points), _number(one.alone), _number(one.most)]
        said = html.escape("; ".join(filter(None, [one.trouble, *one.notes[:2]])))
        rows.append([link, one.form, *points, f"{one.seconds:.1f}", said])
    heads = ["name", "came as", "#points", "#alone", "#of", "#seconds", "said"]
    return _table("Submissions", heads, rows)


def _likeness(rows: Rows) -> str:
    if rows.missing:
        return f"<p>{html.escape(rows.missing)}</p>"
    cells = [
        [html.escape(one), html.escape(other), exercise, f"{percent} %"]
        for one, other, exercise, percent in rows.rows[:_LIKE_SHOWN]
    ]
    more = len(rows.rows) - len(cells)
    said = f"<p>{more} more are in marks.json.</p>" if more > 0 else ""
    note = "<p>Of the lines that the skeleton has not. A reason to read both, and no proof.</p>"
    heads = ["submission", "is like", "exercise", "#share"]
    return _table("Likeness", heads, cells) + note + said
