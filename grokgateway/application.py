"""The ASGI application: one process's life from its first request to its last write.

HTTP paths of the public API go to the lean entry, all others to Django. What must run
beside requests (configuration polls, directory sync, write-behind) starts with the
server's lifespan, or with the first request where the server has none (daphne).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections

from accounts import directory
from gateway import agreement, catalog, http, sightings, studio, works
from gateway.alerts import watching
from gateway.conversation import tokens
from gateway.doctor import watching as doctor
from gateway.egress import home as ways_out
from gateway.entry import Entry, send_response
from gateway.errors import GatewayError, Kind
from gateway.exits import figures, probing, renewal
from gateway.exits import store as exits
from gateway.exits.solving import SharedSolver
from gateway.keys import home as limits
from gateway.keys import sharing
from gateway.keys import store as keys
from gateway.refreshing import Refresher
from gateway.upkeep import purge_expired
from gateway.upstream import pool
from grokgateway import config, crypto, interpreter, replica, startup
from grokgateway.jobs import broker as brokers
from grokgateway.jobs import outbox, runner, scheduling
from grokgateway.jobs import watching as jobs_watched
from grokgateway.jobs.batch_runner import run_one
from grokgateway.jobs.periodic import Periodic, run_all
from media import upkeep
from webui import uploads
from webui.api import completions
from webui.imagine import wall
from webui.sockets import floor

logger = logging.getLogger(__name__)

Scope = dict[str, Any]  # ASGI's own shape
Message = MutableMapping[str, Any]  # likewise
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Any, Any], Awaitable[None]]  # servers and Django differ

CONFIG_POLL_S = 5.0
FLUSH_S = 0.05
BEAT_S = 1.0
PURGE_S = 3600.0
REFRESH_S = 1.0
BATCHES_S = 1.0
BATCHES_AT_ONCE = 3
VIDEOS_S = 1.0  # between two starts, should one fail; it looks for jobs by itself
TIDE_S = 2.0
HEALTH_S = 2.0
NOT_STARTED = "The gateway cannot start; see its log."
PUBLIC_PATHS = frozenset({"/health", "/readyz", "/metrics"})


class Application:
    """Routes ASGI scopes and owns what runs beside them, per event loop."""

    def __init__(
        self, django: Asgi, websocket: Asgi, *, sync_s: float, jobs: bool = True
    ) -> None:
        self._django = django
        self._websocket = websocket
        self._entry = Entry()
        self._completions = Entry(completions.URLCONF, completions.VisitorAdmission)
        self._sync_s = sync_s
        self._jobs = jobs
        self._refresher = Refresher()
        self._starting: asyncio.Task[None] | None = None
        self._background: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._due: scheduling.Bell | None = None
        self.open_requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if self._background is None and not await self._ready(scope, send):
            return
        if scope["type"] == "websocket":  # lasts as long as a page, and waits mostly
            await self._websocket(scope, receive, send)
            return
        self.open_requests += 1
        try:
            await self._route(scope)(scope, receive, send)
        finally:
            self.open_requests -= 1

    async def begin(self) -> None:
        """Start what runs beside requests, for a process that serves none."""
        await self._started()

    async def close_sockets(self) -> None:
        """Tell open sockets that this process ends; requests go on."""
        await asyncio.gather(jobs_watched.current().close(), floor.current().close())

    async def aclose(self) -> None:
        """Stop what runs beside requests, write what is pending, close connections."""
        self._stopping.set()
        await self.close_sockets()
        tasks = [task for task in (self._starting, self._background) if task]
        for task in tasks:
            task.cancel()
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._refresher.aclose()
            await pool.current().aclose()
            await directory.leave()
        finally:
            await outbox.current().flush()
            await limits.leave()

    def _route(self, scope: Scope) -> Asgi:
        path: str = scope["path"]
        if path.startswith("/v1/") or path == "/v1" or path in PUBLIC_PATHS:
            return self._entry
        if path.rstrip("/") == completions.PATH:
            return self._completions
        if path == "/" and scope["method"] == "HEAD":
            return self._entry
        return self._django

    async def _ready(self, scope: Scope, send: Send) -> bool:
        """Start if need be; tell the caller of a start that failed."""
        try:
            await self._started()
        except Exception:
            if scope["type"] != "http":
                raise
            logger.exception("the gateway cannot start")
            rid = http.request_id(dict(scope["headers"]))
            error = GatewayError(
                Kind.INTERNAL, "The gateway cannot start; see its log."
            )
            refused = http.error_response(error, rid, http.dialect_of(scope))
            await send_response(send, scope, refused, rid)
            return False
        return True

    async def _started(self) -> None:
        """Start once; every request that comes meanwhile waits for the same start."""
        starting = self._starting
        if starting is None:
            starting = asyncio.get_running_loop().create_task(self._start())
            self._starting = starting
        try:
            await asyncio.shield(starting)
        except Exception:
            if self._starting is starting:  # else the next attempt is under way
                self._starting = None
            raise

    async def _start(self) -> None:
        await sync_to_async(load_everything)()
        await directory.ready(works=self._jobs)
        await asyncio.to_thread(tokens.encoding)
        await sync_to_async(config.subscribe)(startup.follow)
        tide = interpreter.Tide(lambda: self.open_requests)
        jobs = [
            Periodic("configuration", CONFIG_POLL_S, sync_to_async(reload_settings)),
            Periodic("accounts", self._sync_s, self._follow_accounts),
            Periodic("claims", BEAT_S, directory.beat),
            Periodic("key limits", sharing.BEAT_S, limits.beat),
            Periodic("write-behind", FLUSH_S, outbox.current().flush),
            Periodic("memory", TIDE_S, tide.ebb),
            Periodic("upstream forms", agreement.EVERY_S, agreement.follow),
            Periodic("upstream drift", sightings.EVERY_S, sightings.follow),
            Periodic("alerts", watching.EVERY_S, watching.watch),
            Periodic("proxy health", HEALTH_S, figures.beat),
            Periodic("doctor", doctor.EVERY_S, doctor.beat),
            Periodic("uploads", uploads.TIDY_S, uploads.tidy),
        ]
        if self._jobs:
            jobs += self._chores()
            jobs.append(Periodic("media caps", upkeep.WATCH_S, upkeep.watch))
            jobs.append(Periodic("media index", upkeep.TIDY_S, upkeep.tidy))
        ways_out.current().solver = SharedSolver()
        limits.share()
        interpreter.settle()
        loop = asyncio.get_running_loop()
        self._background = loop.create_task(run_all(jobs, self._stopping))

    def _chores(self) -> list[Periodic]:
        """Work for the whole installation, done by whichever process gets to it."""
        names = [f"batch jobs {number}" for number in range(BATCHES_AT_ONCE)]
        shared = (
            settings.REDIS_URL and not settings.SHARED_STORE
        )  # else each node's own
        told = self._told_of_work() if shared else []
        return [
            Periodic("retention", PURGE_S, sync_to_async(purge_expired)),
            Periodic("wall retention", PURGE_S, sync_to_async(purge_wall)),
            Periodic("quota refresh", REFRESH_S, self._refresher.beat),
            *told,
            *(Periodic(name, BATCHES_S, self._batches) for name in names),
            Periodic("videos", VIDEOS_S, studio.current().work),
            Periodic("clearances", renewal.EVERY_S, renewal.beat),
            Periodic("proxy probes", probing.EVERY_S, probing.Prober().beat),
        ]

    def _told_of_work(self) -> list[Periodic]:
        """With Redis no process has to look each second: one sends word to all."""
        broker = brokers.current()
        studio.current().poll_s = scheduling.UNASKED_S
        self._due = scheduling.Bell()
        wake = {"batches": self._due.ring, "videos": studio.current().wake}
        scheduling.register(broker, wake)
        hear = partial(runner.hear, broker, self._stopping)
        return [
            Periodic("word of work", runner.RETRY_S, hear),
            Periodic("scheduler", runner.RETRY_S, partial(scheduling.lead, broker)),
        ]

    async def _batches(self) -> None:
        while await run_one(works.ALL):
            pass
        if self._due is not None:
            await self._due.wait(scheduling.UNASKED_S)

    async def _follow_accounts(self) -> None:
        await directory.follow(self._sync_s, settings.ACCOUNT_SYNC_INTERVAL)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self._started()
                except Exception:
                    logger.exception("the gateway cannot start")
                    await send({"type": "lifespan.startup.failed", "message": ""})
                    raise
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return


def purge_wall() -> None:
    """Forget rounds of image walls that hold no picture any more."""
    try:
        wall.purge()
    finally:
        close_old_connections()


def load_everything() -> None:
    """Synchronous: credential keys, configuration, catalogue, API keys."""
    crypto.ring()
    replica.join()
    startup.follow(config.load())
    catalog.load()
    keys.load()
    exits.load()


def reload_settings() -> None:
    """See what other processes changed."""
    try:
        config.refresh()
        catalog.load()
        keys.load()
        exits.load()
    finally:
        close_old_connections()  # one that an outage broke would stay broken
