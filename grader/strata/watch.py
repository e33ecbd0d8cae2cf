# SPDX-License-Identifier: MIT
"""The verb watch: each save of a source builds and grades what it touches.

An exercise file: that exercise. Any other source of a lab: everything. The kernel tells
of saves (inotify); where it cannot, the exercise files are looked at once a second.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import select
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator, Mapping

from . import memory, pristine
from .build import inner_environment
from .errors import UsageError
from .lab import Course, load_course

__all__ = ["Inotify", "Poll", "main", "touched"]

_CLOSE_WRITE, _MOVED_TO = 0x8, 0x80
_EVENT = struct.Struct("iIII")
_QUIET_S = 0.15
_SUFFIXES = (".c", ".h", ".asm", ".inc", ".ld", ".py")


class Inotify:
    """Saves in some folders, as Linux tells of them."""

    def __init__(self, folders: list[Path]) -> None:
        libc = ctypes.CDLL(ctypes.util.find_library("c") or "libc.so.6", use_errno=True)
        self._fd = libc.inotify_init1(os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self._folders: dict[int, Path] = {}
        for folder in folders:
            mask = _CLOSE_WRITE | _MOVED_TO
            watch = libc.inotify_add_watch(self._fd, os.fsencode(folder), mask)
            if watch < 0:
                raise OSError(ctypes.get_errno(), "inotify_add_watch", str(folder))
            self._folders[watch] = folder

    def saved(self) -> Iterator[set[Path]]:
        """The files of one burst of saves, again and again; sleeps in between."""
        while True:
            found = self._read()
            while select.select([self._fd], [], [], _QUIET_S)[0]:
                found |= self._read()
            yield found

    def _read(self) -> set[Path]:
        data = os.read(self._fd, 65536)
        found, at = set(), 0
        while at < len(data):
            watch, _, _, length = _EVENT.unpack_from(data, at)
            at += _EVENT.size
            name = data[at : at + length].rstrip(b"\0")
            at += length
            if watch in self._folders:
                found.add(self._folders[watch] / os.fsdecode(name))
        return found


class Poll:
    """The same for a few files where there is no inotify."""

    def __init__(self, files: list[Path], pause_s: float = 1.0) -> None:
        self._files = files
        self._pause_s = pause_s

    def saved(self) -> Iterator[set[Path]]:
        """One stat of each file a second."""
        before = self._times()
        while True:
            time.sleep(self._pause_s)
            now = self._times()
            changed = {path for path in self._files if now[path] != before[path]}
            before = now
            if changed:
                yield changed

    def _times(self) -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns if path.exists() else 0 for path in self._files}


def touched(course: Course, saved: set[Path]) -> frozenset[str] | None:
    """The exercises to grade after a save; all for provided sources; None for other files."""
    own = {course.tree / name: ident for name, ident in pristine.exercise_paths(course).items()}
    ids = {own[path] for path in saved if path in own}
    if any(path.suffix in _SUFFIXES and path not in own for path in saved):
        return frozenset(course.by_id)
    return frozenset(ids) or None


def main(_words: list[str]) -> int:
    """Read LAB, EX and ONCE (stop after the first grade)."""
    course = load_course(Path.cwd())
    watched = _watched(course, os.environ)
    files = [course.lab_of(one).path(course.by_id[one]) for one in course.order(watched)]
    source = _source(course, files)
    how = "" if isinstance(source, Inotify) else ", looking once a second"
    print(f"watching {', '.join(course.order(watched))}{how}; Ctrl-C ends it", flush=True)
    for saved in source.saved():
        ids = touched(course, saved)
        if ids is None or not ids & watched:
            continue
        own = {course.lab_of(one).path(course.by_id[one]) for one in ids}
        shown = (path for path in saved if path.suffix in _SUFFIXES or path in own)
        names = ", ".join(sorted(path.name for path in shown))
        print(f"\n{names} saved at {time.strftime('%H:%M:%S')}", flush=True)
        _grade(course, ids & watched)
        if os.environ.get("ONCE"):
            return 0
    return 0


def _watched(course: Course, environment: Mapping[str, str]) -> frozenset[str]:
    labs = course.pick_labs(environment.get("LAB", ""))
    ids = {one.id for lab in labs for one in lab.exercises}
    if environment.get("EX"):
        ids &= course.named_exercises(environment["EX"], "EX")
    if not ids:
        raise UsageError(f"nothing to watch; exercises are {', '.join(course.by_id)}")
    return frozenset(ids)


def _source(course: Course, files: list[Path]) -> Inotify | Poll:
    folders = {path.parent for path in files if path.parent.is_dir()}
    folders |= {one.parent for path in files for one in path.parent.glob("include/*/*.h")}
    try:
        if sys.platform != "linux" or os.environ.get("POLL"):
            return Poll(files)
        return Inotify(sorted(folders))
    except (OSError, AttributeError):
        return Poll(files)


def _grade(course: Course, ids: frozenset[str]) -> None:
    """A grade in a process of its own, since it loads the tests; then the hint."""
    env = inner_environment(os.environ)
    env.update(EX=",".join(course.order(ids)), MAKEFLAGS=os.environ.get("MAKEFLAGS", ""))
    subprocess.run([sys.executable, "-m", "strata", "grade", "--first"], env=env, check=False)
    for line in _hint(course, ids):
        print(line, flush=True)


def _hint(course: Course, ids: frozenset[str]) -> list[str]:
    """The first rung, or the one that was shown last, of the first exercise that fails."""
    shown = memory.read(course.tree, "hints.json")
    for ident in course.order(ids):
        exercise = course.by_id[ident]
        if ident in memory.given(course) or memory.is_whole(course, exercise):
            continue
        if not exercise.hints:
            return []
        rung = shown.get(ident, 1)
        at = min(max(rung if isinstance(rung, int) else 1, 1), len(exercise.hints)) - 1
        text = " ".join(exercise.hints[at].split())
        return [f"  hint {at + 1} of {len(exercise.hints)}: {text} (further: make hint EX={ident})"]
    return []
