# SPDX-License-Identifier: MIT
"""`make editor`: compile_commands.json and .vscode/launch.json for this tree."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["compile_commands", "launch", "main"]


def compile_commands(dry_run: str, folder: str) -> list[dict[str, Any]]:
    """Entries for the compilations in the output of `make -n V=1`."""
    found = []
    for line in dry_run.replace("\\\n", " ").splitlines():
        words = shlex.split(line.rpartition("&&")[2]) if " -c " in line else []
        if words and words[-3:-2] and words[-2] == "-o" and words[-3].endswith(".c"):
            found.append({"directory": folder, "file": words[-3], "arguments": words})
    return found


def launch(elf: str, socket: str) -> dict[str, Any]:
    """VS Code's debugger on the socket of `make debug`."""
    commands = ["source grader/gdb/strata.py", f"target remote {socket}", "break kernel_main"]
    return {
        "version": "0.2.0",
        "configurations": [
            {
                "name": "Strata (start `make debug GDB=none` first)",
                "type": "cppdbg",
                "request": "launch",
                "program": "${workspaceFolder}/" + elf,
                "cwd": "${workspaceFolder}",
                "MIMode": "gdb",
                "customLaunchSetupCommands": [
                    {"text": f"file ${{workspaceFolder}}/{elf}"},
                    *({"text": text} for text in commands),
                ],
                "launchCompleteCommand": "exec-continue",
            }
        ],
    }


def main(argv: list[str]) -> int:
    """argv: the ELF file with symbols, the socket, make's words for a dry run."""
    elf, socket, *make = argv
    dry = subprocess.run(make, capture_output=True, text=True, check=False)
    if dry.returncode:
        print(f"editor: {' '.join(make)} failed: {dry.stderr.strip()}", file=sys.stderr)
        return 1
    entries = compile_commands(dry.stdout, str(Path.cwd()))
    Path("compile_commands.json").write_text(json.dumps(entries, indent=1) + "\n")
    Path(".vscode").mkdir(exist_ok=True)
    Path(".vscode/launch.json").write_text(json.dumps(launch(elf, socket), indent=1) + "\n")
    print(f"compile_commands.json: {len(entries)} files; .vscode/launch.json")
    return 0
