"""A sandbox of the tests' own in this process, on a real socket, and its settings."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn

from gateway.sandbox.app import Sandbox
from gateway.sandbox.settings import Settings

Values = Mapping[str, str | int | bool | None]


class Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They are the test runner's."""
        yield


@dataclass
class Surroundings:
    sandbox: Sandbox
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def upstream(values: Values) -> AsyncIterator[Surroundings]:
    sandbox = Sandbox(Settings())
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        sandbox, loop="asyncio", lifespan="off", log_level="critical", ws="none"
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await server.ready.wait()
    sandbox.state.settings.change(values.items())
    made = Surroundings(sandbox, listener.getsockname()[1])
    try:
        yield made
    finally:
        server.should_exit = server.force_exit = True
        await serving
        listener.close()
