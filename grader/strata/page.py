# SPDX-License-Identifier: MIT
"""What our HTML pages have in common: one style, one way to escape, tables.

A page is one file that loads nothing and runs no script. Text of a guest or of a stranger
goes through `esc` and can neither be markup nor turn the text around it.
"""

from __future__ import annotations

import html
import unicodedata
from typing import Sequence

__all__ = ["esc", "number", "page", "pre", "table"]

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #b42318; --bar: #4a7ab5;
        --quiet: #59636e; --box: #8881; --link: #0b5cad;
        --page: #fff; --text: #1b1f24 }
@media (prefers-color-scheme: dark) {
  :root { --good: #6bd68b; --bad: #ff9b8f; --bar: #7aa7dd; --quiet: #a9b1ba; --link: #8cc0ff;
          --page: #14171a; --text: #e6e8ea } }
html { background: var(--page); color: var(--text) }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem }
a { color: var(--link) } p, li { overflow-wrap: anywhere }
h1, h2, h3 { overflow-wrap: anywhere } h2 { margin: 2rem 0 .3rem } h3 { margin: 1.2rem 0 .3rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
caption { text-align: left; font-weight: 600; padding: .3rem 0 }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left }
th, td { vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
code, pre { font-family: ui-monospace, monospace; font-size: .85rem }
code { overflow-wrap: anywhere }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0 }
pre.box { background: var(--box); padding: .5rem; border-left: 3px solid var(--line) }
summary { cursor: pointer }
img { display: block; max-width: 100%; height: auto; border: 1px solid var(--line) }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem }
dl.facts { margin: .4rem 0 } dl.facts dt { color: var(--quiet) }
dl.facts dd { margin: 0; min-width: 0; overflow-wrap: anywhere }
.fail { border-left: 4px solid var(--bad); padding: 0 0 .3rem .8rem; margin: 1.2rem 0 }
.good { color: var(--good) } .bad { color: var(--bad); font-weight: 600 }
.quiet { color: var(--quiet) }
.bar { display: block; background: var(--bar); height: .7rem; min-width: 1px }
.wide { overflow-x: auto }
@media (max-width: 30rem) {
  body { padding: .6rem } table { font-size: .9rem }
  th, td { padding: .25rem .3rem } td.n { white-space: normal }
  dl.facts { grid-template-columns: 1fr } dl.facts dd { padding-left: 1rem } }
"""


def esc(text: str) -> str:
    """Text for a page: no markup, no control character, nothing that turns its neighbours."""
    if text.isascii() and text.isprintable():
        return html.escape(text)
    return html.escape("".join(map(_visible, text)))


def _visible(char: str) -> str:
    """Control, format, surrogate and private characters by their numbers."""
    if char in "\n\t" or unicodedata.category(char)[0] != "C":
        return char
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"


def pre(text: str, kind: str = "box") -> str:
    """Lines as they are."""
    return f'<pre class="{kind}">{esc(text)}</pre>'


def number(value: float) -> str:
    """Points as people write them."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def page(title: str, body: str) -> str:
    """The whole file; pictures only as data of the page itself."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
        '<link rel="icon" href="data:,">\n'
        f"<title>{esc(title)}</title>\n<style>{_STYLE}</style></head>\n"
        f"<body><main>\n<h1>{esc(title)}</h1>\n{body}\n</main></body></html>\n"
    )


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML; a head that begins with # is a column of numbers."""
    numbers = [head.startswith("#") for head in heads]

    def row(cells: Sequence[str], tag: str) -> str:
        made = ""
        for at, cell in enumerate(cells):
            kind = ' class="n"' if numbers[at] else ""
            scope = ' scope="col"' if tag == "th" else ""
            made += f"<{tag}{kind}{scope}>{cell}</{tag}>"
        return f"<tr>{made}</tr>"

    head = row([esc(one.lstrip("#")) for one in heads], "th")
    body = "\n".join(row(cells, "td") for cells in rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{esc(caption)}">'
        f"<table><caption>{esc(caption)}</caption>"
        f"<thead>{head}</thead><tbody>\n{body}\n</tbody></table></div>"
    )
