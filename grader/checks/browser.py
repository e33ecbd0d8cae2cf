# SPDX-License-Identifier: MIT
"""Debian's Chromium on the built site: started, watched, asked by axe-core."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains

__all__ = ["Browser", "axe_core", "browser_on", "served"]

# No word to the outside: what Chromium does by itself would count as ours.
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-dev-shm-usage"
).split()
_AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(found => done(found.violations));
"""


class Browser:
    """One window."""

    def __init__(self, driver: webdriver.Chrome, base: str) -> None:
        self.driver = driver
        self.base = base

    def open(self, page: str) -> None:
        """Go there, until it is loaded."""
        self.driver.get(self.base + page)

    def run(self, script: str) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script)

    def size(self, width: int, height: int) -> None:
        """A screen of this size; a narrow one is a phone's."""
        values = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", values)

    def too_wide(self) -> int:
        """By so many pixels the page is wider than its window. (A phone's innerWidth will not
        tell: it grows with the page, which is shown smaller.)"""
        return int(
            self.run("const e = document.documentElement; return e.scrollWidth - e.clientWidth")
        )

    def scheme(self, name: str) -> None:
        """Light (default) or dark (slate), by the page's own switch."""
        if self.run("return document.body.dataset.mdColorScheme") != name:
            number = {"default": 1, "slate": 2}[name]
            self.run(f"document.querySelector('label[for=__palette_{number}]').click()")
        assert self.run("return document.body.dataset.mdColorScheme") == name

    def press(self, *keys: str) -> None:
        """Keys, to whatever has the focus."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def settle(self) -> None:
        """Let the page do what it has put off by a few milliseconds."""
        self.driver.execute_async_script("setTimeout(arguments[0], 50)")

    def focus(self) -> str:
        """What has the focus: its words, or its class."""
        return str(
            self.run(
                "const e = document.activeElement;"
                "return (e.innerText || e.title || e.getAttribute('aria-label') || e.className)"
                ".trim()"
            )
        )

    def complaints(self) -> list[str]:
        """Of the console, and requests that went elsewhere or failed, since the last call."""
        found = [f"console: {one['message']}" for one in self.driver.get_log("browser")]
        asked = set()  # Chromium's own requests fail, too, and are not ours
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            told = message["params"]
            if message["method"] == "Network.requestWillBeSent":
                url = told["request"]["url"]
                asked.add(told["requestId"])
                if not url.startswith((self.base, "data:", "blob:", "chrome:")):
                    found.append(f"asked for {url}")
            elif message["method"] == "Network.responseReceived":
                if told["response"]["status"] >= 400:
                    found.append(f"{told['response']['status']}: {told['response']['url']}")
            elif message["method"] == "Network.loadingFailed" and told["requestId"] in asked:
                found.append(f"failed: {told.get('errorText')}")
        return found

    def violations(self, axe: str) -> list[str]:
        """axe-core's serious and critical ones on this page."""
        self.driver.execute_script(axe)
        return [
            f"{one['impact']}: {one['id']}: {node['html'][:150]}: {node['failureSummary'][:300]}"
            for one in self.driver.execute_async_script(_AXE)
            for node in one["nodes"][:3]
            if one["impact"] in ("serious", "critical")
        ]


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder as http://127.0.0.1:port/."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()


@contextmanager
def browser_on(base: str, profile: Path) -> Iterator[Browser]:
    """Chromium with a profile of its own, ended when the block ends."""
    chromium = shutil.which("chromium")
    chromedriver = shutil.which("chromedriver")
    assert chromium and chromedriver, "Chromium and its driver are missing: ./setup check"
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(service=Service(chromedriver), options=options)
    try:
        driver.set_script_timeout(120)
        yield Browser(driver, base)
    finally:
        driver.quit()


def axe_core(build: Path) -> str:
    """axe-core's program, got by npm as grader/checks/site pins it, kept in the build."""
    here = Path(__file__).with_name("site")
    there = build / "check" / "npm"
    program = there / "node_modules/axe-core/axe.min.js"
    lock = (here / "package-lock.json").read_bytes()
    kept = there / "package-lock.json"
    if not program.exists() or kept.read_bytes() != lock:
        npm = shutil.which("npm")
        assert npm, "npm is missing, so axe-core cannot be got: ./setup check"
        there.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(here / name, there / name)
        words = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(there)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
        said = (done.stdout + done.stderr)[-800:]
        assert done.returncode == 0, f"npm could not get axe-core (no network?): {said}"
    return program.read_text(encoding="utf-8")
