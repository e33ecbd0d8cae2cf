# SPDX-License-Identifier: MIT
"""build/grade/index.html: a grade as one page that stands alone.

What the terminal says and what it has no room for: of each failure the decoded exception,
the backtrace with its source lines, the screen, the ends of the logs, the commands that go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

from . import report
from .failure_page import Maker
from .lab import Course
from .page import esc, page, table
from .points import Marks
from .record import Plan, Planned, write_atomically

__all__ = ["NAME", "Facts", "write"]

NAME = "index.html"


@dataclass(frozen=True)
class Facts:
    """What a page says about the run as a whole."""

    title: str  # which labs
    seeds: Mapping[int, str]
    seconds: float
    remarks: Sequence[str] = ()


def write(course: Course, out: Path, marks: Marks, facts: Facts) -> None:
    """The page of a run whose results lie in out."""
    maker = Maker(course, out, _planned(out))
    body = [_summary(marks, facts), _first(maker, marks), _exercises(maker, marks)]
    body += [
        maker.exercise(one) for one in marks.exercises if one.errors or not report.idle_word(one)
    ]
    body.append(_unmarked(maker, marks))
    title = f"{facts.title}: {report.closing_line(marks)}"
    title = title[:1].upper() + title[1:]
    write_atomically(out / NAME, page(title, "\n".join(filter(None, body))))


def _planned(out: Path) -> dict[str, Planned]:
    """The run that counts is the second one, where there was one."""
    found: dict[str, Planned] = {}
    for name in ("plan.json", "plan-given.json"):
        if (out / name).exists():
            found |= {one.id: one for one in Plan.load(out / name).tests}
    return found


def _summary(marks: Marks, facts: Facts) -> str:
    seeds = " ".join(f"lab {number}: {seed}" for number, seed in facts.seeds.items())
    made = f"<p>Graded in {facts.seconds:.1f} s. Seed: <code>{esc(seeds)}</code>. "
    made += 'The same for machines: <a href="results.json">results.json</a>, '
    made += '<a href="junit.xml">junit.xml</a>.</p>'
    if marks.alone != marks.points:
        made += (
            "<p>An exercise that stands on one that is not right is judged with that one given; "
        )
        made += "the points without are those of your files alone.</p>"
    lines = [*report.notes(marks), *facts.remarks]
    return made + (
        "<ul>" + "".join(f"<li>{esc(one)}</li>" for one in lines) + "</ul>" if lines else ""
    )


def _first(maker: Maker, marks: Marks) -> str:
    lines = [line for line in report.first_to_do(maker.course, marks) if line]
    if not lines:
        return ""
    rest = "\n".join(line[2:] for line in lines[1:])
    return f"<h2>{esc(lines[0])}</h2>{maker.box(rest)}"


def _exercises(maker: Maker, marks: Marks) -> str:
    rows = []
    for mark in marks.exercises:
        one, idle = mark.exercise, report.idle_word(mark)
        words = report.in_words(mark)
        words += ", given, not yours" if mark.solved else ""
        if mark.alone != mark.points:
            words += f", alone {report.points_text(mark.alone, mark.most)}"
        name = f"{esc(one.id)} {esc(one.name)}"
        if mark.errors or not idle:
            name = f'<a href="#ex-{esc(one.id)}">{name}</a>'
        else:
            name += f"<br>{maker.handout(one)}"
        seconds = sum(test.best.seconds for test in mark.tests if test.best is not None)
        kind = "good" if report.is_done(mark) else "quiet" if idle and not mark.errors else "bad"
        rows.append(
            [
                name,
                f'<span class="{kind}">{esc(words)}</span>',
                report.points_text(mark.points, mark.most),
                f"{seconds:.1f}" if seconds else "",
            ]
        )
    return table("Exercises", ["exercise", "result", "#points", "#seconds"], rows)


def _unmarked(maker: Maker, marks: Marks) -> str:
    if not marks.unmarked:
        return ""
    rows = [maker.row(test) for test in marks.unmarked]
    made = ["<h2>Provided code</h2>"]
    made.append(table("Tests without points", ["result", "test", "#points", "#seconds"], rows))
    return "\n".join([*made, *maker.failures(marks.unmarked)])
