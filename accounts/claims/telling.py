"""What the tables learn of accounts, told to the Redis that processes claim from.

Where claims are in the tables, or there is one process, there is nothing to tell. Who
tells holds the accounts' rows, and so does who copies out of Redis: what is copied
after that is what was told.
"""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
import redis
from django.conf import settings

from accounts.claims import scripts
from accounts.claims.base import Key
from accounts.rows import WindowRow

logger = logging.getLogger(__name__)
PREFIX = "g2:claims:"
TIMEOUT_S = 2.0
BARRED_S = 120  # by then every process has heard of it
Told = tuple[int, WindowRow]


def client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
    )


def tell(
    windows: Iterable[Told], *, known_only: bool = False, less: bool = False
) -> list[Told]:
    """Set windows; returns them as they are now where nobody holds of them.

    `known_only`: only those that were claimed from already; `less`: by what is in hand.
    """
    told = list(windows)
    if not settings.REDIS_URL or not told:
        return told
    wanted = [
        {
            "account": str(account),
            "mode": row.mode,
            "force": not known_only,
            "less": less,
            "window": window_of(row),
        }
        for account, row in told
    ]
    lefts = send(scripts.TELL, {"me": "", "windows": wanted})
    if not isinstance(lefts, list) or len(lefts) != len(told):
        return told
    return [
        (account, replace(row, remaining=left) if left >= 0 else row)
        for (account, row), left in zip(told, lefts, strict=True)
    ]


def bar(until: Mapping[int, float]) -> None:
    """Accounts that nobody takes until then, which may be infinity; 0.0: as before."""
    if not settings.REDIS_URL or not until:
        return
    latest = time.time() + BARRED_S
    barred = {str(one): min(at, latest) for one, at in until.items() if at}
    opened = [str(one) for one, at in until.items() if not at]
    send(scripts.BAR, {"till": barred, "open": opened, "life": BARRED_S})


def send(script: str, wanted: Mapping[str, object]) -> object:
    try:
        with client() as asked:
            return asked.eval(script, 1, PREFIX, orjson.dumps(wanted).decode())
    except (redis.RedisError, OSError) as error:
        logger.warning("Claims were not told of accounts: %s", type(error).__name__)
        return None


def ask(asked: redis.Redis, keys: Sequence[Key]) -> list[Told]:
    """The windows that are known there; raises `RedisError`."""
    named = [(str(account), mode) for account, mode in keys]
    wanted = orjson.dumps({"me": "", "keys": named}).decode()
    found = orjson.loads(str(asked.eval(scripts.ASK, 1, PREFIX, wanted), "utf-8"))
    return [
        (account, row_of(mode, window))
        for (account, mode), window in zip(keys, found or (), strict=True)
        if window
    ]


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


def row_of(mode: str, window: Mapping[str, Any]) -> WindowRow:  # of window_of's shape
    return WindowRow(
        mode,
        int(window["left"]),
        int(window["total"]),
        int(window["window_s"]),
        float(window["reset"]),
        window["source"],
        float(window["cooling"]),
    )
