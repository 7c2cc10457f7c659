"""Answers drawn in Chromium: a small page of our files under the policy of pages."""

import contextlib
import functools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Browser, Page

from grokgateway import csp
from tests.browser.surfing import accessibility
from tests.house import ROOT

WORDS = {
    "answer_copy": "Copy",
    "answer_copied": "Copied",
    "answer_code": "Code",
    "answer_table": "Table",
    "answer_image": "Image",
    "answer_video": "Video",
}
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"><title>Answers</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="/static/js/theme.js"></script>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/css/tokens.css">
<link rel="stylesheet" href="/page.css">
<link rel="stylesheet" href="/static/css/webui/answer.css">
<script type="module" src="/page.js"></script>
</head>
<body><main><h1>Answers</h1><div id="one"></div><div id="two"></div></main></body>
</html>"""
STYLE = """body { background: var(--surface); color: var(--ink); font: 1rem var(--text);
margin: 0 } main { max-inline-size: 48rem; margin: auto; padding: 1rem }"""
SCRIPT = """
import * as answers from "/static/js/webui/rendering/answer.js";
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "print"]) {
  window[name] = () => { window.ran.push(name); };
}
window.words = WORDS;
window.answers = answers;
"""
PIXEL = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="32">'
    b'<rect width="64" height="32" fill="teal"/></svg>'
)


def answered(path: str) -> tuple[str, bytes] | None:
    if path == "/":
        return "text/html; charset=utf-8", PAGE.encode()
    if path == "/page.js":
        return "text/javascript", SCRIPT.replace("WORDS", repr(WORDS)).encode()
    if path == "/page.css":
        return "text/css", STYLE.encode()
    if path.startswith("/v1/files/image"):
        return "image/svg+xml", PIXEL
    return None


class Files(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        made = answered(self.path)
        if made is None:
            super().do_GET()
            return
        kind, body = made
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", csp.policy())
        super().end_headers()

    def log_message(self, *_args: Any) -> None:  # Any: as the base class has it
        """Tests have nothing to read there."""


@contextlib.contextmanager
def served() -> Iterator[str]:
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Files, directory=str(ROOT))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Desk:
    """One page, what it asked for and what it complained about."""

    page: Page
    home: str
    asked: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(30_000)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.told.append(str(error)))
        self.page.on("dialog", lambda dialog: dialog.dismiss())

    def open(self) -> None:
        self.page.goto(self.home + "/")
        self.page.wait_for_function("window.answers")

    def render(self, text: str, **options: object) -> None:
        """Whole, and waits until it is drawn."""
        self.page.evaluate(
            """([text, options]) => answers.render(
                 document.getElementById("one"), text, {words, ...options})""",
            [text, options],
        )

    def stream(self, pieces: list[str]) -> None:
        """One piece a frame, into the second place."""
        self.page.evaluate(
            """async (pieces) => {
                 const answer = new window.answers.Answer(
                   document.getElementById("two"), {words: window.words});
                 for (const piece of pieces) {
                   answer.write(piece);
                   if (pieces.length < 500) {
                     await new Promise(requestAnimationFrame);
                   } else if (Math.random() < 0.05) {
                     await new Promise((resolve) => setTimeout(resolve));
                   }
                 }
                 await answer.finish();
               }""",
            pieces,
        )

    def html(self, place: str = "one") -> str:
        return self.page.inner_html(f"#{place}")

    def text(self, place: str = "one") -> str:
        text = self.page.text_content(f"#{place}")
        assert text is not None
        return text

    def show(self, theme: str, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.evaluate(
            "theme => document.documentElement.dataset.theme = theme", theme
        )

    def inaccessible(self) -> list[str]:
        return accessibility(self.page)

    def violations(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.violations")
        return found


@contextlib.contextmanager
def desk(
    browser: Browser, home: str, **options: Any
) -> Iterator[Desk]:  # Any: Playwright's
    context = browser.new_context(**options)
    try:
        made = Desk(context.new_page(), home)
        made.open()
        yield made
    finally:
        context.close()
