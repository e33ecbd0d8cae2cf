# SPDX-License-Identifier: MIT
"""Kernels that are broken on purpose: the cases and trials of solutions/labN-*.

    cases/K.patch           a kernel of the exercise of the form case: a header, a diff
    trials/ID/NAME.patch    an object that the test of exercise ID is to catch: a diff

Each breaks one file: a reference, or a provided source. The answer to a case travels as
two salted digests only, of the function, and of the function with the cause.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .errors import LabError, StrataError
from .lab import Course, Lab, load_course
from .markers import reading

__all__ = [
    "Key",
    "causes",
    "digest",
    "header_words",
    "keys",
    "keys_name",
    "keys_text",
    "main",
    "patched",
    "read_header",
]
__all__ += ["trial_names"]

_CAUSES = "case-causes.txt"
_HEADER = ("function", "cause", "symptom")
_TARGET = re.compile(r"^--- a/(\S+)", re.M)


@dataclass(frozen=True)
class Key:
    """What is known of a case without its answer. Several functions may be right."""

    symptom: str
    salt: str
    functions: tuple[str, ...]
    causes: tuple[str, ...]

    def is_function(self, name: str) -> bool:
        """Whether the mistake is in this function."""
        return digest(self.salt, name) in self.functions

    def is_cause(self, function: str, cause: str) -> bool:
        """Whether this is what is wrong there."""
        return digest(self.salt, f"{function} {cause}") in self.causes


def header_words(path: Path) -> dict[str, str]:
    """The lines `key: words` above a patch's diff; none where one is not so, or comes twice."""
    head = path.read_text(encoding="utf-8").partition("\n--- ")[0]
    lines = [line for line in head.splitlines() if line.strip()]
    words = dict(line.split(": ", 1) for line in lines if ": " in line)
    return words if len(words) == len(lines) else {}


def read_header(path: Path) -> dict[str, str]:
    """The lines above a case's diff."""
    words = header_words(path)
    if tuple(words) != _HEADER:
        raise LabError(f"{path}: the header has one line each of {', '.join(_HEADER)}")
    return words


def causes(lab: Lab) -> dict[str, str]:
    """The words that a cause is one of, and what they mean."""
    path = lab.folder / _CAUSES
    if not path.exists():
        raise LabError(f"{lab.folder.name}/{_CAUSES} is missing: the causes of its cases")
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(":") for line in lines if line.strip() and line[0] != "#")
    return {word.strip(): meaning.strip() for word, _, meaning in pairs}


def keys(course: Course, lab: Lab) -> dict[int, Key]:
    """A lab's cases by number: from the patches, or as a handout has them."""
    if course.has_solutions:
        folder = course.tree / "solutions" / lab.folder.name / "cases"
        return {int(path.stem): _key(path) for path in sorted(folder.glob("[0-9].patch"))}
    path = course.tree / "objects" / "debug" / keys_name(lab)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return {int(number): _of(entry) for number, entry in data.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StrataError(f"{path}: not what a handout brings") from None


def keys_name(lab: Lab) -> str:
    """Where a handout has them, below objects/debug."""
    return f"cases/lab{lab.number}-keys.json"


def keys_text(course: Course, lab: Lab) -> str:
    """That file's text; nothing where there are no cases."""
    found = {str(number): asdict(key) for number, key in keys(course, lab).items()}
    return json.dumps(found, indent=1) + "\n" if found else ""


def trial_names(course: Course, ident: str) -> list[str]:
    """The broken objects of a test's subject, in their order."""
    folder = course.tree / "objects" / "debug" / "trials" / ident
    if course.has_solutions:
        folder = course.tree / "solutions" / course.lab_of(ident).folder.name / "trials" / ident
    return sorted(path.stem for path in folder.glob("*.*") if path.suffix in (".patch", ".o"))


def patched(course: Course, patch: Path) -> tuple[str, str]:
    """The file that a patch breaks, and its text then."""
    match = _TARGET.search(patch.read_text(encoding="utf-8"))
    if match is None:
        raise LabError(f"{patch}: no diff against a/labN-name/file")
    name = match[1]
    reference = course.tree / "solutions" / name
    source = reference if reference.exists() else course.tree / name
    text = source.read_text(encoding="utf-8")
    tried = [text, reading(text, name)] if source == reference else [text]
    for base in tried:
        found = _apply(patch, name, base)
        if found is not None and found != base:
            return name, found
    raise LabError(f"{patch}: does not fit {source.relative_to(course.tree)}, or changes nothing")


def main(argv: list[str]) -> int:
    """PATCH OUT: the broken source, which says it is the file that it stands for."""
    patch, out = (Path(word) for word in argv)
    name, text = patched(load_course(Path.cwd()), patch)
    line = f"%line 1+1 {name}\n" if name.endswith(".asm") else f'#line 1 "{name}"\n'
    out.write_text(line + text, encoding="utf-8")
    return 0


def _apply(patch: Path, name: str, text: str) -> str | None:
    with tempfile.TemporaryDirectory(prefix="strata") as folder:
        target = Path(folder, name)
        target.parent.mkdir(parents=True)
        target.write_text(text, encoding="utf-8")
        words = ["git", "apply", f"--include={name}", str(patch.resolve())]
        env = {
            "GIT_CEILING_DIRECTORIES": str(Path(folder).parent),
            "PATH": os.environ.get("PATH", os.defpath),
        }
        try:
            done = subprocess.run(words, cwd=folder, env=env, capture_output=True, check=False)
        except OSError:
            raise StrataError("git is not installed; see `make doctor`") from None
        return target.read_text(encoding="utf-8") if done.returncode == 0 else None


def _key(patch: Path) -> Key:
    words = read_header(patch)
    salt = hashlib.sha256(patch.read_bytes()).hexdigest()[:16]
    functions = tuple(name.strip() for name in words["function"].split(","))
    return Key(
        symptom=words["symptom"],
        salt=salt,
        functions=tuple(digest(salt, name) for name in functions),
        causes=tuple(digest(salt, f"{name} {words['cause']}") for name in functions),
    )


def _of(entry: dict[str, Any]) -> Key:
    functions, found = tuple(entry["functions"]), tuple(entry["causes"])
    return Key(str(entry["symptom"]), str(entry["salt"]), functions, found)


def digest(salt: str, words: str) -> str:
    """What stands for an answer."""
    return hashlib.scrypt(words.encode(), salt=bytes.fromhex(salt), n=1 << 14, r=8, p=1).hex()[:48]
