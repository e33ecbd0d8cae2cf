# SPDX-License-Identifier: MIT
"""What runs in the sandbox: a submission's files over the untouched tree, graded there.

    python inside.py grade    one JSON object in: files, seed; one out: results
    python inside.py build    a tree as tar in; the same out, with what is provided built
    python inside.py git      a .git folder as tar in; the files at a tag out

All of it is in STRATA_BOX, which is /box without it (at Gradescope there is no sandbox).
Compilers run by way of `tool`, which limits them and says whose file was too much.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["main"]

MIB = 1024 * 1024
BOX = Path(os.environ.get("STRATA_BOX") or "/box")
TREE = BOX / "tree"
TOOLS = BOX / "tools"
WRAPPED = ("gcc", "nasm")
_SECONDS = 10
_MEMORY = int(os.environ.get("STRATA_COMPILER_MIB") or "2048") * MIB
_FILE = 32 * MIB
_SAID = 64 * 1024
_KEPT = ("PATH", "HOME", "LANG", "STRATA_BOX", "STRATA_COMPILER_MIB")


def tool(name: str, words: list[str]) -> int:
    """A compiler under limits; a file that is too much for it is named as an error is."""
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            [f"/usr/bin/{name}", *words], stderr=said, preexec_fn=_limit, check=False
        )
        said.seek(0)
        text = said.read(_SAID)
    sys.stderr.buffer.write(text)
    file = next((word for word in words if word.endswith((".c", ".asm"))), "")
    if done.returncode and file and not _names(text, file):
        sys.stderr.write(f"\n{file}:1: error: {_why(done.returncode, text)}\n")
    return 1 if done.returncode else 0


def _names(text: bytes, file: str) -> bool:
    """Whether a line says that something is wrong in this file."""
    start = f"{file}:".encode()
    return any(line.startswith(start) and b"error" in line for line in text.splitlines())


def _why(status: int, text: bytes) -> str:
    """In one line: the limits, or what the assembler says of a file that is the compiler's."""
    said = [line for line in text.decode("utf-8", "replace").splitlines() if "Error: " in line]
    killed = status < 0 or any(word in text for word in (b"illed", b"exhausted", b"terminated"))
    if said and not killed:
        return said[0].partition("Error: ")[2][:200]
    return (
        f"the compiler gave up on this file: it may use {_SECONDS} seconds, "
        f"{_MEMORY // MIB} MiB, {_FILE // MIB} MiB of output and {_SAID // 1024} KiB of messages"
    )


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE, _FILE))


def _environment(more: dict[str, str]) -> dict[str, str]:
    TOOLS.mkdir(exist_ok=True)
    for name in WRAPPED:
        script = TOOLS / name
        script.write_text(f'#!/bin/sh\nexec /usr/bin/python3 -SE {__file__} {name} "$@"\n')
        script.chmod(0o755)
    # Python's own files of bytes lie where they were when the tree was built.
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    kept["PATH"] = f"{TOOLS}:{kept['PATH']}"
    (BOX / "tmp").mkdir(exist_ok=True)
    return {**kept, "TMPDIR": str(BOX / "tmp"), "PLAIN": "1", "DEPS": "none", **more}


def _make(words: list[str], seconds: float, more: dict[str, str]) -> str:
    """make there; ended gently when its time is over. Its last words."""
    log = BOX / "log"
    with open(log, "wb") as stream:
        process = subprocess.Popen(
            ["make", "--no-print-directory", *words],
            cwd=TREE,
            env=_environment(more),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
    with open(log, "rb") as read:
        read.seek(max(0, log.stat().st_size - _SAID))
        return read.read().decode("utf-8", "backslashreplace")


def _results() -> Any:
    path = TREE / "build/grade/results.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def grade() -> int:
    """One submission."""
    asked = json.load(sys.stdin)
    TREE.mkdir()
    subprocess.run(["tar", "-xzf", str(BOX / "class.tgz"), "-C", str(TREE)], check=True)
    for name, data in asked["files"].items():
        target = TREE / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_bytes(base64.b64decode(data))
    words = [f"LAB={asked['lab']}", f"JOBS={asked.get('jobs', 1)}", f"SEED={asked['seed']}"]
    if asked.get("test"):
        words.append(f"TEST={asked['test']}")
    said = _make(["-k", "grade", *words], float(asked["seconds"]), {})
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = round(used.ru_utime + used.ru_stime, 2)
    json.dump({"results": _results(), "said": said, "cpu": cpu}, sys.stdout)
    return 0


def build() -> int:
    """What is provided, once for all: the whole lab with every reference, graded."""
    lab, jobs, test = sys.argv[2:5]
    TREE.mkdir()
    subprocess.run(["tar", "-xf", "-", "-C", str(TREE)], stdin=sys.stdin.buffer, check=True)
    more = {"DEPS": ""}
    words = [f"LAB={lab}", f"JOBS={jobs}", f"TEST={test}"]
    said = _make(["grade", "SOLVED=all", *words], 900, more)
    found = _results()
    _make(["-k", "grade", *words], 900, more)  # the skeleton: its own links and bytes
    shutil.rmtree(TREE / "build/grade", ignore_errors=True)
    shutil.rmtree(TREE / ".strata", ignore_errors=True)
    for folder in (TREE / "build/debug").glob("given-*"):
        shutil.rmtree(folder)
    about = {"results": found, "said": said}
    (TREE / "build/class.json").write_text(json.dumps(about), encoding="utf-8")
    subprocess.run(["tar", "-czf", "-", "-C", str(TREE), "."], check=True)
    return 0


def git() -> int:
    """Files at a tag, as they are stored: no filter, no hook, no working tree."""
    tag, most, *names = sys.argv[2:]
    repo = BOX / "repo"
    repo.mkdir()
    unpack = ["tar", "--no-same-permissions", "-xf", "-", "-C", str(repo)]
    subprocess.run(unpack, stdin=sys.stdin.buffer, check=True)
    env = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ALLOW_PROTOCOL": "none"}
    head = ["git", f"--git-dir={repo}", "-c", "core.hooksPath=/dev/null", "--no-pager"]

    def ask(*words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([*head, *words], env=env, capture_output=True, check=False)

    found = ask("rev-parse", "-q", "--verify", f"{tag}^{{commit}}")
    commit = found.stdout.decode("ascii", "replace").strip()
    if found.returncode or not commit:
        json.dump({"trouble": f"the repository has no tag or branch {tag}"}, sys.stdout)
        return 0
    files: dict[str, str] = {}
    notes = []
    for name in names:
        row = ask("ls-tree", "-z", commit, "--", name).stdout.split(b"\0")[0].split(b"\t")[0]
        words = row.decode("ascii", "replace").split()
        if len(words) != 3:
            continue
        if words[1] != "blob" or not words[0].startswith("100"):
            notes.append(f"{name}: not a plain file in the repository: not taken")
            continue
        size = ask("cat-file", "-s", words[2]).stdout.strip()
        if not size.isdigit() or int(size) > int(most):
            notes.append(f"{name}: larger than {int(most) // 1024} KiB: not taken")
            continue
        data = ask("cat-file", "blob", words[2])
        if data.returncode == 0:
            files[name] = base64.b64encode(data.stdout).decode("ascii")
    json.dump({"commit": commit, "files": files, "notes": notes}, sys.stdout)
    return 0


def main(words: list[str]) -> int:
    """One of the above."""
    if words[0] in WRAPPED:
        return tool(words[0], words[1:])
    return {"grade": grade, "build": build, "git": git}[words[0]]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
