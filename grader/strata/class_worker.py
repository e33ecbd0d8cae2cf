# SPDX-License-Identifier: MIT
"""What a Dask worker does: one submission in one sandbox. It keeps nothing but the tree."""

from __future__ import annotations

import atexit
import base64
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import inside, sandbox

__all__ = ["Asked", "build_tree", "grade_one"]

_LEFT = 60.0  # seconds for unpacking and for the last words
_MOST = 16 * sandbox.MIB
_TREE_MOST = 256 * sandbox.MIB
_KEPT: dict[str, Path] = {}


@dataclass(frozen=True)
class Asked:
    """One submission on its way to a worker."""

    name: str
    lab: int
    seed: str
    files: dict[str, bytes]
    seconds: float
    test: str = ""


INSIDE = {"/box/inside.py": Path(inside.__file__)}


def _command(*words: str) -> list[str]:
    return ["/usr/bin/python3", *INSIDE, *words]


def build_tree(tree: bytes, lab: int, jobs: int, test: str) -> sandbox.Outcome:
    """The tree as a tar, with what is provided built: once, by the same compilers."""
    limits = sandbox.Limits(seconds=1800, output=_TREE_MOST, disk=1024 * sandbox.MIB)
    return sandbox.run(_command("build", str(lab), str(jobs), test), limits, tree, INSIDE)


def grade_one(packed: bytes, asked: Asked) -> dict[str, Any]:
    """Grade it; what came out, unread."""
    files = {
        name: base64.b64encode(data).decode("ascii") for name, data in sorted(asked.files.items())
    }
    request = {
        "lab": asked.lab,
        "seed": asked.seed,
        "files": files,
        "seconds": asked.seconds,
        "test": asked.test,
    }
    limits = sandbox.Limits(seconds=asked.seconds + _LEFT, output=_MOST)
    sent = {**INSIDE, "/box/class.tgz": _kept(packed)}
    given = json.dumps(request).encode()
    for _ in range(2):
        done = sandbox.run(_command("grade"), limits, given, sent)
        found = _read(done)
        if found.get("results") is not None or done.trouble:
            break  # else it may have been the host's fault
    return {
        "name": asked.name,
        "results": found.get("results"),
        "said": str(found.get("said")),
        "seconds": done.seconds,
        "cpu": float(found.get("cpu") or 0.0),
        "trouble": done.trouble,
    }


def _read(done: sandbox.Outcome) -> dict[str, Any]:
    try:
        found = json.loads(done.output)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"said": done.trouble or done.errors}


def _kept(packed: bytes) -> Path:
    """The tree in a file of this process's own."""
    digest = hashlib.sha256(packed).hexdigest()
    if digest not in _KEPT:
        folder = tempfile.mkdtemp(prefix="strata-class-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        path = Path(folder) / "tree.tgz"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(packed)
        _KEPT[digest] = path
    return _KEPT[digest]
