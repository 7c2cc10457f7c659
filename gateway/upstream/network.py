"""The network as the guarded fetcher sees it: names to addresses, and connections.

Names are looked up in threads of its own, so that the slow name servers of strangers
hold up neither upstream's connections nor other work in threads.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import httpx

from gateway.upstream.wire import Connection

Make = Callable[[], Connection]
LOOK_UPS = 8


class Network(Protocol):
    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Addresses in the order to be tried. Raises OSError."""

    async def connect(
        self, make: Make, address: str, port: int, tls: ssl.SSLContext | None, name: str
    ) -> Connection:
        """To this very address; `name` is what the certificate must be for."""


class Internet:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOK_UPS, "lookup")

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, addresses, host, port)

    async def connect(
        self, make: Make, address: str, port: int, tls: ssl.SSLContext | None, name: str
    ) -> Connection:
        loop = asyncio.get_running_loop()
        server_hostname = name if tls else None
        _, connection = await loop.create_connection(
            make, address, port, ssl=tls, server_hostname=server_hostname
        )
        return connection


def addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class Home:
    """What the fetcher of this process goes through."""

    def __init__(self) -> None:
        self.network: Network = Internet()
        self._tls: ssl.SSLContext | None = None

    def tls(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls


HOME = Home()
