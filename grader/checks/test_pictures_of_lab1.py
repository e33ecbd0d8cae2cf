# SPDX-License-Identifier: MIT
"""Lab 1's pictures, and the text beside each, say what its headers say."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ElementTree

from conftest import TREE

LAB = TREE / "lab1-interrupts"
_ENTRY = 0xFFFFFFFF80109040  # the examples of the handout
_TSS = 0xFFFFFFFF80123456
_RSP = 0xFFFFFFFF80131F5C
_ATTRIBUTES, _AVAILABLE_TSS = 0x8E, 0x89


def header(name: str) -> str:
    """A public header, without its comments."""
    text = (LAB / "include" / "lab1" / f"{name}.h").read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def constants(name: str) -> dict[str, int]:
    """NAME = 1 and NAME = 1u << 2 of a header."""
    rows = re.findall(r"\b([A-Z]\w+)\s*=\s*(0x[0-9a-f]+|\d+)u?(?:\s*<<\s*(\d+))?", header(name))
    return {word: int(value, 0) << int(shift or 0) for word, value, shift in rows}


def drawn(picture: str) -> str:
    """All words of a picture."""
    path = TREE / "docs" / "pictures" / f"lab1-{picture}.svg"
    nodes = ElementTree.parse(path).getroot().iter()
    return "\n".join(node.text or "" for node in nodes if node.tag.endswith(("}text", "}desc")))


def beside(picture: str) -> str:
    """The handout's section from a picture on."""
    text = (LAB / "README.md").read_text(encoding="utf-8")
    after = text.partition(f"docs/pictures/lab1-{picture}.svg)")[2]
    assert after, f"lab1-{picture}.svg is not in the handout"
    return re.split(r"^##|^!\[", after, maxsplit=1, flags=re.M)[0]


def check(picture: str, *words: str) -> None:
    """Each of these stands in the picture and in the text beside it."""
    for where, text in (("drawn", drawn(picture)), ("beside it", beside(picture))):
        for one in words:
            found = re.search(rf"(?<!\w){re.escape(one)}(?!\w)", text)
            assert found, f"lab1-{picture}.svg: {one} is not {where}"


def test_the_segments_are_those_of_the_header() -> None:
    """Selectors, and the TSS descriptor of the example."""
    found = constants("descriptors")
    for name, value in found.items():
        if name.startswith("SELECTOR_") and name != "SELECTOR_RING3":
            check("descriptors", f"{value:02x}")
    assert (found["GDT_SLOTS"], found["SELECTOR_TSS"]) == (9, 0x38)
    size = struct.calcsize("<I3QQ7QQHH")
    low = (size - 1) | (_TSS & 0xFFFFFF) << 16 | _AVAILABLE_TSS << 40 | (_TSS >> 24 & 0xFF) << 56
    assert f"{low:016x}" in beside("descriptors") and f"{_TSS >> 32:016x}" in beside("descriptors")
    check("descriptors", str(size), f"{size - 1:x}h", f"{_TSS & 0xFFFFFF:06x}", "102")


def test_the_gate_is_that_of_the_header() -> None:
    """The example, byte by byte, by the order of struct gate's fields."""
    fields = re.findall(r"uint(\d+)_t\s+(\w+);", header("vectors").partition("struct gate")[2])
    names = "offset_low selector ist attributes offset_middle offset_high reserved".split()
    assert [name for _, name in fields[:7]] == names
    values = (_ENTRY & 0xFFFF, 8, 2, _ATTRIBUTES, _ENTRY >> 16 & 0xFFFF, _ENTRY >> 32, 0)
    data = struct.pack("<HHBBHII", *values)
    for begin, end in ((0, 2), (2, 4), (4, 5), (5, 6), (6, 8), (8, 12), (12, 16)):
        check("gate", data[begin:end].hex(" "))


def test_the_stack_is_struct_interrupt_frame() -> None:
    """Places of the words, from the rounded stack pointer down."""
    frame = header("vectors").partition("struct interrupt_frame {")[2].partition("}")[0]
    words = re.findall(r"\b[a-z][a-z0-9]+(?=[,;])", frame)
    assert len(words) == 22 and words[0] == "r15" and words[-5:] == "rip cs rflags rsp ss".split()
    top = _RSP & ~15
    for name in ("ss", "rsp", "rflags", "cs", "rip", "error", "vector", "rax", "r15"):
        place = top - 8 * (len(words) - words.index(name))
        shown = {"error": "error code", "vector": "vector"}.get(name, name.upper())
        check("stack", shown)
        for text in (drawn("stack"), beside("stack")):
            assert f"...{place & 0xFFFF:04x}" in text, name
    check("stack", f"{_RSP:016x}")


def test_the_stacks_have_the_header_s_numbers() -> None:
    """IST numbers, and the size."""
    found = constants("stacks")
    order = ["IST_DF", "IST_NMI", "IST_MC", "IST_DB"]
    assert [found[name] for name in order] == [1, 2, 3, 4]
    assert str(found["IST_STACK_BYTES"]) in drawn("ist")
    for at, name in enumerate(("#DF", "NMI", "#MC", "#DB")):
        assert f"ist[{at}]: {name}" in drawn("ist")


def test_the_error_code_has_the_header_s_bits() -> None:
    """Numbers and names."""
    found = constants("page_fault")
    bits = {"P": "PRESENT", "W/R": "WRITE", "U/S": "USER", "RSVD": "RESERVED", "I/D": "FETCH"}
    bits |= {"PK": "PKEY", "SS": "SHADOW_STACK"}
    for word, name in bits.items():
        number = found[f"PF_{name}"].bit_length() - 1
        assert f"| {number} {word} |" in beside("page-fault")
        assert re.search(rf"\b{number} {re.escape(word)}", drawn("page-fault"))


def test_the_controllers_are_at_their_ports() -> None:
    """Ports, the cascade, the first line's vector."""
    pic = constants("pic")
    master, slave = pic["PIC_MASTER_COMMAND"], pic["PIC_SLAVE_COMMAND"]
    for at in (master, pic["PIC_MASTER_DATA"], slave, pic["PIC_SLAVE_DATA"]):
        assert f"{at:02x}h" in drawn("controllers") and f"{at:02x}h" in beside("controllers")
    check("controllers", f"input {pic['PIC_CASCADE']}", "fec00000", "fee00000", "ffh")
    assert f"{constants('interrupt')['VECTOR_LINE0']:x}h + n" in drawn("road")
