# SPDX-License-Identifier: MIT
"""The verbs course and handout: a git repository with a tag for each state of a course.

    labN             labs 0 to N as skeletons         stands on labN-1
    labN-start       lab N's skeleton, below solved   stands on labN-1-solution
    labN-solution    labs 0 to N solved               stands on labN-start
    labN-objects     what objects.sh unpacks          stands on nothing

A handout has labN and labN-objects, with REVEAL=k also the starts up to labK-start and
the solutions they stand on. What was published never moves: where a tree differs from
its newest tag, a correction is put on top of both that tag and what it stands on, and
tagged with the number of this publication, lab0.1. All ids but those of objects are a
function of the source's commit, course.toml and the chain published before.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterable, Iterator, Mapping

from . import leaks, pristine
from .errors import StrataError, UsageError
from .guard import ended_by_sigterm, hold
from .handout import Source, read_source, tree_files
from .handout_objects import build_objects
from .lab import Course, Lab, load_course
from .output import TAG, hand_over, place, published
from .plumbing import File, Repository
from .selection import Selection, read

__all__ = ["Line", "Plan", "main", "newest", "publish", "revealed", "wanted"]

_SHOWN = 20


@dataclass(frozen=True)
class Plan:
    """What is asked for: the highest lab, the highest start, and whether all is shown."""

    last: Lab
    reveal: int = 0
    whole: bool = False


@dataclass(frozen=True)
class Line:
    """A tag and its corrections."""

    name: str
    below: str
    said: str
    tree: str = ""
    again: bool = False  # a correction is due even though the tree is the same


def main(words: list[str]) -> int:
    """course or handout; reads OUT, THROUGH, REVEAL, CONFIG and OBJECTS."""
    course = load_course(Path.cwd())
    if not course.has_solutions:
        raise StrataError("there is no solutions/ folder here: this is a handout already")
    verb = words[0]
    out = place(os.environ.get("OUT", ""), verb)
    build = course.tree / (os.environ.get("BUILD") or "build") / "chain"
    scratch = build / "scratch"
    with hold(build, "course or handout"), ended_by_sigterm():
        source = read_source(course.tree, build / "source")
        chosen = _chosen(source.course)
        plan = _plan(source.course, verb, out)
        objects = build_objects(source.course, chosen.references, os.environ)
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            for line in _make(source, plan, chosen, objects, out, scratch):
                print(line)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return 0


def _chosen(course: Course) -> Selection:
    """CONFIG= and OBJECTS=."""
    chosen = read(course, os.environ.get("CONFIG", ""))
    if os.environ.get("OBJECTS"):
        always = {one.id for one in course.exercises() if one.stand_in}
        named = course.named_exercises(os.environ["OBJECTS"], "OBJECTS") & course.linked
        chosen = replace(chosen, references=named | always)
    return chosen


def _plan(course: Course, verb: str, out: Path) -> Plan:
    """The words, and no step back behind what OUT shows already."""
    there = [match for tag in published(out) if (match := TAG.match(tag))]
    highest = max((int(match[2]) for match in there), default=0)
    whole = any(match[1] == f"lab{highest}-solution" for match in there)
    if there and whole != (verb == "course"):
        other = "handout" if verb == "course" else "course"
        raise UsageError(f"OUT={out}: is a {other}; make {verb} needs an output of its own")
    if verb == "course":
        for name in ("THROUGH", "REVEAL"):
            if os.environ.get(name):
                raise UsageError(f"{name}= is for make handout; make course publishes every lab")
        return Plan(course.labs[-1], course.labs[-1].number, whole=True)
    last = course.pick_stage(os.environ.get("THROUGH", ""), "THROUGH") or course.labs[-1]
    if last.number < highest:
        raise UsageError(f"THROUGH={last.number}: lab{highest} is published there already")
    start = course.pick_stage(os.environ.get("REVEAL", ""), "REVEAL") or course.labs[0]
    if start.number > last.number:
        raise UsageError(f"REVEAL={start.number}: is above THROUGH={last.number}")
    shown = [int(match[2]) for match in there if match[3] == "-start"]
    return Plan(last, max([start.number, *shown]))


def _make(
    source: Source,
    plan: Plan,
    chosen: Selection,
    objects: Mapping[int, Mapping[str, File]],
    out: Path,
    scratch: Path,
) -> Iterator[str]:
    """Publish into a bare repository, look through it, hand over; lines on what there is."""
    scratch.mkdir(parents=True)
    repo = Repository(scratch)
    repo.run("init", "-q", "--bare", "-b", "main")
    before = published(out)
    if before:
        known = [f"refs/tags/{tag}:refs/tags/{tag}" for tag in before]
        repo.run("fetch", "-q", "--no-tags", str(out), *known)
    lines = _lines(source, plan, chosen, objects, repo)
    tips, tags = publish(repo, lines, source.date, before)
    repo.add_tags(tags)
    secrets = leaks.secret_lines(source.course, revealed(source.course, plan, chosen))
    if chosen.salt:
        secrets[leaks.squeezed(chosen.salt)] = "course.toml: the salt"
    _look_through(repo, out, secrets)
    tip = tips[f"lab{plan.last.number}"]
    yield from hand_over(scratch, out, tip)
    yield f"{out}: from {source.commit[:12]}, main is {tip[:12]}; new tags: " + (
        ", ".join(tags) or "none, nothing has changed"
    )
    ids = [
        one for one in source.course.order(chosen.references) if _number(one) <= plan.last.number
    ]
    yield f"reference objects: {', '.join(ids)}" + ("" if plan.whole else "; no solution text")


def _number(ident: str) -> int:
    return int(ident.partition(".")[0])


def wanted(plan: Plan) -> list[Line]:
    """The lines of a plan in the order in which they stand on each other."""
    found = []
    for n in range(plan.last.number + 1):
        below = f"lab{n - 1}" if n else ""
        found.append(Line(f"lab{n}", below, f"lab{n}: as it is handed out"))
    top = plan.last.number if plan.whole else plan.reveal - 1
    for n in range(plan.reveal + 1):
        if n:
            below = f"lab{n - 1}-solution"
            found.append(Line(f"lab{n}-start", below, f"lab{n}: to write, on solved labs"))
        if n <= top:
            below = f"lab{n}-start" if n else "lab0"
            found.append(Line(f"lab{n}-solution", below, f"lab{n}: solved"))
    for n in range(plan.last.number + 1):
        found.append(Line(f"lab{n}-objects", "", f"lab{n}: reference objects"))
    return found


def revealed(course: Course, plan: Plan, chosen: Selection) -> frozenset[str]:
    """The exercises whose solutions the lines of a plan show."""
    top = plan.last.number if plan.whole else plan.reveal - 1
    shown = {one.id for lab in course.labs if lab.number <= top for one in lab.exercises}
    return frozenset(shown | {one.id for one in course.exercises() if not chosen.is_set(one)})


def _lines(
    source: Source,
    plan: Plan,
    chosen: Selection,
    objects: Mapping[int, Mapping[str, File]],
    repo: Repository,
) -> list[Line]:
    course = source.course
    marks = {
        lab.number: _mark(source, lab, objects[lab.number]) for lab in course.through(plan.last)
    }
    lines = []
    for line in wanted(plan):
        match = TAG.match(line.name)
        assert match is not None
        lab, kind = course.lab(int(match[2])), match[3] or ""
        if kind == "-objects":
            said = f"{line.said}\n\nof {marks[lab.number]}"
            tree = repo.write_tree(objects[lab.number])
            lines.append(replace(line, tree=tree, said=said))
            continue
        top = {"": -1, "-start": lab.number - 1, "-solution": lab.number}[kind]
        files = tree_files(source, lab, chosen, lambda one: one.key[0] <= top)
        again = not kind and _old_mark(repo, lab) not in ("", marks[lab.number])
        lines.append(replace(line, tree=repo.write_tree(files), again=again))
    return lines


def _mark(source: Source, lab: Lab, objects: Iterable[str]) -> str:
    """What objects are made from, whichever the compiler."""
    digest = hashlib.sha256("\n".join(sorted(objects)).encode())
    folders = tuple(f"solutions/{one.folder.name}/" for one in source.course.through(lab))
    for name, one in sorted(source.files.items()):
        if name.startswith(folders) and "/alternatives/" not in name and "/mutants/" not in name:
            digest.update(f"{name}\0{len(one.data)}\0".encode() + one.data)
    return digest.hexdigest()


def _old_mark(repo: Repository, lab: Lab) -> str:
    tag, ident = newest(repo.tags(), f"lab{lab.number}-objects")
    return repo.run("log", "-1", "--format=%b", ident).removeprefix("of ") if tag else ""


def newest(tags: Mapping[str, str], name: str) -> tuple[str, str]:
    """The newest tag of a line and its commit; nothing where there is none."""
    mine = [tag for tag in tags if (match := TAG.match(tag)) and match[1] == name]
    tag = max(mine, key=pristine.age, default="")
    return tag, tags.get(tag, "")


def publish(
    repo: Repository, lines: Iterable[Line], date: str, before: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The commit that each line ends with now, and the tags that are new."""
    number = 1 + max((pristine.age(tag)[0] for tag in before), default=0)
    tips: dict[str, str] = {}
    tags: dict[str, str] = {}
    for line in lines:
        _, old = newest(before, line.name)
        below = tips.get(line.below, "")
        if old and _stays(repo, line, old, below, tags):
            tips[line.name] = old
            continue
        parents = dict.fromkeys(one for one in (old, below) if one)
        said = f"{line.said}, corrected" if old and "\n" not in line.said else line.said
        tips[line.name] = repo.commit(line.tree, parents, said, date)
        tags[f"{line.name}.{number}" if old else line.name] = tips[line.name]
    _, start = newest(before, "lab0-start")  # another name of lab0
    if "lab0-solution" in tips and start != tips["lab0"]:
        tags[f"lab0-start.{number}" if start else "lab0-start"] = tips["lab0"]
    return tips, tags


def _stays(repo: Repository, line: Line, old: str, below: str, tags: Mapping[str, str]) -> bool:
    if line.name.endswith("-objects"):  # a compiler's bytes are no reason
        mine = line.name.removesuffix("-objects")
        return not any(match[1] == mine for tag in tags if (match := TAG.match(tag)))
    on_it = not below or repo.stands_on(old, below)
    return on_it and not line.again and repo.tree_of(old) == line.tree


def _look_through(repo: Repository, out: Path, secrets: Mapping[str, str]) -> None:
    """Stop when an object, new or in the output already, shows a secret."""
    found = leaks.shown(secrets, _texts(repo))
    if found:
        raise StrataError("solution text would go along, nothing was published:\n" + _few(found))
    found = leaks.shown(secrets, _texts(Repository(out))) if published(out) else []
    if found:
        raise StrataError(
            f"there is solution text in {out} already:\n{_few(found)}\n"
            "What a tag has is public: publish into a new folder. What no tag has: "
            f"git -C {out} reflog expire --expire=now --all; git -C {out} gc --prune=now"
        )


def _few(found: list[str]) -> str:
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return "\n".join(found[:_SHOWN] + more)


def _texts(repo: Repository) -> Iterator[tuple[str, bytes]]:
    """Every object of a repository."""
    paths = repo.paths()
    for kind, ident, data in repo.texts():
        path = paths.get(ident, "")
        yield f"{kind} {ident[:12]}" + (f" ({path})" if path else ""), data
