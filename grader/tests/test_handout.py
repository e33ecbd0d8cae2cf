# SPDX-License-Identifier: MIT
"""The handouts say what lab.toml says, and link to what is there."""

from __future__ import annotations

import re
import tomllib
import xml.etree.ElementTree as ElementTree
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
    rows = re.findall(r"^\| `([^`]+\.asm)`", table, re.MULTILINE)
    assert files == {row for row in rows if _lab_is_here(row)}


def _lab_is_here(file: str) -> bool:
    return (TREE / file.partition("/")[0]).is_dir()


_PARTS = ("The idea.", "The contract", "By hand.", "The trap.", "Read first")


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.name))
def test_each_exercise_is_taught_before_it_is_asked(lab: Path) -> None:
    sections = _sections(lab / "README.md")
    for exercise in _exercises(lab):
        text = sections[exercise["section"]]
        places = [text.find(f"**{part}") for part in _PARTS]
        assert -1 not in places and places == sorted(places), exercise["id"]
        assert re.search(r"\*\*The (hardware|facts?|rules)\*\*", text), exercise["id"]
        assert "**Worked example.**" in text, exercise["id"]
    assert len(re.findall(r"^\d+\. ", sections["questions"], re.MULTILINE)) >= 6


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.name))
def test_the_tree_is_that_of_the_needs(lab: Path) -> None:
    text = (lab / "README.md").read_text(encoding="utf-8")
    graph = text.partition("```mermaid\n")[2].partition("```")[0]
    names = dict(re.findall(r"(\w+)\[(\d+\.\d+) [^]]*\]", graph))
    drawn = {(names[one], names[two]) for one, two in re.findall(r"(\w+) --> (\w+)", graph)}
    exercises = _exercises(lab)
    assert set(names.values()) == {one["id"] for one in exercises}
    assert drawn == {(one["id"], need) for one in exercises for need in one["needs"]}


def _lines_to_read(lab: Path, source: str) -> int:
    """Lines of a file, or of one function or routine in it, up to its blank line or end."""
    name, _, function = source.partition(":")
    lines = (lab / name).read_text(encoding="utf-8").splitlines()
    if not function:
        return len(lines)
    begin = next(n for n, line in enumerate(lines) if re.match(rf"{function}\b[(:]", line))
    ends = (n for n, line in enumerate(lines[begin:], 1) if line.startswith(("}", "bits ")))
    return next(ends)


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.name))
def test_what_is_to_be_read_first_is_not_too_much(lab: Path) -> None:
    counts: dict[str, int] = {}
    lines: dict[str, int] = {}
    for exercise in _exercises(lab):
        mine = {one: _lines_to_read(lab, one) for one in exercise["read_first"]}
        counts[exercise["id"]] = sum(mine.values())
        lines |= mine  # what two exercises name is read once
    assert all(0 < count <= 250 for count in counts.values()), counts
    assert sum(lines.values()) <= 1200, counts


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.name))
def test_each_exercise_has_a_ladder_of_hints(lab: Path) -> None:
    for exercise in _exercises(lab):
        hints = exercise["hints"]
        assert len(hints) >= 3 and len(set(hints)) == len(hints), exercise["id"]
        assert hints[0].startswith("Question: ") and "?" in hints[0], exercise["id"]
        for hint in hints:
            assert not re.search(r"[;{}`]\s*$|->|\w\+\+|==|&&", hint), hint


def _solution_lines(lab: Path) -> list[str]:
    """Lines of the reference that a student has not been given."""
    found = []
    for exercise in _exercises(lab):
        reference = TREE / "solutions" / lab.name / exercise["file"]
        given = {line.strip() for line in (lab / exercise["file"]).read_text().splitlines()}
        lines = {line.strip() for line in reference.read_text(encoding="utf-8").splitlines()}
        found += [line for line in lines - given if len(line) >= 20]
    return found


@pytest.mark.skipif(not (TREE / "solutions").is_dir(), reason="no solutions to give away")
@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.name))
def test_no_page_and_no_hint_gives_a_solution_away(lab: Path) -> None:
    told = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    told += (lab / "lab.toml").read_text(encoding="utf-8")
    told += "\n".join(path.read_text() for path in lab.glob("challenges/*"))
    for line in _solution_lines(lab):
        assert line not in told, line


@pytest.mark.parametrize(
    "picture", sorted((TREE / "docs" / "pictures").glob("*.svg")), ids=lambda path: str(path.stem)
)
def test_each_picture_is_said_in_words(picture: Path) -> None:
    root = ElementTree.parse(picture).getroot()
    names = [node.tag.rpartition("}")[2] for node in root]
    assert names[:2] == ["title", "desc"] and all(len(root[n].text or "") > 8 for n in (0, 1))
    shown = [page for page in PAGES if f"pictures/{picture.name})" in page.read_text()]
    assert shown, "no page shows it"
    for page in shown:
        after = page.read_text(encoding="utf-8").partition(f"pictures/{picture.name})")[2]
        assert "he same in words" in after[:200], page
