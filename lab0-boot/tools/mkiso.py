#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a GRUB2 rescue ISO that boots the kernel on BIOS and on UEFI.

GRUB loads the kernel by Multiboot2. On BIOS it stays in text mode; on UEFI, where
there is none, it sets a graphics mode and passes a framebuffer tag.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["IsoError", "main"]

_TOOLS = {
    "grub-mkrescue": "apt install grub-common",
    "xorriso": "apt install xorriso",
    "mformat": "apt install mtools",
}
_PLATFORMS = {"i386-pc": "grub-pc-bin", "x86_64-efi": "grub-efi-amd64-bin"}
# Only what the menu below needs: a small ISO is made and booted sooner.
_MODULES = "normal test multiboot2 iso9660 all_video"

_MENU = """\
set timeout=0
if [ "$grub_platform" = efi ]; then
    insmod all_video
fi
menuentry "Strata" {{
    multiboot2 /boot/kernel{cmdline}
}}
"""


class IsoError(Exception):
    """What is wrong, in one line."""


def _grub_word(text: str) -> str:
    """A command line as GRUB's script language takes it: each word in quotes."""
    if any(ord(char) < 32 for char in text):
        raise IsoError("the command line holds a control character")
    words = ["'" + word.replace("'", "'\\''") + "'" for word in text.split()]
    return "".join(" " + word for word in words)


def _check_tools() -> None:
    for tool, cure in _TOOLS.items():
        if shutil.which(tool) is None:
            raise IsoError(f"{tool} is not installed (Debian: {cure})")


def _check_platforms() -> None:
    roots = [Path(root) for root in ("/usr/lib/grub", "/usr/share/grub2", "/usr/lib/grub2")]
    for platform, package in _PLATFORMS.items():
        if not any((root / platform / "normal.mod").exists() for root in roots):
            raise IsoError(f"GRUB for {platform} is not installed (Debian: apt install {package})")


def _mkrescue(tree: Path, iso: Path) -> None:
    command = ["grub-mkrescue", "--compress=no", "--fonts=", "--locales=", "--themes="]
    command += [f"--install-modules={_MODULES}", "-o", str(iso), str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not iso.exists():
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise IsoError(f"grub-mkrescue has failed: {last}")


def _make(kernel: Path, cmdline: str, output: Path) -> None:
    menu = _MENU.format(cmdline=_grub_word(cmdline))
    _check_tools()
    _check_platforms()
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".iso-") as work:
        tree = Path(work) / "tree"
        (tree / "boot" / "grub").mkdir(parents=True)
        (tree / "boot" / "grub" / "grub.cfg").write_text(menu)
        shutil.copyfile(kernel, tree / "boot" / "kernel")
        iso = Path(work) / "iso"
        _mkrescue(tree, iso)
        os.replace(iso, output)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status."""
    parser = argparse.ArgumentParser(description="Make a GRUB2 rescue ISO for BIOS and UEFI.")
    parser.add_argument("--kernel", type=Path, required=True, help="stripped ELF64")
    parser.add_argument("--cmdline", default="", help="the kernel's command line")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the ISO image")
    options = parser.parse_args(arguments)
    try:
        _make(options.kernel, options.cmdline, options.output)
    except IsoError as error:
        print(f"mkiso: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"mkiso: {error.filename or options.output}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
