"""Telling the other processes at once that accounts have changed.

Redis carries the word where there is one, else PostgreSQL does. A notice says only that
there is news; whoever misses it finds the news by polling.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import psycopg
import redis
from django.conf import settings
from django.db import connection, transaction
from redis.asyncio import Redis
from redis.exceptions import RedisError

from accounts.claims import telling

logger = logging.getLogger(__name__)
CHANNEL = "g2_accounts"
TIMEOUT_S = 2.0
AGAIN_S = 2.0
CHECK_S = 15
Wake = Callable[[], None]
Hearing = Callable[[Wake], Awaitable[None]]


def announce() -> None:
    """Tell, once the present transaction has been committed."""
    if settings.REDIS_URL:
        transaction.on_commit(publish, robust=True)
    elif connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, ""])


def publish() -> None:
    try:
        with telling.client() as client:
            client.publish(CHANNEL, "")
    except (redis.RedisError, OSError) as error:
        logger.warning("Others were not told of changed accounts: %s", type(error))


class Listener:
    """Sets an event when there is news; `connected` while it would hear of it."""

    def __init__(self) -> None:
        self.connected = False

    async def listen(self, wake: Wake) -> None:
        """For ever, where there is something to listen to."""
        hear = self._channel()
        while hear is not None:
            try:
                await hear(wake)
            except (RedisError, psycopg.Error, OSError) as error:
                logger.warning("Not listening for accounts: %s", type(error).__name__)
            finally:
                self.connected = False
            await asyncio.sleep(AGAIN_S)

    def _channel(self) -> Hearing | None:
        if settings.REDIS_URL:
            return self._redis
        if connection.vendor == "postgresql":
            return self._postgresql
        return None

    async def _redis(self, wake: Wake) -> None:
        client: Redis = Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=TIMEOUT_S,
            health_check_interval=15,
        )
        async with client, client.pubsub() as channel:
            await channel.subscribe(CHANNEL)
            self.connected = True
            wake()  # for what came while nobody listened
            async for message in channel.listen():
                if message["type"] == "message":
                    wake()

    async def _postgresql(self, wake: Wake) -> None:
        options = connection.get_connection_params()
        for name in ("pool", "cursor_factory", "context", "prepare_threshold"):
            options.pop(name, None)
        async with await psycopg.AsyncConnection.connect(
            **options, autocommit=True
        ) as listening:
            await listening.execute(f"LISTEN {CHANNEL}")
            self.connected = True
            wake()
            async for _ in listening.notifies():
                wake()
