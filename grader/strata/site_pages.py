# SPDX-License-Identifier: MIT
"""A page of the tree as mkdocs reads it, saying what it says on a Git server.

Pages are written in GitHub's Markdown. Python-Markdown, which mkdocs uses, wants a blank
line before a list, four columns for what belongs to an item, and takes `#DB` for a heading:
markdown-it says what each line is, and the lines are laid out anew. Links into the tree
lead to the site's own pages, or become plain words.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Callable

from markdown_it import MarkdownIt

from .site_graph import drawing

__all__ = ["Links", "page_text", "title_of"]

_MARKER = re.compile(r" *([-*+]|\d+[.)])(?:[ \t]+|$)")
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_SPAN = re.compile(r"(`[^`\n]+`)")
_COMMENT = re.compile(r"^<!--.*?-->\n", re.M | re.S)
_NO_LINK = "]\0("  # stands for `](` in code while links are looked for


@dataclass(frozen=True)
class Links:
    """Where a path of the tree is on the site: a page's path, or None: it has none."""

    place: Callable[[str], str | None]

    def rewritten(self, text: str, page: str) -> str:
        """The text with every link, but for those shown as code, leading to its target."""
        parts = _SPAN.split(text)
        parts[1::2] = [part.replace("](", _NO_LINK) for part in parts[1::2]]
        folder = posixpath.dirname(page)

        def change(match: re.Match[str]) -> str:
            picture, words, target = match.groups()
            path, mark, anchor = target.partition("#")
            if "://" in target or not path:
                return match[0]
            there = self.place(posixpath.normpath(posixpath.join(folder, path)))
            if there is None:
                return str(words)
            end = mark + anchor if there.endswith(".md") else ""
            return f"{picture}[{words}]({posixpath.relpath(there, folder or '.')}{end})"

        return _LINK.sub(change, "".join(parts)).replace(_NO_LINK, "](")


@dataclass
class _Line:
    """One line of a page: what is cut off its front, and what it belongs to."""

    text: str
    cut: int = 0
    depth: int = 0
    marker: str = ""
    begins: bool = False  # a block that wants a blank line before it


def title_of(text: str) -> str:
    """A page's first heading."""
    found = re.search(r"^# (.+)$", text, re.M)
    return found[1] if found else ""


def page_text(text: str, page: str, links: Links) -> str:
    """The page, which has this path in the tree and on the site, in Python-Markdown."""
    text = _COMMENT.sub("", text)
    lines = [_Line(one) for one in text.split("\n")]
    graphs: dict[int, list[str]] = {}
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        first, end = token.map or (0, 0)
        if token.type in ("bullet_list_open", "ordered_list_open", "table_open"):
            lines[first].begins = True
            for line in lines[first:end] if token.type == "table_open" else ():
                line.text = _SPAN.sub(lambda span: span[0].replace("\\|", "|"), line.text)
        elif token.type == "list_item_open":
            _item(lines[first:end])
            if end < len(lines) and any(not line.text.strip() for line in lines[first:end]):
                lines[end].begins = True
        elif token.type == "inline":
            _prose(lines[first:end])
        elif token.type in ("fence", "code_block"):
            lines[first].begins = lines[first].begins or token.type == "fence"
            drawn = token.info == "mermaid"
            if drawn:
                graphs[first] = drawing(token.content.splitlines())
            for line in lines[first:end]:
                line.text = "" if drawn else line.text.replace("](", _NO_LINK)
    return links.rewritten(_laid_out(lines, graphs), page)


def _item(lines: list[_Line]) -> None:
    """The lines of a list's item, one level deeper."""
    first = lines[0]
    marker = _MARKER.match(first.text, first.cut)
    assert marker
    for line in lines:
        line.cut = marker.end()
        line.depth += 1
    first.marker = marker[1]


def _prose(lines: list[_Line]) -> None:
    """What would begin another block here, but does not on a Git server, is escaped."""
    for at, line in enumerate(lines):
        head, rest = line.text[: line.cut], line.text[line.cut :].lstrip(" ")
        if re.match(r"#+[^# ]", rest):
            rest = "\\" + rest
        elif at:
            rest = re.sub(r"^(\d+)\. ", r"\1\\. ", rest)
        line.text = head + rest if head.strip() or not line.cut else " " * line.cut + rest


def _laid_out(lines: list[_Line], graphs: dict[int, list[str]]) -> str:
    out: list[str] = []
    for at, line in enumerate(lines):
        if line.begins and line.text.strip() and out and out[-1].strip():
            out.append("")
        out += graphs.get(at, [])
        if not line.text.strip():
            out.append("")
        elif line.marker:
            out.append(" " * 4 * (line.depth - 1) + f"{line.marker:<4}" + line.text[line.cut :])
        else:
            column = len(line.text) - len(line.text.lstrip())
            out.append(" " * 4 * line.depth + line.text[min(line.cut, column) :])
    return "\n".join(out)
