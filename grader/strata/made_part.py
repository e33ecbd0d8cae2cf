# SPDX-License-Identifier: MIT
"""The part of a page that a verb makes, between two marks; the rest is written by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .errors import LabError
from .record import write_atomically

__all__ = ["MadePart"]


@dataclass(frozen=True)
class MadePart:
    """What `make VERB` makes of a page, whose path is relative to the tree."""

    verb: str
    page: Path

    @property
    def begin(self) -> str:
        """The mark above it."""
        return f"<!-- made by make {self.verb} -->"

    @property
    def end(self) -> str:
        """The mark below it."""
        return f"<!-- end of what make {self.verb} made -->"

    def put(self, page: str, made: str) -> str:
        """The page with another text between the marks."""
        if page.count(self.begin) != 1 or page.count(self.end) != 1:
            raise LabError(f"{self.page}: the marks of the made part are missing")
        head, rest = page.split(self.begin)
        _, mark, tail = rest.partition(self.end)
        if not mark:
            raise LabError(f"{self.page}: the marks of the made part are in the wrong order")
        return f"{head}{self.begin}\n\n{made}\n\n{self.end}{tail}"

    def update(self, tree: Path, made: str, argv: list[str]) -> int:
        """Write the page; with --check only compare."""
        path = tree / self.page
        old = path.read_text(encoding="utf-8")
        new = self.put(old, made)
        if "--check" in argv:
            said = "up to date" if old == new else f"{self.page} is old: make {self.verb}"
            print(f"{self.verb}: {said}")
            return int(old != new)
        if old != new:
            write_atomically(path, new)
        said = "is up to date" if old == new else "is written"
        print(f"{self.verb}: {self.page} {said}")
        return 0
