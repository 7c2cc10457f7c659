"""`/webui/ws/chat`: who may open it, and when it is closed."""

import orjson
import pytest
from channels.testing import WebsocketCommunicator
from django.core import signing

from grokgateway import config, routing
from tests.webui.conftest import KEY
from webui import passes
from webui.chat import talk
from webui.sockets import chat, floor

# channels looks after connections that other tests may have left
pytestmark = pytest.mark.django_db(transaction=True)
OURS = b"http://testserver"
PATH = "/webui/ws/chat"


@pytest.fixture(autouse=True)
def process(monkeypatch):
    monkeypatch.setattr(floor.HOME, "floor", floor.Floor())
    with config.override({}):
        yield


def socket(key=KEY, origin=OURS, path=PATH):
    held = passes.fresh(key)
    cookie = signing.dumps([held.id, held.mark], salt=passes.SALT)
    headers = [(b"host", b"testserver"), (b"origin", origin)]
    headers.append((b"cookie", f"{passes.COOKIE}={cookie}".encode()))
    return WebsocketCommunicator(routing.application, path, headers=headers)


@pytest.mark.parametrize(
    ("key", "origin", "welcome"),
    [
        (KEY, OURS, True),
        ("another", OURS, False),
        (KEY, b"http://evil.example", False),
        (KEY, b"null", False),
    ],
)
async def test_only_visitors_on_our_pages_are_let_in(webui, key, origin, welcome):
    with webui(KEY):
        opened = socket(key, origin)
        assert (await opened.connect(timeout=5))[0] is welcome
        await opened.disconnect()


async def test_while_the_web_ui_is_off_there_is_no_socket():
    assert not (await socket().connect(timeout=5))[0]


async def test_a_script_without_an_origin_needs_a_key(webui):
    with webui():
        headers = [(b"host", b"testserver")]
        opened = WebsocketCommunicator(routing.application, PATH, headers=headers)
        assert not (await opened.connect(timeout=5))[0]


async def test_another_key_closes_the_socket(webui, monkeypatch):
    monkeypatch.setattr(talk, "PING_S", 0.01)
    with webui(KEY):
        opened = socket()
        assert (await opened.connect(timeout=5))[0]
        assert orjson.loads(await opened.receive_from(timeout=5)) == {"type": "ping"}
    with webui("another key"):
        while (said := await opened.receive_output(timeout=5)) is not None:
            if said["type"] == "websocket.close":
                break
    assert said["code"] == chat.SIGNED_OUT


async def test_a_process_that_ends_sends_its_pages_elsewhere(webui):
    with webui(KEY):
        opened = socket()
        assert (await opened.connect(timeout=5))[0]
        await floor.current().close()
        said = await opened.receive_output(timeout=5)
    assert said["type"] == "websocket.close"
    assert said["code"] == chat.RESTARTING


async def test_a_turn_after_the_key_changed_is_refused(webui):
    start = {"type": "start", "id": "1", "model": "m"}
    said = {**start, "messages": [{"role": "user", "content": "hi"}]}
    with webui(KEY):
        opened = socket()
        assert (await opened.connect(timeout=5))[0]
    with webui("another key"):
        await opened.send_to(orjson.dumps(said).decode())
        frame = orjson.loads(await opened.receive_from(timeout=5))
        await opened.disconnect()
    assert frame["type"] == "error"
    assert frame["code"] == "invalid_api_key"
