# SPDX-License-Identifier: MIT
"""The site in Chromium: at a desk and on a phone, light and dark, by keyboard only."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from browser import Browser, axe_core, browser_on, served
from conftest import TREE

MAIN = (
    "index.html",
    "lab0-boot/index.html",
    "lab1-interrupts/index.html",
    "docs/when-stuck.html",
    "docs/walkthroughs/reset-to-kernel.html",
    "docs/architecture.html",
    "docs/instructor.html",
    "reference/options.html",
    "api/lab0/uart.html",
    "source/lab0-boot/entry.asm.html",
    "growth.html",
)
DESK, PHONE = (1280, 900), (390, 844)
BUILD = TREE / (os.environ.get("BUILD") or "build")
TAB, ENTER, ESCAPE, DOWN = "\ue004", "\ue007", "\ue00c", "\ue015"


@pytest.fixture(scope="module")
def browser(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One window for all tests of this file."""
    with served(site) as base:
        with browser_on(base, tmp_path_factory.mktemp("profile")) as window:
            yield window


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core, which npm gets once."""
    return axe_core(BUILD)


def until(holds: Callable[[], object], what: str) -> None:
    """Wait for what the page does by itself."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def path_of(browser: Browser) -> str:
    """Of the page, without the words that were looked for."""
    return urlsplit(browser.driver.current_url).path


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_main_page_fits_and_nothing_complains(browser: Browser, size: tuple[int, int]) -> None:
    """No console error, no request elsewhere, no page wider than the screen; a picture each."""
    browser.size(*size)
    shots = BUILD / "check" / "site"
    shots.mkdir(parents=True, exist_ok=True)
    for page in MAIN:
        browser.open(page)
        assert not browser.complaints(), page
        assert browser.too_wide() <= 0, page
        name = page.replace("/", "-").replace(".html", "")
        browser.driver.save_screenshot(str(shots / f"{name}-{size[0]}.png"))


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_page_that_is_too_wide_is_found(browser: Browser, size: tuple[int, int]) -> None:
    """One with a box that is a little wider than the screen."""
    browser.size(*size)
    browser.open("index.html")
    box = f"<div style='width: {size[0] + 100}px; height: 9px'></div>"
    browser.run(f'document.querySelector("article").insertAdjacentHTML("beforeend", "{box}")')
    assert browser.too_wide() >= 100


def test_the_complaints_are_heard(browser: Browser, site: Path) -> None:
    """A page that loads from elsewhere, misses a file and throws is one that complains."""
    bad = site.parent / "bad.html"
    text = '<script src="http://strata.invalid/a.js"></script><img src="none.png" alt="none">'
    bad.write_text(f"<!doctype html><title>bad</title>{text}<script>throw 1</script>")
    with served(site.parent) as base:
        there = Browser(browser.driver, base)
        there.open("bad.html")
        found = "\n".join(there.complaints())
    assert "asked for http://strata.invalid" in found and "404" in found and "Uncaught" in found


@pytest.mark.parametrize("scheme", ["default", "slate"], ids=["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, axe: str, scheme: str) -> None:
    """No serious and no critical violation on the main pages."""
    browser.size(*DESK)
    for page in MAIN:
        browser.open(page)
        browser.scheme(scheme)
        found = browser.violations(axe)
        assert not found, f"{page}: " + "\n".join(found)


def test_axe_can_find_something(browser: Browser, axe: str) -> None:
    """The same page with pale text and a nameless picture."""
    browser.open("index.html")
    browser.scheme("default")
    browser.run("document.querySelector('article p').style.color = '#ccc'")
    browser.run("document.querySelector('article img').removeAttribute('alt')")
    found = "\n".join(browser.violations(axe))
    assert "color-contrast" in found and "image-alt" in found


def test_the_way_by_keyboard(browser: Browser) -> None:
    """Tab to the skip link, the tabs and a page; Enter opens; the switch has a place."""
    browser.size(*DESK)
    browser.open("index.html")
    browser.press(TAB)
    assert browser.focus() == "Skip to content"
    seen = []
    for _ in range(16):
        browser.press(TAB)
        seen.append(browser.focus())
    assert "Handouts" in seen and "Development" in seen, seen
    assert any("mode" in one or "palette" in one or "option" in one for one in seen), seen
    browser.open("index.html")
    browser.press(TAB, ENTER)
    until(lambda: "#" in browser.driver.current_url, "the skip link leads nowhere")
    browser.open("index.html")
    for _ in range(16):
        browser.press(TAB)
        if browser.focus() == "Handouts":
            break
    browser.press(ENTER)
    until(lambda: path_of(browser) == "/lab0-boot/index.html", "Enter does not follow a link")


def test_the_search_by_keyboard(browser: Browser) -> None:
    """`/` opens it, words find a function, Enter goes there, Escape closes."""
    browser.size(*DESK)
    browser.open("index.html")
    until(lambda: browser.run("return document.readyState === 'complete'"), "the page")
    browser.press("/")
    until(lambda: browser.run("return document.activeElement.name") == "query", "no search")
    browser.press(*"uart_probe")
    first = "return document.querySelector('.md-search-result__link')?.pathname"
    until(lambda: browser.run(first) == "/api/lab0/uart.html", "it is not found")
    browser.press(ESCAPE)
    until(lambda: browser.run("return document.activeElement.name") != "query", "it stays open")
    browser.settle()  # the theme takes a focus that is lost and back at once for one kept
    opened = "return document.querySelector('#__search').checked"
    assert not browser.run(opened)
    browser.press("/")
    until(lambda: browser.run(opened), "it does not open again")
    assert browser.run(first) == "/api/lab0/uart.html", "the results are gone"
    browser.press(DOWN)
    until(lambda: browser.run("return document.activeElement.pathname"), "no result is chosen")
    browser.press(ENTER)
    until(lambda: path_of(browser) == "/api/lab0/uart.html", "Enter does not go there")


def test_the_chosen_scheme_is_remembered(browser: Browser) -> None:
    """Dark on one page is dark on the next."""
    browser.size(*DESK)
    browser.open("index.html")
    browser.scheme("slate")
    browser.open("growth.html")
    assert browser.run("return document.body.dataset.mdColorScheme") == "slate"
    browser.scheme("default")


def test_the_menu_of_a_phone(browser: Browser) -> None:
    """The drawer comes onto the screen, and has the sections."""
    browser.size(*PHONE)
    browser.open("index.html")
    left = "return document.querySelector('.md-sidebar--primary').getBoundingClientRect().left"
    assert browser.run(left) < 0
    browser.run("document.querySelector('label[for=__drawer]').click()")
    until(lambda: browser.run(left) >= 0, "no menu")
    assert "Handouts" in browser.run("return document.querySelector('.md-nav--primary').innerText")
