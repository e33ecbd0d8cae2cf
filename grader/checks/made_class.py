# SPDX-License-Identifier: MIT
"""A class that nobody taught: submissions made from references, alternatives and mutants,
with the marks that each must get. They come as zips, folders and git repositories."""

from __future__ import annotations

import random
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Mapping

from strata.handin import write_zip
from strata.lab import Course, Lab
from strata.markers import reading, skeleton
from test_graded import MUTANTS, Mutant, alternatives, mutated

TAG = "handed-in"
BROKEN = (
    "int this_does_not_build(void) { return }\n",
    '#include "there_is_no_such_file.h"\n',
    "#error not finished\n",
    'static int twice;\nstatic char *twice = "no";\n',
    "}\n",
)
HOSTILE = (
    '#include "/etc/passwd"\n',
    'asm(".incbin \\"/etc/shadow\\"");\n',
    '#include "../solutions/lab0-boot/uart.c"\n',
    "#define A(x) B(x) B(x) B(x) B(x)\n#define B(x) C(x) C(x) C(x) C(x)\n"
    "#define C(x) D(x) D(x) D(x) D(x)\n#define D(x) E(x) E(x) E(x) E(x)\n"
    "#define E(x) F(x) F(x) F(x) F(x)\n#define F(x) G(x) G(x) G(x) G(x)\n"
    "#define G(x) H(x) H(x) H(x) H(x)\n#define H(x) I(x) I(x) I(x) I(x)\n"
    "#define I(x) J(x) J(x) J(x) J(x)\n#define J(x) K(x) K(x) K(x) K(x)\n"
    "#define K(x) L(x) L(x) L(x) L(x)\n#define L(x) x x x x x x x x\nA(int a;)\n",
    '#pragma GCC plugin "/box/tree/x.so"\n#include "/root/.profile"\n',
)


@dataclass
class Made:
    """One submission and what it must get: exercise -> full, none, or a mutant's name."""

    name: str
    files: dict[str, bytes]
    key: dict[str, str] = field(default_factory=dict)


class Maker:
    """Makes submissions of one lab."""

    def __init__(
        self, course: Course, lab: Lab, scratch: Path, seed: int = 1, mistakes: int = 3
    ) -> None:
        self.course, self.lab, self.scratch = course, lab, scratch
        self.random = random.Random(seed)
        self.mistakes = mistakes
        self.mutants = self._mutants()

    def _mutants(self) -> list[Mutant]:
        """Two of each exercise of the lab, one at the edge where there is one."""
        chosen = []
        for exercise in self.lab.exercises:
            mine = [one for one in MUTANTS if one.exercise == exercise.id and not one.slow]
            chosen += [one for one in mine if one.edge][:1] + [one for one in mine if not one.edge][
                :1
            ]
        return chosen

    def name_of(self, ident: str) -> str:
        """An exercise's file."""
        return f"{self.course.lab_of(ident).folder.name}/{self.course.by_id[ident].file}"

    def reference(self, ident: str) -> str:
        """The reference without its markers."""
        path = self.course.solution(self.course.by_id[ident])
        return reading(path.read_text(encoding="utf-8"), str(path))

    def stub(self, ident: str) -> str:
        """The skeleton."""
        path = self.course.solution(self.course.by_id[ident])
        return skeleton(path.read_text(encoding="utf-8"), str(path))

    def whole(self, name: str) -> Made:
        """All references."""
        made = Made(name, {})
        for lab in self.course.through(self.lab):
            for exercise in lab.exercises:
                self._put(made, exercise.id, self.reference(exercise.id))
        made.key = {one.id: "full" for one in self.lab.exercises}
        return made

    def _put(self, made: Made, ident: str, text: str, key: str = "full") -> None:
        made.files[self.name_of(ident)] = text.encode()
        made.key[ident] = key

    def alternative(self, name: str) -> Made:
        """Right in another way, here and there."""
        made = self.whole(name)
        for lab in self.course.through(self.lab):
            for exercise in lab.exercises:
                found = alternatives(lab, exercise)
                if found and self.random.random() < 0.7:
                    path = self.random.choice(found)
                    made.files[self.name_of(exercise.id)] = path.read_bytes()
        return made

    def mixed(self, name: str) -> Made:
        """Some mistakes, in exercises of their own."""
        made = self.alternative(name)
        for mutant in self.random.sample(self.mutants, self.random.randint(1, self.mistakes)):
            self._mistake(made, mutant)
        return made

    def _mistake(self, made: Made, mutant: Mutant) -> None:
        folder = self.scratch / f"{mutant.name}"
        if not folder.exists():
            folder.mkdir(parents=True)
            (folder / "text").write_text(mutated(mutant, folder), encoding="utf-8")
        text = (folder / "text").read_text(encoding="utf-8")
        self._put(made, mutant.exercise, text, mutant.name)

    def single(self, mutant: Mutant) -> Made:
        """One mistake in the references."""
        made = self.whole(mutant.name)
        self._mistake(made, mutant)
        return made

    def half(self, name: str) -> Made:
        """Some exercises not begun."""
        made = self.whole(name)
        ids = [one.id for one in self.lab.exercises if not one.stand_in]
        for ident in self.random.sample(ids, len(ids) // 2):
            self._put(made, ident, self.stub(ident), "none")
        return made

    def spoilt(self, name: str, head: str) -> Made:
        """One file that does not build: its exercise gets nothing, all else what it is worth."""
        made = self.whole(name)
        codes = [one.id for one in self.lab.exercises if one.file.endswith(".c")]
        ident = self.random.choice([one for one in codes if self.course.by_id[one].form == "code"])
        self._put(made, ident, head + self.reference(ident), "none")
        return made

    def all(self, alike: int, mixed: int, half: int, broken: int, hostile: int) -> list[Made]:
        """A class of these."""
        kinds: list[tuple[str, int, Callable[[str], Made]]] = [
            ("right", alike, self.alternative),
            ("mixed", mixed, self.mixed),
            ("half", half, self.half),
        ]
        made = [make(f"{kind}-{at:03}") for kind, count, make in kinds for at in range(count)]
        made += [self.spoilt(f"broken-{at:03}", BROKEN[at % 5]) for at in range(broken)]
        return made + [self.spoilt(f"hostile-{at:03}", HOSTILE[at % 5]) for at in range(hostile)]

    def expected(self, made: Made, points: Mapping[str, float]) -> dict[str, float]:
        """Points by exercise. points: what each mutant's exercise gets."""
        worth = {one.id: float(one.points) for one in self.lab.exercises}
        worth |= {f"{ident} none": 0.0 for ident in worth}
        return {
            ident: worth[ident] if key == "full" else points.get(key, 0.0)
            for ident, key in made.key.items()
            if ident in worth
        }


def lay_out(made: list[Made], folder: Path) -> None:
    """As students send them: a zip, a folder, a repository, by turns."""
    folder.mkdir(parents=True, exist_ok=True)
    for at, one in enumerate(made):
        place = folder / one.name
        if at % 3 == 0:
            write_zip(folder / f"{one.name}.zip", one.files)
            continue
        for name, data in one.files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if at % 3 == 2:
            as_repository(place)


def as_repository(place: Path) -> None:
    """Commit and tag; then spoil the working files, which are not what was handed in."""
    words = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for one in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "mine"], ["tag", TAG]):
        subprocess.run(["git", "-C", str(place), *words, *one], check=True)
    for path in place.iterdir():
        if path.is_file():
            path.unlink()
        elif path.name != ".git":
            shutil.rmtree(path)
