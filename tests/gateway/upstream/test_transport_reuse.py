"""Which connections the transport keeps, and for how long."""

import asyncio

import httpx
import pytest

from gateway.upstream.transport import Transport
from tests.gateway.upstream.asking import RUNNERS, ask, body_of, post, read
from tests.gateway.upstream.stand_in import (
    CHUNKED,
    LAST_CHUNK,
    Peer,
    Request,
    chunk,
    serving,
    whole,
)

pytestmark = pytest.mark.e2e


@pytest.fixture(params=RUNNERS, ids=["asyncio", "uvloop"])
def run(request):
    return request.param


def test_a_kept_connection_that_died_is_replaced_once(run):
    async def answer(peer: Peer, request: Request) -> None:
        if request.body == b"die":
            peer.reset()
            return
        await peer.send(whole(b"%d" % peer.number))

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            assert await read(await ask(transport, server)) == b"1"
            with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
                await transport.handle_async_request(post(server.url, b"die"))
            assert server.connections == 2
            assert await read(await ask(transport, server)) == b"3"

    run(scenario())


def test_a_connection_closed_while_idle_is_not_used(run):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(b"%d" % peer.number))
        peer.writer.close()

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            assert await read(await ask(transport, server)) == b"1"
            await asyncio.sleep(0.05)
            assert await read(await ask(transport, server)) == b"2"
            assert [r.body for r in server.requests] == [b"{}", b"{}"]

    run(scenario())


def test_idle_connections_are_closed_after_a_while(run):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(b"ok"))

    async def scenario() -> None:
        async with serving(answer) as server, Transport(idle_s=0.1) as transport:
            await read(await ask(transport, server))
            async with asyncio.timeout(1):
                await server.gone.wait()

    run(scenario())


def test_no_more_than_the_cap_stay_idle(run):
    async def answer(peer: Peer, request: Request) -> None:
        await asyncio.sleep(0.05)
        await peer.send(whole(b"ok"))

    async def scenario() -> None:
        async with serving(answer) as server, Transport(max_idle=1) as transport:
            responses = await asyncio.gather(*[ask(transport, server) for _ in "abc"])
            for response in responses:
                await read(response)
            async with asyncio.timeout(1):
                await server.gone.wait()
            await read(await ask(transport, server))
            assert server.connections == 3

    run(scenario())


def test_closing_hangs_up_idle_connections(run):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(b"ok"))

    async def scenario() -> None:
        async with serving(answer) as server:
            async with Transport() as transport:
                await read(await ask(transport, server))
            async with asyncio.timeout(1):
                await server.gone.wait()

    run(scenario())


@pytest.mark.parametrize(
    ("ending", "connections"),
    [(LAST_CHUNK, 1), (b"", 2), (chunk(b"y" * 3_000_000) + LAST_CHUNK, 2)],
    ids=["ends soon", "stays open", "goes on"],
)
def test_leaving_keeps_the_connection_only_if_the_end_comes(run, ending, connections):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(CHUNKED + chunk(b"done"))
        await asyncio.sleep(0.02)
        await peer.send(ending)

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            for _ in range(2):
                response = await ask(transport, server)
                assert await anext(body_of(response)) == b"done"
                body_of(response).leave()
                await asyncio.sleep(0.15)
            assert server.connections == connections

    run(scenario())


def test_what_follows_the_answer_unasked_ends_the_connection(run):
    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(b"ok") + whole(b"poison"))

    async def scenario() -> None:
        async with serving(answer) as server, Transport() as transport:
            for _ in range(2):
                assert await read(await ask(transport, server)) == b"ok"
            assert server.connections == 2

    run(scenario())
