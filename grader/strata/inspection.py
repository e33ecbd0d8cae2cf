# SPDX-License-Identifier: MIT
"""What can be seen of a guest by QEMU's monitor alone: registers, memory, the screen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from .errors import Failure, MachineError
from .host import Scratch, parse_registers

__all__ = ["Inspection"]

_TEXT_SCREEN, _COLUMNS, _LINES = 0xB8000, 80, 25


class Inspection(ABC):
    """Looks into a guest, running or stopped."""

    @abstractmethod
    def qmp(self, name: str, **arguments: Any) -> Any:
        """A QMP command's answer (underscores become dashes)."""

    @abstractmethod
    def hmp(self, line: str) -> str:
        """A human monitor command's answer."""

    def regs(self) -> dict[str, int]:
        """Registers of CPU 0, lower case: rip, rflags, cr0, cr3, cs, cs_base, hlt, ..."""
        return parse_registers(self.hmp("info registers"))

    def read_phys(self, address: int, length: int) -> bytes:
        """Physical memory."""
        return self._save("pmemsave", address, length)

    def read_virt(self, address: int, length: int) -> bytes:
        """Virtual memory, through CPU 0's page tables."""
        return self._save("memsave", address - (address >> 63 << 64), length)

    def screen_text(self) -> list[str]:
        """The 25 lines of the VGA text screen."""
        lines = [row[::2].decode("cp437") for row in self._text_rows()]
        return [line.replace("\0", " ") for line in lines]

    def screen_attributes(self) -> list[bytes]:
        """The 25 x 80 attribute bytes of the VGA text screen."""
        return [row[1::2] for row in self._text_rows()]

    def screenshot(self, path: Path) -> None:
        """The screen as a PNG (or, by the name's end, PPM) file."""
        if path.suffix == ".ppm":
            self.qmp("screendump", filename=str(path))
        else:
            self.qmp("screendump", filename=str(path), format="png")

    def pixels(self) -> tuple[int, int, bytes]:
        """(width, height, RGB bytes) of the screen."""
        with Scratch("screen") as file:
            self.qmp("screendump", filename=file.path)
            data = file.read()
        _, size, _, rgb = data.split(b"\n", 3)
        width, height = (int(word) for word in size.split())
        return width, height, rgb

    def keep_screen(self, folder: Path) -> None:
        """What it shows, as text and as a picture: for a reader only, so no failure counts."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            text = "\n".join(line.rstrip() for line in self.screen_text())
            (folder / "screen.txt").write_text(text + "\n", encoding="utf-8")
            self.screenshot(folder / "screen.png")
        except (Failure, MachineError, OSError):
            pass

    def _text_rows(self) -> list[bytes]:
        """Lines of pairs: character, attribute."""
        width = 2 * _COLUMNS
        cells = self.read_phys(_TEXT_SCREEN, width * _LINES)
        return [cells[at : at + width] for at in range(0, width * _LINES, width)]

    def _save(self, command: str, address: int, length: int) -> bytes:
        with Scratch("memory") as file:
            try:
                self.qmp(command, val=address, size=length, filename=file.path)
            except MachineError as error:
                if "Invalid addr" not in str(error):
                    raise
                raise Failure(f"no memory is mapped at {address % (1 << 64):#x}") from None
            return file.read()
