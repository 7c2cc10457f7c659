"""What fails at a real upstream, in both forms of its chat, goes again to the byte."""

import io
from contextlib import closing, contextmanager

import orjson
import pytest
from django.core.management import call_command

from gateway.captures import document, making, store
from gateway.entry import Entry
from gateway.keys.cards import Capturing
from gateway.upstream import identity, pool
from grokgateway import config
from tests.gateway.asgi import post
from tests.gateway.ground import MODEL, ground
from tests.gateway.named_keys import bearer, issue

TOKEN = "sandbox-super-canary-5b1f"
CANARY = "a canary sings of Bergen"
FAULTS = (
    "[[error=8]]",
    "[[thinking=2]] [[citations]] [[xposts]] [[error=listed]] [[error_after=2]]",
    "[[citations]] [[drift=event]]",
    "[[badjson]] [[surrogate=pair]] [[error=nested]] [[error_after=1]]",
    "[[tokens=9]] [[close_mid=2]]",
    "[[status=500]]",
    "[[challenge]]",
    "[[empty]]",
)
PATHS = ("/v1/chat/completions", "/v1/responses", "/v1/messages")


@pytest.fixture(params=["rest", "gateway"])
async def prepared(request, sandbox, monkeypatch):
    monkeypatch.setattr(identity, "HOME", identity.Known())
    sandbox.reset()
    chosen = {
        "upstream.base_url": sandbox.url,
        "upstream.assets_url": sandbox.url,
        "upstream.chat_protocol": request.param,
        "features.show_search_sources": True,
        "retry.max_retries": 0,
    }

    @contextmanager
    def stage():
        """A gateway that nobody has harmed."""
        with ground(monkeypatch.setattr, carried=False) as made:
            with config.override(chosen):
                made.add(TOKEN)
                yield made

    yield stage
    await pool.current().aclose()


def asking(path, prompt, *, stream):
    said = f"{prompt} [[text={CANARY} to {TOKEN}]]"
    said = prompt if "empty" in prompt else said
    body = {"model": MODEL, "stream": stream, "max_tokens": 99}
    if path == "/v1/responses":
        del body["max_tokens"]
        body["input"] = said
    else:
        body["messages"] = [{"role": "user", "content": said}]
    return post(body, path, headers=bearer())


def replay(path):
    with closing(io.StringIO()) as out, pytest.raises(SystemExit) as left:
        call_command("replay", str(path), stdout=out)
    return left.value.code


@pytest.mark.parametrize("words", [False, True], ids=["covered", "words"])
async def test_a_failure_goes_again(prepared, tmp_path, words):
    for number, fault in enumerate(FAULTS):
        with prepared() as stage:
            issue(capturing=Capturing(2e9, words))
            path, stream = PATHS[number % 3], number % 2 == 0
            exchange = await asking(path, fault, stream=stream).through(Entry())
            (row,) = (row for sink, row in stage.kept.rows if sink is store.CAPTURES)
            proven(row, exchange.content, tmp_path / "capture.json", words)


def proven(row, content, path, words):
    assert bytes(row.tape.sent) == content
    capture = making.made(row.tape, row.request_id, row.about)
    assert capture.faithful
    assert capture.alike
    written = document.dumped(capture)
    assert TOKEN.encode() not in written
    assert words or b"Bergen" not in written
    if b"Bergen" in content:
        assert (b"Bergen" in written) is words
    path.write_bytes(written)
    assert replay(path) == 0
    body = orjson.loads(written)
    path.write_bytes(orjson.dumps({**body, "sent": f"{body['sent']} "}))
    assert replay(path) == 1
