# SPDX-License-Identifier: MIT
"""The site's parts on small texts: Markdown, graphs, headers, references."""

from __future__ import annotations

import html
import shutil
from pathlib import Path

import pytest

pytest.importorskip("markdown_it")

from strata.errors import LabError, UsageError  # noqa: E402
from strata.site import build_site, main, sections_of  # noqa: E402
from strata.site_api import read_api  # noqa: E402
from strata.site_graph import dot_of, drawing  # noqa: E402
from strata.site_growth import lines_of  # noqa: E402
from strata.site_header import comment_parts, read_header  # noqa: E402
from strata.site_pages import Links, page_text, title_of  # noqa: E402
from strata.site_reference import cell, commands, make_page  # noqa: E402
from support import make_course  # noqa: E402

PLACES = {"docs/b.md": "docs/b.md", "lab0/a.c": "source/lab0/a.c.md"}
LINKS = Links(PLACES.get)


def page(text: str) -> str:
    """A page docs/a.md on the site."""
    return page_text(text, "docs/a.md", LINKS)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("words\n- one\n- two\n", "words\n\n-   one\n-   two\n"),
        ("-\n-\tone\n", "-   \n-   one\n"),
        ("1. a\n\n   b\n2. c\n", "1.  a\n\n    b\n\n2.  c\n"),
        ("the vectors\n#DB and\n32. The\n", "the vectors\n\\#DB and\n32\\. The\n"),
        ("- a\n\n  ```text\n    x\n  ```\n", "-   a\n\n    ```text\n      x\n    ```\n"),
        ("| a |\n|---|\n| `x\\|y` |\n", "| a |\n|---|\n| `x|y` |\n"),
        ("<!-- SPDX -->\n# T\n", "# T\n"),
        ("say `<!-- x -->`\n", "say `<!-- x -->`\n"),
    ],
)
def test_a_page_is_laid_out_for_mkdocs(text: str, made: str) -> None:
    """Lists, what belongs to an item, and what only looks like a heading or a number."""
    assert page(text) == made


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("[b](b.md#x)", "[b](b.md#x)"),
        ("[`a`](../lab0/a.c), [`a`](../lab0/a.c)", "[`a`](../source/lab0/a.c.md), " * 2),
        ("[gone](../solutions/a.c)", "gone"),
        ("`[b](c.md)` and [here](#x)", "`[b](c.md)` and [here](#x)"),
        ("[far](https://example.org/)", "[far](https://example.org/)"),
        ("```c\ntable[n](frame);\n```", "```c\ntable[n](frame);\n```"),
        ("a\n\n    table[n](frame);", "a\n\n    table[n](frame);"),
    ],
)
def test_links_lead_to_the_site_or_become_words(text: str, made: str) -> None:
    """A link into the tree that has no page is none."""
    assert page(text) == made.removesuffix(", ")


def test_a_title_is_the_first_heading() -> None:
    """Not a deeper one."""
    assert title_of("## no\n# yes\n# later\n") == "yes"


def test_a_graph_of_mermaid_is_one_of_graphviz() -> None:
    """Boxes, groups and arrows; what is not understood is said."""
    words = ["graph BT", "subgraph A [Part]", "E1[0.1 a]", "end", "E1 --> E2"]
    dot = dot_of(words)
    assert "rankdir=BT" in dot and 'label="Part"' in dot and "E1 -> E2" in dot
    with pytest.raises(LabError, match="cannot draw: E1 -.-> E2"):
        dot_of(["E1 -.-> E2"])


def test_a_graph_is_drawn_in_the_colour_of_the_text() -> None:
    """Its lines; a word that is a colour's name stays."""
    if shutil.which("dot") is None:
        pytest.skip("Graphviz is missing")
    text = "".join(drawing(["graph BT", "A[black trees]", "A --> B"]))
    assert "black trees" in text and 'stroke="currentColor"' in text and '"black"' not in text


@pytest.mark.parametrize("text", ["a < b > c", "a|b", "_a_ * b * c", "a \\ b", "&lt;"])
def test_a_cell_shows_what_was_written(text: str) -> None:
    """As Python-Markdown reads it."""
    made = pytest.importorskip("markdown").markdown(
        f"| a |\n|---|\n| {cell(text)} |", extensions=["tables"]
    )
    assert f"<td>{html.escape(text)}</td>" in made


HEADER = """/* SPDX-License-Identifier: MIT */
/*
 * uart.h - the serial port.
 *
 * Eight registers.
 *
 * Owns      nothing.       Locks  none.
 */
#ifndef LAB0_UART_H
#define LAB0_UART_H

#include <lab0/types.h>

enum kind {
\tA = 1,\t/* one */
\tB,
};

/*
 * Send a byte.
 *
 * byte      what
 * returns   0; -EIO: it did
 *           not go
 */
must_check int uart_putc(uint16_t port,
    uint8_t byte);

static inline int
uart_one(void)
{
\treturn 1;
}

#define UART_MORE(a) \\
\tuart_putc(a)

#endif
"""


def test_a_header_is_taken_apart() -> None:
    """Comment, names and what a reader needs of the code."""
    header = read_header("lab0-boot/include/lab0/uart.h", HEADER)
    assert (header.name, header.lab, header.summary) == ("lab0/uart.h", 0, "the serial port")
    assert [one.names for one in header.items] == [
        ("A", "B", "enum kind"),
        ("uart_putc",),
        ("uart_one",),
        ("UART_MORE",),
    ]
    assert header.items[2].code == "static inline int\nuart_one(void);"
    parts = comment_parts(header.items[1].comment, header.items[1].code)
    assert parts == [("", "Send a byte."), ("byte", "what"), ("returns", "0; -EIO: it did not go")]
    assert comment_parts(header.comment, "")[1:] == [("Owns", "nothing."), ("Locks", "none.")]


def test_a_header_without_a_head_is_named() -> None:
    """The file is in the message."""
    with pytest.raises(LabError, match="lab0/a.h: it does not begin"):
        read_header("lab0-boot/include/lab0/a.h", "int a;\n")


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("/* one */ int a;\n\nint b;", ["a", "b"]),
        ("/* one */\nint a; /* two */ int b;", ["a", "b"]),
        ("int a;\n\n{\n\tint hidden;\n}\nint b;", ["a", "b"]),
        ("HOOK_DECLARE();", []),
        ("LOCK_CLASS_DECLARE(one, two);", ["two"]),
        ("static_assert(sizeof(int) == 4);", []),
        ("extern char text[A_B][2];", ["text"]),
    ],
)
def test_a_header_of_another_form_is_read(code: str, names: list[str]) -> None:
    """As far as it goes: a student's own one does not stop the site."""
    items = read_header("lab0-boot/include/lab0/a.h", f"/*\n * a.h - a.\n */\n{code}\n").items
    assert [name for one in items for name in one.names] == names


def test_the_verbs_are_read_from_the_makefile() -> None:
    """What it takes stands behind the colon."""
    text = make_page("# SPDX\n#   BUILD=dir     where\n\nrun: a b ## boot it: [LAB=n]\nx: ## do\n")
    assert "| `run` | boot it | `[LAB=n]` |" in text
    assert "| `x` | do |  |" in text
    assert "| `BUILD=dir` | where |" in text


def test_every_page_needs_a_section() -> None:
    """In the order of the sections."""
    assert sections_of(["lab0-boot/README.md", "README.md"]) == [
        ("Strata", ["README.md"]),
        ("Handouts", ["lab0-boot/README.md"]),
    ]
    with pytest.raises(LabError, match="docs/lost.md"):
        sections_of(["docs/lost.md"])


@pytest.mark.parametrize("build", [".", "docs"])
def test_the_site_takes_no_folder_of_the_tree(tmp_path: Path, build: str) -> None:
    """BUILD=docs would put build/site in the place of docs/site."""
    own = tmp_path / "docs" / "site" / "mkdocs.yml"
    course = make_course(tmp_path)
    own.parent.mkdir(parents=True)
    own.touch()
    with pytest.raises(UsageError, match=f"BUILD={tmp_path / build}: the site would replace"):
        build_site(course, tmp_path / build)
    assert own.exists()


@pytest.mark.parametrize("port", ["0", "65536", "\u00b2", "-1", "x"])
def test_a_port_is_a_number_of_one(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known before the site is made."""
    monkeypatch.setenv("PORT", port)
    with pytest.raises(UsageError, match="a number from 1 to 65535"):
        main(["--serve"])


def test_a_students_file_may_be_no_utf_8(tmp_path: Path) -> None:
    """A comment of Latin-1, in a source and in a header of a folder of one's own."""
    course = make_course(tmp_path)
    lab = tmp_path / "lab0-boot"
    (lab / "m.c").write_bytes(b'/* caf\xe9 */\nMONITOR_COMMAND(m, "", "caf\xe9", m_run);\n')
    (lab / "include" / "mine").mkdir(parents=True)
    (lab / "include" / "mine" / "m.h").write_bytes(b"/*\n * m.h - caf\xe9.\n */\nint m(void);\n")
    assert lines_of(course, course.lab(0)).kernel == {"C": 2, "headers": 4, "assembly": 0}
    assert [one.text for one in commands(course)] == ["caf\ufffd"]
    (header,) = read_api(course).headers
    assert (header.lab, header.summary) == (0, "caf\ufffd")
