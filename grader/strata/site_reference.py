# SPDX-License-Identifier: MIT
"""Pages made from the source: the monitor's commands, boot options, verbs of make."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Callable, Iterable, Iterator

from .lab import Course, Lab

__all__ = ["Definition", "cell", "commands", "make_page", "monitor_page", "options"]
__all__ += ["options_page"]

_STRING = r'"((?:[^"\\]|\\.)*)"'
_STRINGS = rf"((?:{_STRING}\s*)+)"
_COMMAND = re.compile(rf"^MONITOR_COMMAND\((\w+),\s*{_STRINGS},\s*{_STRINGS},", re.M)
_OPTION = re.compile(rf"^OPTION\((\w+),\s*{_STRINGS},\s*{_STRINGS}\)", re.M)
_VERB = re.compile(r"^([a-z][a-z-]*):.*## (.*)$", re.M)
_VARIABLE = re.compile(r"^#   ([A-Z]+=\S*(?: [A-Z]+=\S*)*)\s+(.*)$", re.M)
_DEFAULT = re.compile(r"[;,]? *\(?default:? ([^;)]+)\)?$")


@dataclass(frozen=True)
class Definition:
    """A command or an option, as the source defines it."""

    lab: Lab
    name: str
    values: str
    text: str
    file: str

    @property
    def default(self) -> str:
        """What its text says of a default."""
        found = _DEFAULT.search(self.text)
        return found[1] if found else ""

    @property
    def what(self) -> str:
        """The text without that."""
        return _DEFAULT.sub("", self.text)


def commands(course: Course) -> list[Definition]:
    """What the monitor of the highest stage knows."""
    return list(_definitions(course, _COMMAND))


def options(course: Course) -> list[Definition]:
    """What its boot command line knows."""
    return list(_definitions(course, _OPTION))


def _definitions(course: Course, pattern: re.Pattern[str]) -> Iterator[Definition]:
    for lab in course.labs:
        found = []
        for path in sorted(lab.folder.glob("*.c")):
            file = path.relative_to(course.tree).as_posix()
            for match in pattern.finditer(path.read_text("utf-8", "replace")):
                name, values, _, text, _ = match.groups()
                found.append(Definition(lab, name, _literal(values), _literal(text), file))
        yield from sorted(found, key=lambda one: one.name)


def _literal(text: str) -> str:
    """The text of C's neighbouring strings."""
    return "".join(re.findall(_STRING, text)).replace('\\"', '"').replace("\\\\", "\\")


def monitor_page(course: Course) -> str:
    """Every command with its arguments."""
    lines = [
        "# Commands of the monitor",
        "",
        "What can be typed at the prompt `strata>`, on the serial line or at the keyboard of",
        "the screen, with its arguments: `[..]` may be left out, `A|B` is one of them.",
        "`help` shows the same list in the kernel.",
    ]

    def cells(one: Definition) -> list[str]:
        return [_code(f"{one.name} {one.values}".strip()), cell(one.text)]

    lines += _tables(commands(course), ["command", "what it does"], cells)
    return "\n".join(lines) + "\n"


def options_page(course: Course) -> str:
    """Every option with its values and its default."""
    lines = [
        "# Options of the boot command line",
        "",
        "`NAME=VALUE` words, separated by blanks; a value with a blank is quoted. They come from",
        'the boot loader, or on QEMU from `make run CMDLINE="clock=pit loglevel=7"`. At the',
        "prompt `options` shows the same list. A name that nobody knows is reported and ignored.",
    ]

    def cells(one: Definition) -> list[str]:
        words = f"{one.name}={one.values}" if one.values else one.name
        return [_code(words), cell(one.what), cell(one.default or "not given")]

    lines += _tables(options(course), ["option", "what it does", "default"], cells)
    return "\n".join(lines) + "\n"


def _tables(
    found: Iterable[Definition], heads: list[str], cells: Callable[[Definition], list[str]]
) -> list[str]:
    """A table for each lab; its last column is the source."""
    lines = []
    for lab, group in groupby(found, lambda one: one.lab):
        lines += ["", f"## Lab {lab.number}: {lab.title}", "", _row([*heads, "source"])]
        lines.append("|---" * (len(heads) + 1) + "|")
        lines += [_row([*cells(one), _file(one.file)]) for one in group]
    return lines


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def make_page(makefile: str) -> str:
    """The verbs, with the words behind `##` in the Makefile."""
    lines = [
        "# Verbs of make",
        "",
        "`make VERB [NAME=value ..]`; `./setup VERB` installs what the verb needs first.",
        "`[..]` may be left out. `make help` shows the same list.",
        "",
        "| verb | what it does | takes |",
        "|---|---|---|",
    ]
    for verb, text in _VERB.findall(makefile):
        what, takes = _taken(text)
        lines.append(_row([_code(verb), cell(what), _code(takes) if takes else ""]))
    lines += ["", "All verbs take", "", "| variable | |", "|---|---|"]
    head = makefile.partition("\n\n")[0]
    lines += [_row([_code(name), cell(text)]) for name, text in _VARIABLE.findall(head)]
    return "\n".join(lines) + "\n"


def _taken(text: str) -> tuple[str, str]:
    """`what it does: NAME=.. [NAME=..]` in two; elsewhere a colon is one."""
    what, colon, rest = text.rpartition(": ")
    if colon and re.fullmatch(r"(\[?[A-Z]+=.*)|\[verb\]", rest):
        return what, rest
    return text, ""


def cell(text: str) -> str:
    """Plain words in a table's cell; what stands in `..` stays code."""
    parts = re.split(r"(`[^`]*`)", text)
    plain = [re.sub(r"([*_|\\])", r"\\\1", part) for part in parts[0::2]]
    parts[0::2] = [html.escape(part, quote=False) for part in plain]
    return "".join(parts)


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _file(path: str) -> str:
    return f"[{Path(path).name}](../{path})"
