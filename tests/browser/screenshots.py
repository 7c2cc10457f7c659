"""Draws the pages for the documentation: `make screenshots`."""

import sys
import tempfile
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import FilePayload, Page

from tests.browser.conversations import exported
from tests.browser.surfing import Visitor, browser, furnished_gateway

ACCOUNTS = 40
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
THEMES = ("light", "dark")
SETTLED_MS = 800
LARGEST = 250 * 1000
PAGES = {
    "overview": "/admin/",
    "accounts": "/admin/accounts/account/",
    "account": "/admin/accounts/account/{account}/change/",
    "keys": "/admin/gateway/apikey/",
    "key": "/admin/gateway/apikey/1/change/",
    "requests": "/admin/gateway/requestrecord/",
    "request": "/admin/gateway/requestrecord/1/change/",
    "media": "/admin/media/asset/?view=table",
    "gallery": "/admin/media/asset/?view=grid",
    "cache": "/admin/cache",
    "programs": "/admin/docs/",
    "configuration": "/admin/config/features",
    "job": "/admin/jobs/batchjob/{job}/change/",
    "voice": "/webui/chatkit",
}

WEBUI = {
    "GROK_APP_WEBUI_ENABLED": "true",
    "GROK_APP_WEBUI_KEY": "a key of the Web UI for tests",
}
WALL = "/webui/masonry?all=1"


def draw(folder: Path) -> list[Path]:
    """Write `PAGE-THEME-SIZE.png` for each page and tell which files are too large."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, browser() as running:
        with furnished_gateway(Path(data), ACCOUNTS, **WEBUI) as gateway:
            visitor = Visitor(running.new_context().new_page(), gateway.url)
            made = draw_page(visitor, folder, "sign-in", "/admin/login")
            visitor.sign_in()
            chosen = {
                "account": gateway.rows(
                    "SELECT min(account_id) FROM accounts_quotawindow"
                    " WHERE mode = 'expert' AND source = 'real'"
                ),
                "job": gateway.rows("SELECT min(id) FROM jobs_batchjob"),
            }
            known = {name: rows[0][0] for name, rows in chosen.items()}
            for name, path in PAGES.items():
                made += draw_page(visitor, folder, name, path.format(**known))
            made += draw_page(visitor, folder, "import", preview(visitor))
            code = "from tests.browser.furnishing import add_wall; add_wall()"
            gateway.manage("shell", "--no-imports", "-c", code)
            made += draw_page(visitor, folder, "pictures", WALL)
            made += draw_page(visitor, folder, "chat-empty", "/webui/chat")
            made += draw_page(visitor, folder, "chat", conversation(visitor))
    return [path for path in made if path.stat().st_size > LARGEST]


def preview(visitor: Visitor) -> str:
    """Where the preview of a small import is."""
    visitor.go("/admin/accounts/account/import/")
    lines = [f"sandbox-basic-newcomer-{number:04d}" for number in range(12)]
    visitor.page.fill("textarea", "\n".join([*lines, "no token", lines[0]]))
    visitor.page.click("main [type=submit]")
    visitor.page.wait_for_load_state("load")
    return urlsplit(visitor.page.url).path


def conversation(visitor: Visitor) -> str:
    """Where a conversation is, after some were brought in."""
    visitor.go("/webui/chat")
    visitor.show("light", *SIZES["desk"])
    page = visitor.page
    page.wait_for_selector("#chat[data-ready]")
    file: FilePayload = {
        "name": "conversations.json",
        "mimeType": "application/json",
        "buffer": exported(),
    }
    page.set_input_files("[data-part=import-picker]", [file])
    page.click(".session:has-text('refrigerator') a")
    page.wait_for_selector(".reply[data-state=done]")
    return f"/webui/chat#{urlsplit(page.url).fragment}"


def draw_page(visitor: Visitor, folder: Path, name: str, path: str) -> list[Path]:
    made = []
    for theme in THEMES:
        for size, (width, height) in SIZES.items():
            visitor.show(theme, width, height)
            visitor.page.goto("about:blank")  # so that a fragment is loaded anew
            visitor.go(path)
            visitor.page.wait_for_load_state("networkidle")
            if urlsplit(path).path == "/webui/chat":
                visitor.page.wait_for_selector("#chat[data-ready]")
                visitor.page.wait_for_timeout(SETTLED_MS)
            made.append(folder / f"{name}-{theme}-{size}.png")
            shoot(visitor.page, made[-1])
    return made


def shoot(page: Page, path: Path) -> None:
    """256 colours are enough for a console, and a third of the size."""
    whole = Image.open(BytesIO(page.screenshot(animations="disabled", caret="hide")))
    whole.convert("P", palette=Image.Palette.ADAPTIVE).save(path, optimize=True)


if __name__ == "__main__":
    too_large = draw(Path(sys.argv[1]))
    if too_large:
        sys.exit(f"too large: {', '.join(map(str, too_large))}")
