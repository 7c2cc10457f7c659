"""Proxies of the tests' own on loopback: CONNECT over HTTP or TLS, and SOCKS5.

They look names up themselves: all of `.test` are this machine. Each keeps whom it led
where, and from which port it went there, so that a test sees who came past it.
"""

import asyncio
import socket
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

USER, PASSWORD = "carrier", "pass:w@rd/7"
QUOTED = "pass%3Aw%40rd%2F7"


class Refused(Exception):
    pass


@dataclass
class ProxyServer:
    scheme: str
    port: int = 0
    broken: str = ""  # "status 503", "reset", "hang", "garbage"
    led: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    ports: set[int] = field(default_factory=set)  # from which it went to the target
    calls: int = 0
    place: tuple[str, int] | None = None  # where all are led, whatever they ask for

    def url(self, user: str = USER, password: str = QUOTED) -> str:
        return f"{self.scheme}://{user}:{password}@127.0.0.1:{self.port}"

    async def connect(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> str:
        """The target, once the client has shown who it is."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        target = lines[0].split(" ")[1]
        given = next(
            (line.split(" ")[2] for line in lines if line.startswith("Proxy-Auth")), ""
        )
        user, _, password = b64decode(given).decode().partition(":")
        if password != PASSWORD:
            writer.write(b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n")
            raise Refused
        self.users.append(user)
        if self.broken.startswith("status"):
            writer.write(b"HTTP/1.1 %s No\r\n\r\n" % self.broken[7:].encode())
            raise Refused
        return target

    async def socks(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> str:
        _version, count = await reader.readexactly(2)
        if 2 not in await reader.readexactly(count):
            writer.write(b"\x05\xff")
            raise Refused
        writer.write(b"\x05\x02")
        await reader.readexactly(1)
        user = await reader.readexactly((await reader.readexactly(1))[0])
        password = await reader.readexactly((await reader.readexactly(1))[0])
        if password.decode() != PASSWORD:
            writer.write(b"\x01\x01")
            raise Refused
        writer.write(b"\x01\x00")
        self.users.append(user.decode())
        head = await reader.readexactly(4)
        if head[3] == 1:
            host = socket.inet_ntoa(await reader.readexactly(4)).encode()
        else:
            host = await reader.readexactly((await reader.readexactly(1))[0])
        port = int.from_bytes(await reader.readexactly(2))
        if self.broken:
            writer.write(b"\x05\x05\x00\x01" + bytes(6))
            raise Refused
        return f"{host.decode()}:{port}"

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.calls += 1
        with suppress(Refused, ConnectionError, asyncio.IncompleteReadError):
            if self.broken == "reset":
                raise Refused
            if self.broken == "hang":
                await asyncio.sleep(60)
            if self.broken == "garbage":
                writer.write(b"SSH-2.0-hello\r\n\r\n")
                raise Refused
            socks = self.scheme.startswith("socks")
            target = await (self.socks if socks else self.connect)(reader, writer)
            await self._lead(target, reader, writer, socks=socks)
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    async def _lead(
        self,
        target: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        socks: bool,
    ) -> None:
        self.led.append(target)
        host, _, port = target.rpartition(":")
        place = "127.0.0.1" if host.endswith(".test") else host
        to = self.place or (place, int(port))
        far_reader, far_writer = await asyncio.open_connection(*to)
        self.ports.add(far_writer.get_extra_info("sockname")[1])
        if socks:
            writer.write(b"\x05\x00\x00\x01" + bytes(6))
        else:
            writer.write(b"HTTP/1.1 200 Go on\r\n\r\n")
        try:
            await asyncio.gather(pumped(reader, far_writer), pumped(far_reader, writer))
        finally:
            far_writer.transport.abort()


async def pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def proxy(
    scheme: str, tls: ssl.SSLContext | None = None, broken: str = ""
) -> AsyncIterator[ProxyServer]:
    """`tls` is for https proxies."""
    made = ProxyServer(scheme, broken=broken)
    tasks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await made.serve(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # for what was aborted to be gone
