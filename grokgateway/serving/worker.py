"""The process behind one worker of a supervised server: `PLAN LISTENER_FD READY_FD`."""

import asyncio
import os
import socket
import sys
from importlib import import_module

import django
import uvloop

from grokgateway.serving import plan as plans

MODULES = {
    "daphne": "grokgateway.serving.daphne_server",
    "uvicorn": "grokgateway.serving.uvicorn_server",
}


def main(plan_text: str, listener_fd: str, ready_fd: str) -> None:
    plan = plans.load(plan_text)
    listener = socket.socket(fileno=int(listener_fd))
    listener.setblocking(False)

    def ready() -> None:
        os.write(int(ready_fd), b"1")
        os.close(int(ready_fd))

    # Only the chosen server is imported, and late: Daphne makes its event loop then.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    server = import_module(MODULES[plan.server])
    django.setup()
    server.run(plan, listener, ready)


if __name__ == "__main__":
    main(*sys.argv[1:])
