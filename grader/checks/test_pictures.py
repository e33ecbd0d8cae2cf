# SPDX-License-Identifier: MIT
"""The handout's pictures, and the text beside each, say what the build says."""

from __future__ import annotations

import re
import struct
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from conftest import TREE

LAB = TREE / "lab0-boot"
PICTURES = TREE / "docs" / "pictures"
_CONSTANT = re.compile(
    r"^(?:#define\s+|%define\s+)?\s*(\w+)\s*(?:=|\bequ\b|\s)\s*(-?(?:0x[0-9a-fA-F]+|\d+))(?:ul)?\b",
    re.M,
)

Names = dict[str, int]


def constants(*files: Path) -> Names:
    """NAME = 1, NAME equ 1 and #define NAME 1 of some files; the first one counts."""
    found: Names = {}
    for file in files:
        for name, value in _CONSTANT.findall(file.read_text(encoding="utf-8")):
            found.setdefault(name, int(value, 0))
    return found


@pytest.fixture(scope="module")
def images(warm: Path) -> Path:
    """The finished stage 0."""
    return warm / "build" / "debug" / "given-all"


@pytest.fixture(scope="module")
def symbols(images: Path) -> Names:
    """What nm says of it."""
    done = subprocess.run(["nm", images / "stage0.elf"], capture_output=True, text=True, check=True)
    rows = (line.split() for line in done.stdout.splitlines())
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


@pytest.fixture(scope="module")
def offsets(warm: Path) -> Names:
    """What the C code tells the assembly."""
    return constants(warm / "build" / "debug" / "lab0-boot" / "offsets.inc")


def drawn(picture: str) -> str:
    """All words of a picture."""
    root = ElementTree.parse(PICTURES / f"{picture}.svg").getroot()
    return "\n".join(
        node.text or "" for node in root.iter() if node.tag.endswith(("}text", "}desc"))
    )


def beside(picture: str) -> str:
    """The handout's text from a picture on: up to the next one, or heading."""
    text = (LAB / "README.md").read_text(encoding="utf-8")
    _, _, after = text.partition(f"docs/pictures/{picture}.svg)")
    assert after, f"{picture}.svg is not in the handout"
    return re.split(r"^##|^!\[", after, maxsplit=1, flags=re.M)[0]


def says(text: str, words: str) -> bool:
    """Whether the words stand there, not as a part of longer ones."""
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None


def check(picture: str, words: list[str]) -> None:
    """Each of these stands in the picture and in the text beside it."""
    for one in words:
        assert says(drawn(picture), one), f"{picture}.svg does not say {one}"
        assert says(beside(picture), one), f"the text beside {picture}.svg does not say {one}"


def test_the_page_tables_are_those_of_the_build(symbols: Names, offsets: Names) -> None:
    """Slots, entries and addresses."""
    table = offsets["PTE_PRESENT"] | offsets["PTE_WRITE"]
    large = table | offsets["PTE_LARGE"]
    low, high, directory = (symbols[f"boot_{name}"] for name in ("pdpt_low", "pdpt_high", "pd"))
    words = [f"{symbols['boot_pml4']:x}", f"{low:x}", f"{high:x}"]
    words += [f"{low | table:x}", f"{1 << 63 | low | table:x}", f"{high | table:x}"]
    words += [f"{directory + 0x1000 * n | table:x}" for n in range(4)]
    words += [f"{directory:x}-{directory + 0x3fff:x}", f"n * 200000 + {large:x}"]
    slots = [offsets[f"{name}_SLOT"] for name in ("DIRECT_MAP", "KERNEL_PML4", "KERNEL_PDPT")]
    assert slots == [256, 511, 510]
    words += [str(slot) for slot in slots]
    words += ["ffff800000000000", "ffffffff80000000"]
    check("lab0-paging", words)
    layout = constants(LAB / "include" / "lab0" / "memory_layout.h")
    assert layout["DIRECT_MAP"] == 0xFFFF800000000000
    assert layout["KERNEL_VMA"] == 0xFFFFFFFF80000000


def test_the_memory_map_is_that_of_the_loader(symbols: Names) -> None:
    """Where the loader and the kernel lie."""
    loader = constants(LAB / "loader" / "loader.inc", LAB / "loader" / "stage2.ld")
    mbr, bounce, info = loader["MBR_BASE"], loader["bounce"], loader["info_area"]
    table = mbr + constants(LAB / "loader" / "mbr.inc")["MBR_PARTITIONS"]
    text = symbols["kernel_text"]
    vga = constants(LAB / "include" / "lab0" / "vga.h")["VGA_TEXT_PADDR"]
    tables = f"{symbols['boot_pml4']:x}-{symbols['boot_pd'] + 0x3fff:x}"
    words = [f"00500-{mbr - 1:05x}", f"{mbr:05x}-{mbr + 511:05x}", f"{table:x}"]
    words += [f"{loader['STAGE2_BASE']:05x}-{bounce - 1:05x}", f"{bounce:05x}-{info - 1:05x}"]
    words += [f"{info:05x}-{info + 0xffff:05x}", "100000-100fff", tables, f"{vga:x}"]
    words += [f"{text & 0x7fffffff:x}", f"{text:x}"]
    check("lab0-memory", words)
    assert symbols["multiboot2_entry"] >> 12 == symbols["long_mode_enter"] >> 12 == 0x100


def test_the_disk_is_as_mkdisk_makes_it(images: Path) -> None:
    """Sectors, offsets, types and the first partition's entry."""
    tool = constants(LAB / "tools" / "mkdisk.py")
    with open(images / "stage0.img", "rb") as image:
        sector = image.read(512)
        image.seek(tool["FIRST_LBA"] * 512)
        magic = image.read(8).decode()
    entry = sector[tool["MBR_PARTITIONS"] :][:16]
    kind, first, length = entry[4], *struct.unpack("<II", entry[8:])
    assert (first, sector[510:]) == (tool["FIRST_LBA"], b"\x55\xaa")
    stage2 = sector[tool["MBR_STAGE2_SECTORS"]]
    assert 0 < stage2 <= tool["STAGE2_MAX"] // 512 == 64
    words = [f"LBA {first}", f"LBA {first + 1}", magic, f"type {kind:X}h", "type 83h", "55 AA"]
    words += [f"0-{tool['MBR_STAGE2_SECTORS'] - 1}", str(tool["MBR_PARTITIONS"])]
    words += [f"{tool['MBR_STAGE2_SECTORS']}-439", str(tool["MBR_DISK_SIGNATURE"]), "510"]
    words += [f"{first:08x}h", f"{length:08x}h"]
    assert says(drawn("lab0-disk"), entry.hex(" "))
    check("lab0-disk", words[:-2])
    for text in (drawn("lab0-disk"), beside("lab0-disk")):
        assert says(text, words[-2]) and says(text, words[-1])
    assert f"{tool['MBR_PARTITIONS']:06x} {entry.hex(' ')}\n" in beside("lab0-disk")


def test_the_stack_is_that_of_the_boot(images: Path, symbols: Names) -> None:
    """The outermost frame, the chain's names, the stack's ends."""
    done = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", images / "stage0.elf"],
        capture_output=True,
        text=True,
        check=True,
    )
    entry = done.stdout.partition("<entry64_high>:")[2]
    after = entry.partition("<kernel_main>\n")[2].split(":", 1)[0]
    back = int(after, 16) - symbols["entry64_high"]
    chain = ["kernel_main", "main_default", "monitor_main", "monitor_execute"]
    assert set(chain) <= set(symbols)
    size = symbols["boot_stack_top"] - symbols["boot_stack"]
    words = [f"entry64_high+0x{back:x}", "- 8", "- 16", *chain, str(size), "boot_stack_guard"]
    check("lab0-stack", words)
    assert f"boot_stack_top - {size} - 4096" in drawn("lab0-stack")
    assert symbols["boot_stack"] - symbols["boot_stack_guard"] == 4096


def test_the_descriptors_are_those_of_the_sources() -> None:
    """Both GDTs, with their selectors."""
    for files, names in (
        (("loader/stage2.asm", "loader/loader.inc"), ("CODE32", "DATA32", "CODE16", "DATA16")),
        (("entry_high.asm", "include/lab0/boot_tables.inc"), ("BOOT_CS",)),
    ):
        gdt = (LAB / files[0]).read_text(encoding="utf-8")
        entries = re.findall(r"^\tdq\t(0x[0-9a-f]{16})\b", gdt, re.M)
        selectors = constants(LAB / files[1])
        for name in names:
            picked = entries[selectors[name] // 8 - 1]
            check("lab0-segment", [f"{selectors[name]:02x}", name, picked[2:]])


def test_the_uart_is_that_of_the_header() -> None:
    """Offsets and bits."""
    uart = constants(LAB / "include" / "lab0" / "uart.h")
    text = beside("lab0-uart")
    for name, offset in uart.items():
        if re.fullmatch(r"UART_[A-Z]{3}", name):
            short = name.removeprefix("UART_")
            assert says(drawn("lab0-uart"), short)
            row = next(line for line in text.splitlines() if line.startswith(f"| {offset} |"))
            assert says(row, short), f"row {offset} does not say {short}"
    bits = {"DTR": "MCR_DTR", "RTS": "MCR_RTS", "OUT1": "MCR_OUT1", "OUT2": "MCR_OUT2"}
    bits |= {"loopback": "MCR_LOOP", "DLAB": "LCR_DLAB", "data ready": "LSR_DATA_READY"}
    for words, name in bits.items():
        assert says(text, f"{uart[name].bit_length() - 1} {words}"), name
    assert uart["LSR_THR_EMPTY"] == 1 << 5 and "bit 5 THRE, transmitter holding register" in text
    assert says(drawn("lab0-uart"), f"{uart['UART_COM1']:x}")
    baud = str(uart["UART_CLOCK_HZ"] // 16)
    check("lab0-uart", [f"{baud} / divisor"])
