# SPDX-License-Identifier: MIT
"""Gradescope, GitHub Classroom and the devcontainer, as far as they can be tried at home.

Their machines are not here: what is tried is our side of the contract, with other paths.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import stat
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any, Iterator

import pytest

from conftest import TREE, environment, run, tracked_files
from strata.lab import load_course
from strata.markers import reading

yaml = pytest.importorskip("yaml")
COURSE = load_course(TREE)
SALT = "a-salt-that-is-nobodys-business"
SPY = '#include "{root}/source/config.json"\n'


def reference(ident: str) -> str:
    """An exercise's reference without markers."""
    path = COURSE.solution(COURSE.by_id[ident])
    return reading(path.read_text(encoding="utf-8"), str(path))


# ---- Gradescope ----------------------------------------------------------------------


@pytest.fixture(scope="session", name="zipped")
def _zipped(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The autograder of lab 0 for one exercise, with a salt of course.toml."""
    folder = tmp_path_factory.mktemp("gradescope")
    (folder / "course.toml").write_text(f'salt = "{SALT}"\n')
    out = folder / "lab0.zip"
    words = [f"OUT={out}", f"CONFIG={folder}/course.toml", f"BUILD={folder}/build"]
    done = run(["make", "gradescope", "LAB=0", "TEST=0.1", *words], cwd=source)
    assert done.returncode == 0, done.stdout
    assert "for you only" in done.stdout and SALT not in done.stdout
    return out


@pytest.fixture(scope="session", name="root")
def _root(zipped: Path) -> Iterator[Path]:
    """/autograder elsewhere, set up; a short path, for the sockets of QEMU."""
    root = Path(tempfile.mkdtemp(prefix="gs", dir="/tmp"))
    root.chmod(0o755)
    (root / "source").mkdir()
    with zipfile.ZipFile(zipped) as packed:
        packed.extractall(root / "source")
    words = ["sh", str(root / "source" / "setup.sh")]
    done = run(words, cwd=root, AUTOGRADER_ROOT=str(root), STRATA_INSTALL="no")
    assert done.returncode == 0, done.stdout
    yield root
    shutil.rmtree(root, ignore_errors=True)


def graded(root: Path, files: dict[str, str], **more: str) -> dict[str, Any]:
    """run_autograder on a submission; its results.json."""
    shutil.rmtree(root / "submission", ignore_errors=True)
    (root / "submission").mkdir()
    for name, text in files.items():
        path = root / "submission" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    words = ["sh", str(root / "source" / "run_autograder")]
    done = run(words, cwd=root, AUTOGRADER_ROOT=str(root), **more)
    assert done.returncode == 0, done.stdout
    found: dict[str, Any] = json.loads((root / "results" / "results.json").read_text())
    assert SALT not in json.dumps(found)
    return found


def test_the_zip_is_the_instructors_and_has_no_solution(zipped: Path) -> None:
    assert stat.S_IMODE(zipped.stat().st_mode) == 0o600
    with zipfile.ZipFile(zipped) as packed:
        modes = {one.filename: one.external_attr >> 16 for one in packed.infolist()}
        assert modes["setup.sh"] & 0o111 and modes["run_autograder"] & 0o111
        assert json.loads(packed.read("config.json"))["salt"] == SALT
        assert b"instructor only" in packed.read("README.txt")
        with tarfile.open(fileobj=io.BytesIO(packed.read("tree.tgz"))) as tree:
            names = tree.getnames()
    assert "lab0-boot/uart.c" in names and "setup" in names
    assert not [name for name in names if re.match(r"solutions|grader/checks|docs/instr", name)]


def test_a_right_file_gets_its_points_from_any_folder(root: Path) -> None:
    found = graded(root, {"strata-main/lab0-boot/uart.c": reference("0.1")})
    assert found["score"] == COURSE.by_id["0.1"].points, found["output"]
    assert {one["status"] for one in found["tests"]} == {"passed"}
    assert "format.c" in found["output"]  # was not handed in


def test_a_build_error_is_told_and_the_salt_is_out_of_reach(root: Path) -> None:
    found = graded(root, {"uart.c": SPY.format(root=root) + reference("0.1")})
    assert found["score"] == 0
    said = found["tests"][0]["output"]
    assert "does not build" in said and "lab0-boot/uart.c:1" in said
    if os.geteuid() == 0:
        assert "Permission denied" in said


def test_an_empty_submission_and_a_broken_autograder_have_a_result(root: Path) -> None:
    found = graded(root, {"essay.txt": "I meant to"})
    assert found["score"] == 0 and "no exercise file" in found["output"]
    config = root / "source" / "config.json"
    text = config.read_text()
    config.write_text("{")
    try:
        assert "no fault of yours" in graded(root, {})["output"]
    finally:
        config.write_text(text)
    found = graded(root, {"uart.c": reference("0.1")}, STRATA_LIMIT="0.3")
    assert found["score"] == 0 and "no fault of yours" in found["output"]


# ---- GitHub Classroom ----------------------------------------------------------------


def workflow(name: str) -> dict[str, Any]:
    """A workflow, parsed; `on` is a word that YAML 1.1 takes for true."""
    found = yaml.safe_load((TREE / ".github" / "workflows" / name).read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in found.items()}


@pytest.mark.parametrize("name", ["classroom.yml", "check.yml"])
def test_a_workflow_has_the_form_of_one(name: str) -> None:
    found = workflow(name)
    assert set(found) <= {"name", "on", "permissions", "env", "jobs"}
    assert set(found["on"]) <= {"push", "pull_request", "repository_dispatch", "workflow_dispatch"}
    for job in found["jobs"].values():
        assert set(job) <= {"runs-on", "container", "timeout-minutes", "if", "steps"}
        assert job["container"] == "debian:12"
        for step in job["steps"]:
            assert set(step) <= {"name", "if", "uses", "with", "run"} and step["name"]
            assert ("run" in step) != ("uses" in step)
            assert "run" in step or re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"])
    assert "write" not in found["permissions"].get("contents", "")


def step_by_step(name: str, tree: Path, home: Path, **more: str) -> str:
    """Each `run` of a workflow, as GitHub's runner does it; what they printed."""
    (home / "summary").write_text("")
    env = environment(HOME=str(home), GITHUB_STEP_SUMMARY=str(home / "summary"), **more)
    said = ""
    for step in workflow(name)["jobs"]["run-autograding-tests"]["steps"]:
        if "run" not in step:
            continue
        done = subprocess.run(
            ["sh", "-e", "-c", step["run"]],
            cwd=tree,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            check=False,
        )
        said += done.stdout
        assert done.returncode == (step["name"] == "Grade"), (step["name"], said)
    return said


def test_a_repository_of_classroom_is_graded(source: Path, tmp_path: Path) -> None:
    out, home = tmp_path / "handout", tmp_path / "home"
    home.mkdir()
    words = [f"OUT={out}", "THROUGH=0", f"BUILD={tmp_path}/build"]
    assert run(["make", "handout", *words], cwd=source).returncode == 0
    mine = tmp_path / "mine"
    # As from a template: the files in one new commit, no tag.
    run(["git", "clone", "-q", str(out), str(mine)], cwd=tmp_path)
    shutil.rmtree(mine / ".git")
    assert (mine / ".github" / "workflows" / "classroom.yml").exists()
    assert not (mine / ".github" / "workflows" / "check.yml").exists()
    (mine / "lab0-boot" / "uart.c").write_text(reference("0.1"), encoding="utf-8")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for one in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "mine"]):
        assert run(["git", *who, *one], cwd=mine).returncode == 0
    said = step_by_step("classroom.yml", mine, home, HANDOUT=str(out), LAB="0", TEST="0.1")
    points = COURSE.by_id["0.1"].points
    assert f'title=Autograding report::{{"totalPoints": {points}.0, "maxPoints"' in said, said
    assert "| passed |" in (home / "summary").read_text()
    assert (mine / "build" / "handin" / "lab0.zip").exists()
    assert (mine / "build" / "handin" / "lab0.html").exists()


# ---- The devcontainer ----------------------------------------------------------------


def dockerfile() -> list[tuple[str, str]]:
    """(instruction, the rest) of each line of the Dockerfile."""
    text = (TREE / ".devcontainer" / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def test_the_devcontainer_is_debian_with_the_packages_of_setup() -> None:
    path = TREE / ".devcontainer" / "devcontainer.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    assert (path.parent / found["build"]["dockerfile"]).exists()
    assert [name for name in tracked_files() if name.endswith("Dockerfile")] == [
        ".devcontainer/Dockerfile"
    ]
    lines = dockerfile()
    assert lines[0] == ("FROM", "debian:12")
    words = " && ".join(rest for name, rest in lines if name == "RUN")
    verbs = re.findall(r"\./setup --install ([\w-]+)", words)
    assert "apt" not in words.replace("/var/lib/apt/lists", "") and "debug" in verbs
    assert f"useradd --create-home --shell /bin/bash {found['remoteUser']}" in words
    for verb in verbs:
        assert run(["grep", "-q", f"^{verb}:", "Makefile"]).returncode == 0 or verb == "debug"


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="debootstrap needs root")
@pytest.mark.skipif(shutil.which("debootstrap") is None, reason="no debootstrap here")
def test_the_dockerfile_builds_on_a_bare_debian(tmp_path: Path) -> None:
    """What its lines do, in a chroot: FROM, COPY and RUN; no Docker is here."""
    root = tmp_path / "root"
    done = run(["debootstrap", "--variant=minbase", "bookworm", str(root)], timeout=1200)
    assert done.returncode == 0, done.stdout[-2000:]
    for name, rest in dockerfile()[1:]:
        if name == "COPY":
            for file in tracked_files():
                target = root / rest.split()[1].lstrip("/") / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(TREE / file, target)
            continue
        assert name == "RUN", name
        done = run(["chroot", str(root), "sh", "-c", rest], timeout=1800)
        assert done.returncode == 0, done.stdout[-3000:]
    for tool in ("qemu-system-x86_64", "gcc", "nasm", "gdb", "git", "make"):
        assert (root / "usr" / "bin" / tool).exists(), tool
