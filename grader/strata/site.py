# SPDX-License-Identifier: MIT
"""`make docs`: the pages of the tree, and pages made from its source, as a site.

    build/docs      the pages as mkdocs reads them, made anew each time
    build/site      the site; `make docs-serve` shows it on this machine

docs/site has what the site looks like. In a handout's tree the same verb makes the
site of what is there: no solutions, no instructor's guide.
"""

from __future__ import annotations

import functools
import http.server
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Iterable

from .errors import LabError, StrataError, UsageError
from .lab import Course, load_course
from .site_api import Api, read_api
from .site_growth import growth_page, lines_of, measure
from .site_pages import Links, page_text, title_of
from .site_reference import make_page, monitor_page, options_page

__all__ = ["SECTIONS", "build_site", "main", "pages_of", "sections_of"]

# The navigation: every page of the tree is in one section, in this order.
SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Strata", ("README.md", "docs/README.md")),
    ("Handouts", ("lab[0-9]*/README.md",)),
    (
        "On-ramp",
        (
            "docs/before-you-start.md",
            "docs/when-stuck.md",
            "docs/assembly.md",
            "docs/glossary.md",
            "docs/manuals.md",
            "docs/hosts.md",
        ),
    ),
    (
        "Walkthroughs",
        (
            "docs/walkthroughs/*.md",
            "lab[0-9]*/walkthroughs/*.md",
            "docs/gdb.md",
            "docs/rewind.md",
        ),
    ),
    ("Architecture", ("docs/architecture.md", "docs/roadmap.md")),
    ("Reference", ("reference/*.md", "api/*")),
    ("Grading", ("grader/README.md", "docs/grading*.md", "docs/class*.md", "docs/hosting*.md")),
    ("Instructors", ("docs/instructor.md", "docs/instructor-*.md", "docs/instructor/*.md")),
    ("Development", ("docs/development-log.md", "growth.md", "CONTRIBUTING.md")),
)
_PAGES = ("*.md", "docs/*.md", "docs/*/*.md", "lab[0-9]*/*.md", "lab[0-9]*/*/*.md", "grader/*.md")
_PICTURES = (".svg", ".png")
_LANGUAGES = {".c": "c", ".h": "c", ".asm": "nasm", ".inc": "nasm", ".py": "python"}
_LANGUAGES |= {".toml": "toml", ".mk": "make"}
_INDEX = Path("search") / "search_index.json"
_PORT = 8000
_MISSING = "mkdocs-material is missing here; ./setup docs installs it"


def pages_of(tree: Path) -> list[str]:
    """The Markdown pages of the tree that are for readers."""
    found = {path.relative_to(tree).as_posix() for one in _PAGES for path in tree.glob(one)}
    return sorted(name for name in found if not name.startswith(("solutions/", "build/")))


def sections_of(pages: Iterable[str]) -> list[tuple[str, list[str]]]:
    """The navigation of pages; one that is in no section is an error."""
    left = set(pages)
    found = []
    for title, patterns in SECTIONS:
        section: list[str] = []
        for pattern in patterns:
            section += sorted(one for one in left if fnmatch(one, pattern))
            left -= set(section)
        if section:
            found.append((title, section))
    if left:
        raise LabError(
            f"{sorted(left)[0]}: in no section of the site; SECTIONS in site.py has them"
        )
    return found


def build_site(course: Course, out: Path) -> Path:
    """Make out/site, by way of out/docs."""
    site = out / "site"
    own = (course.tree / "docs" / "site" / "mkdocs.yml").resolve()
    for folder in (out / "docs", site):
        if own.is_relative_to(folder.resolve()):
            raise UsageError(f"BUILD={out}: the site would replace {folder}, a part of the tree")
    pages = Path(out, "docs", "pages")
    shutil.rmtree(out / "docs", ignore_errors=True)
    api = read_api(course)
    names = _Gathering(course, api, pages).all()
    new = out / "docs" / "site"
    config = _config(course, _navigation(names, api, pages), pages, new)
    words = [sys.executable, "-m", "mkdocs", "build", "-f", str(config)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if "Unrecognised theme" in done.stderr:
        raise StrataError(_MISSING)
    if done.returncode:
        told = [
            line for line in done.stderr.splitlines() if "INFO" not in line and line[:2] != "  "
        ]
        raise StrataError("mkdocs: " + "\n".join(told[-20:]))
    _leave_sources_out(new / _INDEX)
    shutil.rmtree(site, ignore_errors=True)
    new.rename(site)
    return site


def _leave_sources_out(index: Path) -> None:
    """The search finds pages and contracts, not each line of the source."""
    found = json.loads(index.read_text(encoding="utf-8"))
    found["docs"] = [one for one in found["docs"] if not one["location"].startswith("source/")]
    index.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


class _Gathering:
    """Lays out the pages that mkdocs reads."""

    def __init__(self, course: Course, api: Api, folder: Path) -> None:
        self._course = course
        self._folder = folder
        self._api = api
        self._pages = pages_of(course.tree)
        self._sources: set[str] = set()
        self._links = Links(self._place)

    def all(self) -> list[str]:
        """Everything. The names of the pages that belong in the navigation, API apart."""
        tree = self._course.tree
        shown = {name: (tree / name).read_text("utf-8", "replace") for name in self._pages}
        shown |= {
            "reference/monitor.md": monitor_page(self._course),
            "reference/options.md": options_page(self._course),
            "reference/make.md": make_page((tree / "Makefile").read_text("utf-8", "replace")),
        }
        for name, text in shown.items():
            self._write(name, page_text(text, name, self._links))
        for name, text in self._api.pages(self._course).items():
            self._write(name, text)
        self._sources |= {one.path for one in self._api.headers}
        lines = [lines_of(self._course, lab) for lab in self._course.labs]
        self._write("growth.md", growth_page(self._course, lines, measure(self._course)))
        for name in sorted(self._sources):
            self._write(f"source/{name}.md", _source_page(tree, name))
        for name in ("strata.css", "strata.js"):
            self._copy(f"docs/site/{name}", f"site/{name}")
        return [*shown, "growth.md"]

    def _place(self, path: str) -> str | None:
        """Where a path of the tree is on the site."""
        there = self._course.tree / path
        if path in self._pages:
            return path
        if path.startswith(("solutions", "..", "grader/checks")) or not there.exists():
            return None
        if there.is_dir():
            if fnmatch(path, "lab[0-9]*/include/lab[0-9]*"):
                return "api/index.md"
            return f"{path}/README.md" if f"{path}/README.md" in self._pages else None
        if there.suffix in _PICTURES:
            self._copy(path, path)
            return path
        page = self._api.page_of(path)
        if page is None:
            self._sources.add(path)
        return page or f"source/{path}.md"

    def _copy(self, name: str, to: str) -> None:
        (self._folder / to).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._course.tree / name, self._folder / to)

    def _write(self, name: str, text: str) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _source_page(tree: Path, name: str) -> str:
    """A file of the source, with its lines numbered."""
    text = (tree / name).read_text("utf-8", "replace").rstrip("\n")
    fence = "`" * 4
    language = _LANGUAGES.get(Path(name).suffix, "text")
    return f'# {name}\n\n{fence}{{.{language} linenums="1"}}\n{text}\n{fence}\n'


def _navigation(names: list[str], api: Api, pages: Path) -> list[object]:
    """The sections, as mkdocs wants them."""
    nav: list[object] = []
    for title, section in sections_of(names):
        entries: list[object] = [{_nav_title(pages / one): one} for one in section]
        nav.append({title: entries + (api.nav() if title == "Reference" else [])})
    return nav


def _config(course: Course, nav: list[object], pages: Path, site: Path) -> Path:
    """mkdocs' configuration, beside the pages."""
    values = {
        "INHERIT": str((course.tree / "docs/site/mkdocs.yml").resolve()),
        "docs_dir": str(pages.resolve()),
        "site_dir": str(site.resolve()),
        "nav": nav,
    }
    path = pages.parent / "mkdocs.yml"
    path.write_text(json.dumps(values, indent=1), encoding="utf-8")  # JSON is YAML, too
    return path


def _nav_title(page: Path) -> str:
    """The page's heading in plain letters."""
    return title_of(page.read_text(encoding="utf-8")).replace("`", "")


def main(argv: list[str]) -> int:
    """Make the site; --serve shows it on this machine."""
    port = _port() if "--serve" in argv else 0
    if importlib.util.find_spec("mkdocs") is None:
        raise StrataError(_MISSING)
    out = Path(os.environ.get("BUILD") or "build")
    out.mkdir(parents=True, exist_ok=True)
    site = build_site(load_course(Path.cwd()), out)
    print(f"docs: {site}/index.html")
    return _serve(site, port) if port else 0


def _port() -> int:
    word = os.environ.get("PORT") or str(_PORT)
    if not word.isdecimal() or not 0 < int(word) < 65536:
        raise UsageError(f"PORT={word}: a number from 1 to 65535")
    return int(word)


def _serve(site: Path, port: int) -> int:
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise UsageError(f"PORT={port}: {error.strerror}") from None
    with server:
        print(f"docs-serve: http://127.0.0.1:{port}/ until Ctrl-C", flush=True)
        server.serve_forever()
    return 0
