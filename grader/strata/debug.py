# SPDX-License-Identifier: MIT
"""The verb debug: the machine of a graded run under GDB.

GDB stops at the test's first line, then at the panic or the stub that ends the run. A
stage without a test: BOOT=own stops in the boot sector, with STOP=reset already at the
first instruction; GDB=none leaves GDB's place to an editor.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Callable, Mapping, Sequence

from . import broken
from .build import Builder
from .debuggee import Debuggee, serial_note
from .discover import Case, at_stage, kernel_tests, too_many
from .elf import read_symbols
from .errors import BuildError, StrataError, UsageError
from .fixture import Machine, Variant
from .grade import Request, image_names, lab_seed, prepare, request, situation_of
from .kernel_run import options
from .lab import Course, Lab
from .host import die_with_us, elf_beside
from .machine import Guest
from .planning import test_seed
from .plugin import kernel_spec
from .trials import spec as trial_spec
from .spec import MachineSpec, command_line, find_qemu

__all__ = ["build_for", "debug", "find_gdb", "load_test", "recorded_given", "recorded_stage"]
__all__ += ["gdb_flags", "stage_spec"]


def debug(environment: Mapping[str, str]) -> int:
    """With TEST= that test, else a stage's boot."""
    if find_gdb() is None:
        raise StrataError("gdb is not installed; see `make doctor`")
    gdb_flags(environment.get("GDBFLAGS", ""))  # a slip in them is said before QEMU starts
    if not environment.get("TEST"):
        return _debug_stage(environment)
    asked = request(environment, "debug")
    if len(asked.cases) != 1:
        raise too_many("debug", asked.cases, environment["TEST"])
    case = asked.cases[0]
    if case.kind == "case":
        raise UsageError(f"{case.id} boots nothing; its kernels: make debug LAB={case.lab} CASE=1")
    lab = asked.course.lab(case.lab)
    last = asked.out.parent / "grade" / "results.json"
    given = asked.solved if environment.get("SOLVED") else recorded_given(last, case.id)
    if not environment.get("STAGE"):
        asked = replace(asked, stage=recorded_stage(last, asked.course, lab))
    images = build_for(asked, asked.stage_of(lab), given, case)
    print(f"{case.id}: {case.title}\n  with {', '.join(sorted(given)) or 'nothing'} given")
    if case.kind == "outside":
        return _debug_outside(asked, case, lab, given, images)
    if case.kind == "test":
        return _debug_own(asked, case, images, given)
    image = images / at_stage(case.images[0], asked.stage_of(lab).number)
    everything = kernel_tests(asked.course, asked.stage_of(lab).number)
    cmdline, _ = options([case.name], everything, lab_seed(asked, lab))
    spec = kernel_spec(image, cmdline, lab_seed(asked, lab), 1)
    return _session(spec, [f"ktest_{case.name}"], asked.course.tree)


def _debug_own(asked: Request, case: Case, images: Path, given: frozenset[str]) -> int:
    """The student's test on the reference, from the first of its KTESTs on."""
    which = "given" if case.exercise in given else "own"
    image = images.parent / "trials" / which / Path(case.images[0]).name
    names = [name for name in read_symbols(elf_beside(image)).by_name if name.startswith("ktest_")]
    source = asked.course.tree / case.file
    mine = re.findall(r"^KTEST\(\s*(\w+)", source.read_text(encoding="utf-8"), re.M)
    seed = lab_seed(asked, asked.course.lab(case.lab))
    spec = trial_spec(image, seed, 0)
    return _session(
        spec, [f"ktest_{one}" for one in mine if f"ktest_{one}" in names], asked.course.tree
    )


def recorded_given(results: Path, ident: str) -> frozenset[str]:
    """What the last graded run of a test had given; nothing when it was not graded."""
    try:
        data = json.loads(results.read_text(encoding="utf-8"))
        entry = next(one for one in data["tests"] if one["id"] == ident)
        return frozenset(entry["given"])
    except (OSError, ValueError, KeyError, StopIteration):
        return frozenset()


def recorded_stage(results: Path, course: Course, lab: Lab) -> Lab | None:
    """The stage of the last graded run of a lab, if that was not its own."""
    try:
        data = json.loads(results.read_text(encoding="utf-8"))
        return course.lab(data["stage"][f"lab{lab.number}"])
    except (OSError, ValueError, KeyError, StopIteration):
        return None


def find_gdb() -> str | None:
    """A GDB that knows x86-64: on other CPUs one for many, or a cross one."""
    here = platform.machine() in ("x86_64", "AMD64", "amd64")
    names = ("gdb",) if here else ("gdb-multiarch", "x86_64-elf-gdb", "gdb")
    return next((name for name in names if shutil.which(name)), None)


def build_for(asked: Request, stage: Lab, given: frozenset[str], case: Case) -> Path:
    """The folder with a test's images, built."""
    builder = Builder(asked.course, asked.jobs)
    situation = prepare(asked, builder, replace(situation_of(asked), solved=given))
    failed = builder.images(stage, situation.given, image_names([case], stage))
    if failed is not None:
        raise BuildError("the build failed:\n" + failed.log[-2000:])
    return builder.tag(stage, situation.given)


def _debug_stage(environment: Mapping[str, str]) -> int:
    course = _course(environment)
    spec = stage_spec(course, environment)
    if environment.get("GDB") == "none":
        return _serve(spec, course.tree)
    return _session(spec, [], course.tree, environment.get("STOP") == "reset")


def stage_spec(course: Course, environment: Mapping[str, str]) -> MachineSpec:
    """A stage's boot by LAB, SOLVED, BOOT, CASE and CMDLINE, its image built."""
    labs = course.pick_labs(environment.get("LAB", ""))
    lab = labs[-1]
    word = environment.get("SOLVED") or ("all" if course.has_solutions else "none")
    door = environment.get("BOOT") or "pvh"
    end = {"pvh": "stripped.elf", "own": "img", "grub": "iso", "uefi": "iso"}.get(door)
    if end is None:
        raise UsageError(f"BOOT={door}: no such way in; there are pvh, own, grub, uefi")
    builder = Builder(course, max(1, os.cpu_count() or 1))
    given = course.pick_exercises(word)
    name, case = f"stage{lab.number}.{end}", environment.get("CASE", "")
    if case:
        name = f"cases/lab{lab.number}-{case}.stripped.elf"
        print(f"case {case}: {broken.keys(course, lab)[int(case)].symptom}")
    failed = builder.images(lab, given, [name])
    if failed is not None:
        raise BuildError("the build failed:\n" + failed.log[-2000:])
    image = builder.tag(lab, given) / name
    if case:
        image = builder.tag(lab, given).parent / name
    cmdline = environment.get("CMDLINE", "")
    return MachineSpec(door, image, "00000000", cmdline=cmdline, vga="std")


def _course(environment: Mapping[str, str]) -> Course:
    return request({**environment, "TEST": "", "SOLVED": ""}, "debug").course


class _Stopped(Exception):
    """The outside test's first guest was debugged: the rest of the test is left out."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


def _debug_outside(
    asked: Request, case: Case, lab: Lab, given: frozenset[str], images: Path
) -> int:
    """Run the test's Python until it boots, and take that machine."""
    folder = Path(tempfile.mkdtemp(prefix="strata"))
    print(f"  the test: {case.file}:{case.line}")
    try:
        return _until_its_boot(asked, case, lab, given, images, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _until_its_boot(
    asked: Request, case: Case, lab: Lab, given: frozenset[str], images: Path, folder: Path
) -> int:
    test = load_test(asked.course.tree, case)
    stage = asked.stage_of(lab).number
    variant = Variant(asked.course.tree, lab.number, stage, tuple(sorted(given)), images)
    machine = _FirstBoot(variant, test_seed(lab_seed(asked, lab), case.id), folder)
    try:
        test(machine)
    except _Stopped as stopped:
        return stopped.status
    raise StrataError(f"{case.id} boots no machine")


def load_test(tree: Path, case: Case) -> Callable[[Machine], object]:
    """The Python of an outside test."""
    from importlib import util

    path = tree / case.file
    sys.path.append(str(path.parent))
    found = util.spec_from_file_location(path.stem, path)
    if found is None or found.loader is None:
        raise StrataError(f"{case.file} cannot be loaded")
    module = util.module_from_spec(found)
    sys.modules[path.stem] = module  # dataclasses look there
    found.loader.exec_module(module)
    made: Callable[[Machine], object] = getattr(module, case.name)
    return made


class _FirstBoot(Machine):
    """GDB at the test's first boot, while what the test has prepared is still there."""

    def start(self, spec: MachineSpec, paused: bool) -> Guest:
        """Instead of a guest: a session with its machine."""
        print("  this is the machine of its first boot; the test types nothing here")
        raise _Stopped(_session(spec, [], self.variant.tree))


def _session(spec: MachineSpec, stops: Sequence[str], tree: Path, at_reset: bool = False) -> int:
    """QEMU waiting at its first instruction, GDB in front of it."""
    with Debuggee(spec, stops, at_reset) as machine:
        try:
            machine.start()
            note = tree / serial_note()
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(f"{machine.serial_socket}\n", encoding="utf-8")
            return _gdb(machine)
        finally:
            machine.end()
            if machine.serial():
                print("--- serial line")
                print(machine.serial().rstrip())


def gdb_flags(text: str) -> list[str]:
    """GDBFLAGS= as a shell splits it: -ex "strata regs" is two words."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(f"GDBFLAGS={text}: {str(error).lower()}") from None


def _gdb(machine: Debuggee) -> int:
    words = machine.gdb_words(find_gdb() or "gdb")
    print("  the serial line, in another terminal: make serial", flush=True)
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is GDB's
    try:
        extra = gdb_flags(os.environ.get("GDBFLAGS", ""))
        return subprocess.run([*words, *extra], check=False).returncode
    finally:
        signal.signal(signal.SIGINT, old)


def _serve(spec: MachineSpec, tree: Path) -> int:
    """GDB=none: the machine waits for another debugger, such as an editor's."""
    socket = Path(os.environ.get("BUILD") or "build") / "debug.sock"
    (tree / socket).parent.mkdir(parents=True, exist_ok=True)
    words = [*die_with_us(), find_qemu(), "-S", "-gdb", "chardev:gdb0"]
    words += ["-chardev", f"socket,path={socket},server=on,wait=off,id=gdb0"]
    words += command_line(spec, "stdio,signal=off", "file,path=/dev/null")
    print(f"waiting for a debugger: target remote {socket}", flush=True)
    return subprocess.run(words, cwd=tree, check=False).returncode
