# SPDX-License-Identifier: MIT
"""setup, in a tree of its own with stubs for the tools that change a machine."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

TREE = Path(__file__).parents[2]
SCRIPTS = ["setup", ".ci/run", "grader/toolchain.sh"]

MAKEFILE = """\
check: ## the proofs
\t@echo "$(SAY)"; exit $(STATUS)
grade debug: ## grade
\t@exit $(STATUS)
help: ## verbs
\t@echo helped
"""

LAB_TOML = """\
title = "Boot"
packages = ["frob", # a comment with "quotes"
    "nicate"]
[[exercise]]
id = "0.1"
"""

STUBS = {
    # Everything is installed, except what $MISSING names.
    "dpkg-query": """\
for name; do
    case "$name" in -*|*db:*) continue ;; esac
    case " $MISSING " in *" $name "*) ;; *) echo "installed $name" ;; esac
done
echo "$@" >>"$LOG"
""",
    "apt-get": 'echo "apt-get $*" >>"$LOG"; echo "E: no such host" >&2; exit 100\n',
    "id": "echo ${FAKE_UID:-0}\n",
    "uname": "echo ${FAKE_MACHINE:-x86_64}\n",
}


@dataclass(frozen=True)
class Tree:
    """A copy of setup with a Makefile, under a path with a blank."""

    root: Path

    @property
    def log(self) -> str:
        """What the stubs were asked."""
        path = self.root / "log"
        return path.read_text() if path.exists() else ""

    def setup(
        self, *words: str, missing: str = "", uid: int = 0, machine: str = "x86_64"
    ) -> tuple[int, str]:
        """Run setup without a terminal; its status and all it said."""
        env = {
            "PATH": f"{self.root / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin",
            "MISSING": missing,
            "FAKE_UID": str(uid),
            "FAKE_MACHINE": machine,
            "LOG": str(self.root / "log"),
            "TMPDIR": str(self.root),
        }
        done = subprocess.run(
            [str(self.root / "setup"), *words],
            cwd="/",
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    root = tmp_path / "a tree"
    (root / "bin").mkdir(parents=True)
    (root / "lab0-boot").mkdir()
    shutil.copy(TREE / "setup", root / "setup")
    (root / "Makefile").write_text(MAKEFILE)
    (root / "lab0-boot" / "lab.toml").write_text(LAB_TOML)
    for name, body in STUBS.items():
        (root / "bin" / name).write_text(f"#!/bin/sh\n{body}")
        (root / "bin" / name).chmod(0o755)
    return Tree(root)


def test_a_verb_runs_and_the_second_time_changes_nothing(tree: Tree) -> None:
    assert tree.setup("help") == (0, "helped\nsetup: make help: done\n")
    assert "apt-get" not in tree.log


def test_an_unknown_verb_is_answered_with_the_list(tree: Tree) -> None:
    status, said = tree.setup("grad")
    assert status == 2
    assert said == "setup: no such verb: grad\nsetup: verbs are check debug grade help \n"


@pytest.mark.parametrize(
    ("say", "status", "last", "code"),
    [
        ("4 passed, 0 failed", 0, "4 passed, 0 failed", 0),
        ("3 passed, 1 failed", 1, "3 passed, 1 failed", 2),
        ("it broke early", 1, "0 passed, 1 failed", 2),
        ("no count at all", 0, "0 passed, 1 failed", 1),
        ("9 passed, 0 failed", 1, "9 passed, 1 failed", 2),
        ("9 passed, 1 failed", 0, "9 passed, 1 failed", 1),
    ],
)
def test_check_ends_with_its_count(tree: Tree, say: str, status: int, last: str, code: int) -> None:
    done, said = tree.setup("check", f"SAY={say}", f"STATUS={status}")
    assert said.splitlines()[-1] == last
    assert done == code


def test_other_verbs_end_with_what_became_of_them(tree: Tree) -> None:
    status, said = tree.setup("grade", "STATUS=3")
    assert status == 2
    assert said.splitlines()[-1] == "setup: make grade STATUS=3: ended with status 2"


def test_labs_say_what_they_need(tree: Tree) -> None:
    tree.setup("grade", "STATUS=0")
    assert {"frob", "nicate", "nasm", "python3-pytest"} <= set(tree.log.split())
    assert "quotes" not in tree.log


def test_a_verb_brings_only_what_it_needs(tree: Tree) -> None:
    tree.setup("help")
    assert tree.log.split()[4:] == ["make"]


def test_without_root_and_terminal_the_command_is_printed(tree: Tree) -> None:
    status, said = tree.setup("check", missing="nasm gcc", uid=1000)
    assert status == 1
    assert "    apt-get install -y --no-install-recommends gcc nasm" in said
    assert said.splitlines()[-1] == "0 passed, 1 failed"
    assert "apt-get" not in tree.log


def test_without_root_the_administrators_line_names_all_that_is_missing(tree: Tree) -> None:
    """One line to hand over; nothing is begun."""
    status, said = tree.setup("grade", missing="nasm gcc qemu-system-x86 frob", uid=1000)
    lines = said.splitlines()
    assert status == 1
    assert lines[0] == "setup: these are missing; as root, run:"
    assert lines[1].split()[-4:] == ["frob", "gcc", "nasm", "qemu-system-x86"]
    assert lines[2:] == ["setup: grade: failed"]


def test_another_cpu_gets_a_cross_compiler_and_its_own(tree: Tree) -> None:
    missing = "gcc-x86-64-linux-gnu binutils-x86-64-linux-gnu gdb-multiarch grub-pc-bin"
    status, said = tree.setup("debug", missing=missing, uid=1000, machine="aarch64")
    assert status == 1
    names = said.splitlines()[1].split()[-3:]
    assert names == ["binutils-x86-64-linux-gnu", "gcc-x86-64-linux-gnu", "gdb-multiarch"]
    assert {"gcc", "binutils"} <= set(tree.log.split())
    assert not {"gdb", "grub-pc-bin"} & set(tree.log.split())


def test_a_package_that_cannot_be_had_is_one_clear_line(tree: Tree) -> None:
    status, said = tree.setup("grade", missing="nasm")
    assert status == 1
    assert "E: no such host" in said
    assert "setup: apt failed (no network?): could not install nasm;" in said
    assert said.splitlines()[-1] == "setup: grade: failed"


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
@pytest.mark.parametrize("script", SCRIPTS)
def test_shell_scripts_are_clean(script: str) -> None:
    subprocess.run(["shellcheck", str(TREE / script)], check=True)
