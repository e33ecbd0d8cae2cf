# SPDX-License-Identifier: MIT
"""The site that make docs makes: whole, its links alive, its references true."""

from __future__ import annotations

import html
import json
import re
import sys
from pathlib import Path

import pytest

from conftest import TREE, Make, committed, copy_tree, run, tracked_files
from site_reader import (
    Page,
    dead_links,
    from_elsewhere,
    misspelt,
    prose,
    shape_here,
    shape_there,
)

sys.path.insert(0, str(TREE / "grader"))
from strata.lab import load_course  # noqa: E402
from strata.site import pages_of, sections_of  # noqa: E402
from strata.site_pages import Links, page_text  # noqa: E402
from strata.site_reference import commands, options  # noqa: E402

WORDS = TREE / "grader/checks/site/words.txt"
PAGES = pages_of(TREE)


def test_no_page_of_the_tree_is_forgotten(site: Path) -> None:
    """Each is in the navigation once, and on the site."""
    tracked = {name for name in tracked_files() if name.endswith(".md")}
    assert set(PAGES) == {name for name in tracked if not name.startswith("solutions/")}
    listed = [name for _, section in sections_of(PAGES) for name in section]
    assert sorted(listed) == PAGES
    home = set(Page((site / "index.html").read_text(encoding="utf-8")).links)
    for name in listed:
        there = re.sub(r"README\.md$", "index.html", name).replace(".md", ".html")
        assert (site / there).is_file(), name
        assert there in home or there == "index.html", f"{name}: not in the navigation"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_a_git_server_shows(name: str) -> None:
    """The same lists, tables, headings and code, with the same words."""
    text = (TREE / name).read_text(encoding="utf-8")
    text = re.sub(r"```mermaid\n.*?```", "", text, flags=re.S)
    links = Links(lambda path: path if Path(path).suffix in (".svg", ".png") else None)
    made = page_text(text, name, links)  # code that looks like a link has to stay
    assert shape_here(made, TREE / "docs/site/mkdocs.yml") == shape_there(text)


def test_every_link_of_the_site_leads_somewhere(site: Path, tmp_path: Path) -> None:
    """Files and fragments; the check itself finds a dead one of each kind."""
    assert not dead_links(site)
    (tmp_path / "a.html").write_text('<a href="b.html">1</a><a href="#c">2</a><img src="d.svg">')
    assert len(dead_links(tmp_path)) == 3


def test_nothing_is_loaded_from_elsewhere(site: Path, tmp_path: Path) -> None:
    """No script, style, font or picture of another host; the check can fail."""
    assert not from_elsewhere(site)
    (tmp_path / "a.html").write_text('<script src="//example.org/a.js"></script>')
    (tmp_path / "a.css").write_text("a { background: url(https://example.org/a.png) }")
    assert len(from_elsewhere(tmp_path)) == 2


@pytest.mark.parametrize("name", PAGES)
def test_the_words_of_a_page_are_spelt_right(name: str) -> None:
    """aspell's British words, and those of grader/checks/site/words.txt."""
    known = set(WORDS.read_text(encoding="utf-8").split())
    text = (TREE / name).read_text(encoding="utf-8")
    wrong = misspelt(prose(text), known)
    assert not wrong, f"{wrong}: what is a word belongs into {WORDS.relative_to(TREE)}"
    assert misspelt(prose("The kernel recieves a byte."), known) == ["recieves"]


def test_the_list_of_words_is_in_order() -> None:
    """Each once, so that two additions do not hide each other; and each on a page."""
    words = WORDS.read_text(encoding="utf-8").split("\n")[:-1]
    assert words == sorted(set(words))
    texts = ((TREE / name).read_text(encoding="utf-8") for name in PAGES)
    used = {word.lower() for text in texts for word in prose(text)}
    assert not set(words) - used


HEADERS = sorted(TREE.glob("lab[0-9]*-*/include/lab*/*.h"))


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_api_reference_has_every_function(header: Path, site: Path, tmp_path: Path) -> None:
    """Those that the compiler sees in the header are on its page, with their parameters."""
    source = tmp_path / "one.c"
    source.write_text(f"#include <{header.parent.name}/{header.name}>\n")
    found = tmp_path / "found"
    words = ["gcc", "-std=gnu11", "-ffreestanding", "-fsyntax-only", "-aux-info", str(found)]
    words += ["-DLAB=9", "-DDEBUG=1", '-DLAB_DIR="x"']
    words += [f"-I{folder}/include" for folder in sorted(TREE.glob("lab[0-9]*-*"))]
    done = run([*words, str(source)])
    assert done.returncode == 0, done.stdout
    lines = re.findall(r"^/\* (\S+):\d+:\w\w \*/ .*?(\w+) \(", found.read_text(), re.M)
    declared = {name for path, name in lines if Path(path).resolve() == header.resolve()}
    text = (site / "api" / header.parent.name / f"{header.stem}.html").read_text(encoding="utf-8")
    assert declared <= set(Page(text).names)
    assert all(re.search(rf"\b{name}\(", plain(text)) for name in declared)


def plain(text: str) -> str:
    """HTML without its markup."""
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def listing_of(page: Path) -> str:
    """The source on a page of the source."""
    found = re.search(r"<pre.*?</pre>", page.read_text(encoding="utf-8"), re.S)
    assert found, page
    return plain(found[0])


def test_every_public_header_has_a_page(site: Path) -> None:
    """And the overview names it."""
    links = Page((site / "api/index.html").read_text(encoding="utf-8")).links
    for header in HEADERS:
        assert f"{header.parent.name}/{header.stem}.html" in links


def test_the_references_say_what_the_kernel_says(warm: Path) -> None:
    """`help` and `options` of the highest stage, line for line."""
    tag = run(["make", "-s", "SOLVED=all", "print-tag"], cwd=warm).stdout.strip()
    course = load_course(TREE)
    words = [sys.executable, "-m", "strata", "monitor", "--images", tag]
    words += ["--lab", str(course.numbers[-1])]
    said = run([*words, "help"], cwd=warm, PYTHONPATH="grader")
    known = {" ".join(f"{one.name} {one.values} {one.text}".split()) for one in commands(course)}
    assert {" ".join(line.split()) for line in said.stdout.splitlines()} == known
    said = run([*words, "options"], cwd=warm, PYTHONPATH="grader")
    known = {f"{one.name}={one.values}  {one.text}" for one in options(course)}
    assert {line.strip() for line in said.stdout.splitlines() if "now:" not in line} == known


def test_the_growth_page_is_measured(site: Path) -> None:
    """The sizes on it are those of the images that lie in the build beside it."""
    text = (site / "growth.html").read_text(encoding="utf-8")
    for number in load_course(TREE).numbers:
        image = site.parent / "release/given-all" / f"stage{number}.stripped.elf"
        assert f">{image.stat().st_size:,}<" in text
    headers = sum(
        len(one.read_text().splitlines())
        for one in TREE.glob("lab0-boot/**/*.h")
        if "tests" not in one.parts
    )
    assert f">{headers:,}<" in text


def test_no_solution_is_on_the_site(site: Path) -> None:
    """Neither its folder nor that of the checks; an exercise is shown as it lies in its lab."""
    assert not list(site.glob("**/solutions*")) and not list(site.glob("**/checks*"))
    listings = {one: listing_of(one) for one in (site / "source").rglob("*.html")}
    assert not [one for one, text in listings.items() if re.search(r"(/\*|;|#) EX \d+\.\d+ ", text)]
    course = load_course(TREE)
    paths = [course.lab_of(one.id).path(one) for one in course.exercises()]
    pages = {path: site / f"source/{path.relative_to(TREE)}.html" for path in paths}
    shown = [path for path, page in pages.items() if page in listings]
    assert shown
    for path in shown:  # a listing has blanks for tabs
        assert path.read_text("utf-8").split() == listings[pages[path]].split(), path


def test_the_search_finds_pages_and_no_lines_of_the_source(site: Path) -> None:
    """Every page of the navigation; what is a listing only would hide them."""
    found = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))
    pages = {one["location"].partition("#")[0] for one in found["docs"]}
    assert {"docs/when-stuck.html", "api/lab0/uart.html", "growth.html"} <= pages
    assert not [one for one in pages if one.startswith("source/")]


def test_a_page_in_no_section_is_named() -> None:
    """A new page has to find its place."""
    with pytest.raises(Exception, match="docs/new.md: in no section"):
        sections_of([*PAGES, "docs/new.md"])


def test_without_graphviz_one_line_says_what_to_do(make: Make, tmp_path: Path) -> None:
    """No traceback, and the command that mends it."""
    for tool in ("make", "sh", "awk", "getconf", "uname", "cat", "grep", "sed", "mkdir", "gcc"):
        path = Path("/usr/bin") / tool
        (tmp_path / tool).symlink_to(path.resolve())
    done = make("docs", f"PYTHON={sys.executable}", PATH=str(tmp_path))
    assert done.returncode == 2
    assert "dot is missing (./setup docs installs it)" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.long
def test_a_handout_makes_the_site_of_what_it_has(tmp_path: Path) -> None:
    """make docs in a student's tree: no instructor's guide, no dead link."""
    source = committed(copy_tree(tmp_path / "source"))
    done = run(["make", "handout", f"OUT={tmp_path}/out", "THROUGH=0"], cwd=source)
    assert done.returncode == 0, done.stdout[-3000:]
    run(["git", "clone", "-q", f"{tmp_path}/out", f"{tmp_path}/mine"])
    done = run(["make", "docs"], cwd=tmp_path / "mine")
    assert done.returncode == 0, done.stdout[-3000:]
    site = tmp_path / "mine/build/site"
    assert not dead_links(site)
    assert not list(site.glob("docs/instructor*")) and not list(site.glob("lab1*"))
