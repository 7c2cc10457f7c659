"""Daphne in one worker process: stops new work, waits for open streams, then ends.

Daphne itself cuts open streams on SIGTERM, so the signal comes here first.
"""

import asyncio
import signal
import socket
import time
from collections.abc import Callable

from daphne.server import twisted_loop
from twisted.internet import reactor, tcp

from grokgateway.serving import worker_app
from grokgateway.serving.pacing import PacedServer
from grokgateway.serving.plan import Application, Plan

POLL_S = 0.05
CLOSE_LIMIT_S = 10.0


def run(plan: Plan, listener: socket.socket, ready: Callable[[], None]) -> None:
    asyncio.set_event_loop(twisted_loop)
    application = worker_app.load(plan)
    server = PacedServer(
        application,
        endpoints=["adopted below"],
        signal_handlers=False,
        server_name="",
    )
    drain = Drain(server, application, plan.drain_s)
    # The endpoint text knows IPv4 only; the socket is adopted when the factory exists.
    server.endpoints = []
    server.ready_callable = lambda: drain.listen(listener, ready)
    twisted_loop.add_signal_handler(signal.SIGTERM, drain.begin)
    twisted_loop.add_signal_handler(signal.SIGINT, drain.begin)
    server.run()


class Drain:
    """The listening port and the way it is given up."""

    def __init__(
        self, server: PacedServer, application: Application, drain_s: float
    ) -> None:
        self.server = server
        self.application = application
        self.drain_s = drain_s
        self.port: tcp.Port | None = None
        self.task: asyncio.Task[None] | None = None

    def listen(self, listener: socket.socket, ready: Callable[[], None]) -> None:
        self.port = reactor.adoptStreamPort(
            listener.fileno(), listener.family, self.server.http_factory
        )
        listener.close()
        ready()

    def begin(self) -> None:
        if self.task is None:
            self.task = twisted_loop.create_task(self.run())

    async def run(self) -> None:
        ends_at = time.monotonic() + self.drain_s
        try:
            if self.port is not None:
                await self.port.stopListening().asFuture(twisted_loop)
            await self.application.close_sockets()
            open_transports = self.last_requests()
            while time.monotonic() < ends_at and (  # noqa: ASYNC110 - no event tells
                self.application.open_requests
                or not all(transport.disconnected for transport in open_transports)
            ):
                await asyncio.sleep(POLL_S)
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self.application.aclose()
        finally:
            self.server.stop()

    def last_requests(self) -> list[tcp.Server]:
        """Ends idle connections at once and the busy ones after their reply."""
        busy = []
        held = []
        for protocol, details in self.server.connections.items():
            if "disconnected" in details or protocol.transport is None:
                continue
            held.append(protocol.transport)
            if channel := getattr(protocol, "channel", None):
                channel.persistent = False
                busy.append(protocol.transport)
        for reader in reactor.getReaders():
            if isinstance(reader, tcp.Server) and reader not in held:
                reader.loseConnection()
        return busy
