"""The way of one call: its node, the clearance to go by, what became of it.

Every way taken is reported once: as arrived, turned away or lost. A call that is
cancelled says nothing about its way.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

import httpx

from gateway.egress import causes, home
from gateway.egress.binding import account_key
from gateway.egress.bundles import MANUAL, SOLVER_MODES, Bundle, Place
from gateway.egress.causes import TABLE, Blame
from gateway.egress.counts import Counted, Measure
from gateway.egress.home import Seat
from gateway.egress.nodes import DIRECT, Node, Scope
from gateway.egress.proxies import Proxy
from gateway.errors import GatewayError, UpstreamFailure
from gateway.upstream import failures, impersonation, pool
from gateway.upstream.channel import Target, origin_of, upstream_url
from gateway.upstream.cookies import clean_token
from gateway.upstream.headers import Login, Signed, dressed
from gateway.upstream.limits import Limits, Settings

ON_DEMAND = "on_demand"
SOCKETS = frozenset({"ws", "wss"})
RESET_STATUSES = "retry.reset_session_status_codes"


@dataclass(frozen=True, slots=True)
class Way:
    seat: Seat
    proxy: Proxy | None  # as this account goes through it
    bundle: Bundle | None
    key: pool.Key
    transport: httpx.AsyncBaseTransport
    settings: Settings

    @property
    def proxied(self) -> bool:
        return self.proxy is not None

    @property
    def verify(self) -> bool:
        return self.seat.node.verify

    def dressed(self, signed: Signed) -> Signed:
        if self.bundle is None:
            return signed
        return dressed(signed, self.bundle, self.settings)


@dataclass(frozen=True, slots=True)
class Fixed:
    """`agent`, if set, is sent with a clearance set by hand, whatever goes with it."""

    node: Node
    agent: str = ""


# The way that is examined; tasks inherit it, all other calls know nothing of it.
FIXED: ContextVar[Fixed | None] = ContextVar("the way that is examined", default=None)


@contextmanager
def fixed(node: Node, agent: str = "") -> Iterator[None]:
    """Calls made inside take this way as it is: no other node, no new clearance."""
    before = FIXED.set(Fixed(node, agent))
    try:
        yield
    finally:
        FIXED.reset(before)


class Passage:
    """One more node at most after a node's fault, one clearance after a challenge."""

    def __init__(
        self,
        target: Target,
        login: Login,
        scope: Scope,
        settings: Settings,
        limits: Limits,
    ) -> None:
        self._target = target
        self._login = login
        self._scope = scope
        self._settings = settings
        self._limits = limits
        self._home = home.current()
        self._fixed = FIXED.get()
        self._avoided: frozenset[str] = frozenset()
        self._seat: Seat | None = None  # kept for the same account's second try
        self._renewed: Bundle | None = None
        self._way: Way | None = None
        self._account = 0  # where no proxy is used, nobody needs to know

    async def way(self) -> Way:
        """Raises GatewayError where no node is usable, or no clearance to be had."""
        settings = self._settings
        if settings.text("proxy.egress.mode") != DIRECT:
            self._account = account_key(clean_token(self._login.token))
        seat = self._seat or self._taken(self._account)
        if seat.node.proxy is None and settings.text("proxy.egress.mode") != DIRECT:
            raise failures.failure(causes.NOT_SENT)  # an examination, if anything
        bundle = self._renewed or await self._bundle(seat)
        node = seat.node.for_account(self._account)
        agent = (bundle and bundle.user_agent) or agent_of(settings)
        key = pool.Key(
            node.name,
            node.proxy,
            agent,
            bundle.version if bundle else 0,
            bundle.key if bundle else "",
            node.verify,
            impersonation.chosen(agent, settings),
        )
        transport = pool.current().transport(key)
        self._way = Way(seat, node.proxy, bundle, key, transport, settings)
        return self._way

    def arrived(self) -> None:
        if self._way is not None:
            self._count(self._way, Measure.REQUEST)
            self._home.succeeded(self._way.seat)

    def lost(self, failure: UpstreamFailure) -> bool:
        """Whether to try another node: only what never left goes twice."""
        way, cause = self._way, TABLE[failure.cause]
        if way is not None:
            self._failed(way, failure)
        if way is None or cause.blame is not Blame.NODE:
            return False
        self._home.failed(way.seat, cause.code)
        pool.current().drop(way.key)
        if failure.sent or self._avoided or self._fixed is not None:
            return False
        self._avoided = frozenset({way.seat.node.name})
        self._seat = self._renewed = None
        return self._another()

    async def turned_away(self, failure: UpstreamFailure) -> bool:
        """Upstream, or what stands before it, said no; whether to ask once more."""
        way = self._way
        if way is None or failure.status is None:
            return False
        self._failed(way, failure)
        self._home.succeeded(way.seat)  # it led there
        blame = TABLE[failure.cause].blame
        resets = str(failure.status) in self._settings.items(RESET_STATUSES)
        if resets and blame is not Blame.ACCOUNT:
            pool.current().drop(way.key)
        return blame is Blame.CLEARANCE and await self._replaced(way)

    async def refused_inside(self, failure: UpstreamFailure) -> bool:
        """The answer itself, begun well, is the guard's; whether to ask once more."""
        way = self._way
        if way is None or TABLE[failure.cause].blame is not Blame.CLEARANCE:
            return False
        self._count(way, Measure.FAILURE, failure.cause)
        return await self._replaced(way)

    def _failed(self, way: Way, failure: UpstreamFailure) -> None:
        self._count(way, Measure.REQUEST)
        self._count(way, Measure.FAILURE, failure.cause)

    def _count(self, way: Way, measure: Measure, detail: str = "") -> None:
        socket = self._target.url.scheme in SOCKETS
        kind = "websocket" if socket else "http"
        name = way.seat.node.name
        self._home.counts.add(Counted(measure, name, self._scope, kind, detail))

    async def _replaced(self, way: Way) -> bool:
        """Whether there is a clearance that was not refused yet; once a call."""
        place = self._place(way.seat)
        if self._renewed is not None or self._fixed is not None or place is None:
            return False
        seen = way.bundle.version if way.bundle else 0
        try:
            self._renewed = await self._solved(place, seen, refused=True)
        except GatewayError:
            return False  # the challenge itself is told
        self._seat = way.seat
        return True

    def _taken(self, key: int) -> Seat:
        if self._fixed is not None:
            node = self._fixed.node
            return Seat(node, self._home.of(node).epoch)
        return self._home.take(
            self._settings, self._scope, key, self._avoided, self._login.node
        )

    def _another(self) -> bool:
        try:
            self._taken(0)
        except GatewayError:
            return False
        return self._settings.text("proxy.egress.mode") != DIRECT

    def _place(self, seat: Seat) -> Place | None:
        """What the clearance must be for; files go by that of the pages."""
        settings = self._settings
        if settings.text("proxy.clearance.mode") not in SOLVER_MODES:
            return None
        accounts = settings.text("upstream.accounts_url").rstrip("/")
        origin = settings.text("upstream.base_url").rstrip("/")
        if origin_of(self._target.url) == origin_of(upstream_url(accounts)):
            origin = accounts
        solver = settings.text("proxy.clearance.flaresolverr_url")
        return Place(seat.node.for_account(self._account), origin, solver)

    async def _bundle(self, seat: Seat) -> Bundle | None:
        if self._settings.text("proxy.clearance.mode") == MANUAL:
            manual = self._home.rows.manual.get(seat.node.name)
            if manual is not None and self._fixed is not None and self._fixed.agent:
                return replace(manual, user_agent=self._fixed.agent)
            return manual
        place = self._place(seat)
        if place is None:
            return None
        if self._fixed is not None:  # looking at one is no use of it
            return self._home.rows.bundles.get(place.key)
        bundle = self._home.bundle(place)
        if bundle is not None and bundle.valid:
            return bundle
        if self._settings.text("proxy.clearance.mode") == ON_DEMAND and bundle is None:
            return None
        return await self._solved(place, bundle.version if bundle else 0)

    async def _solved(
        self, place: Place, seen: int, *, refused: bool = False
    ) -> Bundle:
        solver = self._home.solver
        if solver is None:
            raise failures.failure(causes.NO_CLEARANCE)
        began = time.monotonic()
        solver_s = float(self._settings.number("proxy.clearance.timeout_sec"))
        try:
            async with asyncio.timeout(min(solver_s, self._limits.total_s)):
                renew = solver.replaced if refused else solver.renew
                return await renew(place, seen, self._settings)
        except TimeoutError as exc:
            raise failures.failure(causes.NO_CLEARANCE) from exc
        finally:
            waited = Counted(Measure.WAIT, place.node.name)
            self._home.counts.add(waited, time.monotonic() - began)


def agent_of(settings: Settings) -> str:
    return settings.text("proxy.clearance.user_agent")
