# SPDX-License-Identifier: MIT
"""The verb grade-class: many submissions, each in a sandbox, on Dask.

A result is written when it comes; what is there already for the same files, tree and salt
is not graded again. So a run that was killed goes on where it was.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any, Iterator, Sequence

from . import class_report, likeness, pristine
from .class_asked import Class, asked_for, try_out
from .class_key import Key, Result, judge, nothing
from .class_tree import check_built, pristine_tree
from .class_worker import Asked, build_tree, grade_one
from .errors import StrataError
from .guard import ended_by_sigterm, hold
from .lab import Course
from .record import write_atomically
from .submissions import Submission, listed, read

__all__ = ["main", "secret_salt", "seed_of"]

_VERSION = "2"


def main(_words: list[str]) -> int:
    """0 when every submission was graded, whatever the marks."""
    asked = asked_for(os.environ)
    try_out(asked)
    began = time.monotonic()
    with hold(asked.out), ended_by_sigterm():
        try:
            return _run(asked, began)
        except KeyboardInterrupt:
            print("grade-class: stopped; the same command goes on from here", file=sys.stderr)
            return 130


def secret_salt(asked: Class) -> str:
    """Of course.toml, else drawn once and kept with the results, for the instructor only."""
    if asked.salt:
        return asked.salt
    path = asked.out / "instructor" / "salt"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        part = path.with_name("salt.part")
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(secrets.token_hex(16) + "\n")
        part.replace(path)
    return path.read_text(encoding="utf-8").strip()


def seed_of(salt: str, digest: str) -> str:
    """A submission's seed. It may be shown: the salt does not follow from it."""
    found = hmac.new(salt.encode(), digest.encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(found[:8], 'big') >> 1:x}"


def _run(asked: Class, began: float) -> int:
    salt = secret_salt(asked)
    packed, key = _tree(asked)
    base = hashlib.sha256(f"{_VERSION} {salt} {asked.test}".encode() + packed).hexdigest()
    come: list[Submission] = []
    for name, path in listed(asked.submissions):
        come.append(read(name, path, asked.wanted, asked.tag))
    results: dict[str, Result] = {}
    todo: list[tuple[Submission, Result]] = []
    for one in come:
        digest = one.digest(base)
        seed = seed_of(salt, one.digest(""))
        fresh = Result(one.name, one.form, digest, seed, one.notes)
        kept = _known(asked, one.name, digest)
        if kept is not None:
            kept.notes = one.notes
            results[one.name] = kept
        elif one.files:
            todo.append((one, fresh))
        else:
            results[one.name] = nothing(fresh, key, "there is no exercise file in it")
    if results and todo:
        print(f"grade-class: {len(results)} of {len(come)} are there already", flush=True)
    bar = class_report.Bar(len(come), len(results))
    try:
        for raw, fresh in _graded(asked, packed, todo):
            fresh.seconds = round(float(raw["seconds"]), 2)
            fresh.cpu = float(raw.get("cpu") or 0.0)
            fresh.trouble, fresh.limit = str(raw["trouble"]), asked.seconds
            result = judge(fresh, key, raw["results"], raw["said"])
            if not raw.get("lost"):
                _keep(asked, result)
            results[result.name] = result
            bar.step(result)
    finally:
        bar.close()
    rows = likeness.compare(asked.course, asked.lab, come, asked.against, asked.wanted)
    ordered = [results[one.name] for one in come]
    class_report.write(asked.out, asked.course, asked.lab, key, ordered, rows)
    _say(asked, ordered, rows, time.monotonic() - began)
    return 0


def _say(asked: Class, results: Sequence[Result], rows: likeness.Rows, seconds: float) -> None:
    for one in results:
        if one.trouble:
            print(f"{one.name}: {one.trouble}")
    if rows.missing:
        print(rows.missing)
    cpu = sum(one.cpu for one in results) / max(1, len(results))
    print(
        f"grade-class: lab {asked.lab.number}, {len(results)} submissions, {cpu:.1f} s of a "
        f"processor each, {asked.out}/index.html, marks.csv, marks.json in {seconds:.1f} s",
        flush=True,
    )


def _result_path(asked: Class, name: str) -> Path:
    return asked.out / "instructor" / "results" / f"{name}.json"


def _known(asked: Class, name: str, digest: str) -> Result | None:
    """A result of the same files, tree and salt; one in trouble, of the same LIMIT=."""
    try:
        found = json.loads(_result_path(asked, name).read_text(encoding="utf-8"))
        same = found["digest"] == digest
        same = same and (not found["trouble"] or found["limit"] == asked.seconds)
        return Result.of(found) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(asked: Class, result: Result) -> None:
    path = _result_path(asked, result.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(result.as_json(), indent=1) + "\n")


def _tree(asked: Class) -> tuple[bytes, Key]:
    """The untouched tree, built, and its tests: made once for all submissions of a source."""
    source = _source(asked.course, asked.config, asked.test)
    kept = asked.out / "instructor" / f"tree-{asked.lab.number}-{source[:16]}.tgz"
    noted = kept.with_suffix(".json")
    if kept.exists() and noted.exists():
        return kept.read_bytes(), Key(json.loads(noted.read_text(encoding="utf-8")))
    print("grade-class: building what is provided, once", flush=True)
    tree, key = pristine_tree(asked.course, asked.lab.number, asked.config, asked.test)
    made = build_tree(tree, asked.lab.number, asked.jobs, asked.test)
    check_built(made.output, made.trouble or made.errors)
    write_atomically(noted, json.dumps(key.tests) + "\n")
    part = kept.with_suffix(".part")
    part.write_bytes(made.output)
    part.replace(kept)
    return made.output, key


def _source(course: Course, config: str, test: str) -> str:
    """What the tree is made from: the commit that goes along, course.toml, the tests."""
    named = pristine.git(course.tree, "rev-parse", "HEAD^{tree}")
    if named is None:
        raise StrataError("grade-class needs git and the course's repository")
    found = hashlib.sha256(named.encode() + test.encode())
    found.update(Path(config).read_bytes() if config else b"")
    return found.hexdigest()


def _graded(
    asked: Class, packed: bytes, todo: Sequence[tuple[Submission, Result]]
) -> Iterator[tuple[dict[str, Any], Result]]:
    """Each result as it comes, whichever worker had it; a lost worker's are done again."""
    if not todo:
        return
    from .class_dask import results_of

    requests = [
        Asked(one.name, asked.lab.number, fresh.seed, one.files, asked.seconds, asked.test)
        for one, fresh in todo
    ]
    by_name = {fresh.name: fresh for _, fresh in todo}
    for raw in results_of(grade_one, packed, requests, asked.jobs, asked.scheduler):
        yield raw, by_name.pop(raw["name"])
    if by_name:
        raise StrataError(f"{len(by_name)} submissions were not graded: run it again")
