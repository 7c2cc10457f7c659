"""Fetch what a URL of a stranger names, as a stranger: the guarded fetcher.

No login can be given to it, it shares no connection with upstream's calls, and how a
fetch ends says nothing about upstream or a proxy.

It speaks http on port 80 and https on port 443, only with hosts on the open internet
(see `addresses`). A name is looked up once for each hop, all its addresses are judged,
and the connection goes to one of those very addresses. Redirects are judged like the
first URL.
"""

import asyncio
import ipaddress
import ssl
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import httpx

from gateway.upstream.addresses import Refused, check_address, checked_url
from gateway.upstream.encodings import Unzip
from gateway.upstream.network import HOME, Make, Network
from gateway.upstream.transport import Dial, Transport
from gateway.upstream.wire import Connection

__all__ = ["Fetched", "Refused", "fetch"]

TOTAL_S = 30.0
CONNECT_S = 10.0
ATTEMPT_S = 4.0
MAX_ADDRESSES = 4
MAX_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
HEADERS = [
    ("Accept", "*/*"),
    ("Accept-Encoding", "identity"),
    ("User-Agent", "Mozilla/5.0 (compatible; grok-gateway)"),
    ("Connection", "close"),
]
GENERIC = "application/octet-stream"
DEFAULT_NAME = "download"


Way = Callable[[httpx.URL], Dial | None]


def by_itself(_url: httpx.URL) -> None:
    """Straight to every host that the guard lets pass."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """`media_type` as claimed, without parameters; `name` from the final address."""

    media_type: str
    name: str
    body: bytes


async def fetch(url: str, take: Callable[[int], None], way: Way = by_itself) -> Fetched:
    """`take` is told of every byte before it is kept, and raises to end the fetch.

    `way` may name what opens the connection to a host instead of the guard. Raises
    Refused for a URL that is not fetched, and for anything but a whole 200 in time.
    """
    try:
        async with asyncio.timeout(TOTAL_S):
            return await followed(checked_url(url), take, way)
    except (TimeoutError, httpx.TimeoutException) as exc:
        raise Refused("was not sent by its host in time") from exc
    except httpx.TransportError as exc:
        raise Refused("could not be read from its host") from exc


async def followed(url: httpx.URL, take: Callable[[int], None], way: Way) -> Fetched:
    for _ in range(MAX_REDIRECTS + 1):
        async with answered(url, way(url) or Guard(HOME.network)) as response:
            if response.status_code == httpx.codes.OK:
                return await received(url, response, take)
            if response.status_code not in REDIRECTS:
                told = f"is not to be had: its host answered {response.status_code}"
                raise Refused(told)
            url = led_on(url, response.headers.get("location", ""))
    raise Refused("is behind too many redirects")


@asynccontextmanager
async def answered(url: httpx.URL, dial: Dial) -> AsyncIterator[httpx.Response]:
    """One request over a connection of its own."""
    transport = Transport(tls=HOME.tls(), dial=dial)
    transport.retire()  # so that it keeps no connection
    extensions = {"timeout": {"connect": CONNECT_S, "read": TOTAL_S}}
    request = httpx.Request("GET", url, headers=HEADERS, extensions=extensions)
    response = await transport.handle_async_request(request)
    try:
        yield response
    finally:
        await stream_of(response).aclose()


class Guard:
    """Connects to addresses it has judged, and to no others."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def __call__(
        self, make: Make, name: str, port: int, tls: ssl.SSLContext | None
    ) -> Connection:
        failure: OSError = OSError("no address")
        for address in await self._judged(name, port):
            try:
                async with asyncio.timeout(ATTEMPT_S):
                    return await self._network.connect(make, address, port, tls, name)
            except OSError as exc:  # also TimeoutError
                failure = exc
        raise failure

    async def _judged(self, name: str, port: int) -> Sequence[str]:
        """One closed address among many is enough to refuse the name."""
        found = [name] if is_address(name) else await self._network.resolve(name, port)
        for address in found:
            check_address(address)
        return list(dict.fromkeys(found))[:MAX_ADDRESSES]


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def led_on(url: httpx.URL, location: str) -> httpx.URL:
    try:
        return checked_url(str(url.join(location)))
    except httpx.InvalidURL as exc:
        raise Refused("leads to no valid URL") from exc


async def received(
    url: httpx.URL, response: httpx.Response, take: Callable[[int], None]
) -> Fetched:
    parts: list[bytes] = []
    async with aclosing(unpacked(response)) as pieces:
        async for piece in pieces:
            take(len(piece))
            parts.append(piece)
    claim = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    name = url.path.rpartition("/")[2] or DEFAULT_NAME
    return Fetched(claim or GENERIC, name, b"".join(parts))


async def unpacked(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The body; gzip is undone though not asked for, as some hosts send nothing else.

    In pieces of limited size, whatever the packing makes of few bytes.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        async for data in stream_of(response):
            yield data
        return
    if encoding not in {"gzip", "x-gzip"}:
        raise Refused("is packed in a way that was not asked for")
    unzip = Unzip()
    try:
        async for data in stream_of(response):
            for piece in unzip.feed(data):
                yield piece
    except zlib.error as exc:
        raise Refused("is packed in a way that cannot be read") from exc
    if not unzip.complete:
        raise Refused("was not sent whole")


def stream_of(response: httpx.Response) -> httpx.AsyncByteStream:
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - our transport's
    return response.stream
