"""The threads of media work, apart from the event loop and from all other work.

Four pools, so that a read never waits for a transaction, nor a download for a decode:
`disk` for short reads and writes and for look-ups, `index` for changes of the index
(one thread: they are serial anyway), `check` for decoding and hashing, `upkeep` for
what runs in the background.
"""

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connection

DISK_THREADS = 4
CHECK_THREADS = 2

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Pools:
    disk: ThreadPoolExecutor
    index: ThreadPoolExecutor
    check: ThreadPoolExecutor
    upkeep: ThreadPoolExecutor


@functools.cache
def pools() -> Pools:
    return Pools(
        ThreadPoolExecutor(DISK_THREADS, "media disk"),
        ThreadPoolExecutor(1, "media index"),
        ThreadPoolExecutor(CHECK_THREADS, "media check"),
        ThreadPoolExecutor(1, "media upkeep"),
    )


async def disk(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return await run(pools().disk, work, *args, **kwargs)


async def index(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return await run(pools().index, work, *args, **kwargs)


async def check(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return await run(pools().check, work, *args, **kwargs)


async def run(
    pool: ThreadPoolExecutor,
    work: Callable[P, R],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """The work's result; what it used of the database is given back."""
    step = functools.partial(closing, work, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(pool, step)


def closing(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        return work(*args, **kwargs)
    finally:
        give_back()


def give_back() -> None:
    """End the use of a server's connection; that of a file is kept if it is well.

    The threads are few, and opening an SQLite file takes several times as long as the
    query it is opened for.
    """
    if connection.vendor != "sqlite" or connection.errors_occurred:
        close_old_connections()
