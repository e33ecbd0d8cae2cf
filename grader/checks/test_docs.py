# SPDX-License-Identifier: MIT
"""The pages outside the handouts: made parts are up to date, pictures have their texts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import TREE, environment, run, tracked_files

PICTURES = [name for name in tracked_files() if name.endswith(".svg")]
PAGES = [name for name in tracked_files() if name.endswith(".md")]


@pytest.mark.parametrize("verb", ["roadmap", "mistakes"])
def test_a_made_page_is_up_to_date(verb: str) -> None:
    """Every row of a present lab has a test, every mutant its row, and the pages say so."""
    done = subprocess.run(
        [sys.executable, "-m", "strata", verb, "--check"],
        cwd=TREE,
        env=environment(PYTHONPATH="grader"),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"{verb}: up to date\n")


FENCED = re.compile(r"^```(c|nasm)\n(.*?)^```", re.M | re.S)
SNIPPETS = [
    pytest.param(kind, text, id=f"{name}-{number}")
    for name in PAGES
    for number, (kind, text) in enumerate(FENCED.findall((TREE / name).read_text("utf-8")), 1)
]


@pytest.mark.parametrize(("kind", "text"), SNIPPETS)
def test_a_piece_of_code_on_a_page_compiles(kind: str, text: str, tmp_path: Path) -> None:
    """C as the kernel is compiled, NASM as an object or, with org, as it lies in memory."""
    source = tmp_path / "snippet"
    source.write_text(text)
    if kind == "c":
        words = ["gcc", "-std=gnu11", "-ffreestanding", "-Wall", "-Wextra", "-Werror", "-x", "c"]
        words += ["-fsyntax-only", *(f"-I{one}" for one in TREE.glob("lab[0-9]*/include"))]
    else:
        words = ["nasm", "-Werror", "-f", "bin" if "org " in text else "elf64"]
        words += ["-o", str(tmp_path / "out")]
    done = run([*words, str(source)])
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_says_in_words_what_it_shows(name: str) -> None:
    """A title and a description that a screen reader reads."""
    text = (TREE / name).read_text(encoding="utf-8")
    assert re.search(r'role="img" aria-labelledby="\w+ \w+"', text)
    title = re.search(r"<title[^>]*>([^<]+)</title>", text)
    words = re.search(r"<desc[^>]*>([^<]+)</desc>", text)
    assert title and words and len(words[1]) > len(title[1]) + 100


@pytest.mark.parametrize("name", PAGES)
def test_a_picture_on_a_page_has_a_text(name: str) -> None:
    """No image without an alternative text."""
    text = (TREE / name).read_text(encoding="utf-8")
    for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text):
        assert len(words) > 10, target


def test_the_list_of_pages_has_every_page() -> None:
    """docs/README.md; the pages for instructors by their names, since they may be gone."""
    text = (TREE / "docs" / "README.md").read_text(encoding="utf-8")
    for name in (one for one in PAGES if re.match(r"docs/|lab\d+-\w+/", one)):
        target = name.removeprefix("docs/") if name.startswith("docs/") else f"../{name}"
        if name.startswith("docs/instructor"):
            assert f"`{target.partition('/')[0].removesuffix('.md')}" in text, name
        elif name != "docs/README.md":
            assert f"]({target})" in text, name


MODULES = [name for name in tracked_files() if re.match(r"grader/strata/[a-z]\w*\.py$", name)]


def test_the_page_on_the_grader_has_every_module() -> None:
    text = (TREE / "grader" / "README.md").read_text(encoding="utf-8")
    missing = [name for name in MODULES if f"`{Path(name).name}`" not in text]
    assert not missing


SAID = ["before-you-start", "gdb", "glossary", "rewind", "when-stuck"]
NAMING = [f"docs/{name}.md" for name in SAID]
NAMING += [name for name in PAGES if re.match(r"lab\d+-\w+/README|docs/instructor/lab", name)]
OF_MANUALS = {"IA32_EFER"}


@pytest.fixture(scope="module", name="names")
def _names() -> set[str]:
    """Every name in the sources, and every file's."""
    wanted = re.compile(r"(lab\d|solutions/|grader/|docs/walkthroughs/|Makefile|setup$)")
    sources = [one for one in tracked_files() if wanted.match(one) and not one.endswith(".md")]
    texts = ((TREE / one).read_text("utf-8", "replace") for one in sources)
    found = {word for text in texts for word in re.findall(r"[A-Za-z_]\w*", text)}
    return found | {Path(one).stem for one in tracked_files()}


@pytest.mark.parametrize("name", NAMING)
def test_a_name_on_a_page_is_one_of_the_sources(name: str, names: set[str]) -> None:
    """Functions, constants, variables and files in `code`, so that none is an old one."""
    text = re.sub(r"(?ms)^ *```.*?^ *```$", "", (TREE / name).read_text(encoding="utf-8"))
    spans = " ".join(re.findall(r"`([^`]+)`", text))
    said = {word for word in re.findall(r"[A-Za-z_]\w+", spans) if "_" in word.strip("_")}
    assert said <= names | OF_MANUALS, said - names


def anchors(text: str) -> set[str]:
    """What the headings of a page are linked by, as GitHub makes it."""
    heads = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    """Files and headings inside the tree; pages anywhere, not only in docs/."""
    page = TREE / name
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        there = page.parent / path if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there.read_text(encoding="utf-8")), target
