"""Daphne at the pace of its clients.

Daphne itself buffers whatever an application sends, so a film for a slow client would
lie in memory whole. Here a send returns once the connection takes more.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from daphne.server import Server


class Tap:
    """What Twisted turns off while a connection's buffer is full (IPushProducer)."""

    def __init__(self) -> None:
        self.flowing = asyncio.Event()
        self.flowing.set()

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        self.flowing.clear()

    def resumeProducing(self) -> None:  # noqa: N802 - likewise
        self.flowing.set()

    def stopProducing(self) -> None:  # noqa: N802 - likewise
        self.flowing.set()


class PacedServer(Server):  # type: ignore[misc] # daphne has no types
    async def handle_reply(
        self,
        protocol: Any,  # noqa: ANN401 - daphne has no types
        message: Mapping[str, Any],  # ASGI's own shape
    ) -> None:
        tap = self.tap_of(protocol, message)
        await super().handle_reply(protocol, message)
        if tap is not None:
            await tap.flowing.wait()

    def tap_of(
        self,
        protocol: Any,  # noqa: ANN401 - daphne has no types
        message: Mapping[str, Any],  # ASGI's own shape
    ) -> Tap | None:
        """The tap of a response under way, which its first message opens."""
        details = self.connections.get(protocol, {})
        if message["type"] == "http.response.start":
            if protocol.channel is not None and "disconnected" not in details:
                details["tap"] = Tap()
                protocol.registerProducer(details["tap"], True)
            return None
        if message["type"] != "http.response.body" or "tap" not in details:
            return None
        if message.get("more_body", False):
            tap: Tap = details["tap"]
            return tap
        del details["tap"]
        if protocol.channel is not None:
            protocol.unregisterProducer()
        return None
