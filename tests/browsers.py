"""Chromium for the tests: the report opened, with everything it says and asks for written down."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = Path(__file__).parent / "browser" / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE = 20_000  # milliseconds


def program():
    """Return the Chromium that is installed, if one is."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@contextlib.contextmanager
def running():
    """Run a headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=list(OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


def route(view="", *parts, **query):
    """Return the part of the address behind the file: ``#/article/ID?text=clean``."""
    path = "/".join(quote(each, safe="") for each in (view, *parts))
    return f"#/{path}?{urlencode(query)}" if query else f"#/{path}"


@dataclass
class Opened:
    """A report in a window; ``faults`` are errors it met, ``asked`` the addresses it asked for."""

    page: Any
    file: Path
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def show(self, *where, **query):
        """Open the file anew at a view, and wait until that is there."""
        self.page.goto("about:blank")
        self.page.goto(self.file.as_uri() + route(*where, **query))
        self.page.wait_for_selector("html[data-ready]", timeout=PATIENCE)
        if where[:1] == ("graph",):
            self.page.wait_for_selector("svg.graph[data-ready], .graph-view:not(:has(svg))")
        return self.page

    def until(self, condition, arg=None):
        """Wait until a script says so. (The page's policy forbids Playwright's own way to wait.)"""
        for _ in range(PATIENCE // 25):
            if self.page.evaluate(condition, arg):
                return
            self.page.wait_for_timeout(25)
        raise AssertionError(f"never true: {condition}")

    def settled(self):
        """Wait until the view that was asked for by a click or a key is there."""
        self.page.wait_for_timeout(60)
        self.page.wait_for_selector("main:not([aria-busy])", timeout=PATIENCE)


@contextlib.contextmanager
def opened(browser, file, *, width=1280, height=900, **options):
    """Open a report in a window of its own."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    shown = Opened(page, Path(file))
    page.on("console", lambda said: shown.faults.append(said.text) if said.type == "error" else 0)
    page.on("pageerror", lambda error: shown.faults.append(str(error)))
    page.on("request", lambda request: shown.asked.append(request.url))
    page.on("dialog", lambda dialog: (shown.faults.append(dialog.message), dialog.dismiss()))
    try:
        yield shown
    finally:
        context.close()
