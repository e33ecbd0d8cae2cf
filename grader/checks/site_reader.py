# SPDX-License-Identifier: MIT
"""The built site and its pages, as the checks of it read them."""

from __future__ import annotations

import functools
import os
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import markdown
from markdown_it import MarkdownIt
from mkdocs.config import load_config

__all__ = ["Page", "dead_links", "from_elsewhere", "misspelt", "prose", "shape_here", "shape_there"]

_BLOCKS = {"li", "td", "th", "h1", "h2", "h3", "h4", "pre", "tr", "ul", "ol", "table", "dl"}
_WORD = re.compile(r"(?<![\w./@:=-])[A-Za-z][a-z]+(?:'[a-z]+)?(?![\w/@]|\.\w)")
_HEXADECIMAL = re.compile(r"[a-f]+h?$")
_GITHUB = MarkdownIt("commonmark").enable("table")


class Page(HTMLParser):
    """What an HTML page links to, loads, and can be linked at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.names: list[str] = []
        self.classes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element."""
        found = {name: value or "" for name, value in attrs}
        self.classes |= set(found.get("class", "").split())
        if "id" in found:
            self.names.append(found["id"])
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif "src" in found or "href" in found:
            self.loads.append(found.get("src") or found["href"])


@functools.cache
def pages_in(site: Path) -> dict[str, Page]:
    """Every page of a site by its path; a page is read once."""
    return {str(path): Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}


def dead_links(site: Path) -> list[str]:
    """Every internal link and source that leads nowhere: file, target."""
    pages = pages_in(site)
    names = {path: set(page.names) for path, page in pages.items()}
    files = {str(path) for path in site.rglob("*") if path.is_file()}
    dead = []
    for path, page in pages.items():
        for target in dict.fromkeys([*page.links, *page.loads]):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            there = path
            if parts.path.startswith("/"):  # only the page for what is not found
                there = os.path.normpath(f"{site}{unquote(parts.path)}")
            elif parts.path:
                there = os.path.normpath(f"{os.path.dirname(path)}/{unquote(parts.path)}")
            there = f"{there.rstrip('/')}/index.html" if there not in files else there
            anchor = unquote(parts.fragment)
            if there not in files or anchor and anchor not in names.get(there, {anchor}):
                dead.append(f"{os.path.relpath(path, site)}: {target}")
    return dead


def from_elsewhere(site: Path) -> list[str]:
    """What a page or a style would load from another place."""
    found = []
    for name, page in pages_in(site).items():
        loads = [one for one in page.loads if urlsplit(one).scheme or urlsplit(one).netloc]
        found += [f"{os.path.relpath(name, site)}: {one}" for one in loads if one[:5] != "data:"]
        if "mermaid" in page.classes:  # the theme would fetch its program
            found.append(f"{os.path.relpath(name, site)}: Mermaid")
    for path in site.rglob("*.css"):
        urls = re.findall(r"url\(['\"]?((?:https?:)?//[^)]*)|@import", path.read_text("utf-8"))
        found += [f"{path.relative_to(site)}: {one}" for one in urls]
    return found


def prose(text: str) -> list[str]:
    """The words of a page outside of code, each once."""
    words: list[str] = []
    for token in _GITHUB.parse(text):
        is_code = False
        for child in token.children or () if token.type == "inline" else ():
            if child.type == "html_inline":
                is_code = child.content == "<code>"
            elif child.type == "text" and not is_code:
                words += _WORD.findall(child.content)
    return list(dict.fromkeys(words))


def misspelt(words: list[str], known: set[str]) -> list[str]:
    """Those that neither aspell (British) nor the project's list knows."""
    command = ["aspell", "list", "--lang=en_GB", "--encoding=utf-8"]
    done = subprocess.run(command, input="\n".join(words), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [
        word
        for word in done.stdout.split()
        if word.lower() not in known and not _HEXADECIMAL.match(word)
    ]


class _Shape(HTMLParser):
    """The blocks of a piece of HTML with their words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.blocks: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A block begins."""
        if tag in _BLOCKS:
            self.blocks.append((tag, ""))

    def handle_data(self, data: str) -> None:
        """Its words, without blanks, which are laid out in other ways."""
        if self.blocks:
            tag, words = self.blocks[-1]
            self.blocks[-1] = (tag, words + "".join(data.split()))


def shape_there(text: str) -> list[tuple[str, str]]:
    """A page as a Git server shows it."""
    return _Shape(_GITHUB.render(text)).blocks


@functools.cache
def _python_markdown(settings: Path) -> markdown.Markdown:
    """As these settings of mkdocs have it."""
    folders = {"docs_dir": str(settings.parents[1]), "site_dir": "/nowhere"}
    config = load_config(str(settings), **folders)
    return markdown.Markdown(
        extensions=config["markdown_extensions"], extension_configs=config["mdx_configs"]
    )


def shape_here(text: str, settings: Path) -> list[tuple[str, str]]:
    """A page as mkdocs shows it."""
    return _Shape(_python_markdown(settings).reset().convert(text)).blocks
