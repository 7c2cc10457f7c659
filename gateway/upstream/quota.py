"""Ask upstream what an account has left in one mode (4)."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from gateway.errors import UpstreamFailure, UpstreamFault
from gateway.upstream import calls
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.limits import Limits, Settings
from gateway.upstream.payloads import rate_limits_payload

PATH = "/rest/rate-limits"
LIMITS = Limits(idle_s=20.0, total_s=20.0)
OUTER_S = 25.0
MAX_BODY_BYTES = 64 * 1024
DEFAULT_WINDOW_S = 7_200
DEFAULT_WINDOWS_S = {"fast": 86_400}


@dataclass(frozen=True, slots=True)
class QuotaReading:
    """Queries left and in all; a window is `window_s` long, its end is not told."""

    remaining: int
    total: int
    window_s: int


@dataclass(slots=True)
class Survey:
    """What came back of several modes; `refused` are those the account lacks."""

    readings: dict[str, QuotaReading] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)


async def survey(login: Login, modes: Iterable[str], settings: Settings) -> Survey:
    """Ask for all modes at once; what does not answer in time says nothing.

    Raises UpstreamFailure only for a dead login (its fault is CREDENTIAL), and
    GatewayError if no way out is usable.
    """
    found = Survey()
    asking = [ask(found, login, mode, settings) for mode in modes]
    try:
        async with asyncio.timeout(OUTER_S):
            answers = await asyncio.gather(*asking, return_exceptions=True)
    except TimeoutError:
        return found
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return found


async def ask(found: Survey, login: Login, mode: str, settings: Settings) -> None:
    headers = json_headers(login, settings)
    payload = rate_limits_payload(mode)
    try:
        answer = await calls.post(PATH, headers, payload, settings, LIMITS)
    except UpstreamFailure as failure:
        if failure.fault is UpstreamFault.CREDENTIAL:
            raise
        if failure.fault is UpstreamFault.REJECTED:
            found.refused.add(mode)
        return
    reading = parse(await calls.drain(answer, MAX_BODY_BYTES), mode)
    if reading is not None:
        found.readings[mode] = reading


async def fetch(login: Login, mode: str, settings: Settings) -> QuotaReading | None:
    """One mode; None means that nothing was learnt, so that older data stands."""
    return (await survey(login, [mode], settings)).readings.get(mode)


def parse(body: bytes, mode: str) -> QuotaReading | None:
    """A missing total is taken as what remains; a total of zero says nothing (13.6)."""
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(fields, dict):
        return None
    remaining = whole(fields.get("remainingQueries"))
    if remaining is None:
        return None
    total = whole(fields.get("totalQueries", remaining))
    window_s = whole(fields.get("windowSizeSeconds"))
    if not total:
        return None
    return QuotaReading(
        remaining, total, window_s or DEFAULT_WINDOWS_S.get(mode, DEFAULT_WINDOW_S)
    )


def whole(value: object) -> int | None:
    """A number of things: an int that is no bool, not below zero."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return max(value, 0)
