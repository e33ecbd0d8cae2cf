# SPDX-License-Identifier: MIT
"""Pages made from the source: the monitor's commands, boot options, verbs of make."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator

from .lab import Course, Lab

__all__ = ["Definition", "commands", "make_page", "monitor_page", "options", "options_page"]

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
    for lab, group in _by_lab(commands(course)):
        lines += ["", f"## Lab {lab.number}: {lab.title}", ""]
        lines += ["| command | what it does | source |", "|---|---|---|"]
        for one in group:
            words = f"{one.name} {one.values}".strip()
            lines.append(f"| {_code(words)} | {_cell(one.text)} | {_file(one.file)} |")
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
    for lab, group in _by_lab(options(course)):
        lines += ["", f"## Lab {lab.number}: {lab.title}", ""]
        lines += ["| option | what it does | default | source |", "|---|---|---|---|"]
        for one in group:
            words = f"{one.name}={one.values}" if one.values else one.name
            row = f"| {_code(words)} | {_cell(one.what)} | {_cell(one.default or 'not given')} "
            lines.append(f"{row}| {_file(one.file)} |")
    return "\n".join(lines) + "\n"


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
        lines.append(f"| `{verb}` | {_cell(what)} | {_code(takes) if takes else ''} |")
    lines += ["", "All verbs take", "", "| variable | |", "|---|---|"]
    head = makefile.partition("\n\n")[0]
    lines += [f"| {_code(name)} | {_cell(text)} |" for name, text in _VARIABLE.findall(head)]
    return "\n".join(lines) + "\n"


def _taken(text: str) -> tuple[str, str]:
    """`what it does: NAME=.. [NAME=..]` in two; elsewhere a colon is one."""
    what, colon, rest = text.rpartition(": ")
    if colon and re.fullmatch(r"(\[?[A-Z]+=.*)|\[verb\]", rest):
        return what, rest
    return text, ""


def _by_lab(found: Iterable[Definition]) -> list[tuple[Lab, list[Definition]]]:
    groups: dict[int, tuple[Lab, list[Definition]]] = {}
    for one in found:
        groups.setdefault(one.lab.number, (one.lab, []))[1].append(one)
    return [groups[number] for number in sorted(groups)]


def _cell(text: str) -> str:
    """Plain words in a table's cell; what stands in `..` stays code."""
    parts = re.split(r"(`[^`]*`)", text)
    plain = [re.sub(r"([*_<>|\\])", r"\\\1", part) for part in parts[0::2]]
    parts[0::2] = plain
    return "".join(parts)


def _code(text: str) -> str:
    return f"`{text}`" if "|" not in text else "`" + text.replace("|", "\\|") + "`"


def _file(path: str) -> str:
    return f"[{Path(path).name}](../{path})"
