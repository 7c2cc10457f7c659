"""Draws the console's pages for the documentation: `make screenshots`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.surfing import Visitor, browser, furnished_gateway

ACCOUNTS = 40
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
THEMES = ("light", "dark")
LARGEST = 250 * 1000
PAGES = {
    "overview": "/admin/",
    "accounts": "/admin/accounts/account/",
    "account": "/admin/accounts/account/{account}/change/",
    "keys": "/admin/gateway/apikey/",
    "key": "/admin/gateway/apikey/1/change/",
    "requests": "/admin/gateway/requestrecord/",
    "request": "/admin/gateway/requestrecord/1/change/",
    "media": "/admin/media/asset/",
    "configuration": "/admin/config/features",
}


def draw(folder: Path) -> list[Path]:
    """Write `PAGE-THEME-SIZE.png` for each page and tell which files are too large."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, browser() as running:
        with furnished_gateway(Path(data), ACCOUNTS) as gateway:
            visitor = Visitor(running.new_context().new_page(), gateway.url)
            made = draw_page(visitor, folder, "sign-in", "/admin/login")
            visitor.sign_in()
            rows = gateway.rows("SELECT max(id) - 3 FROM accounts_account")
            for name, path in PAGES.items():
                address = path.format(account=rows[0][0])
                made += draw_page(visitor, folder, name, address)
    return [path for path in made if path.stat().st_size > LARGEST]


def draw_page(visitor: Visitor, folder: Path, name: str, path: str) -> list[Path]:
    made = []
    for theme in THEMES:
        for size, (width, height) in SIZES.items():
            visitor.show(theme, width, height)
            visitor.go(path)
            made.append(folder / f"{name}-{theme}-{size}.png")
            shoot(visitor.page, made[-1])
    return made


def shoot(page: Page, path: Path) -> None:
    page.screenshot(path=path, animations="disabled", caret="hide")


if __name__ == "__main__":
    too_large = draw(Path(sys.argv[1]))
    if too_large:
        sys.exit(f"too large: {', '.join(map(str, too_large))}")
