# SPDX-License-Identifier: MIT
"""The API reference: a page for each public header, made of its contracts."""

from __future__ import annotations

import html
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

from .lab import Course
from .site_header import Header, Item, comment_parts, names_of, read_header
from .site_reference import cell

__all__ = ["Api", "read_api"]

_SHOWN_NAMES = 3


@dataclass(frozen=True)
class Api:
    """All public headers, and where each name is."""

    headers: tuple[Header, ...]
    places: Mapping[str, str]  # a name: page#anchor

    def page_of(self, path: str) -> str | None:
        """The page of a header's path in the tree."""
        return next((_page(one) for one in self.headers if one.path == path), None)

    def pages(self, course: Course) -> dict[str, str]:
        """Every page of the reference by its path on the site."""
        made = {_page(one): self._header_page(one) for one in self.headers}
        made["api/index.md"] = self._index(course)
        return made

    def nav(self) -> list[object]:
        """The headers by lab."""
        found: list[object] = [{"All headers": "api/index.md"}]
        for lab in sorted({one.lab for one in self.headers}):
            pages = [{one.name: _page(one)} for one in self.headers if one.lab == lab]
            found.append({f"Headers of lab {lab}": pages})
        return found

    def _index(self, course: Course) -> str:
        lines = [
            "# API reference",
            "",
            "Made from the public headers, `labN-*/include/labN/*.h`: what a function takes and",
            "returns, from which context it may be called, which locks it takes. A lab includes",
            "headers of its own floor and of those below, never of one above.",
        ]
        for lab in course.labs:
            lines += ["", f"## Lab {lab.number}: {lab.title}", ""]
            lines += ["| header | what it is | declares |", "|---|---|---|"]
            for one in (one for one in self.headers if one.lab == lab.number):
                here = _page(one)[len("api/") :]
                links = [
                    f"[{_plain(name)}]({here}#{_anchor(name)})"
                    for item in one.items
                    for name in _functions(item)
                ]
                lines.append(f"| [{one.name}]({here}) | {cell(one.summary)} | {', '.join(links)} |")
        return "\n".join(lines) + "\n"

    def _header_page(self, header: Header) -> str:
        lines = [f"# {header.name}", "", f"<p>{html.escape(_sentence(header.summary))}</p>", ""]
        lines += self._said(header.comment, "", header)
        source = f"[{header.path}](../../source/{header.path}.md)"
        lines += ["", f"`#include <{header.name}>`, from {source}", ""]
        for item in header.items:
            if item.names:
                first, *more = item.names
                shown = [_plain(one) for one in item.names]
                title = ", ".join(shown[:_SHOWN_NAMES] + [".."] * (len(shown) > _SHOWN_NAMES))
                anchors = "".join(f'<a id="{_anchor(one)}"></a>' for one in more)
                lines += [f"## {title} {{ #{_anchor(first)} }}", ""]
                lines += [f"<div>{anchors}</div>", ""] if anchors else []
            lines += self._said(item.comment, item.code, header)
            if item.code:
                lines += ["", "```c", item.code, "```", ""]
        return "\n".join(lines) + "\n"

    def _said(self, comment: str, code: str, header: Header) -> list[str]:
        """A comment as HTML; what other headers declare is a link."""
        out: list[str] = []
        keys: list[str] = []
        for kind, text in comment_parts(comment, code):
            if kind and kind != "pre":
                keys.append(f"<dt>{html.escape(kind)}</dt><dd>{self._linked(text, header)}</dd>")
                continue
            out += _list_of(keys)
            keys = []
            if kind == "pre":
                out.append(f'<pre tabindex="0"><code>{html.escape(text)}</code></pre>')
            else:
                out.append(f"<p>{self._linked(text, header)}</p>")
        text = "\n".join([*out, *_list_of(keys)])
        return [f"<div>{text}</div>", ""] if text else []

    def _linked(self, text: str, header: Header) -> str:
        here = posixpath.dirname(_page(header))

        def link(match: re.Match[str]) -> str:
            place = self.places.get(match[0])
            if place is None:
                return match[0]
            page, _, anchor = place.partition("#")
            path = posixpath.relpath(page, here).removesuffix(".md") + ".html"
            return f'<a href="{path}#{anchor}">{match[0]}</a>'

        parts = re.split(r"`([^`]*)`", html.escape(text))
        parts[1::2] = [f"<code>{part}</code>" for part in parts[1::2]]
        return "".join(re.sub(r"\b[A-Za-z]\w*_\w+\b", link, part) for part in parts)


def read_api(course: Course) -> Api:
    """The public headers of all labs."""
    headers = []
    for lab in course.labs:
        for path in sorted(lab.folder.glob("include/*/*.h")):
            name = path.relative_to(course.tree).as_posix()
            headers.append(read_header(name, path.read_text("utf-8", "replace")))
    places = {
        _plain(name): f"{_page(header)}#{_anchor(name)}"
        for header in reversed(headers)
        for item in header.items
        for name in item.names
    }
    return Api(tuple(headers), places)


def _page(header: Header) -> str:
    return "api/" + Path(header.name).with_suffix(".md").as_posix()


def _plain(name: str) -> str:
    """uart_register of `enum uart_register`."""
    return name.rpartition(" ")[2]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _functions(item: Item) -> list[str]:
    """What of an item is called."""
    text = re.sub(r"\{.*\}", "", item.code, flags=re.S)
    named = names_of(text.split("\n"))
    return [name for name in named if re.search(rf"\b{re.escape(name)} ?\(", text)]


def _list_of(keys: list[str]) -> list[str]:
    return ["<dl class='contract'>" + "".join(keys) + "</dl>"] if keys else []
