"""What tests of the transport share: asking, reading, both event loops."""

import asyncio
from typing import Any

import httpx
import uvloop

from gateway.upstream.transport import Body, Transport
from tests.gateway.upstream.stand_in import StandIn

RUNNERS = [asyncio.run, uvloop.run]


def post(url: str, content: bytes = b"{}", **extensions: Any) -> httpx.Request:
    return httpx.Request("POST", url + "/x", content=content, extensions=extensions)


async def ask(transport: Transport, server: StandIn, **extensions: Any):
    return await transport.handle_async_request(post(server.url, **extensions))


async def read(response: httpx.Response) -> bytes:
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return b"".join([piece async for piece in response.stream])


async def collect(
    response: httpx.Response, into: list[bytes], pause_s: float = 0.0
) -> None:
    async for piece in body_of(response):
        into.append(piece)
        await asyncio.sleep(pause_s)


def body_of(response: httpx.Response) -> Body:
    assert isinstance(response.stream, Body)
    return response.stream
