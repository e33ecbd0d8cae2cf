# SPDX-License-Identifier: MIT
"""The graphs of the handouts, drawn when the site is made: Mermaid's words, Graphviz's hand.

The pages have them as Mermaid, which Git servers draw. Its own program would have to be
loaded by each reader's browser; Debian's Graphviz draws them once, as SVG in the page.
"""

from __future__ import annotations

import re
import shutil
import subprocess

from .errors import LabError, StrataError

__all__ = ["drawing", "dot_of"]

_GRAPH = re.compile(r"^graph (TB|BT|LR|RL)$")
_GROUP = re.compile(r"^subgraph (\w+) \[(.+)\]$")
_NODE = re.compile(r"^(\w+)\[(.+)\]$")
_EDGE = re.compile(r"^(\w+) --> (\w+)$")


def dot_of(lines: list[str]) -> str:
    """The words of Graphviz for a graph of boxes, groups of them and arrows."""
    out = ["digraph {", 'bgcolor="transparent"', 'fontname="sans-serif"', "nodesep=0.2"]
    out.append('node [shape=box, style=rounded, fontname="sans-serif", height=0.4]')
    for line in (line.strip() for line in lines):
        if found := _GRAPH.match(line):
            out.append(f"rankdir={found[1]}")
        elif found := _GROUP.match(line):
            out.append(f'subgraph cluster_{found[1]} {{ label="{found[2]}"; style=dashed')
        elif line == "end":
            out.append("}")
        elif found := _NODE.match(line):
            out.append(f'{found[1]} [label="{found[2]}"]')
        elif found := _EDGE.match(line):
            out.append(f"{found[1]} -> {found[2]}")
        elif line:
            raise LabError(f"a graph of a page has a line that the site cannot draw: {line}")
    return "\n".join([*out, "}"])


def drawing(lines: list[str]) -> list[str]:
    """The graph as SVG in one line of HTML, in the colour of the text around it."""
    dot = shutil.which("dot")
    if dot is None:
        raise StrataError("Graphviz's dot is missing (./setup docs installs it)")
    words = [dot, "-Tsvg"]
    done = subprocess.run(words, input=dot_of(lines), capture_output=True, text=True, check=False)
    if done.returncode:
        raise StrataError(f"dot: {done.stderr.strip()}")
    svg = done.stdout[done.stdout.index("<svg") :]
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
    svg = re.sub(r"<title>.*?</title>", "", svg)
    svg = svg.replace('"black"', '"currentColor"').replace("xmlns:xlink=", "data-x=")
    svg = re.sub(r' id="[^"]*"', "", svg)
    said = "Which exercise stands on which; the text says the same."
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{said}"', 1)
    return ["", '<div class="graph">' + " ".join(svg.split()) + "</div>", ""]
