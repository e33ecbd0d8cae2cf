# SPDX-License-Identifier: MIT
"""The handouts say what lab.toml says, and link to what is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

TREE = Path(__file__).parents[2]
LABS = sorted(path.parent for path in TREE.glob("lab[0-9]*/lab.toml"))
HANDOUTS = [lab / "README.md" for lab in LABS]
PAGES = [TREE / "README.md", *sorted((TREE / "docs").glob("*.md")), *HANDOUTS]


def _anchor(heading: str) -> str:
    """The name that a Markdown heading is linked by, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _sections(page: Path) -> dict[str, str]:
    """The text under each heading of level 2, by anchor."""
    parts = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {_anchor(head): text for head, text in zip(parts[1::2], parts[2::2])}


def _anchors(page: Path) -> set[str]:
    text = page.read_text(encoding="utf-8")
    return {_anchor(head) for head in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def _exercises(lab: Path) -> list[dict[str, Any]]:
    with open(lab / "lab.toml", "rb") as toml:
        return list(tomllib.load(toml)["exercise"])


def _facts(exercise: dict[str, Any]) -> str:
    hours = exercise["hours"]
    return (
        f"`{exercise['file']}` - {exercise['kind']}, {exercise['points']} points,"
        f" about {hours:g} {'hour' if hours == 1 else 'hours'}, {exercise['difficulty']}"
    )


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.name))
def test_each_exercise_has_its_section_with_its_facts(lab: Path) -> None:
    sections = _sections(lab / "README.md")
    for exercise in _exercises(lab):
        assert exercise["section"] in sections, exercise["id"]
        assert sections[exercise["section"]].strip().startswith(_facts(exercise))


def _row(exercise: dict[str, Any]) -> str:
    needs = "".join(f" {need}" for need in exercise["needs"])
    return (
        f"| [{exercise['id']} {exercise['name']}](#{exercise['section']})"
        f" | `{exercise['file']}` |{needs} | {exercise['kind']} |"
    )


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.name))
def test_the_table_has_each_exercise_as_it_is(lab: Path) -> None:
    lines = (lab / "README.md").read_text(encoding="utf-8").splitlines()
    for exercise in _exercises(lab):
        assert _row(exercise) in lines


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.name))
def test_what_is_to_be_read_first_is_named_in_the_section(lab: Path) -> None:
    sections = _sections(lab / "README.md")
    for exercise in _exercises(lab):
        for source in exercise["read_first"]:
            assert (lab / source.split(":")[0]).exists(), source
            assert f"`{source}`" in sections[exercise["section"]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TREE)))
def test_every_link_inside_the_tree_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), target
        assert not anchor or anchor in _anchors(there), target


def test_every_assembly_file_has_its_reason_in_the_table() -> None:
    table = (TREE / "docs" / "assembly.md").read_text(encoding="utf-8")
    files = {str(path.relative_to(TREE)) for path in TREE.glob("lab[0-9]*/**/*.asm")}
    assert files == set(re.findall(r"^\| `([^`]+\.asm)`", table, re.MULTILINE))
