"""One POST to an operator's address, on real sockets."""

import json

import pytest

from gateway.upstream import webhooks
from gateway.upstream.webhooks import Undelivered
from tests.gateway.upstream.stand_in import Peer, Request, serving, until_gone, whole

pytestmark = pytest.mark.e2e


async def test_it_posts_json_and_nothing_of_ours():
    seen = []

    async def answer(peer: Peer, request: Request) -> None:
        seen.append(request)
        await peer.send(whole(b"", status="201 Created"))

    async with serving(answer) as server:
        await webhooks.post(f"{server.url}/hook?token=x", {"text": "hi"})
    (request,) = seen
    assert request.head.startswith("POST /hook?token=x HTTP/1.1\r\n")
    assert json.loads(request.body) == {"text": "hi"}
    assert request.header("cookie") == ""


@pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "500 Oh"])
async def test_anything_but_success_is_told_without_the_address(status):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(b"", "Location: /elsewhere\r\n", status))

    async with serving(answer) as server:
        with pytest.raises(Undelivered) as told:
            await webhooks.post(f"{server.url}/hook?token=secret", {})
    assert str(told.value) == f"the webhook's host answered {status[:3]}"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/secret", "http://[bad/secret"])
async def test_a_host_that_is_not_there(url):
    with pytest.raises(Undelivered) as told:
        await webhooks.post(url, {})
    assert "secret" not in str(told.value)


async def test_a_silent_host_is_given_up(monkeypatch):
    monkeypatch.setattr(webhooks, "TOTAL_S", 0.2)

    async def answer(peer: Peer, request: Request) -> None:
        await until_gone(peer)

    async with serving(answer) as server:
        with pytest.raises(Undelivered, match="in time"):
            await webhooks.post(server.url, {})
