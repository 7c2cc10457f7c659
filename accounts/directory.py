"""Where this process keeps its accounts in memory; reading and renewing them."""

import asyncio
import threading
import time
from dataclasses import dataclass, field

from asgiref.sync import sync_to_async

from accounts import store
from accounts.breaker import State
from accounts.roster import Directory
from accounts.rows import AccountRow
from accounts.wishes import Rules, Wanted

__all__ = [
    "Directory",
    "Rules",
    "State",
    "Wanted",
    "breakers",
    "current",
    "load",
    "ready",
    "sync",
]

ROWS_AT_ONCE = 200


@dataclass(slots=True)
class Home:
    """Where the process keeps its directory."""

    directory: Directory = field(default_factory=Directory)
    loading: threading.Lock = field(default_factory=threading.Lock)


HOME = Home()


def current() -> Directory:
    return HOME.directory


def breakers() -> list[State]:
    """Every breaker of this process, for status pages."""
    return HOME.directory.breakers.states()


def load() -> Directory:
    """Read every account anew from the tables; synchronous, for start-up."""
    directory = Directory(HOME.directory.rules)
    directory.revision = store.current_revision()
    for page in store.load():
        directory.apply(page, time.time())
    directory.loaded = True
    HOME.directory = directory
    return directory


def load_once() -> None:
    with HOME.loading:
        if not HOME.directory.loaded:
            load()


async def ready() -> None:
    """Load before the first request is served; later callers wait for the first."""
    if not HOME.directory.loaded:
        await sync_to_async(load_once)()


async def sync() -> None:
    """Merge what other processes changed: read in a thread, applied on the loop.

    A few rows at a time, so that requests are served in between.
    """
    directory = HOME.directory
    revision, rows = await sync_to_async(news)(directory.revision)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        directory.apply(rows[start : start + ROWS_AT_ONCE], time.time())
        await asyncio.sleep(0)
    directory.revision = revision


def news(since: int) -> tuple[int, list[AccountRow]]:
    revision = store.current_revision()
    if revision == since:
        return revision, []
    return revision, [row for page in store.changes_since(since) for row in page]
