"""A headless Chromium on a running gateway: signs in, visits, tells what went wrong."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import NAME, PASSWORD
from tests.e2e.gateway_process import Gateway, running_gateway

AXE = Path(__file__).parent / "axe" / "axe.min.js"
WHOLE = ("chromium", "chromium-browser", "google-chrome")
SHELL = "chromium-headless-shell"  # draws the same for half the processor time
START_LIMIT_MS = 120_000  # two cores may have much else to do
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NOWHERE = "http://127.0.0.1:9"
LIMIT_MS = 30_000
AXE_OPTIONS = "{resultTypes: ['violations'], preload: false}"
GRAVE = ("serious", "critical")
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def chromium(*names: str) -> str:
    """Skip where there is none; in CI that is a failure."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found:
        return found
    message = "no Chromium is installed (apt-get install chromium)"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@contextlib.contextmanager
def browser(*flags: str) -> Iterator[Browser]:
    """With flags of its own it is the whole browser: the shell has no devices."""
    path = chromium(*WHOLE) if flags else chromium(SHELL, *WHOLE)
    args = [*FLAGS, *flags]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=path, args=args, timeout=START_LIMIT_MS
        )
        try:
            yield running
        finally:
            running.close()


@contextlib.contextmanager
def furnished_gateway(
    folder: Path, accounts: int, **settings: str
) -> Iterator[Gateway]:
    """A gateway with so many accounts and an operator; it calls nobody."""
    settings.setdefault("GROK_ACCOUNT_REFRESH_ENABLED", "false")
    settings.setdefault("GROK_APP_APP_KEY", "a console key for tests")
    with running_gateway(folder, NOWHERE, {}, "granian", 1, **settings) as gateway:
        code = f"from tests.browser.furnishing import furnish; furnish({accounts})"
        gateway.manage("shell", "--no-imports", "-c", code)
        yield gateway


@dataclass
class Visitor:
    """One page of a browser and all it complained about since the last `faults`."""

    page: Page
    home: str
    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(LIMIT_MS)
        self.page.on("console", self.on_console)
        self.page.on("pageerror", lambda error: self.found.append(f"error: {error}"))
        self.page.on("request", self.on_request)
        self.page.on("response", self.on_response)
        self.go("/admin/login")

    def on_console(self, message: Any) -> None:  # Any: Playwright's own class
        if message.type in ("error", "warning"):
            self.found.append(f"console: {message.text}")

    def on_request(self, request: Any) -> None:  # likewise
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.found.append(f"off host: {request.url}")

    def on_response(self, response: Any) -> None:  # likewise
        if response.status >= 400:
            self.found.append(f"{response.status}: {response.url}")

    @property
    def host(self) -> str:
        return urlsplit(self.home).netloc

    def sign_in(self, name: str = NAME, password: str = PASSWORD) -> None:
        self.go("/admin/login")
        self.page.fill("#id_username", name)
        self.page.fill("#id_password", password)
        self.page.click("#login-form [type=submit]")
        self.page.wait_for_url(f"{self.home}/admin/")

    def go(self, path: str) -> None:
        self.page.goto(self.home + path, wait_until="load")

    def show(self, theme: str, width: int, height: int = 900) -> None:
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.evaluate("theme => localStorage.setItem('theme', theme)", theme)

    def faults(self, *, axe: bool = True) -> list[str]:
        """What is wrong with the page as it stands, and what it said while loading."""
        told, self.found = self.found, []
        over = self.page.evaluate(TOO_WIDE)
        if over > 0:
            told.append(f"scrolls sideways by {over} px")
        if self.page.locator("h1").count() != 1:
            told.append(f"{self.page.locator('h1').count()} h1")
        if axe:
            told += self.inaccessible()
            self.found = []  # what axe itself did to the page
        return told

    def inaccessible(self) -> list[str]:
        return accessibility(self.page)


def accessibility(page: Page) -> list[str]:
    """What axe finds grave."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    result = page.evaluate(f"axe.run({AXE_OPTIONS})")
    return [
        f"axe {one['id']}: {node['target']} {node['failureSummary']}"
        for one in result["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"][:3]
    ]
