"""A network of the tests' own: what names lead to, and who answers there.

The policy of the fetcher holds as ever; only look-ups and connections are ours.
"""

import asyncio
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gateway.upstream import network
from gateway.upstream.network import Make, Network
from gateway.upstream.wire import Connection

OPEN = "93.184.215.14"


class Wire(asyncio.Transport):
    """Answers the first write with the bytes it was made with."""

    def __init__(self, connection: Connection, reply: Sequence[bytes]) -> None:
        super().__init__()
        self._connection = connection
        self._reply = reply
        self._closing = False
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)
        loop = asyncio.get_running_loop()
        for piece in self._reply:
            loop.call_soon(self._arrive, piece)

    def _arrive(self, piece: bytes) -> None:
        if not self._closing:
            self._connection.data_received(piece)

    def is_closing(self) -> bool:
        return self._closing

    def abort(self) -> None:
        if not self._closing:
            self._closing = True
            loop = asyncio.get_running_loop()
            loop.call_soon(self._connection.connection_lost, None)

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Web(Network):
    """Names and the answers of their hosts; a look-up takes the next of a name's."""

    def __init__(self, **pages: bytes) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.replies: dict[str, list[Sequence[bytes]]] = {}
        self.looked_up: list[str] = []
        self.connected: list[tuple[str, int, str]] = []
        self.dead: set[str] = set()
        self.wires: list[Wire] = []

    def add(self, host: str, *replies: bytes, at: Sequence[str] = (OPEN,)) -> None:
        self.names.setdefault(host, []).append(list(at))
        self.replies.setdefault(host, []).extend([reply] for reply in replies)

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.looked_up.append(host)
        found = self.names.get(host)
        if not found:
            raise OSError("no such name")
        return found.pop(0) if len(found) > 1 else found[0]

    async def connect(
        self, make: Make, address: str, port: int, tls: ssl.SSLContext | None, name: str
    ) -> Connection:
        self.connected.append((address, port, name))
        if address in self.dead:
            raise ConnectionRefusedError("nobody there")
        connection = make()
        wire = Wire(connection, self.replies[name].pop(0))
        self.wires.append(wire)
        connection.connection_made(wire)
        return connection


class Loopback(Network):
    """Real connections: every name is on the open internet, and leads to one port."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self.tls = tls

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        return [OPEN]

    async def connect(
        self, make: Make, address: str, port: int, tls: ssl.SSLContext | None, name: str
    ) -> Connection:
        assert address == OPEN
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            make,
            "127.0.0.1",
            self.port,
            ssl=(self.tls or tls) if tls else None,
            server_hostname=name if tls else None,
        )
        return connection


@contextmanager
def through(chosen: Network) -> Iterator[None]:
    before = network.HOME.network
    network.HOME.network = chosen
    try:
        yield
    finally:
        network.HOME.network = before
