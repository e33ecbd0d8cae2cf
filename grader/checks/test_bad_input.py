# SPDX-License-Identifier: MIT
"""What users get wrong, and machines that lack something: a clear line, nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from conftest import TREE, copy_tree, environment, run


def clear(text: str) -> bool:
    """No traceback, and something was said."""
    return bool(text.strip()) and "Traceback" not in text


@pytest.mark.parametrize(
    "words,valid",
    [
        (["grade", "LAB=9"], "0"),
        (["grade", "LAB=x"], "0"),
        (["grade", "STAGE=9"], "there are 0"),
        (["run", "CASE=9"], "there are"),
        (["debug", "CASE=x"], "there are"),
        (["grade", "SOLVED=0.99"], "0.1"),
        (["grade-one", "TEST=no_such_test"], "test"),
        (["grade-one"], "TEST"),
        (["provided", "TEST=no_such_test"], "no_such_test"),
        (["challenge", "TEST=no_such_test"], "no_such_test"),
        (["fuzz", "TARGET=no_such_target"], "there are"),
        (["debug", 'GDBFLAGS=-ex "strata regs'], "no closing quotation"),
        (["run", "BOOT=floppy"], "pvh"),
        (["run", "SOLVED=nothing"], "all"),
        (["no-such-verb"], "no-such-verb"),
        (["BUILD=with blank", "all"], "blank"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_unknown_value_gets_the_list_of_valid_ones(words: list[str], valid: str) -> None:
    """Status is not 0, the text names what would be right."""
    done = run(["make", *words])
    assert done.returncode != 0
    assert valid in done.stdout and clear(done.stdout), done.stdout


def path_without(tmp_path: Path, *missing: str) -> str:
    """A PATH with everything of /usr/bin and /bin but some tools."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for place in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"):
        for tool in os.scandir(place):
            if tool.name not in missing and not (folder / tool.name).exists():
                os.symlink(tool.path, folder / tool.name)
    return str(folder)


def test_a_missing_tool_is_doctors_line(clone: Path, tmp_path: Path) -> None:
    """Without NASM and QEMU: doctor fails, names both and the command; grade says so too."""
    path = path_without(tmp_path, "nasm", "qemu-system-x86_64")
    done = run(["make", "doctor"], cwd=clone, PATH=path)
    assert done.returncode != 0 and clear(done.stdout), done.stdout
    assert "nasm" in done.stdout and "qemu" in done.stdout and "apt" in done.stdout
    done = run(["make", "grade", "SOLVED=all", "LAB=0"], cwd=clone, PATH=path)
    assert done.returncode != 0 and clear(done.stdout), done.stdout
    assert "doctor" in done.stdout or "nasm" in done.stdout


def test_a_missing_optional_tool_leaves_its_tests_unjudged(clone: Path, tmp_path: Path) -> None:
    """Without grub-mkrescue and xorriso everything else is judged, and doctor is content."""
    path = path_without(tmp_path, "grub-mkrescue", "xorriso")
    done = run(["make", "provided", "LAB=0", "TEST=*doors*"], cwd=clone, PATH=path)
    assert clear(done.stdout), done.stdout
    assert "not judged on this machine" in done.stdout, done.stdout[-3000:]
    assert " 0 failed" in done.stdout, done.stdout[-3000:]
    assert run(["make", "doctor"], cwd=clone, PATH=path).returncode == 0


def fake(tmp_path: Path, name: str, text: str) -> str:
    """An executable script; its path."""
    path = tmp_path / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    "script,word",
    [
        ("echo QEMU emulator version 2.0.0; exit 1\n", "QEMU"),
        ("kill -SEGV $$\n", "SIGSEGV"),
        ("exit 1\n", "QEMU"),
    ],
    ids=["old", "crash", "refuses"],
)
def test_a_qemu_that_does_not_work_is_said_so(tmp_path: Path, script: str, word: str) -> None:
    """One test with such a QEMU: a line about QEMU, not about the student's work."""
    qemu = fake(tmp_path, "qemu", script)
    build = tmp_path / "build"
    words = ["make", "grade", "SOLVED=all", f"BUILD={build}", f"QEMU={qemu}", "LAB=0"]
    done = run(words)
    assert done.returncode != 0 and clear(done.stdout), done.stdout
    assert word in done.stdout, done.stdout[-2000:]


def test_a_display_that_is_not_there_is_said_so() -> None:
    """GUI=1 without a display."""
    env = {key: value for key, value in environment().items() if key != "DISPLAY"}
    done = subprocess.run(
        ["make", "run", "GUI=1"], cwd=TREE, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "display" in done.stderr and clear(done.stderr), done.stderr


def test_a_tree_with_blanks_and_a_long_path(tmp_path: Path) -> None:
    """A clone in a folder with a blank, 200 characters deep."""
    deep = tmp_path / "a folder with blanks"
    while len(str(deep)) < 200:
        deep = deep / "and a long name below"
    tree = copy_tree(deep / "strata")
    done = run(["make", "grade", "SOLVED=all", "LAB=0"], cwd=tree)
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_checkout_with_crlf_is_undone_by_gitattributes(tmp_path: Path) -> None:
    """A clone made with core.autocrlf=true still has plain line ends."""
    source = copy_tree(tmp_path / "source")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        assert run([*git, *words], cwd=source).returncode == 0
    to = tmp_path / "to"
    words = [*git, "clone", "-q", "-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
    assert run([*words, str(source), str(to)]).returncode == 0
    for name in ("setup", "Makefile", "lab0-boot/uart.c", "lab0-boot/entry.asm"):
        assert b"\r\n" not in (to / name).read_bytes(), name


def test_a_read_only_tree_with_a_build_folder_elsewhere() -> None:
    """Nothing is written into the tree: as another user when we are root."""
    place = Path(tempfile.mkdtemp(prefix="strata-read-only-"))
    place.chmod(0o755)
    tree, build = copy_tree(place / "tree"), place / "elsewhere"
    build.mkdir()
    words = ["make", "grade", "SOLVED=all", "LAB=0", f"BUILD={build}"]
    before = sorted(str(path) for path in tree.rglob("*"))
    for path in [tree, *tree.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222 | 0o444 | (0o111 if path.is_dir() else 0))
    if os.geteuid() == 0:
        os.chown(build, 65534, 65534)
        words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *words]
    done = run(words, cwd=tree, HOME=str(build), TMPDIR=str(build))
    after = sorted(str(path) for path in tree.rglob("*"))
    run(["chmod", "-R", "u+w", str(place)])
    shutil.rmtree(place, ignore_errors=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert after == before


def test_no_space_left_is_one_line(clone: Path) -> None:
    """A build folder on a full disk: the run stops with the reason."""
    build = clone / "full"
    build.mkdir()
    mounted = run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(build)])
    if mounted.returncode:
        pytest.skip("cannot mount a small file system here")
    try:
        done = run(["make", "grade", "SOLVED=all", "LAB=0", "BUILD=full"], cwd=clone)
    finally:
        run(["umount", "-l", str(build)])
    assert done.returncode != 0 and clear(done.stdout), done.stdout[-2000:]
    assert "no space left" in done.stdout.lower(), done.stdout[-2000:]


def start_grade(tree: Path) -> subprocess.Popen[str]:
    """A grade in the background, in a process group of its own as a terminal makes it."""
    return subprocess.Popen(
        ["make", "grade", "SOLVED=all", "LAB=0"],
        cwd=tree,
        env=environment(),
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def children_of(tree: Path) -> list[str]:
    """QEMUs that boot images of this tree."""
    done = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=False)
    return [line for line in done.stdout.splitlines() if "qemu-sys" in line and str(tree) in line]


def test_ctrl_c_ends_the_children_and_leaves_a_partial_report(clone: Path) -> None:
    """An interrupt in the middle: no QEMU is left, the report is marked partial."""
    assert run(["make", "SOLVED=all", "all"], cwd=clone).returncode == 0
    grade = start_grade(clone)
    folder = clone / "build/grade"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(folder.glob("**/verdict.log")):
        time.sleep(0.05)
    os.killpg(grade.pid, signal.SIGINT)
    text, _ = grade.communicate(timeout=60)
    assert grade.returncode != 0, text[-2000:]
    assert clear(text), text
    assert not children_of(clone)
    found = json.loads((folder / "results.json").read_text())
    assert found.get("partial") is True or "partial" in text, text[-2000:]


def test_two_grades_at_once_do_not_spoil_each_other(clone: Path) -> None:
    """The second waits or refuses; whoever runs gets full marks."""
    grades = [start_grade(clone), start_grade(clone)]
    texts = [grade.communicate(timeout=300)[0] for grade in grades]
    good = [grade.returncode == 0 for grade in grades]
    assert any(good), texts
    for ok, text in zip(good, texts):
        assert ok or "another" in text, text[-2000:]
    assert json.loads((clone / "build/grade/results.json").read_text())["score"] == 100


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_setup_refuses_an_unknown_verb() -> None:
    """With the list of valid ones."""
    done = run(["./setup", "no-such-verb"])
    assert done.returncode != 0
    assert "grade" in done.stdout and clear(done.stdout)
