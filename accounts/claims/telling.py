"""What the tables learn of windows, told to the Redis that processes claim from.

Where claims are in the tables, or there is one process, there is nothing to tell.
"""

import logging
from collections.abc import Iterable
from functools import partial

import orjson
import redis
from django.conf import settings
from django.db import transaction

from accounts.claims import scripts
from accounts.rows import WindowRow

logger = logging.getLogger(__name__)
PREFIX = "g2:claims:"
TIMEOUT_S = 2.0
Told = tuple[int, WindowRow]


def client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
    )


def tell(
    windows: Iterable[Told], *, known_only: bool = False, less: bool = False
) -> None:
    """Set windows once the present transaction is committed.

    `known_only`: only those that were claimed from already; `less`: by what is in hand.
    """
    if settings.REDIS_URL and (told := list(windows)):
        step = partial(send, told, known_only=known_only, less=less)
        transaction.on_commit(step, robust=True)


def send(windows: list[Told], *, known_only: bool, less: bool) -> None:
    wanted = [
        {
            "account": str(account),
            "mode": row.mode,
            "force": not known_only,
            "less": less,
            "window": window_of(row),
        }
        for account, row in windows
    ]
    arguments = orjson.dumps({"me": "", "windows": wanted}).decode()
    try:
        with client() as asked:
            asked.eval(scripts.TELL, 1, PREFIX, arguments)
    except (redis.RedisError, OSError) as error:
        logger.warning("Claims were not told of windows: %s", type(error).__name__)


def window_of(row: WindowRow, in_hand: int = 0) -> dict[str, object]:
    """Times as texts: the script's own numbers would lose their last digits."""
    return {
        "left": max(0, row.remaining - in_hand),
        "total": row.total,
        "window_s": row.window_s,
        "reset": f"{row.reset_at:.6f}",
        "cooling": f"{row.cooling_until:.6f}",
        "source": row.source,
    }
