"""Attachments from a caller's request to upstream, through running processes."""

import base64
import contextlib
import http.server
import json
import threading

import httpx
import openai
import pytest

from gateway.upstream import assets, pool
from gateway.upstream.assets import File
from gateway.upstream.headers import Login
from tests.e2e import told
from tests.e2e.gateway_process import running_gateway
from tests.gateway.upstream.stand_in import Chosen

CHAT = "/v1/chat/completions"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)
DATA = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
MIB = 1024 * 1024


class Recording(http.server.BaseHTTPRequestHandler):
    """A stranger's server: notes headers, serves a picture."""

    seen: list[dict[str, str]] = []

    def do_GET(self):
        self.seen.append({"path": self.path, **dict(self.headers)})
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
            self.end_headers()
            return
        self.send_response(200 if self.path != "/none" else 404)
        self.send_header("Content-Type", "image/png")
        self.send_header("Set-Cookie", "track=me")
        self.send_header("Content-Length", str(len(PNG)))
        self.end_headers()
        self.wfile.write(PNG)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def stranger():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recording)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def online(sandbox, stranger, tmp_path_factory):
    """A gateway to which the whole web is that one server."""
    with running_gateway(
        tmp_path_factory.mktemp("online"),
        sandbox.url,
        {"super": ["sandbox-super-files-1", "sandbox-super-files-2"]},
        DJANGO_SETTINGS_MODULE="tests.e2e.near_web_settings",
        NEAR_WEB_PORT=str(stranger),
        GROK_PROXY_CLEARANCE_CF_COOKIES="cf_clearance=secret-clearance",
    ) as running:
        yield running


def image(url):
    return {"type": "image_url", "image_url": {"url": url}}


def body(*blocks, text="[[files]]"):
    content = [{"type": "text", "text": text}, *blocks]
    return {
        "model": "grok-4.20-auto",
        "stream": False,
        "messages": [{"role": "user", "content": content}],
    }


def ask(running, document):
    with httpx.Client(base_url=running.url, headers=running.headers()) as client:
        return client.post(CHAT, json=document, timeout=60)


def said(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"][0]["message"]["content"]


@contextlib.contextmanager
def recorded(sandbox):
    sandbox.reset()
    sandbox.settings(record=True)
    try:
        yield
    finally:
        sandbox.settings(record=False)


def test_an_image_as_data_uri_arrives(gateway, sandbox):
    with recorded(sandbox):
        found = said(ask(gateway, body(image(DATA), image(DATA))))
        calls = sandbox.requests(9)
    (upload,), (chat,) = told.uploads(calls), told.chats(calls)
    assert found == f"file.png (image/png, {len(PNG)} bytes)"
    assert told.holds(upload, PNG)
    assert upload["headers"]["cookie"] == chat.cookie
    assert len(chat.files) == 1


def test_the_sdk_sends_an_image_and_a_document(gateway):
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key)
    pdf = base64.b64encode(b"%PDF-1.7 and more").decode()
    file = {"filename": "a b.pdf", "file_data": f"data:application/pdf;base64,{pdf}"}
    document = body(image(DATA), {"type": "file", "file": file})
    answer = client.chat.completions.create(**document)
    lines = answer.choices[0].message.content.splitlines()
    assert lines == [
        f"file.png (image/png, {len(PNG)} bytes)",
        "a b.pdf (application/pdf, 17 bytes)",
    ]


def test_a_large_image_arrives_whole(gateway):
    content = base64.b64encode(PNG + bytes(24 * MIB)).decode()
    found = said(ask(gateway, body(image(f"data:image/png;base64,{content}"))))
    assert found == f"file.png (image/png, {len(PNG) + 24 * MIB} bytes)"


@pytest.mark.load
def test_the_later_form_of_uploads_arrives_too(launch):
    accounts = {"super": ["sandbox-super-later-1"]}
    with launch(accounts, GROK_UPSTREAM_UPLOAD_PROTOCOL="v3") as running:
        found = said(ask(running, body(image(DATA))))
    assert found == f"file.png (image/png, {len(PNG)} bytes)"


def test_a_remote_image_arrives_and_its_host_sees_a_stranger(online, sandbox):
    Recording.seen.clear()
    with recorded(sandbox):
        url = "http://pictures.example/a/kite.png?size=1"
        found = said(ask(online, body(image(url), image(url))))
        (upload,) = told.uploads(sandbox.requests(9))
    assert found == f"kite.png (image/png, {len(PNG)} bytes)"
    assert told.holds(upload, PNG)
    (seen,) = Recording.seen
    assert seen.pop("path") == "/a/kite.png?size=1"
    assert seen.pop("Host") == "pictures.example"
    assert set(seen) == {"Accept", "Accept-Encoding", "User-Agent", "Connection"}
    assert "secret" not in json.dumps(seen)
    assert "track" not in upload["headers"]["cookie"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.png",
        "http://localhost/a.png",
        "http://2130706433/a.png",
        "http://0x7f000001/a.png",
        "http://[::1]/a.png",
        "http://[::ffff:169.254.169.254]/a.png",
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/",
        "http://10.0.0.1/a.png",
        "http://pictures.example:8000/a.png",
        "http://user:pw@pictures.example/a.png",
        "http://pictures.example/away",
        "http://pictures.example/none",
        "http://pictures.example/" + "x" * 8192,
    ],
)
def test_what_is_not_fetched_is_told_with_its_place(online, sandbox, url):
    before = uploads(sandbox)
    answer = ask(online, body(image(url)))
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == (
        "invalid_request_error",
        "invalid_attachment",
    )
    assert error["param"].startswith("messages.0.content.1")
    assert "pw" not in error["message"]
    assert uploads(sandbox) == before


def uploads(sandbox):
    counted = sandbox.stats()["endpoints"]
    return sum(counted.get(path, 0) for path in told.UPLOADS)


def test_nothing_near_the_gateway_is_reached_without_a_made_up_network(gateway):
    port = gateway.url.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "127.1", "[::1]", "0.0.0.0"):
        for address in (f"http://{host}:{port}/health", f"http://{host}/health"):
            answer = ask(gateway, body(image(address)))
            assert answer.json()["error"]["code"] == "invalid_attachment"


def test_what_is_too_large_is_413(launch):
    accounts = {"super": ["sandbox-super-large-1"]}
    large = base64.b64encode(PNG + bytes(MIB)).decode()
    with launch(accounts, GROK_LIMITS_FILE_MB="1") as running:
        answer = ask(running, body(image(f"data:image/png;base64,{large}")))
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "request_too_large"
        answer = ask(running, body(image("data:image/png;base64," + "A" * 65 * MIB)))
        assert answer.status_code == 413
        assert said(ask(running, body(image(DATA)))).startswith("file.png")


def test_a_dead_account_does_not_stop_an_attachment(launch):
    accounts = {"super": ["sandbox-super-expired", "sandbox-super-alive-1"]}
    with launch(accounts, GROK_RETRY_MAX_RETRIES="3") as running:
        for _ in range(3):
            assert said(ask(running, body(image(DATA)))).startswith("file.png")


@pytest.mark.parametrize("protocol", ["v2", "v3"])
async def test_files_are_kept_listed_read_and_removed(sandbox, protocol):
    settings = Chosen(
        upstream__base_url=sandbox.url,
        upstream__assets_url=sandbox.url,
        upstream__upload_protocol=protocol,
        asset__upload_timeout=10,
        asset__list_timeout=10,
        asset__delete_timeout=10,
        asset__download_timeout=10,
        batch__asset_upload_concurrency=10,
        batch__asset_list_concurrency=10,
        batch__asset_delete_concurrency=10,
    )
    login = Login(f"sandbox-super-kept-{protocol}")
    content = base64.b64encode(PNG)
    files = [File(f"{n}.png", "image/png", content) for n in range(60)]
    try:
        ids = await assets.upload_all(login, files, settings)
        listed = await assets.listed(login, settings)
        assert {asset.id for asset in listed} == set(ids)
        assert len(ids) == 60
        async with assets.open_asset(login, listed[0].path, settings) as file:
            assert file.media_type == "image/png"
            assert b"".join([piece async for piece in file]) == PNG
        for identity in ids:
            await assets.delete(login, identity, settings)
        assert await assets.listed(login, settings) == []
    finally:
        await pool.current().aclose()
