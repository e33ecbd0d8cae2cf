# SPDX-License-Identifier: MIT
"""The variables of make's command line: one list, which the pages agree with."""

from __future__ import annotations

import re

import pytest

from conftest import TREE, run

MAKEFILE = (TREE / "Makefile").read_text(encoding="utf-8")


def listed(name: str) -> set[str]:
    """The words of one of the Makefile's lists."""
    found = re.search(rf"^{name} := ((?:.*\\\n)*.*)$", MAKEFILE, re.M)
    assert found is not None
    return set(found[1].replace("\\\n", " ").split())


VERBS = listed("variables")
TOOLS = listed("variables_of_tools")
ALL = VERBS | TOOLS | listed("variables_within")


def named(text: str) -> set[str]:
    """NAME= where a text gives it a value."""
    return set(re.findall(r"(?<![\w$.-])([A-Z][A-Z_0-9]+|V)=", text))


def commands(text: str) -> str:
    """A page's commands that begin with make or setup."""
    quoted = re.findall(r"`((?:\./setup|make)\b[^`]*)`", text)
    return "\n".join([*quoted, *re.findall(r"^\s*(?:\$ )?((?:\./setup|make)\b.*)$", text, re.M)])


def helped() -> str:
    """What `make help` says of verbs and variables."""
    verbs = re.findall(r"^[a-z][a-z-]*:.*## (.*)$", MAKEFILE, re.M)
    return "\n".join([*verbs, *re.findall(r"^#   ([A-Z].*=.*)$", MAKEFILE, re.M)])


def pages() -> list[str]:
    """The texts of all pages."""
    found = [*TREE.glob("*.md"), *TREE.glob("docs/**/*.md"), *TREE.glob("lab*/**/*.md")]
    return [page.read_text(encoding="utf-8") for page in (*found, TREE / "grader/README.md")]


def test_the_pages_name_no_variable_that_is_not_listed() -> None:
    """make help, the commands of all pages, setup and the Makefile's own defaults."""
    assert named(helped()) <= ALL
    for text in pages():
        assert named(commands(text)) <= ALL
    assert set(re.findall(r"^([A-Z_]+) \?=", MAKEFILE, re.M)) <= ALL
    assert set(re.findall(r"^\t([A-Z]+)=\S*\)", (TREE / "setup").read_text(), re.M)) <= ALL


def test_each_listed_variable_is_explained_somewhere() -> None:
    """With its `=`, in make help or on a page; a tool's needs no more than its name."""
    told = named(helped()).union(*(named(text) for text in pages()))
    assert VERBS <= told, sorted(VERBS - told)


def test_help_lists_them_all() -> None:
    said = run(["make", "help"]).stdout
    assert VERBS | TOOLS <= set(re.findall(r"[A-Z_0-9]+", said.partition("All variables:")[2]))


@pytest.mark.parametrize("words", [["make"], ["./setup", "--install"]], ids=" ".join)
@pytest.mark.parametrize(
    "slip,meant",
    [("SOLVD=all", "SOLVED"), ("TETS=0.3", "TEST"), ("lab=1", "LAB"), ("XYZZY=1", "")],
)
def test_a_misspelt_variable_is_refused(words: list[str], slip: str, meant: str) -> None:
    """Not passed over: a grade of something else than was asked for misleads."""
    done = run([*words, "help", slip])
    assert done.returncode == 2
    assert slip.partition("=")[0] + "=" in done.stdout
    assert all(name in done.stdout for name in VERBS)
    near = re.search(r"[Dd]id you mean (\w+)=\?", done.stdout)
    assert (near[1] if near else "") == meant, done.stdout


def test_the_environment_and_an_outer_make_are_not_refused(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """They have variables of their own."""
    folder = tmp_path_factory.mktemp("outer")
    (folder / "Makefile").write_text(f"all:\n\t$(MAKE) -C {TREE} help\n", encoding="utf-8")
    assert run(["make", "help", "V=1", "SHELL=/bin/sh"], SOLVD="all").returncode == 0
    assert run(["make", "-C", str(folder), "MINE=1"]).returncode == 0
