"""Calls that only look: they spend no quota, and every failure of theirs is raised.

They go the way of all calls, with the headers and the clearance of all calls.
"""

import asyncio
from collections.abc import Mapping, Sequence

from gateway.conversation.events import TextDelta
from gateway.egress.bundles import Bundle
from gateway.errors import UpstreamFailure, UpstreamFault
from gateway.upstream import calls, chat, failures, identity, network, pool, quota
from gateway.upstream.asset_headers import page_headers
from gateway.upstream.channel import upstream_url
from gateway.upstream.headers import Login, Signed, dressed, json_headers
from gateway.upstream.limits import Limits, Settings
from gateway.upstream.payloads import Turn, rate_limits_payload
from gateway.upstream.quota import QuotaReading

PAGE = "/"
LIMITS = Limits(idle_s=20.0, total_s=20.0)
TALK = Limits(idle_s=30.0, total_s=60.0)
LOOK_UP_S = 10.0
SHOWN = frozenset({200, 301, 302, 303, 307, 308, 404})
QUESTION = "Say ok."
PORTS = {"http": 80, "https": 443}


class Instead:
    """Settings of which some are others; nothing is saved."""

    def __init__(self, settings: Settings, values: Mapping[str, str | bool]) -> None:
        self._settings = settings
        self._values = values

    def flag(self, key: str) -> bool:
        value = self._values.get(key)
        return value if isinstance(value, bool) else self._settings.flag(key)

    def text(self, key: str) -> str:
        value = self._values.get(key)
        return value if isinstance(value, str) else self._settings.text(key)

    def number(self, key: str) -> int:
        return self._settings.number(key)

    def items(self, key: str) -> tuple[str, ...]:
        return self._settings.items(key)


async def resolved(host: str) -> Sequence[str]:
    """Addresses of a name as this host sees it. Raises OSError, TimeoutError too."""
    async with asyncio.timeout(LOOK_UP_S):
        return await network.HOME.network.resolve(host, PORTS["https"])


def host_of(settings: Settings) -> str:
    return upstream_url(settings.text("upstream.base_url")).host


def sent(bundle: Bundle | None, settings: Settings) -> Signed:
    """The headers of a call, as they are on the wire but for the login."""
    signed = json_headers(Login(""), settings)
    return dressed(signed, bundle, settings) if bundle is not None else signed


def agent_sent(signed: Signed) -> str:
    return dict(signed.plain).get(b"User-Agent", b"").decode("latin-1")


async def page(login: Login, settings: Settings) -> None:
    """Upstream's first page, as a browser opens it. Raises UpstreamFailure."""
    target = pool.current().channel(settings).hosts.base(PAGE)
    signed = page_headers(login, settings)
    answer = await calls.send("GET", target, signed, None, settings, LIMITS, SHOWN)
    await answer.aclose()


async def session(login: Login, settings: Settings) -> None:
    """Raises UpstreamFailure; BLOCKED and DEAD_LOGIN are told apart by its cause."""
    await identity.fetch(login, settings)


async def reading(login: Login, mode: str, settings: Settings) -> QuotaReading | None:
    """What is left in one mode; None for one that upstream refuses to tell of.

    Raises UpstreamFailure.
    """
    headers = json_headers(login, settings)
    payload = rate_limits_payload(mode)
    try:
        answer = await calls.post(quota.PATH, headers, payload, settings, LIMITS)
    except UpstreamFailure as failure:
        if failure.fault is UpstreamFault.REJECTED:
            return None
        raise
    body = await calls.drain(answer, quota.MAX_BODY_BYTES)
    if body.lstrip().startswith(b"<"):
        raise failures.bad_payload()
    return quota.parse(body, mode)


async def word(login: Login, mode: str, settings: Settings) -> None:
    """One small question, which spends quota. Raises UpstreamFailure."""
    async with chat.ask(login, Turn(QUESTION, mode), settings, limits=TALK) as replies:
        async for events in replies:
            if any(isinstance(event, TextDelta) for event in events):
                return
    raise failures.bad_payload()
