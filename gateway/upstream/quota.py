"""Ask upstream what an account has left in one mode (4)."""

from dataclasses import dataclass

import orjson

from gateway.errors import UpstreamFailure, UpstreamFault
from gateway.upstream import calls
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.limits import Limits, Settings
from gateway.upstream.payloads import rate_limits_payload

PATH = "/rest/rate-limits"
LIMITS = Limits(idle_s=20.0, total_s=20.0)
MAX_BODY_BYTES = 64 * 1024
DEFAULT_WINDOW_S = 7_200
DEFAULT_WINDOWS_S = {"fast": 86_400}


@dataclass(frozen=True, slots=True)
class QuotaReading:
    """Queries left and in all; a window is `window_s` long, its end is not told."""

    remaining: int
    total: int
    window_s: int


async def fetch(login: Login, mode: str, settings: Settings) -> QuotaReading | None:
    """None means that nothing was learnt, so that older data stands.

    Raises UpstreamFailure only for a dead login (its fault is CREDENTIAL), and
    GatewayError if no way out is usable.
    """
    headers = json_headers(login, settings)
    try:
        answer = await calls.post(
            PATH, headers, rate_limits_payload(mode), settings, LIMITS
        )
    except UpstreamFailure as failure:
        if failure.fault is UpstreamFault.CREDENTIAL:
            raise
        return None
    return parse(await calls.drain(answer, MAX_BODY_BYTES), mode)


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
