# SPDX-License-Identifier: MIT
"""GDB that knows the kernel: `source grader/gdb/strata.py`, which every debug verb does.

It loads what all stages share, then labN-*/gdb/*.py of the labs that are there, in
order: a lab adds commands, printers and unwinders by a file in its folder. What they
may use is strata_gdb.py. docs/gdb.md is the page for users.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

import gdb

# A local socket loses nothing. But where an answer is late GDB sends its packet again, and
# QEMU obeys twice: a second step, a guest stopped as by Ctrl-C, answers to older questions.
_PATIENCE_S = 1000
_HERE = Path(__file__).resolve().parent
_TREE = _HERE.parents[1]


def _load(path: Path, name: str) -> None:
    """Run a file as a module of its own; what fails is said, and the rest goes on."""
    try:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except Exception as error:  # pylint: disable=broad-except
        print(f"strata: {path.relative_to(_TREE)} is left out: {error}")


def _main() -> None:
    gdb.execute(f"set remotetimeout {_PATIENCE_S}")
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(_HERE.parent))  # first: this file's name is that package's, too
    sys.path.append(str(_HERE))
    importlib.reload(importlib.import_module("strata_gdb"))
    _load(_HERE / "strata_cpu.py", "strata_cpu")
    for path in sorted(_TREE.glob("lab[0-9]*-*/gdb/*.py")):
        _load(path, f"strata_{path.parent.parent.name[:4]}_{path.stem}")


_main()
