"""Granian: its own supervisor, with workers of ours inside."""

import multiprocessing
import threading
from collections.abc import Callable
from functools import partial

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from grokgateway.serving import sockets, worker_app
from grokgateway.serving.plan import Plan

START_LIMIT_S = 60.0
# Granian's messages join the project's logging instead of its own handlers.
LOGGING = {"loggers": {"_granian": {"handlers": [], "propagate": True}}}


def run(plan: Plan, announce: Callable[[], None]) -> int:
    """Serves until SIGTERM or SIGINT; SystemExit carries a failed worker's code.

    Workers are spawned, not forked: the parent holds threads and Django already.
    """
    multiprocessing.set_start_method("spawn", force=True)
    server = Granian(
        plan.app,
        address=plan.host,
        port=plan.port,
        interface=Interfaces.ASGI,
        workers=plan.workers,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=30_000),
        backlog=sockets.BACKLOG,
        backpressure=sockets.BACKLOG * 4,
        log_level=LogLevels.warning,
        log_dictconfig=LOGGING,
        respawn_failed_workers=True,
        workers_kill_timeout=max(1, plan.drain_s),
    )
    threading.Thread(target=report, args=(plan, announce), daemon=True).start()
    server.serve(target_loader=partial(worker_app.load, plan), wrap_loader=False)
    return 0


def report(plan: Plan, announce: Callable[[], None]) -> None:
    """A worker listens only after the application's start-up is complete."""
    if sockets.wait_until_accepting(plan.host, plan.port, limit_s=START_LIMIT_S):
        announce()
