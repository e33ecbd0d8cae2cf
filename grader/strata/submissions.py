# SPDX-License-Identifier: MIT
"""What came in: hand-in zips, folders, git repositories. Only exercise files are taken.

Nothing is unpacked and no name out of a submission is ever opened: each exercise file is
asked for by the name that it has in the course. Links, pipes and devices are not followed;
git runs in the sandbox on a copy of that one repository.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import stat
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Sequence

from . import inside, sandbox
from .errors import UsageError

__all__ = ["FILE_MOST", "Submission", "add_loose", "clean_name", "listed", "read"]

FILE_MOST = 256 * 1024
_ZIP_MOST = 64 * 1024 * 1024
_ENTRIES_MOST = 20000
_REPO_MOST = 128 * 1024 * 1024
_SHOWN = 4


@dataclass
class Submission:
    """One student's files, and what is to be said about the way they came."""

    name: str
    form: str
    files: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def digest(self, salt: str) -> str:
        """What it is; the same files give the same."""
        parts = hashlib.sha256(salt.encode())
        for name, data in sorted(self.files.items()):
            parts.update(f"\0{name}\0{len(data)}\0".encode() + data)
        return parts.hexdigest()


def clean_name(name: str) -> str:
    """A name that is fit for a path, a page and a terminal; odd ones get a digest."""
    stem = name[:-4] if name.lower().endswith(".zip") else name
    plain = re.sub(r"[^A-Za-z0-9._@+-]+", "_", stem).strip("._-")[:60]
    if plain == stem and plain:
        return plain
    return f"{plain or 'nameless'}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:6]}"


def listed(folder: Path, variable: str = "SUBMISSIONS") -> list[tuple[str, Path]]:
    """(name, place) of each submission of a folder; two of one name are told apart."""
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "there is no such folder"
        raise UsageError(f"{variable}={folder}: {what}")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir(), key=lambda one: os.fsencode(one.name)):
        if path.name.startswith(".") or (path.is_file() and path.suffix.lower() != ".zip"):
            continue
        name = clean_name(path.name)
        if name.lower() in {one.lower() for one in found}:
            name += "-" + hashlib.sha256(os.fsencode(path.name)).hexdigest()[:6]
        found[name] = path
    if not found:
        raise UsageError(f"{variable}={folder}: no zip and no folder in it")
    return list(found.items())


def read(name: str, path: Path, wanted: Sequence[str], tag: str) -> Submission:
    """The exercise files of a submission; never raises for what is in it."""
    made = Submission(name, "folder")
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            made.notes.append("the submission is a symbolic link: nothing taken")
        elif stat.S_ISREG(mode):
            made.form = "zip"
            _zip(path, wanted, made)
        elif tag and _git_folder(path) is not None:
            made.form = "git"
            _git(path, wanted, tag, made)
        elif stat.S_ISDIR(mode):
            _folder(path, wanted, made)
        else:
            made.notes.append("neither a zip nor a folder: nothing taken")
    except (OSError, ValueError, EOFError, RuntimeError, NotImplementedError) as error:
        made.notes.append(f"cannot be read as a {made.form}: {_plain(str(error))}")
    for file in wanted:
        if file not in made.files and not any(note.startswith(f"{file}:") for note in made.notes):
            made.notes.append(f"{file}: not handed in")
    return made


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)[:200]


def _zip(path: Path, wanted: Sequence[str], made: Submission) -> None:
    if path.stat().st_size > _ZIP_MOST:
        raise ValueError(f"larger than {_ZIP_MOST // 1024 // 1024} MiB")
    try:
        with zipfile.ZipFile(path) as zipped:
            entries = zipped.infolist()
            if len(entries) > _ENTRIES_MOST:
                raise ValueError(f"{len(entries)} entries")
            taken = _matching([one.filename for one in entries], wanted)
            other = sum(not one.is_dir() for one in entries) - len(taken)
            for at, file in taken.items():
                _zip_entry(zipped, entries[at], file, made)
    except (zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise ValueError(str(error)) from None
    except Exception as error:  # zlib's, lzma's and struct's own: a stranger chose the bytes
        raise ValueError(f"{type(error).__name__}: {error}") from None
    if other > 0:
        made.notes.append(f"{other} other files of the zip: not taken")


def _matching(names: Sequence[str], wanted: Sequence[str]) -> dict[int, str]:
    """Index -> exercise file: by its whole name, or within the one folder around all."""
    heads = {name.split("/", 1)[0] for name in names}
    one = f"{heads.pop()}/" if len(heads) == 1 else ""
    around = one if one not in {f"{file.split('/', 1)[0]}/" for file in wanted} else ""
    places = {around + file: file for file in wanted}
    last = {name: at for at, name in enumerate(names)}  # of two of one name the last
    return {at: places[name] for name, at in last.items() if name in places}


def _zip_entry(
    zipped: zipfile.ZipFile, entry: zipfile.ZipInfo, file: str, made: Submission
) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        made.notes.append(f"{file}: not a plain file in the zip: not taken")
        return
    if entry.flag_bits & 1:
        made.notes.append(f"{file}: encrypted: not taken")
        return
    with zipped.open(entry) as stream:
        data = stream.read(FILE_MOST + 1)
    _keep(made, file, data)


def _keep(made: Submission, file: str, data: bytes) -> None:
    if len(data) > FILE_MOST:
        made.notes.append(f"{file}: larger than {FILE_MOST // 1024} KiB: not taken")
    else:
        made.files[file] = data


def _folder(path: Path, wanted: Iterable[str], made: Submission) -> None:
    """The tree itself, or the one folder in it that has the lab's folders."""
    heads = {file.split("/", 1)[0] for file in wanted}
    if not any((path / head).exists() for head in heads):
        inner = [one for one in path.iterdir() if one.is_dir() and not one.is_symlink()]
        path = inner[0] if len(inner) == 1 else path
    for file in wanted:
        try:
            data = _open_within(path, file.split("/"))
        except FileNotFoundError:
            continue
        except OSError:
            made.notes.append(f"{file}: a link, or no plain file: not taken")
            continue
        _keep(made, file, data)


def _open_within(folder: Path, parts: Sequence[str]) -> bytes:
    """A plain file below a folder; no step of the way is a link."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    at = os.open(folder, flags | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            inner = os.open(part, flags | os.O_DIRECTORY, dir_fd=at)
            os.close(at)
            at = inner
        file = os.open(parts[-1], flags, dir_fd=at)
    finally:
        os.close(at)
    with open(file, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError("no plain file")
        return stream.read(FILE_MOST + 1)


def add_loose(made: Submission, path: Path, wanted: Sequence[str]) -> None:
    """Files that lie in a folder without their own folders: `uart.c` for lab0-boot/uart.c.
    A name that several exercises have is nobody's."""
    names: dict[str, list[str]] = {}
    for file in wanted:
        for name in {file.split("/", 1)[1], file.rsplit("/", 1)[1]}:
            names.setdefault(name, []).append(file)
    for name, files in names.items():
        if len(files) != 1 or files[0] in made.files:
            continue
        try:
            data = _open_within(path, name.split("/"))
        except OSError:
            continue
        made.notes[:] = [one for one in made.notes if one != f"{files[0]}: not handed in"]
        made.notes.append(f"{files[0]}: taken from {name}")
        _keep(made, files[0], data)


def _git_folder(path: Path) -> Path | None:
    """Where a repository's objects are: folder/.git, or the folder itself when it is bare."""
    if (path / ".git").is_dir() and not (path / ".git").is_symlink():
        return path / ".git"
    bare = all((path / one).exists() for one in ("HEAD", "objects", "refs"))
    return path if bare or (path / ".git").exists() else None


def _git(path: Path, wanted: Sequence[str], tag: str, made: Submission) -> None:
    place = _git_folder(path)
    if place is None or place == path and (path / ".git").exists():
        raise ValueError("its .git is not a folder of its own")
    words = ["/usr/bin/python3", "/box/inside.py", "git", tag, str(FILE_MOST), *wanted]
    sent = {"/box/inside.py": Path(inside.__file__)}
    done = sandbox.run(words, sandbox.Limits(seconds=60), _packed(place), sent)
    try:
        found = json.loads(done.output)
    except ValueError:
        raise ValueError(done.trouble or "git cannot read it") from None
    if found.get("trouble"):
        raise ValueError(found["trouble"])
    made.notes += [_plain(str(note)) for note in found["notes"]]
    for file in wanted:
        if file in found["files"]:
            _keep(made, file, base64.b64decode(found["files"][file]))


def _packed(folder: Path) -> bytes:
    """The plain files of a .git folder as a tar, without hooks and borrowed objects."""
    total = 0
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as packed:
        for here, folders, files in os.walk(folder, followlinks=False):
            where = Path(here)
            inside = where.relative_to(folder)
            folders[:] = [one for one in folders if not (where / one).is_symlink()]
            if inside == Path("."):
                folders[:] = [one for one in folders if one not in ("hooks", "modules", "info")]
            packed.add(where, str(inside), recursive=False, filter=_anonymous)
            for name in files:
                one = where / name
                if not stat.S_ISREG(one.lstat().st_mode) or name in ("alternates", "config"):
                    continue
                total += one.stat().st_size
                if total > _REPO_MOST:
                    raise ValueError(f"larger than {_REPO_MOST // 1024 // 1024} MiB")
                packed.add(one, str(inside / name), recursive=False, filter=_anonymous)
    return made.getvalue()


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.isdir() else 0o644
    return entry
