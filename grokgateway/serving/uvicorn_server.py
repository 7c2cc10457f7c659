"""Uvicorn in one worker process, on a socket that was opened for it."""

import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn

from grokgateway.serving import sockets, worker_app
from grokgateway.serving.plan import Plan

KEEP_ALIVE_S = 75


def run(plan: Plan, listener: socket.socket, ready: Callable[[], None]) -> None:
    # Uvicorn raises the signal it stopped for once more when it is done.
    signal.signal(signal.SIGTERM, leave)
    config = uvicorn.Config(
        worker_app.load(plan),
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
        log_config=None,
        backlog=sockets.BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=plan.drain_s,
    )
    ReportingServer(config, ready).run(sockets=[listener])


def leave(signum: int, frame: FrameType | None) -> None:
    sys.exit(0)


class ReportingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready()
