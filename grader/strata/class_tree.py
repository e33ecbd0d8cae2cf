# SPDX-License-Identifier: MIT
"""The tree that strangers' files are laid over: the handout with every reference object."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Sequence

from . import pristine
from .build import elsewhere, inner_environment
from .class_key import Key
from .errors import BuildError, StrataError
from .lab import Course, load_course

__all__ = ["check_built", "pristine_tree"]


def pristine_tree(course: Course, number: int, config: str, test: str) -> tuple[bytes, Key]:
    """The handout of a lab as a tar: what students have, and no solution's text."""
    with tempfile.TemporaryDirectory(prefix="strata-tree-") as folder:
        tree = Path(folder) / "tree"
        if course.has_solutions:
            words = [f"OUT={tree}", f"THROUGH={number}", f"CONFIG={config}"]
            _make(course.tree, ["handout", *words, "OBJECTS=all"])  # for rule 4, always
        else:
            words = ["clone", "-q", str(course.tree), str(tree)]
            if pristine.git(course.tree, *words) is None:
                raise StrataError("this needs the repository, or a clone of the handout")
            pristine.git(tree, "checkout", "-q", pristine.find(course) or "HEAD")
        _make(tree, ["-s", "print-tag", f"LAB={number}"])  # unpacks the objects of its tag
        if not (tree / "objects").is_dir():
            (tree / "objects").mkdir()
            words = [f"--work-tree={tree}/objects", "checkout", "-q", f"lab{number}-objects"]
            pristine.git(tree, *words, "--", ".")
        made = load_course(tree)
        key = Key.of(made, made.lab(number), test)
        packed = BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for path in sorted(tree.iterdir()):
                if path.name not in (".git", "build"):
                    tar.add(path, path.name)
        return packed.getvalue(), key


def check_built(output: bytes, why: str) -> None:
    """Whether that tree was built, and its references passed."""
    try:
        with tarfile.open(fileobj=BytesIO(output)) as packed:
            stream = packed.extractfile("./build/class.json")
            about = json.loads(stream.read()) if stream else {}
    except (tarfile.TarError, KeyError, ValueError, EOFError, OSError):
        said = why.strip()[-600:] or "no word of why"
        raise BuildError(f"the untouched tree was not built: {said}") from None
    found = about.get("results")
    if not found or found["score"] != found["max_score"]:
        raise BuildError(f"the references do not pass on this machine:\n{about['said'][-2000:]}")


def _make(tree: Path, words: Sequence[str]) -> None:
    head, env = elsewhere(os.environ)
    if tree == Path.cwd():
        env = inner_environment(os.environ)
    done = subprocess.run(
        [*head, *words],
        cwd=tree,
        env=env,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise StrataError(f"make {words[0]} failed: {(done.stderr or done.stdout).strip()[-800:]}")
