# SPDX-License-Identifier: MIT
"""The parts of a grade's page: an exercise, a test, a failure with all that is known of it."""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Iterable, Mapping
from urllib.parse import quote

from . import ktap, report
from .elf import read_symbols
from .lab import Course, Exercise
from .page import esc, pre, table
from .points import ExerciseMark, TestMark
from .postmortem import Fault
from .record import Planned, Result
from .source_lines import ADDRESS, Place, excerpt, lines_behind, places

__all__ = ["Maker"]

_LOG = 6000  # bytes of a log's end
_LOGS = 1_500_000  # of all of them
_TEXT = 16_000  # characters of what a test said
_PICTURE = 256_000
_PICTURES = 2_000_000
_VERDICT = 256_000  # bytes of its end: a panic is the last thing that a kernel says
_PANIC = re.compile(rb"^@([0-9a-f]{8}) panic: ", re.M)
_FRAMES = 32


@dataclass
class Maker:
    """Makes the parts of one page, and keeps count of how much went into it."""

    course: Course
    out: Path
    plans: Mapping[str, Planned]  # the run of each test that counts
    logs_left: int = _LOGS
    pictures_left: int = _PICTURES
    symbols: dict[Path, dict[int, Place]] = field(default_factory=dict)

    # -- text with links -------------------------------------------------------------

    def link(self, file: str, words: str = "", section: str = "") -> str:
        """To a file of the tree."""
        target = os.path.relpath(self.course.tree / file, self.out)
        return f'<a href="{_href(target, section)}">{esc(words or file)}</a>'

    def linked(self, text: str) -> str:
        """Text whose `file:line` words are links."""
        made, at = "", 0
        for start, end, place in places(self.course.tree, text):
            made += esc(text[at:start]) + self.link(place.file, text[start:end])
            at = end
        return made + esc(text[at:])

    def shown(self, text: str) -> str:
        """The same, and no more of it than a page bears."""
        return self.linked(_cut(text))

    def box(self, text: str) -> str:
        """The same, line by line."""
        return f'<pre class="box">{self.shown(text)}</pre>'

    def code(self, place: Place, around: int = 0) -> str:
        """The text of a line; with its neighbours it is marked."""
        rows = excerpt(self.course.tree, place, around)
        if not rows:
            return ""
        if not around:
            return "".join(f"<code>{esc(text.strip())}</code>" for _, text in rows)
        lines = [f"{'>' if n == place.line else ' '} {n:4}  {text}" for n, text in rows]
        return pre("\n".join(lines))

    # -- one test ----------------------------------------------------------------------

    def _failure(self, test: TestMark, result: Result) -> str:
        """All that is known of a test that failed."""
        case, planned = test.case, self.plans.get(test.case.id)
        made = [f'<section class="fail" id="{esc(case.id)}">']
        made.append(f"<h3>{esc(case.title or case.id)}</h3>")
        made.append(f"<p><code>{esc(case.id)}</code> in {self.link(case.file)}</p>")
        if result.given:
            made.append(f"<p>Judged with {esc(', '.join(result.given))} given.</p>")
        made.append(self._words(result))
        for _, _, place in places(self.course.tree, result.where)[:1]:
            made.append(self.code(place, 2))
        if result.detail:
            made.append(self.box(result.detail))
        if planned is not None:
            made.append(self._run(planned, result))
        made.append(f"<p>Go on:</p><ul>{_commands(test)}</ul>")
        return "\n".join([*made, "</section>"])

    def _words(self, result: Result) -> str:
        pairs = (
            ("what", result.fact or result.status),
            ("expected", result.expected),
            ("seen", result.seen),
            ("where", result.where),
            ("hint", result.hint),
        )
        rows = "".join(
            f"<dt>{name}</dt><dd>{self.shown(text)}</dd>" for name, text in pairs if text
        )
        return f'<dl class="facts">{rows}</dl>'

    def _run(self, planned: Planned, result: Result) -> str:
        """What its guest left behind."""
        folder = Path(planned.folder)
        made = [self._panic(planned) if _panicked(result) else "", self._addresses(planned, result)]
        made += [self._screen(folder)]
        made += [self._log(folder, name) for name in ("serial.log", "verdict.log")]
        made.append(f"<p>The seed of this test: <code>{planned.seed:x}</code>.")
        if (folder / "qemu.sh").exists():
            script = os.path.relpath(folder / "qemu.sh", self.course.tree)
            made.append(f"The same machine by hand: <code>sh {esc(script)}</code>")
        made.append("</p>")
        return "\n".join(filter(None, made))

    def _panic(self, planned: Planned) -> str:
        """The exception in words and the callers with their lines."""
        image = _image(planned)
        try:
            data, _ = _tail(Path(planned.folder) / "verdict.log", _VERDICT)
        except OSError:
            return ""
        found = _PANIC.search(data)
        panic = ktap.parse(data, found[1].decode()).panic if found else None
        if panic is None:
            return ""
        said = _fault(panic.facts, image)
        made = f"<p>Decoded: {esc(said)}.</p>" if said else ""
        frames = panic.backtrace[:_FRAMES]
        if not frames:
            return made
        # A return address is behind its call; the first frame is the place itself.
        # The guest wrote the lines, so that one may have no address: 0 has no source.
        spots = [max(0, _address(line) - (at > 0)) for at, line in enumerate(frames)]
        behind = self._behind(image, spots)
        rows = [
            [f"<code>{esc(line)}</code>", *self._source(behind.get(spot))]
            for line, spot in zip(frames, spots)
        ]
        return made + table(f"Backtrace of {planned.name}", ["frame", "source", "line"], rows)

    def _addresses(self, planned: Planned, result: Result) -> str:
        """The source of the addresses that a failure names."""
        words = f"{result.seen}\n{result.detail}"
        spots = [int(one, 16) for one in dict.fromkeys(ADDRESS.findall(words))][:_FRAMES]
        if "(RIP 0x" not in words or not spots:
            return ""
        behind = self._behind(_image(planned), spots)
        rows = [
            [f"<code>{spot:#x}</code>", *self._source(behind[spot])]
            for spot in spots
            if spot in behind
        ]
        return (
            table(f"Addresses of {planned.name}", ["address", "source", "line"], rows)
            if rows
            else ""
        )

    def _behind(self, image: Path, spots: Iterable[int]) -> dict[int, Place]:
        known = self.symbols.setdefault(image, {})
        known.update(lines_behind(self.course.tree, image, set(spots) - set(known)))
        return known

    def _source(self, place: Place | None) -> tuple[str, str]:
        return (self.link(place.file, str(place)), self.code(place)) if place else ("", "")

    def _screen(self, folder: Path) -> str:
        """The picture, and the same as text for whom it says nothing."""
        try:
            text = (folder / "screen.txt").read_text(encoding="utf-8", errors="backslashreplace")
            data = (folder / "screen.png").read_bytes()
        except OSError:
            return ""
        shown = ""
        if len(data) <= min(_PICTURE, self.pictures_left):
            self.pictures_left -= len(data)
            code = base64.b64encode(data).decode("ascii")
            shown = '<img alt="The screen; its text is below." '
            shown += f'src="data:image/png;base64,{code}">'
        else:
            target = os.path.relpath(folder / "screen.png", self.out)
            shown = f'<p>The picture is large: <a href="{_href(target)}">{esc(target)}</a></p>'
        return f"<p>The screen at the end:</p>{shown}" + _folded(
            "The screen as text", pre(text.rstrip())
        )

    def _log(self, folder: Path, name: str) -> str:
        """The end of a log, and where the whole is."""
        path = folder / name
        try:
            most = min(_LOG, self.logs_left)
            data, size = _tail(path, most)
        except OSError:
            return ""
        text = data.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
        target = os.path.relpath(path, self.out)
        whole = f'<a href="{_href(target)}">{esc(target)}</a>'
        if size and not most:  # the page is full
            return f"<p>{whole}, {size} bytes</p>"
        if not text.strip():
            return ""
        self.logs_left -= min(size, most)
        note = f"<p>{whole}, {size} bytes" + (
            f"; the last {most} of them:</p>" if size > most else ":</p>"
        )
        return _folded(name, note + pre(text))

    # -- one exercise --------------------------------------------------------------------

    def exercise(self, mark: ExerciseMark) -> str:
        """Its tests, and its failures in full."""
        one = mark.exercise
        points = report.points_text(mark.points, mark.most)
        made = [f'<h2 id="ex-{esc(one.id)}">{esc(one.id)} {esc(one.name)}: {points}</h2>']
        made.append(f"<p>{self._about(one)}</p>")
        if mark.errors:
            made.append('<p class="bad">It does not build:</p>' + self.box("\n".join(mark.errors)))
        if mark.warnings:
            made.append("<p>The compiler warns:</p>")
            made.append(self.box("\n".join(mark.warnings)))
        if any(test.best is not None for test in mark.tests):
            made.append(
                table(
                    f"Tests of {one.id}",
                    ["result", "test", "#points", "#seconds"],
                    [self.row(test) for test in mark.tests],
                )
            )
        return "\n".join([*made, *self.failures(mark.tests)])

    def failures(self, tests: Iterable[TestMark]) -> list[str]:
        """Each test that failed, in full."""
        return [
            self._failure(test, test.best)
            for test in tests
            if test.best is not None and _failed(test)
        ]

    def _about(self, one: Exercise) -> str:
        folder = self.course.lab_of(one.id).folder.name
        words = [self.link(f"{folder}/{one.file}"), self.handout(one)]
        return "; ".join(words) + f"; a hint: <code>make hint EX={esc(one.id)}</code>"

    def handout(self, one: Exercise) -> str:
        """Where the handout tells of it."""
        file = f"{self.course.lab_of(one.id).folder.name}/README.md"
        heading = _heading(self.course.tree / file, one.section)
        return self.link(file, f"handout: {heading}" if heading else "handout", one.section)

    def row(self, test: TestMark) -> list[str]:
        best = test.best
        words = report.word_of(test)
        title = esc(test.case.title or test.case.id)
        if _failed(test):
            title = f'<a href="#{esc(test.case.id)}">{title}</a>'
        elif best is not None and not test.judged:
            title += f'<br><span class="quiet">{esc(best.fact)}</span>'
        if words.startswith("pass with"):
            words = "pass, with help given"
            title += self._alone(test)
        worth = report.points_text(test.worth if best and best.passed else Fraction(0), test.worth)
        seconds = f"{best.seconds:.2f}" if best is not None else ""
        return [_painted(words), title, worth, seconds]

    def _alone(self, test: TestMark) -> str:
        """Why it did not pass with the student's own files only."""
        given = ", ".join(test.best.given) if test.best else ""
        inner = f"<p>Passed with {esc(given)} given.</p>"
        if test.alone is not None:
            inner += self.box("\n".join(test.alone.lines()))
        return _folded("alone it failed" if test.alone is not None else "what was given", inner)


def _failed(test: TestMark) -> bool:
    return test.best is not None and not test.best.passed and test.judged


def _painted(words: str) -> str:
    kind = "good" if words.startswith("pass") else "bad" if words == "FAIL" else "quiet"
    return f'<span class="{kind}">{esc(words)}</span>'


def _commands(test: TestMark) -> str:
    """How to look into it."""
    ident = test.case.id
    rows = [
        ("in GDB", f"make debug TEST={ident}"),
        ("once more, with the whole log", f"make grade-one TEST={ident}"),
    ]
    if test.best is not None and not test.best.unrecorded:
        rows.insert(1, ("backwards from the failure", f"make rewind TEST={ident}"))
    if test.case.kind == "case":
        rows = [
            ("in GDB; k is the kernel that you chose", f"make debug LAB={test.case.lab} CASE=k")
        ]
    return "".join(f"<li>{name}: <code>{esc(words)}</code></li>" for name, words in rows)


def _panicked(result: Result) -> bool:
    """Whether a panic ended this very test: in-kernel tests share a boot, and so a log."""
    return "panic" in f"{result.fact} {result.seen}"


def _image(planned: Planned) -> Path:
    part = "-test" if planned.kind == "kernel" else ""
    return Path(planned.images) / f"stage{planned.stage}{part}.elf"


def _fault(facts: Mapping[str, str], image: Path) -> str:
    """An exception's numbers in words."""
    try:
        numbers = {name: int(facts[name], 16) for name in ("vector", "error", "rip")}
        cr2 = int(facts.get("cr2", "0"), 16)
    except (KeyError, ValueError):
        return ""
    fault = Fault(numbers["vector"], numbers["error"], numbers["rip"], cr2)
    return fault.text(read_symbols(image))


def _address(line: str) -> int:
    found = ADDRESS.search(line)
    return int(found[0], 16) if found else 0


def _tail(path: Path, most: int) -> tuple[bytes, int]:
    """The end of a file, and how long the whole is."""
    with open(path, "rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - most))
        return stream.read(most), size


def _cut(text: str) -> str:
    if len(text) <= _TEXT:
        return text
    return f"{text[:_TEXT]}\n... {len(text) - _TEXT} characters more: results.json has them"


def _folded(name: str, inner: str) -> str:
    return f"<details><summary>{esc(name)}</summary>{inner}</details>"


def _href(path: str, section: str = "") -> str:
    return esc(quote(path, safe="/.") + (f"#{quote(section)}" if section else ""))


def _heading(path: Path, section: str) -> str:
    """The words of a page's heading by its anchor."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        words = line.lstrip("#").strip()
        if line.startswith("#") and _anchor(words) == section:
            return words
    return ""


def _anchor(words: str) -> str:
    return re.sub(r"[^\w -]", "", words.lower()).replace(" ", "-")
