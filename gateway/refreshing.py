"""Keep quotas and tiers true: who is asked, how often, and what the answer means.

Every account has a time at which it is to be asked next. One process at a time walks
through those that are due; taking an account is a conditional update, so that nobody
is asked twice within half a minute, whoever wants to know.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async

from accounts import directory, leases
from accounts.credentials import reveal
from accounts.models import Account, QuotaWindow
from accounts.quotas import TOTALS
from accounts.store import syncs
from accounts.store.syncs import Asked, Reading
from gateway import media_left
from gateway.errors import GatewayError, UpstreamFailure, UpstreamFault
from gateway.upstream import dialects, identity, quota
from gateway.upstream.headers import Login
from grokgateway import config, crypto
from grokgateway.config import Snapshot
from grokgateway.jobs import leadership
from grokgateway.jobs.leadership import Lease
from grokgateway.jobs.outbox import Sink

logger = logging.getLogger(__name__)

LEADER = "quota refresh"
LEADER_LIFE = timedelta(seconds=30)
PER_S = 20  # accounts asked in a second, by all processes together
LIKELY = 8
LIKELY_S = 5.0
LOOK_BACK = timedelta(minutes=10)
PUT_OFF = timedelta(minutes=5)
DETECTING = ("auto", "fast")
EVERY_MODE = ("auto", "fast", "expert", "heavy", "grok_4_3")


class Unlearnt(Exception):
    """The account could not be asked, or told nothing; the message is for people."""


@dataclass(frozen=True, slots=True)
class Candidate:
    id: int
    login: Login
    modes: tuple[str, ...]
    pool: str


async def refresh(account_id: int, snapshot: Snapshot) -> str:
    """Ask one account for all it has left; returns its pool, as known by then.

    Raises `Unlearnt`. A login that is dead expires the account.
    """
    candidate = await sync_to_async(candidate_of)(account_id)
    if candidate is None:
        raise Unlearnt("the account is gone, or no key reads its credential")
    try:
        asked = await answers_of(candidate, snapshot)
    except UpstreamFailure as failure:
        if failure.fault is not UpstreamFault.CREDENTIAL:
            raise Unlearnt(failure.message) from failure
        await sync_to_async(syncs.expire)(account_id)
        raise Unlearnt("upstream no longer accepts the account's session") from failure
    except GatewayError as error:
        raise Unlearnt(error.message) from error
    if not asked.readings:
        await sync_to_async(syncs.put_off)(account_id, datetime.now(UTC), PUT_OFF)
        raise Unlearnt("upstream told nothing about its quota")
    now = datetime.now(UTC)
    return await sync_to_async(syncs.save_sync)(
        account_id, asked, now, intervals(snapshot)
    )


async def answers_of(candidate: Candidate, snapshot: Snapshot) -> Asked:
    """All that one account tells. Raises UpstreamFailure for a login that is dead."""
    login, unknown = candidate.login, HOME.unknown
    found = await quota.survey(login, candidate.modes, snapshot)
    if not found.readings:
        return Asked({}, frozenset(found.refused))
    readings = {
        mode: Reading(one.remaining, one.total, one.window_s)
        for mode, one in found.readings.items()
    }
    media, weeks = await asyncio.gather(
        media_left.media(unknown, login, snapshot),
        media_left.weeks(unknown, login, candidate.pool, snapshot),
    )
    user_id = await user_id_of(candidate, snapshot)
    return Asked(readings, frozenset(found.refused), user_id, media, weeks)


async def user_id_of(candidate: Candidate, snapshot: Snapshot) -> str:
    """Asked once, where chats need it or users imported twice are to be found."""
    wanted = snapshot.flag("account.refresh.user_id")
    wanted = wanted or dialects.HOME.form("chat", snapshot) == "gateway"
    if candidate.login.user_id or not wanted:
        return ""
    try:
        return (await identity.fetch(candidate.login, snapshot)).user_id
    except UpstreamFailure as failure:
        if failure.fault is UpstreamFault.CREDENTIAL:
            raise
        logger.info("Upstream did not tell a user id: %s", failure.cause)
        return ""


def candidate_of(account_id: int) -> Candidate | None:
    account = Account.objects.filter(pk=account_id, deleted_at=None).first()
    if account is None:
        return None
    try:
        login = Login(reveal(account), account.user_id, account.node)
    except crypto.Undecipherable:
        return None
    if account.tier_source == "auto":
        return Candidate(account_id, login, EVERY_MODE, account.pool)
    modes = tuple(dict.fromkeys((*TOTALS[account.pool], *DETECTING)))
    return Candidate(account_id, login, modes, account.pool)


def intervals(snapshot: Snapshot) -> Mapping[str, int]:
    return {
        pool: snapshot.number(f"account.refresh.{pool}_interval_sec")
        for pool in ("basic", "super", "heavy")
    }


class Refresher:
    """The scheduled refresh; `beat` is called about once a second in each process."""

    def __init__(self) -> None:
        self._lease: Lease | None = None
        self._looked_at = datetime.now(UTC) - LOOK_BACK

    async def beat(self) -> None:
        snapshot = config.current()
        if not snapshot.flag("account.refresh.enabled"):
            return
        now = datetime.now(UTC)
        due = await sync_to_async(self._due)(now)
        await refresh_all(due, snapshot)

    def _due(self, now: datetime) -> list[int]:
        """Those that are ours to ask now; none while another process leads."""
        if not self._leading(now):
            return []
        syncs.wake_exhausted(self._looked_at, now)
        self._looked_at = now
        return syncs.take(syncs.due(now, PER_S), now)

    def _leading(self, now: datetime) -> bool:
        if self._lease is not None and leadership.renew(
            self._lease, life=LEADER_LIFE, now=now
        ):
            return True
        self._lease = leadership.claim(LEADER, life=LEADER_LIFE, now=now)
        return self._lease is not None

    async def aclose(self) -> None:
        lease, self._lease = self._lease, None
        if lease is not None:
            await sync_to_async(leadership.release)(lease)


async def refresh_all(ids: Sequence[int], snapshot: Snapshot) -> int:
    """Ask all of them, some at once; returns how many told something."""
    limit = asyncio.Semaphore(snapshot.number("account.refresh.usage_concurrency"))

    async def one(account_id: int) -> bool:
        async with limit:
            try:
                await refresh(account_id, snapshot)
            except Unlearnt as reason:
                logger.info("Account %d was not refreshed: %s", account_id, reason)
                return False
            return True

    return sum(await asyncio.gather(*map(one, ids)))


class OnDemand:
    """Ask a few likely accounts when a request finds none ready."""

    def __init__(self) -> None:
        self._asked_at = 0.0
        self._asking: asyncio.Task[int] | None = None

    async def help(self, wanted: leases.Wanted, snapshot: Snapshot) -> bool:
        """Whether it is worth looking again; takes a few seconds at the most.

        One probe serves all requests that wait; it is spaced as configured.
        """
        loop = asyncio.get_running_loop()
        if self._asking is None or self._asking.done():
            spacing = snapshot.number("account.refresh.on_demand_min_interval_sec")
            if self._asked_at and loop.time() - self._asked_at < spacing:
                return False
            self._asked_at = loop.time()
            self._asking = loop.create_task(probe(wanted, snapshot))
        done, _ = await asyncio.wait({self._asking}, timeout=LIKELY_S)
        return (
            bool(done) and not self._asking.cancelled() and bool(self._asking.result())
        )


class Home:
    """What this process remembers of asking: on demand, and what nobody knew."""

    def __init__(self) -> None:
        self.on_demand = OnDemand()
        self.unknown = media_left.Unknown()


HOME = Home()


async def probe(wanted: leases.Wanted, snapshot: Snapshot) -> int:
    now = datetime.now(UTC)
    ids = await sync_to_async(likely)(wanted.pools, wanted.modes, now)
    learnt = await refresh_all(ids, snapshot)
    if learnt:
        await directory.sync()
    return learnt


def likely(pools: Iterable[str], modes: Iterable[str], now: datetime) -> list[int]:
    """Used up by our own count, asked longest ago; taken for us."""
    spent = QuotaWindow.objects.filter(
        account__pool__in=list(pools),
        account__status__in=syncs.ASKED,
        account__deleted_at=None,
        mode__in=list(modes),
        remaining=0,
    )
    ids = spent.order_by("synced_at").values_list("account_id", flat=True)
    return syncs.take(list(dict.fromkeys(ids[: 4 * LIKELY]))[:LIKELY], now)


def save_soon(ids: Sequence[int]) -> None:
    syncs.soon(list(dict.fromkeys(ids)), datetime.now(UTC))


# Accounts whose window was only guessed when they served a call.
UNCERTAIN = Sink("uncertain windows", save_soon)
