# SPDX-License-Identifier: MIT
"""A public header taken apart: its contract, and what it declares with the comment of each.

The form is the house's: a comment at the left edge stands over what it is of; an empty line
ends that; words at column 10 behind a key belong to the key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from .errors import LabError

__all__ = ["Header", "Item", "comment_parts", "names_of", "read_header"]

_LEAD = re.compile(r"^/\*\n \* [\w.]+ - .*?^ \*/\n", re.M | re.S)
_KEYS = {"Owns", "Offers", "Stands on", "Locks", "Invariant", "Source", "Context", "Fields"}
_KEYS |= {"returns", "errors", "context", "locks", "source", "none"}
_TWO = re.compile(r" {3,}(Stands on|Locks|Offers|Owns) {2,}")


@dataclass(frozen=True)
class Item:
    """Declarations that stand together, and the comment over them."""

    comment: str
    code: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Header:
    """A public header."""

    lab: int
    path: str
    summary: str
    comment: str
    items: tuple[Item, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """As it is included: lab0/uart.h."""
        return "/".join(Path(self.path).parts[-2:])


def read_header(path: str, text: str) -> Header:
    """The header at this path of the tree."""
    lead = _LEAD.search(text)
    if not lead:
        raise LabError(f"{path}: it does not begin with a comment `{Path(path).name} - what it is`")
    comment = _words(lead[0].splitlines())
    summary = comment.partition(" - ")[2].partition("\n\n")[0].replace("\n", " ").rstrip(".")
    items = []
    for block in _blocks(text[lead.end() :].splitlines()):
        words, code = _split(block)
        names = names_of(code)
        if words or names:
            items.append(Item(words, "\n".join(code), tuple(names)))
    lab = int(re.findall(r"lab(\d+)", path)[0])
    return Header(lab, path, summary, comment.partition("\n\n")[2], tuple(items))


def _blocks(lines: list[str]) -> list[list[str]]:
    """Runs of lines between empty ones outside of braces and comments, without what the
    preprocessor needs."""
    blocks: list[list[str]] = [[]]
    depth = 0
    in_comment = False
    for at, line in enumerate(lines):
        if re.match(r"#(include|ifndef|endif|ifdef|else|undef)\b", line) or _is_guard(lines, at):
            blocks.append([])
            continue
        in_comment = "/*" in line.rpartition("*/")[2] or in_comment and "*/" not in line
        if not line.strip() and depth == 0 and not in_comment:
            blocks.append([])
            continue
        if not line.startswith("#define"):
            depth += line.count("{") - line.count("}")
        blocks[-1].append(line)
    return [block for block in blocks if block]


def _is_guard(lines: list[str], at: int) -> bool:
    return at > 0 and lines[at - 1].startswith("#ifndef") and lines[at].startswith("#define")


def _split(block: list[str]) -> tuple[str, list[str]]:
    """The comment that a block begins with, and its code."""
    end = next((at for at, line in enumerate(block) if "*/" in line), len(block) - 1)
    if not block[0].startswith("/*") or not block[end].rstrip().endswith("*/"):
        return "", _code(block)
    return _words(block[: end + 1]), _code(block[end + 1 :])


def _code(lines: list[str]) -> list[str]:
    """What a reader wants to see: no bodies of functions, no macro's body of many lines."""
    out: list[str] = []
    skipping = False
    for line in lines:
        if line == "{":
            out[-1:] = [f"{last};" for last in out[-1:]]
            skipping = True
        elif skipping:
            skipping = line != "}"
        else:
            out.append(line)
    return _short_macros(out)


def _short_macros(lines: list[str]) -> list[str]:
    out: list[str] = []
    inside = False
    for line in lines:
        goes_on = line.endswith("\\")
        if not inside:
            out.append(line.rstrip("\\").rstrip() + (" .." if goes_on else ""))
        inside = goes_on
    return out


def _words(comment: list[str]) -> str:
    """The text of a comment."""
    lines = []
    for line in comment:
        line = re.sub(r"^/\*+ ?|^ \*/$|^ \* ?", "", line)
        lines.append(re.sub(r"\s*\*/$", "", line))
    return "\n".join(lines).strip("\n")


def names_of(code: list[str]) -> list[str]:
    """What declarations declare: functions, types, macros, constants."""
    text = re.sub(r"/\*.*?\*/", "", "\n".join(code), flags=re.S)
    names: list[str] = re.findall(r"^#define (\w+)", text, re.M)
    text = re.sub(r"^#define.*$", "", text, flags=re.M)
    for enum in re.findall(r"^enum(?: \w+)? \{(.*?)^\}", text, re.M | re.S):
        names += re.findall(r"^\s*(\w+)\s*[,=\n]", enum + "\n", re.M)
    for enum in re.findall(r"^enum(?: \w+)? \{([^\n]*)\};", text, re.M):
        names += re.findall(r"(\w+)\s*(?:=[^,]*)?(?:,|$)", enum.strip())
    names += [
        f"{kind} {name}"
        for kind, name in re.findall(r"^(struct|enum|union) (?:packed )?(\w+) \{", text, re.M)
    ]
    text = re.sub(r"\{.*?^\}|\{[^\n]*\}", "{}", text, flags=re.M | re.S)
    names += [name for one in text.split(";") for name in _declared(one)]
    return list(dict.fromkeys(names))


def _declared(declaration: str) -> list[str]:
    """The name of one declaration, where it is none of a type."""
    text = re.sub(r"^\{\} packed", "", declaration)
    text = " ".join(re.sub(r"__attribute__\(\(.*?\)\)", "", text).split())
    if not text or text.endswith("}") or text.startswith("static_assert"):
        return []
    if joint := re.match(r"(HOOK_\w+|[A-Z]+(?:_CLASS)?_DECLARE)\((.*)\)$", text):
        words = [word for one in joint[2].split(",") for word in one.split()[-1:]]
        return words[:1] if joint[1].startswith("HOOK") else words[-1:]
    if function := re.search(r"(\w+) ?\((?!\*)", text):
        return [function[1]]
    variable = re.search(r"(\w+)(?:\[\w*\])*$", text)
    is_type = re.match(r"(struct|enum|union) (packed )?\w+$", text)
    return [variable[1]] if variable and not is_type else []


def comment_parts(comment: str, parameters: str) -> list[tuple[str, str]]:
    """A comment as ("", paragraph), ("pre", lines as they stand) and (key, words)."""
    parts: list[tuple[str, str]] = []
    fresh = True
    for line in _TWO.sub(lambda found: f"\n{found[1]:<10}", comment).split("\n"):
        key = _key(line, parameters)
        column = len(line) - len(line.lstrip())
        if not line.strip():
            fresh = True
        elif key:
            parts.append((key, line[len(key) :].strip()))
            fresh = False
        elif column >= 8 and parts and parts[-1][0] not in ("", "pre") and not fresh:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]} {line.strip()}")
        elif column >= 2 or line.startswith("\t"):
            kept = parts.pop()[1] + ("\n\n" if fresh else "\n") if _is_pre(parts) else ""
            parts.append(("pre", kept + line.expandtabs(8)))
            fresh = False
        elif fresh or not parts or parts[-1][0]:
            parts.append(("", line))
            fresh = False
        else:
            parts[-1] = ("", f"{parts[-1][1]} {line}")
    return parts


def _is_pre(parts: list[tuple[str, str]]) -> bool:
    return bool(parts) and parts[-1][0] == "pre"


def _key(line: str, parameters: str) -> str:
    """The key that a line begins with; what it says begins at column 10."""
    found = re.match(r"(Stands on|[\w.]+(?:, [\w.]+)*) +(?=\S)", line)
    if not found or found.end() not in (10, 11, 12) and found[1] not in _KEYS:
        return ""
    word = found[1]
    known = word in _KEYS or all(
        re.search(rf"\b{re.escape(one)}\b", parameters) for one in word.split(", ")
    )
    return word if known and (found.end() - len(word) > 1 or found.end() == 10) else ""
