# SPDX-License-Identifier: MIT
"""What runs at Gradescope: `build` while the image is made, `grade` for each submission.

The container is the sandbox. Within it strangers' files are compiled and booted under a uid
that owns nothing else and cannot read the salt, with the limits of `make grade-class`.
Source: gradescope-autograders.readthedocs.io, "Autograder Specifications", "Submission
Metadata", "Troubleshooting" (half a CPU, 768 MB and 10 minutes unless a class asks for more).
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any, Mapping

from . import inside, submissions
from .class_key import Key, Result, judge, nothing
from .class_tree import check_built
from .errors import StrataError
from .grade_class import seed_of
from .record import write_atomically
from .sandbox import MIB, Limits

__all__ = ["as_gradescope", "build", "collect", "grade", "main"]

_UID = 60100
_OUTPUT = 16 * MIB
_BUILD_S = 1800.0
_LEFT_S = 45.0  # for unpacking and for the last words
_COMPILER_MIB = 384  # of the 768 that there are
_SHOWN = 12


def main(words: list[str]) -> int:
    """build fails where the image would be of no use; grade always leaves a result."""
    root = Path(os.environ.get("AUTOGRADER_ROOT") or "/autograder")
    if words == ["build"]:
        try:
            build(root)
        except (StrataError, OSError) as error:
            print(f"setup.sh: {error}", file=sys.stderr)
            return 1
        print("setup.sh: the references have full marks here; ready")
        return 0
    os.umask(0o077)
    began = time.monotonic()
    try:
        data = grade(root)
    except Exception as error:  # whatever it is, the student is owed a result
        print(f"run_autograder: {type(error).__name__}: {error}", file=sys.stderr)
        said = "The autograder could not grade this. It is no fault of yours: tell your instructor."
        data = {"score": 0, "output": f"{said}\n({type(error).__name__})", "tests": []}
    data["execution_time"] = round(time.monotonic() - began)
    path = root / "results" / "results.json"
    write_atomically(path, json.dumps(data, indent=1) + "\n")
    path.chmod(0o644)  # whoever fetches it
    print(f"score {data['score']} in {data['execution_time']} s")
    return 0


def build(root: Path) -> None:
    """Build what is provided and see that the references pass on this machine."""
    config = _config(root)
    box = _fresh_box(root)
    tree = gzip.decompress((root / "source" / "tree.tgz").read_bytes())
    words = ["build", str(config["lab"]), str(config["jobs"]), config["test"]]
    with tempfile.TemporaryFile() as given:
        given.write(tree)
        given.seek(0)
        output, errors = _inside(box, words, given, _BUILD_S, 256 * MIB)
    check_built(output, errors)
    (root / "source" / "class.tgz").write_bytes(output)
    shutil.rmtree(box)


def grade(root: Path) -> dict[str, Any]:
    """One submission; what Gradescope is told."""
    config = _config(root)
    key = Key(config["key"])
    come = collect(root / "submission", config["wanted"])
    seed = seed_of(config["salt"], come.digest(""))
    result = Result("submission", come.form, "", seed, come.notes)
    if not come.files:
        nothing(result, key, f"there is no exercise file in it; wanted are {_few(config)}")
        return as_gradescope(config, result)
    box = _fresh_box(root)
    shutil.copyfile(root / "source" / "class.tgz", box / "class.tgz")
    (box / "class.tgz").chmod(0o644)
    asked = {
        "lab": config["lab"],
        "jobs": config["jobs"],
        "seed": seed,
        "seconds": config["limit"],
        "test": config["test"],
        "files": {
            name: base64.b64encode(data).decode("ascii") for name, data in come.files.items()
        },
    }
    with tempfile.TemporaryFile() as given:
        given.write(json.dumps(asked).encode())
        given.seek(0)
        output, errors = _inside(box, ["grade"], given, config["limit"] + _LEFT_S, _OUTPUT)
    shutil.rmtree(box, ignore_errors=True)
    try:
        found = json.loads(output)
    except ValueError:
        found = {"results": None, "said": errors}
    judge(result, key, found["results"], str(found["said"]))
    return as_gradescope(config, result)


def collect(folder: Path, wanted: list[str]) -> submissions.Submission:
    """The exercise files, in whatever way Gradescope laid them out: folders as in the tree,
    within a folder of the repository's name, a zip in it, or files without their folders."""
    made = submissions.read("submission", folder, wanted, "")
    if not made.files and folder.is_dir():
        zips = [one for one in sorted(folder.iterdir()) if one.suffix.lower() == ".zip"]
        if len(zips) == 1:
            made = submissions.read("submission", zips[0], wanted, "")
    submissions.add_loose(made, folder, wanted)
    return made


def as_gradescope(config: Mapping[str, Any], result: Result) -> dict[str, Any]:
    """results.json in Gradescope's words."""
    alone = config["mark"] == "alone"
    rows: list[dict[str, Any]] = []
    counts: dict[str, int] = {}
    for one in result.tests:
        counts[one.exercise] = counts.get(one.exercise, 0) + 1
        passed = one.alone if alone else one.passed
        row: dict[str, Any] = {
            "name": one.name,
            "number": f"{one.exercise}.{counts[one.exercise]}",
            "score": round(one.points, 2) if passed else 0,
            "max_score": round(one.most, 2),
            "output": one.output or one.word,
            "output_format": "text",
            "tags": [one.exercise, one.word],
            "visibility": "visible",
        }
        if one.most:
            row["status"] = "passed" if passed else "failed"
        rows.append(row)
    return {
        "score": result.alone if alone else result.points,
        "output": "\n".join(_summary(config, result)),
        "output_format": "text",
        "stdout_visibility": "hidden",
        "visibility": "visible",
        "tests": rows,
        "extra_data": {
            "seed": result.seed,
            "score_given": result.points,
            "score_alone": result.alone,
            "commit": config["commit"],
        },
    }


def _summary(config: Mapping[str, Any], result: Result) -> list[str]:
    lab, most = config["lab"], f"{result.most:g}"
    lines = [
        f"Lab {lab}, {config['title']}: {result.points:g} of {most} points, each exercise judged "
        f"with what it stands on given; {result.alone:g} with nothing given. "
        f"The {'second' if config['mark'] == 'alone' else 'first'} of the two counts."
    ]
    lines += [result.trouble] if result.trouble else []
    gone = [one.partition(":")[0] for one in result.notes if one.endswith(": not handed in")]
    notes = [one for one in result.notes if not one.endswith(": not handed in")]
    lines += notes[:_SHOWN]
    if len(notes) > _SHOWN:
        lines.append(f"... and {len(notes) - _SHOWN} notes more")
    if gone:
        lines.append(f"not handed in, so as the handout has them: {', '.join(gone)}")
    lines.append(f"The same at home: make grade LAB={lab} SEED={result.seed}")
    return lines


def _few(config: Mapping[str, Any]) -> str:
    own = [name for name in config["wanted"] if name.startswith(f"lab{config['lab']}-")]
    return ", ".join(own[:4]) + (", ..." if len(own) > 4 else "")


def _config(root: Path) -> dict[str, Any]:
    found = json.loads((root / "source" / "config.json").read_text(encoding="utf-8"))
    return dict(found)


def _fresh_box(root: Path) -> Path:
    """An empty folder that strangers' code may write to."""
    box = root / "box"
    shutil.rmtree(box, ignore_errors=True)
    box.mkdir()
    box.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(box, _UID, _UID)
    return box


def _inside(
    box: Path, words: list[str], given: IO[bytes], seconds: float, most: int
) -> tuple[bytes, str]:
    """inside.py there, on that uid and under limits; its output, its last errors."""
    script = box / "inside.py"
    shutil.copyfile(inside.__file__, script)
    script.chmod(0o644)
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    kept |= {"HOME": str(box), "TMPDIR": str(box), "STRATA_BOX": str(box)}
    kept |= {"STRATA_COMPILER_MIB": str(_COMPILER_MIB)}
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = {"user": _UID, "group": _UID, "extra_groups": []}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            ["/usr/bin/python3", "-SE", str(script), *words],
            cwd=box,
            env=kept,
            stdin=given,
            stdout=output,
            stderr=errors,
            start_new_session=True,
            preexec_fn=_limit,
            **user,
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            errors.write(f"\nit was ended after {seconds:.0f} seconds\n".encode())
        finally:
            _end(process)
        output.seek(0)
        errors.seek(0)
        return output.read(most), errors.read(64 * 1024).decode("utf-8", "backslashreplace")


def _limit() -> None:
    """What grade-class gives a submission; but the memory is the container's to limit."""
    limits = Limits()
    for what, value in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_FSIZE, limits.file),
        (resource.RLIMIT_NOFILE, 1024),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (value, value))
    if os.geteuid() != 0 and os.getuid() == _UID:
        resource.setrlimit(resource.RLIMIT_NPROC, (limits.processes, limits.processes))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Whatever is left of its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
