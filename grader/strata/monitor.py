# SPDX-License-Identifier: MIT
"""One monitor command of a stage, its answer on the terminal (`make locks`)."""

from __future__ import annotations

import argparse
from pathlib import Path

from .machine import Guest
from .spec import MachineSpec

__all__ = ["main"]

_PROMPT = "strata> "


def main(argv: list[str]) -> int:
    """Boot, type the command, print what it says."""
    parser = argparse.ArgumentParser(prog="strata monitor")
    parser.add_argument("--images", required=True)
    parser.add_argument("--lab", required=True)
    parser.add_argument("words", nargs="+")
    args = parser.parse_args(argv)
    image = Path(args.images) / f"stage{args.lab}.stripped.elf"
    with Guest(MachineSpec("pvh", image, "00000001")) as guest:
        guest.wait_serial(_PROMPT)
        guest.send(" ".join(args.words) + "\r")
        text = guest.wait_serial(_PROMPT).decode("utf-8", "replace").replace("\r", "")
    print("\n".join(text.split("\n")[1:-1]))
    return 0
