# SPDX-License-Identifier: MIT
"""The verb gradescope: an autograder for Gradescope, as the zip that an instructor uploads.

In it are Gradescope's two hooks, the untouched tree of the lab with its reference objects,
and the salt. It is the instructor's; a student who has it can compute every seed.
"""

from __future__ import annotations

import gzip
import json
import os
import secrets
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from . import pristine, selection
from .class_asked import number_of, of_class
from .class_tree import pristine_tree
from .errors import StrataError, UsageError
from .lab import Course, Lab, load_course

__all__ = ["Request", "main", "request"]

_HOOKS = ("setup.sh", "run_autograder")
_LIMIT = 480  # of Gradescope's 600 seconds
_TIME = (1980, 1, 1, 0, 0, 0)
_README = """For the instructor only: it holds the class's salt and the reference objects.

Upload this zip as the autograder of lab {lab}: Assignment, Configure Autograder, Zip file.
setup.sh installs what is needed and builds; it takes some minutes, and ends with
"the references have full marks here". Then test with a hand-in zip.
"""


@dataclass(frozen=True)
class Request:
    """What the instructor asked for. course: with the class's points and choice."""

    course: Course
    lab: Lab
    out: Path
    config: str
    salt: str
    mark: str
    limit: int
    jobs: int
    test: str


def request(environment: Mapping[str, str]) -> Request:
    """Read LAB, OUT, CONFIG, MARK, LIMIT, JOBS and TEST."""
    course = load_course(Path.cwd())
    config = environment.get("CONFIG", "")
    if config and not course.has_solutions:
        raise UsageError("CONFIG= makes a handout, and this tree is one already: leave it out")
    config = os.path.abspath(config) if config else ""
    chosen = selection.read(course, config)
    course = of_class(course, chosen) if config else course
    labs = course.pick_labs(environment.get("LAB", ""))
    if not environment.get("LAB") or len(labs) != 1:
        raise UsageError("gradescope takes one lab: make gradescope LAB=0 [OUT=..] [CONFIG=..]")
    mark = environment.get("MARK", "") or "given"
    if mark not in ("given", "alone"):
        raise UsageError(f"MARK={mark}: given (with what an exercise stands on) or alone")
    build = course.tree / (environment.get("BUILD") or "build")
    out = environment.get("OUT", "") or str(build / "gradescope" / f"lab{labs[0].number}.zip")
    if not out.endswith(".zip"):
        raise UsageError(f"OUT={out}: the name of a zip")
    path = Path(os.path.abspath(Path(out).expanduser()))
    return Request(
        course=course,
        lab=labs[0],
        out=path,
        config=config,
        salt=chosen.salt,
        mark=mark,
        limit=number_of(environment, "LIMIT", _LIMIT, 2280),
        jobs=number_of(environment, "JOBS", 1, 8),
        test=environment.get("TEST", ""),
    )


def main(_words: list[str]) -> int:
    """Write the zip."""
    asked = request(os.environ)
    for name in _HOOKS:
        _hook(asked.course, name)
    salt, said = _salt(asked)
    tree, key = pristine_tree(asked.course, asked.lab.number, asked.config, asked.test)
    lab = asked.lab
    config: dict[str, Any] = {
        "lab": lab.number,
        "title": lab.title,
        "mark": asked.mark,
        "limit": asked.limit,
        "jobs": asked.jobs,
        "test": asked.test,
        "salt": salt,
        "commit": pristine.git(asked.course.tree, "rev-parse", "HEAD") or "",
        "wanted": [
            f"{below.folder.name}/{one.file}"
            for below in asked.course.through(lab)
            for one in below.exercises
            if one.is_set
        ],
        "key": {ident: list(row) for ident, row in key.tests.items()},
    }
    files = {name: _hook(asked.course, name) for name in _HOOKS}
    files["tree.tgz"] = gzip.compress(tree, mtime=0)
    files["config.json"] = (json.dumps(config, indent=1) + "\n").encode()
    files["README.txt"] = _README.format(lab=lab.number).encode()
    _write(asked.out, files)
    size = asked.out.stat().st_size / 1024 / 1024
    print(said)
    print("for you only: the zip holds the salt and the reference objects")
    print(f"gradescope: lab {lab.number}, {len(key.tests)} tests: {asked.out}, {size:.1f} MiB")
    return 0


def _hook(course: Course, name: str) -> bytes:
    path = course.tree / "grader" / "gradescope" / name
    try:
        return path.read_bytes()
    except OSError:
        raise StrataError(f"{path}: is missing; a handout has none, the whole tree has") from None


def _salt(asked: Request) -> tuple[str, str]:
    """Of course.toml; else drawn once and kept beside the zip."""
    if asked.salt:
        return asked.salt, f"the salt is that of {asked.config}"
    path = asked.out.parent / "salt"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(secrets.token_hex(16) + "\n")
    salt = path.read_text(encoding="utf-8").strip()
    if len(salt) < 16:
        raise StrataError(f"{path}: no salt of 16 characters; remove it, and one is drawn")
    return salt, f"no salt in a course.toml: the one in {path}, which is kept for the next zip"


def _write(path: Path, files: Mapping[str, bytes]) -> None:
    """The hooks at the root of the zip, as Gradescope wants them; nobody else may read it."""
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, data in files.items():
                entry = zipfile.ZipInfo(name, _TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = (0o755 if name in _HOOKS else 0o600) << 16
                zipped.writestr(entry, data)
    part.replace(path)
