"""Where this process keeps its accounts in memory; reading and renewing them.

`ready` also joins the processes that serve the same accounts, and `leave` leaves them.
A directory that never joined is its process's own.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error, close_old_connections

from accounts import store
from accounts.breaker import State
from accounts.claims.base import Peer, Store, Unreachable
from accounts.claims.fallover import Fallover
from accounts.claims.member import Member
from accounts.claims.redis import RedisStore
from accounts.claims.sql import SqlStore
from accounts.notices import Listener
from accounts.ready import Entry
from accounts.roster import Directory
from accounts.rows import AccountRow
from accounts.wishes import Rules, Wanted
from grokgateway import replica
from grokgateway.jobs import outbox

__all__ = [
    "Directory",
    "Rules",
    "State",
    "Wanted",
    "beat",
    "breakers",
    "claim",
    "current",
    "follow",
    "in_step",
    "in_sync",
    "leave",
    "load",
    "may_claim",
    "peers",
    "ready",
    "sync",
    "worked",
]

logger = logging.getLogger(__name__)
ROWS_AT_ONCE = 200
IDLE_AFTER = 5  # polls without news
COMPARE_S = 60.0  # between two looks at whether all that is stored is known
SYNCS_MISSED, SYNC_GRACE_S = 2, 10.0  # before this process counts as out of step


@dataclass(slots=True)
class Home:
    """Where the process keeps its directory."""

    directory: Directory = field(default_factory=Directory)
    loading: threading.Lock = field(default_factory=threading.Lock)
    member: Member | None = None
    works: bool = False  # whether this process takes jobs
    synced_at: float = float("-inf")  # of the monotonic clock
    compared_at: float = float("-inf")


HOME = Home()


def current() -> Directory:
    return HOME.directory


def breakers() -> list[State]:
    """Every breaker of this process, for status pages."""
    return HOME.directory.breakers.states()


def peers() -> list[Peer]:
    """The serving processes as this one knows them, itself left out; seconds old."""
    member = HOME.member
    if member is None:
        return []
    return [peer for peer in member.circle.peers if peer.id != member.circle.me.id]


def in_sync() -> bool:
    """Whether what others changed has been read of late."""
    return time.monotonic() - HOME.synced_at < patience_s()


def in_step() -> bool:
    """Whether this node's copy, where Redis is the store, has followed it of late."""
    return replica.in_step(patience_s())


def patience_s() -> float:
    return SYNCS_MISSED * float(settings.ACCOUNT_SYNC_INTERVAL) + SYNC_GRACE_S


def may_claim() -> bool:
    """Whether others still know this process, so that it may serve accounts."""
    member = HOME.member
    return member is None or member.circle.alone or not member.circle.lapsed


def worked() -> bool:
    """Whether there is a process that takes jobs, as far as this one knows."""
    return HOME.works or any(peer.notes.get("works") for peer in peers())


def load() -> Directory:
    """Read every account anew from the tables; synchronous, for start-up."""
    directory = Directory(HOME.directory.rules)
    directory.purse = HOME.directory.purse
    directory.revision = store.current_revision()
    for page in store.load():
        directory.apply(page, time.time())
    directory.loaded = True
    HOME.directory, HOME.synced_at = directory, time.monotonic()
    return directory


def load_once() -> None:
    with HOME.loading:
        if not HOME.directory.loaded:
            load()


async def ready(*, works: bool = False) -> None:
    """Load before the first request is served; later callers wait for the first.

    Joining comes first: who is alone then has read what the one before it wrote. What
    is shared is taken in advance, so that the first requests need not wait for it.
    """
    HOME.works = works
    if HOME.member is None:
        HOME.member = Member(shared_store(), current, reread=reread, works=works)
        try:
            await HOME.member.join(alone=settings.SERVER_WORKERS == 1)
            await HOME.member.welcomed()
        except Unreachable:
            HOME.member = None
            raise
    if not HOME.directory.loaded:
        await sync_to_async(load_once)()
        await HOME.member.beat()


async def reread() -> None:
    """What is left of every window, from the tables; raises `Unreachable`."""
    pages = store.load()
    try:
        while rows := await sync_to_async(following)(pages):
            for start in range(0, len(rows), ROWS_AT_ONCE):
                chunk = rows[start : start + ROWS_AT_ONCE]
                HOME.directory.take_over(chunk, time.time())
                await asyncio.sleep(0)
    except Error as error:
        raise Unreachable(type(error).__name__) from error
    finally:
        await sync_to_async(close_old_connections)()


def following(pages: Iterator[list[AccountRow]]) -> list[AccountRow]:
    return next(pages, [])


def shared_store() -> Store:
    url: str = settings.REDIS_URL
    if not url:
        return SqlStore()
    if settings.SHARED_STORE:  # the tables are this node's own
        return RedisStore(url)
    return Fallover(RedisStore(url), SqlStore(), reread)


async def claim(
    wanted: Wanted, excluded: Set[int], prefer: int | None
) -> tuple[Entry, str, float]:
    """An account, its mode and when it was taken; raises `NoAccountAvailable`."""
    if HOME.member is not None:
        return await HOME.member.trade.claim(wanted, excluded, prefer)
    now = time.time()
    entry, mode = HOME.directory.claim(wanted, now, excluded, prefer)
    return entry, mode, now


async def beat() -> None:
    """Once a second, so that the other processes know of this one."""
    if HOME.member is not None:
        await HOME.member.beat()


async def leave() -> None:
    """Give everything back, once the last request is over."""
    member, HOME.member = HOME.member, None
    if member is not None:
        await member.leave()


async def sync() -> bool:
    """Merge what other processes changed: read in a thread, applied on the loop.

    A few rows at a time, so that requests are served in between. Tells whether there
    was anything.
    """
    directory, began = HOME.directory, time.time()
    await outbox.current().flush()
    directory.saved(began)
    known = None
    if time.monotonic() - HOME.compared_at > COMPARE_S:
        HOME.compared_at, known = time.monotonic(), directory.digest()
    revision, rows, anew = await sync_to_async(news)(directory.revision, known)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        chunk = rows[start : start + ROWS_AT_ONCE]
        directory.apply(chunk, time.time(), anew=anew)
        await asyncio.sleep(0)
    if anew:
        directory.keep_only({row.id for row in rows}, time.time())
    directory.revision = revision
    HOME.synced_at = time.monotonic()
    return bool(rows)


async def follow(active_s: float, idle_s: float) -> None:
    """Sync for ever: at once when told of news, and in any case now and then.

    Slowly only where news are told and there were none for a while.
    """
    wake, listener = asyncio.Event(), Listener()
    async with asyncio.TaskGroup() as group:
        group.create_task(listener.listen(wake.set))
        empty = 0
        while True:
            empty = 0 if await synced() else empty + 1
            idle = listener.connected and empty >= IDLE_AFTER
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(idle_s if idle else active_s):
                    await wake.wait()
            wake.clear()


async def synced() -> bool:
    try:
        return await sync()
    except Error:
        logger.exception("Changed accounts could not be read; they will be.")
        return True
    finally:
        await sync_to_async(close_old_connections)()


def news(
    since: int, known: tuple[int, int] | None = None
) -> tuple[int, list[AccountRow], bool]:
    """What changed, or all there is where history has gone another way.

    A database restored from a copy may have passed `since` again by now. So the digest
    of what is in memory (`known`) is compared where nothing has changed.
    """
    replica.follow()
    revision = store.current_revision()
    if revision < since or (revision == since and strayed(revision, known)):
        logger.warning("What is stored is not what was read; accounts are read anew.")
        return revision, [row for page in store.load() for row in page], True
    if revision == since:
        return revision, [], False
    return revision, [row for page in store.changes_since(since) for row in page], False


def strayed(revision: int, known: tuple[int, int] | None) -> bool:
    if known is None or store.digest() == known:
        return False
    return store.current_revision() == revision  # else something came just now
