"""Conversations against a scripted server."""

import asyncio
import gzip
import zlib
from contextlib import suppress

import brotli
import orjson
import pytest
import zstandard

from gateway.conversation.events import TextDelta
from gateway.errors import GatewayError, Kind, UpstreamFailure, UpstreamFault
from gateway.upstream import pool
from gateway.upstream.client import Login, converse
from gateway.upstream.limits import Limits
from gateway.upstream.payloads import chat_payload
from tests.gateway.upstream.stand_in import (
    CHUNKED,
    LAST_CHUNK,
    Peer,
    Request,
    chunk,
    serving,
    until_gone,
    whole,
)

pytestmark = pytest.mark.e2e

LOGIN = Login("tok", "u1")


def frame(**response: object) -> bytes:
    return orjson.dumps({"result": {"response": response}}) + b"\n"


def token(text: str) -> bytes:
    return frame(token=text, isThinking=False, messageTag="final")


END = frame(finalMetadata={"followUpSuggestions": []})
TURN = token("Hel") + token("lo") + END


@pytest.fixture(autouse=True)
async def closing():
    yield
    await pool.current().aclose()


async def listen(server, limits: Limits | None = None, **changed: object) -> str:
    settings = server.settings(**changed)
    payload = chat_payload("hi", "fast", settings)
    text = ""
    async with converse(LOGIN, payload, settings, limits=limits) as replies:
        async for events in replies:
            text += "".join(e.text for e in events if isinstance(e, TextDelta))
    return text


async def failing(server, **more) -> UpstreamFailure:
    with pytest.raises(UpstreamFailure) as caught:
        await listen(server, **more)
    return caught.value


async def test_a_turn_sends_what_the_browser_sends_and_hears_the_answer():
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(CHUNKED + chunk(token("Hel")))
        await peer.send(chunk(token("lo")), chunk(END), LAST_CHUNK, pause_s=0.01)

    async with serving(answer) as server:
        for _ in range(3):
            assert await listen(server) == "Hello"
            await asyncio.sleep(0.3)  # the rest is read behind the answer
        assert server.connections == 1
        sent = server.requests[0]
    assert sent.head.startswith("POST /rest/app-chat/conversations/new HTTP/1.1")
    assert sent.header("cookie") == "sso=tok; sso-rw=tok"
    assert sent.header("baggage") == ""
    assert orjson.loads(sent.body)["message"] == "hi"


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("br", brotli.compress),
        ("zstd", zstd),
        ("identity", bytes),
    ],
)
@pytest.mark.parametrize("size", [1, 10_000])
async def test_packed_streams_are_unpacked_as_they_come(encoding, pack, size):
    packed = pack(TURN)

    async def answer(peer: Peer, request: Request) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n"
        await peer.send(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        pieces = [packed[i : i + size] for i in range(0, len(packed), size)]
        await peer.send(*[chunk(piece) for piece in pieces], LAST_CHUNK)

    async with serving(answer) as server:
        assert await listen(server) == "Hello"


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "snappy"])
async def test_a_packing_that_cannot_be_undone_is_a_bad_payload(encoding):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(b"\x00 no packing", f"Content-Encoding: {encoding}\r\n"))

    async with serving(answer) as server:
        failure = await failing(server)
    assert (failure.kind, failure.fault) == (Kind.UPSTREAM_ERROR, UpstreamFault.SERVER)


async def test_a_body_that_just_ends_is_a_good_end():
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(token("Hi").rstrip()))

    async with serving(answer) as server:
        assert await listen(server) == "Hi"


async def test_the_end_does_not_wait_for_upstream_to_close():
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(CHUNKED + chunk(TURN))
        await until_gone(peer)

    async with serving(answer) as server:
        async with asyncio.timeout(0.04):
            assert await listen(server) == "Hello"
        async with asyncio.timeout(1):
            await server.gone.wait()


async def test_an_error_body_is_drained_before_it_is_judged():
    async def answer(peer: Peer, request: Request) -> None:
        body = b'{"code":16,"message":"x [WKE=unauthenticated:bad-credentials]"}'
        head = b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n"
        await peer.send(head, chunk(body[:20]), chunk(body[20:]), pause_s=0.02)
        await peer.send(LAST_CHUNK)

    async with serving(answer) as server:
        failure = await failing(server)
        await failing(server)
        assert server.connections == 1
    assert failure.fault is UpstreamFault.CREDENTIAL
    assert failure.retryable


async def test_an_endless_error_body_is_cut():
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                await peer.chunk(b"x" * 16_384)

    async with serving(answer) as server:
        assert (await failing(server)).status == 500
        async with asyncio.timeout(1):
            await server.gone.wait()


async def test_a_rate_limit_carries_the_time_to_wait():
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(b"{}", "Retry-After: 30\r\n", "429 Too Many"))

    async with serving(answer) as server:
        failure = await failing(server)
    assert failure.kind is Kind.RATE_LIMITED
    assert failure.retry_after_s == 30
    assert failure.retryable


async def test_a_web_page_in_place_of_a_stream_is_a_failure():
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(b"<html>", "Content-Type: text/html\r\n"))

    async with serving(answer) as server:
        failure = await failing(server)
    assert failure.fault is UpstreamFault.SERVER


async def test_an_error_in_the_stream_comes_after_the_words_before_it():
    async def answer(peer: Peer, request: Request) -> None:
        error = b'{"error":{"message":"slow down","code":8}}\n'
        await peer.send(CHUNKED + chunk(token("Hi") + error) + LAST_CHUNK)

    async with serving(answer) as server:
        settings = server.settings()
        payload = chat_payload("hi", "fast", settings)
        async with converse(LOGIN, payload, settings) as replies:
            assert await anext(replies) == [TextDelta("Hi")]
            with pytest.raises(UpstreamFailure) as caught:
                await anext(replies)
    assert caught.value.kind is Kind.RATE_LIMITED


async def test_a_break_in_the_stream_is_a_transport_failure():
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(CHUNKED + chunk(token("Hi")), pause_s=0.02)
        peer.reset()

    async with serving(answer) as server:
        failure = await failing(server)
    assert failure.fault is UpstreamFault.TRANSPORT
    assert not failure.retryable


@pytest.mark.parametrize(
    ("head", "kind"),
    [(b"", Kind.UPSTREAM_TIMEOUT), (CHUNKED, Kind.IDLE_TIMEOUT)],
)
async def test_silence_is_an_idle_timeout_once_the_answer_began(head, kind):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(head)
        await until_gone(peer)

    async with serving(answer) as server:
        failure = await failing(server, chat__timeout=0.1)
    assert (failure.kind, failure.fault) == (kind, UpstreamFault.TIMEOUT)


async def test_an_answer_that_never_ends_is_ended():
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(CHUNKED)
        with suppress(ConnectionError):
            while True:
                await peer.chunk(token("and "))
                await asyncio.sleep(0.02)

    async with serving(answer) as server:
        failure = await failing(server, limits=Limits(5, 0.2))
        async with asyncio.timeout(1):
            await server.gone.wait()
    assert failure.kind is Kind.UPSTREAM_TIMEOUT


@pytest.mark.parametrize("head", [b"", CHUNKED + chunk(token("Hi"))])
async def test_a_cancelled_listener_hangs_up_at_once(head):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(head)
        await until_gone(peer)

    async with serving(answer) as server:
        task = asyncio.create_task(listen(server))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(1):
            await server.gone.wait()


async def test_leaving_early_hangs_up_at_once():
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(CHUNKED + chunk(token("Hi")))
        await until_gone(peer)

    async with serving(answer) as server:
        settings = server.settings()
        async with converse(LOGIN, b"{}", settings) as replies:
            await anext(replies)
        async with asyncio.timeout(1):
            await server.gone.wait()


async def test_no_server_is_retryable_as_nothing_was_sent():
    async with serving(lambda *_: asyncio.sleep(0)) as server:
        pass
    failure = await failing(server)
    assert failure.kind is Kind.UPSTREAM_ERROR
    assert failure.retryable


async def test_a_proxied_mode_does_not_go_out_directly():
    async with serving(lambda *_: asyncio.sleep(0)) as server:
        with pytest.raises(GatewayError) as caught:
            await listen(server, proxy__egress__mode="single_proxy")
        assert server.connections == 0
    assert caught.value.kind is Kind.EGRESS_UNAVAILABLE
