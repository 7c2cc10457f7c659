"""How TLS is spoken: the first message of a client, and its fingerprint (JA4).

It is heard on loopback, from the same code that calls go by, so it is what leaves this
process; what a proxy that unwraps TLS makes of it is not seen here.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

import httpx

from gateway.upstream.impersonator import Impersonator
from gateway.upstream.transport import Transport

HEARD_S = 5.0
HEAD_BYTES = 5  # of a TLS record
SERVER_NAME, SIGNATURES, PROTOCOLS, VERSIONS = 0, 13, 16, 43
TOLD = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10"}
GREASE = frozenset(0x0A0A + 0x1010 * step for step in range(16))  # RFC 8701
HASH_CHARS = 12
MOST = 99


class NoGreeting(ValueError):
    """What came is no first message of TLS."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """Numbers as they were offered, without those that only keep servers awake."""

    version: int
    suites: tuple[int, ...]
    extensions: tuple[int, ...]
    signatures: tuple[int, ...] = ()
    protocol: str = ""

    @property
    def ja4(self) -> str:
        """As others publish it, so that it can be looked up."""
        named = "d" if SERVER_NAME in self.extensions else "i"
        counts = f"{capped(self.suites):02}{capped(self.extensions):02}"
        ends = f"{self.protocol[0]}{self.protocol[-1]}" if self.protocol else "00"
        passed = {SERVER_NAME, PROTOCOLS}
        extensions = hexed(sorted(set(self.extensions) - passed))
        parts = "_".join(filter(None, (extensions, hexed(self.signatures))))
        first = f"t{TOLD.get(self.version, '00')}{named}{counts}{ends}"
        return f"{first}_{short(hexed(sorted(self.suites)))}_{short(parts)}"


def capped(numbers: tuple[int, ...]) -> int:
    return min(len(numbers), MOST)


def hexed(numbers: list[int] | tuple[int, ...]) -> str:
    return ",".join(f"{number:04x}" for number in numbers)


def short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:HASH_CHARS]


class Reader:
    """Raises NoGreeting where there is less than is asked for."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def rest(self) -> bool:
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) < count:
            raise NoGreeting
        self._at += count
        return found

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count))

    def part(self, prefix: int) -> "Reader":
        return Reader(self.take(self.number(prefix)))

    def text(self) -> str:
        return self.take(len(self._data) - self._at).decode("ascii", "replace")

    def numbers(self) -> Iterator[int]:
        """Of two bytes each, as long as there are some."""
        while self.rest:
            number = self.number(2)
            if number not in GREASE:
                yield number


def read(hello: bytes) -> Greeting:
    """A TLS record with the whole of it. Raises NoGreeting."""
    record = Reader(hello)
    if record.take(1) != b"\x16":
        raise NoGreeting
    record.take(2)
    message = record.part(2)
    if message.take(1) != b"\x01":
        raise NoGreeting
    body = message.part(3)
    version = body.number(2)
    body.take(32)
    body.part(1)
    suites = tuple(body.part(2).numbers())
    body.part(1)
    known: dict[int, Reader] = {}
    listed = body.part(2) if body.rest else Reader(b"")
    while listed.rest:
        kind = listed.number(2)
        known[kind] = listed.part(2)
    offered = [*known[VERSIONS].part(1).numbers()] if VERSIONS in known else [version]
    kinds = b"".join(kind.to_bytes(2) for kind in known)
    return Greeting(
        max(offered, default=version),
        suites,
        tuple(Reader(kinds).numbers()),
        tuple(known[SIGNATURES].part(2).numbers()) if SIGNATURES in known else (),
        first_protocol(known.get(PROTOCOLS)),
    )


def first_protocol(listed: Reader | None) -> str:
    if listed is None:
        return ""
    return listed.part(2).part(1).text()


async def heard(profile: str) -> Greeting | None:
    """What a call of this profile begins with, empty for Python's own TLS.

    None where it could not be heard.
    """
    carrier = Impersonator(profile, None, verify=True) if profile else Transport()
    try:
        async with asyncio.timeout(HEARD_S):
            return read(await begun(carrier))
    except (OSError, NoGreeting, TimeoutError):
        return None
    finally:
        await carrier.aclose()


async def begun(carrier: httpx.AsyncBaseTransport) -> bytes:
    """A connection to ourselves, which is cut once it has begun."""
    came: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readexactly(HEAD_BYTES)
            more = await reader.readexactly(int.from_bytes(head[3:]))
            if not came.done():
                came.set_result(head + more)
        writer.transport.abort()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"https://localhost:{port}/"
        with suppress(httpx.TransportError):
            await carrier.handle_async_request(httpx.Request("GET", url))
        return await came
