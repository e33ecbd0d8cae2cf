# SPDX-License-Identifier: MIT
"""A git repository by its plumbing: objects and tags, nothing of the user's settings."""

from __future__ import annotations

import atexit
import os
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Iterable, Iterator, Mapping

from .errors import StrataError

__all__ = ["AUTHOR", "File", "Repository"]

AUTHOR = ("Strata", "strata@example.org")


@dataclass(frozen=True)
class File:
    """What a tree holds under a name."""

    data: bytes
    mode: str = "100644"


@cache
def _settings() -> str:
    """A file with what counts of the user's settings: whose folders git is to trust."""
    words = ["git", "config", "--null", "--get-all", "safe.directory"]
    try:
        done = subprocess.run(words, cwd="/", capture_output=True, check=False)
    except OSError:
        return os.devnull
    if not done.stdout:
        return os.devnull
    with tempfile.NamedTemporaryFile(prefix="strata-git-", delete=False) as file:
        for name in done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]:
            text = name.replace("\\", "\\\\").replace('"', '\\"')
            file.write(f'[safe]\n\tdirectory = "{text}"\n'.encode("utf-8", "surrogateescape"))
    atexit.register(Path(file.name).unlink, missing_ok=True)
    return file.name


class Repository:
    """A repository, bare or with files beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        env |= {"GIT_CONFIG_GLOBAL": _settings(), "GIT_CONFIG_SYSTEM": os.devnull, "LC_ALL": "C"}
        env["GIT_CEILING_DIRECTORIES"] = str(folder.resolve().parent)
        for who in ("AUTHOR", "COMMITTER"):
            env |= {f"GIT_{who}_NAME": AUTHOR[0], f"GIT_{who}_EMAIL": AUTHOR[1]}
        self._env = env

    def run(self, *words: str, data: bytes = b"", **env: str) -> str:
        """What git says; an error when it fails."""
        return self.read(*words, data=data, **env).decode("utf-8", "surrogateescape").strip()

    def read(self, *words: str, data: bytes = b"", **env: str) -> bytes:
        """The same, byte for byte."""
        done = self._call(words, data, env)
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise StrataError(f"git {' '.join(words[:2])} failed in {self.folder}: {said}")
        return done.stdout

    def holds(self, *words: str) -> bool:
        """Whether git ends well."""
        return self._call(words, b"", {}).returncode == 0

    def _call(
        self, words: Iterable[str], data: bytes, env: Mapping[str, str]
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                ["git", "-C", str(self.folder), *words],
                input=data,
                capture_output=True,
                env={**self._env, **env},
                check=False,
            )
        except OSError:
            raise StrataError("git is not installed; see `make doctor`") from None

    def files(self, commit: str) -> dict[str, File]:
        """All files of a commit."""
        listed = self.read("ls-tree", "-r", "-z", commit).decode("utf-8", "surrogateescape")
        rows = [row.partition("\t") for row in listed.split("\0") if row]
        heads = [row[0].split() for row in rows]
        blobs = self._blobs([head[2] for head in heads])
        return {row[2]: File(next(blobs), head[0]) for row, head in zip(rows, heads)}

    def texts(self) -> Iterator[tuple[str, str, bytes]]:
        """Every object there is, also where nothing refers to it: kind, id, bytes."""
        form = "--batch-check=%(objecttype) %(objectname)"
        listed = self.run("cat-file", "--batch-all-objects", form)
        rows = [line.split() for line in listed.splitlines()]
        rows = [row for row in rows if row[0] != "tree"]  # names: their files' own check
        for (kind, ident), data in zip(rows, self._blobs([row[1] for row in rows])):
            yield kind, ident, data

    def paths(self) -> dict[str, str]:
        """Blob or tree -> a path that it has in some commit that is referred to."""
        rows = self.run("rev-list", "--objects", "--all").splitlines()
        pairs = (row.partition(" ") for row in rows)
        return {ident: path for ident, _, path in pairs if path}

    def _blobs(self, idents: list[str]) -> Iterator[bytes]:
        asked = "".join(f"{ident}\n" for ident in idents).encode()
        data = self.read("cat-file", "--batch", data=asked)
        at = 0
        for _ in idents:
            head, _, _ = data[at : at + 200].partition(b"\n")
            begin, size = at + len(head) + 1, int(head.split()[2])
            yield data[begin : begin + size]
            at = begin + size + 1

    def write_tree(self, files: Mapping[str, File]) -> str:
        """The id of a tree with these files."""
        known: dict[bytes, str] = {}
        stream = []
        for mark, data in enumerate(dict.fromkeys(file.data for file in files.values()), 1):
            known[data] = f":{mark}"
            stream.append(b"blob\nmark :%d\ndata %d\n%s\n" % (mark, len(data), data))
        marks = self.folder / "strata-marks"
        self.run("fast-import", "--quiet", f"--export-marks={marks}", data=b"".join(stream))
        ids = dict(line.split() for line in marks.read_text(encoding="utf-8").splitlines())
        marks.unlink()
        rows = [f"{file.mode} {ids[known[file.data]]}\t{name}\0" for name, file in files.items()]
        index = str(self.folder / "strata-index")
        text = "".join(rows).encode("utf-8", "surrogateescape")
        self.run("update-index", "-z", "--index-info", data=text, GIT_INDEX_FILE=index)
        tree = self.run("write-tree", GIT_INDEX_FILE=index)
        Path(index).unlink()
        return tree

    def commit(self, tree: str, parents: Iterable[str], said: str, date: str) -> str:
        """The id of a commit by the fixed author."""
        words = [word for parent in parents for word in ("-p", parent)]
        dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        return self.run("commit-tree", *words, tree, data=f"{said}\n".encode(), **dates)

    def tags(self) -> dict[str, str]:
        """Tag -> commit."""
        form = "--format=%(refname:strip=2) %(objectname) %(*objectname)"
        rows = [line.split() for line in self.run("for-each-ref", form, "refs/tags").splitlines()]
        return {row[0]: row[-1] for row in rows}

    def add_tags(self, tags: Mapping[str, str]) -> None:
        """New ones only: one that is there already stops it."""
        lines = "".join(f"create refs/tags/{tag} {ident}\n" for tag, ident in tags.items())
        self.run("update-ref", "--stdin", data=lines.encode())

    def tree_of(self, commit: str) -> str:
        """The id of its tree."""
        return self.run("rev-parse", f"{commit}^{{tree}}")

    def stands_on(self, commit: str, below: str) -> bool:
        """Whether a commit has another one in its history."""
        return self.holds("merge-base", "--is-ancestor", below, commit)
