# SPDX-License-Identifier: MIT
"""Walkthroughs as texts: steps, values, differences."""

from __future__ import annotations

from pathlib import Path

import pytest

from strata.errors import UsageError
from strata.walkthrough import pick_pages
from strata.walkthrough_page import Page, PageError, Step, compare, fill, parse

PAGE = """# A page
<!-- red on: one, two -->
<!-- needs: 0.5 -->
What comes?

```console
$ make debug BOOT=own
...
(gdb) print/x $rip
$1 = {rip:hex}
(gdb) x/1i {rip}
=> {rip} <{:word}>: nop

(gdb) continue
Continuing.
```

```nasm
$ not played
```

Type in the other terminal:

```console
strata> peek 0x10
```

It has stopped:

```console
Breakpoint 1
```
"""


def page(text: str) -> Page:
    """A page of this text."""
    return parse(Path("p.md"), text)


def step(*expected: str, kind: str = "gdb") -> Step:
    """One step with what it expects, on line 10 and from 11 on."""
    lines = "\n".join(expected)
    found = page(f"?\n```console\n(gdb) x\n{lines}\n```\n").steps[0]
    found.kind = kind
    return found


def test_steps_are_what_stands_behind_a_prompt() -> None:
    """Kinds, commands, lines, what is expected; other blocks are not played."""
    found = page(PAGE)
    kinds = [(one.kind, one.command) for one in found.steps]
    assert kinds == [
        ("shell", "make debug BOOT=own"),
        ("gdb", "print/x $rip"),
        ("gdb", "x/1i {rip}"),
        ("gdb", "continue"),
        ("serial", "peek 0x10"),
        ("more", ""),
    ]
    assert [one.text for one in found.steps[2].expected] == ["=> {rip} <{:word}>: nop"]
    lines = PAGE.splitlines()
    assert lines[found.steps[0].line - 1] == "$ make debug BOOT=own"
    assert lines[found.steps[-1].expected[0].line - 1] == "Breakpoint 1"
    assert found.red_on == ["one", "two"] and found.needs == ["0.5"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Look.\n```console\n(gdb) x\n```\n", "p.md:2: no question"),
        ("?\n```console\n(gdb) x\n```\nNow.\n```console\n(gdb) y\n```\n", "p.md:6: no question"),
        ("?\n```console\n(gdb) x {a}\n```\n", "p.md:3: {a} was not seen before"),
        ("?\n```console\n(gdb) x\n{a:hex} {a:dec}\n```\n", "p.md:4: {a:dec} was named before"),
        ("?\n```console\n(gdb) x {a:hex}\n```\n", "p.md:3: {a:hex} stands in a command"),
        ("?\n```console\n(gdb) x\n", "has no end"),
    ],
)
def test_a_page_that_cannot_be_played_is_refused(text: str, why: str) -> None:
    """With its file and line."""
    with pytest.raises(PageError, match=why.replace("{", r"\{").replace("}", r"\}")):
        page(text)


def test_output_is_compared_line_by_line() -> None:
    """Blanks count as one; empty lines do not count; what is too much is a difference."""
    assert compare(step("a b", "c"), "\n a  \t b\n\nc\n", {}) is None
    wrong = compare(step("a", "c"), "a\nd\n", {})
    assert wrong is not None and (wrong.line, wrong.expected, wrong.seen) == (5, "c", "d")
    wrong = compare(step("a"), "a\nb\n", {})
    assert wrong is not None and (wrong.expected, wrong.seen) == ("nothing more", "b")
    wrong = compare(step("a", "b"), "a\n", {})
    assert wrong is not None and (wrong.expected, wrong.seen) == ("b", "nothing more")
    wrong = compare(step(), "a\n", {})
    assert wrong is not None and wrong.line == 3


def test_dots_stand_for_any_lines() -> None:
    """Also for none; what follows them has to be there."""
    assert compare(step("...", "c", "..."), "a\nb\nc\nd\n", {}) is None
    assert compare(step("...", "c"), "c\n", {}) is None
    wrong = compare(step("...", "c"), "a\nb\n", {})
    assert wrong is not None and wrong.line == 5 and "a | b" in wrong.seen


def test_a_value_that_was_seen_has_to_come_again() -> None:
    """A hexadecimal one in any of its spellings, and not as a part of another."""
    values: dict[str, str] = {}
    assert compare(step("at {a:hex} by {n:dec} {w:word}"), "at 0x00ff by 12 me", values) is None
    assert values == {"a": "0xff", "n": "12", "w": "me"}
    first = "?\n```console\n(gdb) w\n{a:hex} {n:dec}\n"
    again = page(first + "(gdb) x\n{a} {n}\n```\n").steps[1]
    assert compare(again, "00000000000000ff 12", dict(values)) is None
    assert compare(again, "0xff 12", dict(values)) is None
    for other in ("0xff0 12", "0x1ff 12", "0xff 1", "0xff 123"):
        wrong = compare(again, other, dict(values))
        assert wrong is not None and wrong.expected == "0xff 12", other


def test_commands_get_the_values() -> None:
    """Braces that are no value stay."""
    assert fill("x/i {a} + {b} {long}", {"a": "0xff"}) == "x/i 0xff + {b} {long}"


def planted(line: str) -> Page:
    """A page whose header plants a mistake, with one shell line."""
    header = "<!-- planted: docs/a.patch lab.file.test -->"
    return parse(
        Path("p.md"), f"{header}\n```console\n$ {line}\n$ make rewind TEST=lab.file.test\n```\n"
    )


def test_a_page_names_what_it_plants() -> None:
    """What is applied and rewound stands in the header, and the other way round."""
    page = planted("git apply docs/a.patch")
    assert page.planted == ["docs/a.patch", "lab.file.test"]
    for line, wrong in (
        ("git apply docs/b.patch", "p.md:3: the header does not say"),
        ("make rewind TEST=lab.file.other", "p.md:3: the header does not say"),
        ("true", "docs/a.patch is planted, and no step uses it"),
    ):
        with pytest.raises(PageError, match=wrong):
            planted(line)


PATHS = [
    Path("docs/walkthroughs/from-reset.md"),
    Path("lab1-doors/walkthroughs/door-bell.md"),
    Path("lab1-doors/walkthroughs/page-fault.md"),
]


@pytest.mark.parametrize(
    ("pattern", "chosen"),
    [
        ("", PATHS),
        ("door-bell", [PATHS[1]]),
        ("bell", [PATHS[1]]),
        ("*-fault", [PATHS[2]]),
        ("lab1-*", PATHS[1:]),
        ("fault, reset", [PATHS[0], PATHS[2]]),
        (str(PATHS[1]), [PATHS[1]]),
    ],
)
def test_pages_are_chosen_by_parts_and_globs(pattern: str, chosen: list[Path]) -> None:
    """Separated by commas, in the pages' own order."""
    assert pick_pages(PATHS, pattern) == chosen


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("belll", r"'belll' \(did you mean door-bell\?\)"),
        ("from-rest.md", r"did you mean from-reset\?"),
        ("fault,zzz", "'zzz'; there are\n  docs/walkthroughs/from-reset.md\n"),
    ],
)
def test_a_page_that_is_not_there_is_named(pattern: str, said: str) -> None:
    """With the nearest, and all there are."""
    with pytest.raises(UsageError, match=said):
        pick_pages(PATHS, pattern)
