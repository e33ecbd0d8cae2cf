# SPDX-License-Identifier: MIT
"""Control groups, where there are any and we may make one: limits on all processes of a
sandbox together. Version 2 (one tree) or 1 (a tree for memory, one for processes).

Where none can be made there are none; prlimit and the size of the tmpfs hold all the same.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

__all__ = ["Group", "confined"]

_NAME = "strata-sandbox"
_COUNT = itertools.count()
_LIMITS = {  # file -> of memory or of processes; those that a folder lacks are of the other version
    "memory.max": "memory",
    "memory.limit_in_bytes": "memory",
    "memory.swap.max": "none",
    "pids.max": "processes",
}


@dataclass(frozen=True)
class Group:
    """Folders of one sandbox: one, two or none."""

    folders: tuple[Path, ...] = ()

    def words(self) -> list[str]:
        """What a command line begins with, so that it runs in the group."""
        if not self.folders:
            return []
        joins = "".join(f"echo $$ > {shlex.quote(f'{one}/cgroup.procs')}; " for one in self.folders)
        return ["/bin/sh", "-c", f'{joins}exec "$@"', "sh"]

    def starved(self) -> bool:
        """Whether the kernel ended one of its processes for want of memory."""
        for one in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                try:
                    text = (one / name).read_text(encoding="ascii")
                except OSError:
                    continue
                if re.search(r"^oom_kill [1-9]", text, re.M):
                    return True
        return False


@contextmanager
def confined(memory: int, processes: int) -> Iterator[Group]:
    """A new group of these limits, as far as this machine lets us; it ends with the block."""
    made: list[Path] = []
    for parent in _parents():
        _sweep(parent)
        folder = parent / f"{_NAME}-{os.getpid()}-{next(_COUNT)}"
        if _make(folder, {"memory": str(memory), "processes": str(processes), "none": "0"}):
            made.append(folder)
    try:
        yield Group(tuple(made))
    finally:
        for folder in made:
            _remove(folder)


def _parents() -> list[Path]:
    """Where groups could be made: our own place in each tree."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
        ours = Path("/proc/self/cgroup").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    places: dict[str, str] = {}
    for line in ours.splitlines():
        _, trees, path = line.split(":", 2)
        places |= {name: path for name in trees.split(",")}
    found = []
    for line in mounts.splitlines():
        _, mounted, kind, options, *_ = line.split(" ")
        names = [name for name in ("memory", "pids") if name in options.split(",")]
        if kind == "cgroup" and names:
            path = places.get(names[0], "/")
        elif kind == "cgroup2" and (Path(mounted) / "cgroup.controllers").exists():
            path = places.get("", "/")
        else:
            continue
        inner = Path(mounted) / path.lstrip("/")
        found.append(inner if inner.is_dir() else Path(mounted))
    return found


def _make(folder: Path, values: dict[str, str]) -> bool:
    """Whether it is there, and limits something."""
    try:
        folder.mkdir()
    except OSError:
        return False
    written = 0
    for name, what in _LIMITS.items():
        try:
            if (folder / name).exists():
                (folder / name).write_text(values[what], encoding="ascii")
                written += what != "none"
        except OSError:
            pass
    if written and os.access(folder / "cgroup.procs", os.W_OK):
        return True
    _remove(folder)
    return False


def _remove(folder: Path) -> None:
    """Its processes have been ended; the kernel may need a moment to forget them."""
    for _ in range(50):
        try:
            folder.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)


def _sweep(parent: Path) -> None:
    """Groups of workers that were killed."""
    for old in parent.glob(f"{_NAME}-*"):
        owner = old.name.split("-")[2]
        if owner.isdigit() and not Path("/proc", owner).exists():
            try:
                old.rmdir()
            except OSError:
                pass
