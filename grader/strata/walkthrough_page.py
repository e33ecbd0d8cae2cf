# SPDX-License-Identifier: MIT
"""A walkthrough as a text: its steps, what each is to print, and whether it did.

A page is Markdown. Fenced blocks of the language `console` are played:

    $ make debug BOOT=own           a shell line; `make debug` starts the session
    (gdb) strata regs               typed into GDB
    strata> help                    typed on the serial line
    what else stands there          what is to be seen, line by line

Blanks count as one, empty lines not at all; a line `...` stands for any lines. `{rip:hex}` is a
value that is not known beforehand; `{rip}` is the same value again, also in a command.
`{:dec}` is a value that does not matter. Kinds: hex (with or without 0x and leading zeros), dec,
word, text. A block that begins with output shows what is seen next without a command.
Before each block of GDB's stands a question; not before one that begins with output.

    <!-- red on: NAME -->           a mutant on which this page fails
    <!-- needs: 0.5, 0.6 -->        exercises that must be written for it
    <!-- planted: FILE.patch TEST --> a mistake that the page plants; TEST fails by it and is
                                    rewound. Such a page is played in a copy of the tree.

No I/O but reading the page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Mapping

from .errors import StrataError

__all__ = ["Difference", "Expected", "Page", "PageError", "Step", "compare", "fill", "parse"]

PROMPTS = {"$ ": "shell", "(gdb) ": "gdb", "strata> ": "serial"}
_KINDS = {"hex": r"(?:0x)?[0-9a-f]+", "dec": r"-?[0-9]+", "word": r"\S+", "text": r".+?"}
_SLOT = re.compile(r"\{(?P<name>[a-z][a-z0-9_]*)?(?::(?P<kind>hex|dec|word|text))?\}")
_COMMENT = re.compile(r"<!--\s*(red on|needs|planted):\s*(.*?)\s*-->")
_ANY = "..."


class PageError(StrataError):
    """A page that cannot be played as it is written."""


@dataclass(frozen=True)
class Expected:
    """A line that is to be seen, and where it stands."""

    line: int
    text: str


@dataclass
class Step:
    """Something typed (kind shell, gdb, serial), or seen without it (kind more)."""

    kind: str
    line: int
    command: str = ""
    expected: list[Expected] = field(default_factory=list)


@dataclass
class Page:
    """A walkthrough."""

    path: Path
    steps: list[Step] = field(default_factory=list)
    red_on: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    planted: list[str] = field(default_factory=list)  # patch, test, patch, test ...


@dataclass(frozen=True)
class Difference:
    """The first line that is not as the page says."""

    line: int
    expected: str
    seen: str


def parse(path: Path, text: str) -> Page:
    """Read a page; PageError names the line that makes no sense."""
    page = Page(path)
    block: list[tuple[int, str]] | None = None
    asked = False
    for number, line in enumerate(text.splitlines(), 1):
        fence = line.strip().startswith("```")
        if block is not None and fence:
            _add_block(page, block, asked)
            asked, block = asked and not _types(block), None
        elif fence and line.strip() == "```console":
            block = []
        elif block is not None:
            block.append((number, line.rstrip()))
        else:
            asked = asked or "?" in line
            for kind, words in _COMMENT.findall(line):
                names = [word for word in re.split(r"[,\s]+", words) if word]
                into = {"red on": page.red_on, "needs": page.needs, "planted": page.planted}
                into[kind].extend(names)
    if block is not None:
        raise PageError(f"{path}: the last block has no end")
    _check_names(page)
    _check_planted(page)
    return page


def _check_planted(page: Page) -> None:
    """The header's patches are applied, and its tests rewound; no others are."""
    patches, tests = page.planted[::2], page.planted[1::2]
    for step in page.steps:
        words = step.command.split() if step.kind == "shell" else []
        verb = " ".join(words[:2])
        named = [word for word in words[2:] if word.endswith(".patch")]
        known = patches if verb == "git apply" else named
        if verb == "make rewind":
            named = [word[5:] for word in words[2:] if word.startswith("TEST=")]
            known = tests
        if not set(named) <= set(known):
            raise PageError(f"{page.path}:{step.line}: the header does not say `planted` of this")
    typed = [step.command for step in page.steps if step.kind == "shell"]
    for name in page.planted:
        if not any(name in command for command in typed):
            raise PageError(f"{page.path}: {name} is planted, and no step uses it")


def _types(block: Iterable[tuple[int, str]]) -> bool:
    """Whether a block begins a step: one that begins with output, or on the other terminal,
    goes on with the step before."""
    lines = [line for _, line in block if line.strip()]
    return (
        bool(lines)
        and any(line.startswith("(gdb) ") for line in lines)
        and (lines[0].startswith(("$ ", "(gdb) ")))
    )


def _add_block(page: Page, block: list[tuple[int, str]], asked: bool) -> None:
    if _types(block) and not asked:
        where = f"{page.path}:{block[0][0] - 1}"
        raise PageError(f"{where}: no question stands before this block")
    fresh = True
    for number, line in block:
        prompt = next((one for one in PROMPTS if (line + " ").startswith(one)), "")
        if prompt:
            page.steps.append(Step(PROMPTS[prompt], number, line[len(prompt) :].strip()))
        elif line.strip():
            if fresh:
                page.steps.append(Step("more", number))
            page.steps[-1].expected.append(Expected(number, line))
        fresh = fresh and not (prompt or line.strip())


def _check_names(page: Page) -> None:
    """Each value is named with its kind once, and before it is used."""
    known: set[str] = set()
    for step in page.steps:
        command = Expected(step.line, step.command)
        for one in (command, *step.expected):
            number, text, may_name = one.line, one.text, one is not command
            for slot in _SLOT.finditer(text):
                wrong = _wrong_slot(slot["name"], slot["kind"], known, may_name)
                if wrong:
                    raise PageError(f"{page.path}:{number}: {slot[0]} {wrong}")
                known |= {slot["name"]} if slot["name"] else set()


def _wrong_slot(name: str | None, kind: str | None, known: set[str], may_name: bool) -> str:
    if kind and not may_name:
        return "stands in a command, and says its kind"
    if name and kind and name in known:
        return "was named before"
    if name and not kind and name not in known:
        return "was not seen before"
    return ""


# -- values -------------------------------------------------------------------------


def _plain(kind: str, text: str) -> str:
    """A value as it is kept: a hexadecimal one without 0x and leading zeros."""
    return "0x" + (text.removeprefix("0x").lstrip("0") or "0") if kind == "hex" else text


def fill(command: str, values: Mapping[str, str]) -> str:
    """A command with its values."""
    return _SLOT.sub(lambda slot: values.get(slot["name"] or "", slot[0]), command)


def _shown(text: str, values: Mapping[str, str]) -> str:
    """An expected line with the values that are known, for a message."""
    filled = _SLOT.sub(lambda slot: values.get(slot["name"] or "", slot[0]), text)
    return " ".join(filled.split())


def _again(value: str) -> str:
    if value.startswith("0x"):
        return f"(?:0x)?0*{re.escape(value[2:])}(?![0-9a-f])"
    return re.escape(value)


def _pattern(text: str, values: Mapping[str, str]) -> tuple[re.Pattern[str], dict[str, str]]:
    """A line's pattern, and the kinds of the values that it names."""
    out, kinds, at = "", {}, 0
    text = " ".join(text.split())
    for slot in _SLOT.finditer(text):
        out += re.escape(text[at : slot.start()])
        name, kind = slot["name"], slot["kind"]
        if name and kind:
            kinds[name] = kind
            out += f"(?P<{name}>{_KINDS[kind]})"
        elif name:
            out += _again(values[name])
        else:
            out += f"(?:{_KINDS[kind or 'word']})"
        at = slot.end()
    return re.compile(out + re.escape(text[at:]) + r"\Z"), kinds


def _matches(text: str, seen: str, values: dict[str, str]) -> bool:
    """Whether a line is as expected; what it names is kept then."""
    pattern, kinds = _pattern(text, values)
    match = pattern.match(" ".join(seen.split()))
    if match is None:
        return False
    values.update({name: _plain(kind, match[name]) for name, kind in kinds.items()})
    return True


# -- comparing ----------------------------------------------------------------------


def compare(step: Step, seen: str, values: dict[str, str]) -> Difference | None:
    """The first difference of a step's output; None if there is none. Fills `values`."""
    lines = [line.strip() for line in seen.splitlines() if line.strip()]
    at, any_lines, last = 0, False, step.line
    for one in step.expected:
        last = one.line
        if one.text.strip() == _ANY:
            any_lines = True
            continue
        hits = (i for i in range(at, len(lines)) if _matches(one.text, lines[i], values))
        found = next(hits, None) if any_lines else None
        if not any_lines and at < len(lines) and _matches(one.text, lines[at], values):
            found = at
        if found is None:
            shown = lines[at] if at < len(lines) else "nothing more"
            if any_lines and at < len(lines):
                shown = "none of these lines: " + " | ".join(lines[at:][:8])
            return Difference(one.line, _shown(one.text, values), shown)
        at, any_lines = found + 1, False
    if at < len(lines) and not any_lines:
        return Difference(last, "nothing more", lines[at])
    return None
