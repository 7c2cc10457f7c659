"""Bodies that are too large for a page are refused before anything keeps them."""

import pytest

from grokgateway import config
from grokgateway.bounds import FORM_BYTES, MIB, Bounded

IMPORT = "/admin/accounts/account/import/"


@pytest.fixture(autouse=True)
def settings_in_force():
    with config.override({"limits.multipart_mb": 8}):
        yield


class Page:
    """Reads the whole body, then answers with its size."""

    def __init__(self):
        self.size = 0

    async def __call__(self, scope, receive, send):
        while True:
            message = await receive()
            self.size += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def post(page, path, chunks, declared=None):
    sent = []
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": n < len(chunks)}
        for n, chunk in enumerate(chunks, start=1)
    ]

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    headers = [] if declared is None else [(b"content-length", b"%d" % declared)]
    scope = {"type": "http", "path": path, "headers": headers}
    await Bounded(page)(scope, receive, send)
    return sent[0]["status"], len(waiting)


@pytest.mark.parametrize(
    ("path", "limit"), [("/admin/login", FORM_BYTES), (IMPORT, 8 * MIB)]
)
async def test_a_body_up_to_the_limit_is_read(path, limit):
    page = Page()
    chunks = [b"x" * MIB] * (limit // MIB)
    assert await post(page, path, chunks) == (200, 0)
    assert page.size == limit


async def test_a_larger_one_is_refused_unread_if_it_says_so():
    page = Page()
    status, unread = await post(page, "/admin/login", [b"x"], declared=FORM_BYTES + 1)
    assert (status, unread, page.size) == (413, 1, 0)


async def test_one_that_does_not_say_so_is_cut_off():
    page = Page()
    status, unread = await post(page, "/admin/login", [b"x" * MIB] * 20)
    assert (status, unread) == (413, 15)
    assert page.size == FORM_BYTES


@pytest.mark.parametrize("declared", [b"-1", b"x", b""])
async def test_a_senseless_length_is_counted(declared):
    page = Page()
    scope = {
        "type": "http",
        "path": "/admin/login",
        "headers": [(b"content-length", declared)],
    }
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"x" * (FORM_BYTES + 1)}

    async def send(message):
        sent.append(message)

    await Bounded(page)(scope, receive, send)
    assert sent[0]["status"] == 413
