# SPDX-License-Identifier: MIT
"""Commands that nobody trusts: bubblewrap, on a uid that owns nothing, under limits.

Inside there is /usr, read only, and one writable folder, /box, a tmpfs of a given
size; no network, no other process, no file of the host's. What goes in comes by
standard input, what comes out by standard output, and no more than a given size of it.
When the command ends, by itself or not, every process that it left is ended, too.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Mapping, Sequence

from . import cgroups
from .errors import StrataError

__all__ = ["Limits", "Outcome", "missing", "run", "words_for"]

MIB = 1024 * 1024
_FIRST_UID = 60100  # users and system services have others (Debian policy 9.2.2)
_UIDS = 1000
_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = ("/etc/alternatives", "/etc/ld.so.cache")


@dataclass(frozen=True)
class Limits:
    """What one command may use."""

    seconds: float = 300.0
    output: int = 8 * MIB
    disk: int = 512 * MIB
    memory: int = 12288 * MIB  # address space of one process: guests of 5 GiB are tested
    total: int = 4096 * MIB  # in use by all together, where there are control groups
    file: int = 128 * MIB
    processes: int = 256
    cpu_seconds: int = 600


@dataclass(frozen=True)
class Outcome:
    """What became of it."""

    status: int
    output: bytes
    errors: str
    seconds: float
    trouble: str = ""  # it was ended, and why


def missing() -> str:
    """What this machine lacks for a sandbox, in one line; nothing when it works."""
    for tool, package in (("bwrap", "bubblewrap"), ("prlimit", "util-linux")):
        if shutil.which(tool) is None:
            return f"no sandbox: {tool} is not installed (Debian: apt install {package})"
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return "no sandbox: as root it needs setpriv (Debian: apt install util-linux)"
    tried = run(["/usr/bin/true"], Limits(seconds=20))
    if tried.status == 0 and not tried.trouble:
        return ""
    why = (tried.trouble or tried.errors.strip() or f"status {tried.status}").splitlines()[-1]
    return (
        f"no sandbox: bubblewrap does not work here ({why}); inside a container it needs "
        "unprivileged user namespaces (kernel.unprivileged_userns_clone, or the container's "
        "seccomp profile)"
    )


def words_for(
    command: Sequence[str],
    limits: Limits,
    files: Mapping[str, int],
    environment: Mapping[str, str],
    root: bool,
) -> list[str]:
    """The whole command line. files: place inside -> number of an open file."""
    words: list[str] = []
    if root:
        uid = str(_FIRST_UID + os.getpid() % _UIDS)
        words += ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
        words += ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
    words += ["prlimit", f"--as={limits.memory}", f"--fsize={limits.file}", "--core=0"]
    # A user's own processes count, too, where the uid is not another one.
    words += [f"--nproc={limits.processes if root else 4096}", f"--cpu={limits.cpu_seconds}"]
    words += ["--nofile=1024", "bwrap", "--unshare-all", "--die-with-parent", "--new-session"]
    words += ["--clearenv", "--ro-bind", "/usr", "/usr"]
    for name in _LINKS:
        place = Path("/", name)
        if place.is_symlink():
            words += ["--symlink", os.readlink(place), str(place)]
        elif place.is_dir():
            words += ["--ro-bind", str(place), str(place)]
    for name in _ETC:
        words += ["--ro-bind-try", name, name]
    words += ["--proc", "/proc", "--dev", "/dev"]
    words += ["--size", str(limits.disk), "--tmpfs", "/box"]
    for inside, outside in files.items():
        words += ["--file", str(outside), inside]
    words += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/box"]
    given = {"PATH": "/usr/bin:/bin:/usr/sbin", "HOME": "/box", "TMPDIR": "/box"}
    for name, value in {**given, "LANG": "C.UTF-8", **environment}.items():
        words += ["--setenv", name, value]
    return [*words, "--", *command]


def run(
    command: Sequence[str],
    limits: Limits = Limits(),
    given: bytes = b"",
    files: Mapping[str, Path] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Outcome:
    """Run a command to its end or to its limits. files: place inside -> file to copy there."""
    began = time.monotonic()
    with ExitStack() as stack:
        stdin = stack.enter_context(tempfile.TemporaryFile())
        errors = stack.enter_context(tempfile.TemporaryFile())
        # Opened here: the uid that the command gets may not read it, nor walk to it.
        opened = {
            place: stack.enter_context(open(path, "rb")).fileno()
            for place, path in (files or {}).items()
        }
        words = words_for(command, limits, opened, environment or {}, os.geteuid() == 0)
        group = stack.enter_context(cgroups.confined(limits.total, limits.processes))
        words = [*group.words(), *words]
        stdin.write(given)
        stdin.seek(0)
        try:
            process = subprocess.Popen(
                words,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                pass_fds=tuple(opened.values()),
            )
        except OSError as error:
            raise StrataError(f"no sandbox: {words[0]}: {error.strerror}") from None
        assert process.stdout is not None
        try:
            output, trouble = _read(process.stdout, limits, began, errors)
        finally:
            _end(process)
        if not trouble and group.starved():
            trouble = f"it used more than {limits.total // MIB} MiB of memory"
        errors.seek(0)
        said = errors.read(65536).decode("utf-8", "backslashreplace")
    return Outcome(process.returncode, output, said, time.monotonic() - began, trouble)


def _read(stream: IO[bytes], limits: Limits, began: float, errors: IO[bytes]) -> tuple[bytes, str]:
    """What it says until it ends; and why it was not let go on."""
    taken = bytearray()
    while True:
        left = limits.seconds - (time.monotonic() - began)
        if left <= 0:
            return bytes(taken), f"it was ended after {limits.seconds:.0f} seconds"
        ready, _, _ = select.select([stream], [], [], min(left, 1.0))
        if os.fstat(errors.fileno()).st_size > limits.output:
            return bytes(taken), f"it was ended after {limits.output // MIB} MiB of messages"
        if not ready:
            continue
        part = os.read(stream.fileno(), 65536)
        if not part:
            return bytes(taken), ""
        taken += part
        if len(taken) > limits.output:
            return b"", f"it was ended after {limits.output // MIB} MiB of output"


def _end(process: subprocess.Popen[bytes]) -> None:
    """The end of bwrap ends its whole process namespace."""
    try:
        if process.stdout is not None:
            process.stdout.close()
        process.wait(timeout=1.0)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
