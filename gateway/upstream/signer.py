"""Signed `x-statsig-id` values, from a signer that the operator runs (13.2).

The signer is not trusted. It is told a method, a path and what any page of upstream
says to everybody, never a login; its answer counts only as 70 bytes in Base64. While it
fails, an older value is sent, or none.
"""

import asyncio
import html
import logging
import re
import time
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import httpx
import orjson

from gateway.errors import GatewayError
from gateway.upstream import pool
from gateway.upstream.channel import Target, origin_of, upstream_url
from gateway.upstream.cookies import DASHES
from gateway.upstream.fields import decode, record, text
from gateway.upstream.headers import Signed
from gateway.upstream.limits import Settings
from gateway.upstream.transport import Transport

logger = logging.getLogger(__name__)

KEY = "upstream.statsig_signer_url"
OWN_VALUE = "upstream.statsig_value"
HEADER = b"x-statsig-id"
KEPT_S = 3600.0
MOST = 4096
PAUSE_S = 30.0  # after a failure, in which nobody waits for the signer again
TOTAL_S = 12.0
MAX_ANSWER_BYTES = 4096
SIGNED_BYTES = 70
UNSIGNED_PATHS = frozenset({"/rest/app-chat/upload-file"})
META = re.compile(r"<meta\b[^>]{0,4096}>", re.IGNORECASE)
ATTRIBUTE = re.compile(r"([a-z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
MARKER = "grok-site-verification"

Place = tuple[str, str, str, str]  # base URL, signer, method, path


class Unsigned(Exception):
    """The message says why; it holds nothing of a login."""


@dataclass(frozen=True, slots=True)
class Value:
    text: bytes
    at: float


class Signatures:
    """What was signed of late, and what the page says."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._values: OrderedDict[Place, Value] = OrderedDict()
        self._metas: dict[str, tuple[str, float]] = {}
        self._failed_at: dict[str, float] = {}  # by signer

    def fresh(self, place: Place) -> bytes | None:
        value = self._values.get(place)
        if value is None or self._clock() >= value.at + KEPT_S:
            return None
        return value.text

    def stale(self, place: Place) -> bytes | None:
        value = self._values.get(place)
        return value.text if value is not None else None

    def rests(self, place: Place) -> bool:
        failed_at = self._failed_at.get(place[1])
        return failed_at is not None and self._clock() < failed_at + PAUSE_S

    def failed(self, place: Place) -> None:
        self._failed_at[place[1]] = self._clock()

    def keep(self, place: Place, signed: bytes) -> None:
        self._failed_at.pop(place[1], None)
        self._values[place] = Value(signed, self._clock())
        self._values.move_to_end(place)
        while len(self._values) > MOST:
            self._values.popitem(last=False)

    def meta(self, base: str) -> str:
        meta, at = self._metas.get(base, ("", 0.0))
        return meta if self._clock() < at + KEPT_S else ""

    def learn(self, base: str, meta: str) -> None:
        self._metas[base] = meta, self._clock()

    def refused(self, place: Place, value: bytes) -> None:
        """Upstream did not take it: neither it nor the page counts any longer."""
        known = self._values.get(place)
        if known is not None and known.text == value:
            del self._values[place]
            self._metas.pop(place[0], None)


HOME = Signatures()

# A page of the base host as the caller's browser gets it: its status and its text.
Page = Callable[[str], Awaitable[tuple[int, str]]]


async def signature(place: Place, page: Page) -> bytes | None:
    """What to send, or None for nothing; asks at most once for all that wait."""
    home = HOME
    if value := home.fresh(place):
        return value
    async with pool.current().gate("signer").entered(1):
        if value := home.fresh(place):
            return value
        if not home.rests(place):
            try:
                home.keep(place, await renewed(place, page))
            except (Unsigned, GatewayError) as error:
                home.failed(place)
                logger.warning("No x-statsig-id could be had: %s", error)
    return home.stale(place)


async def renewed(place: Place, page: Page) -> bytes:
    """Once more with a page read anew, where the one that is known is not taken."""
    base = place[0]
    known = HOME.meta(base)
    if known:
        try:
            return await asked(place, known)
        except Unsigned:
            logger.info("The signer is asked again, with a page read anew.")
    meta = await marker(page)
    HOME.learn(base, meta)
    return await asked(place, meta)


async def marker(page: Page) -> str:
    """What the page says of itself. Raises Unsigned."""
    status, text = await page("/index")
    found = meta_of(text)
    if not found and status == 404:
        _, text = await page("/")
        found = meta_of(text)
    if not found:
        raise Unsigned("the page says nothing that could be signed")
    return found


def meta_of(page: str) -> str:
    """Any dash of the name counts as one."""
    for tag in META.findall(page):
        pairs = ATTRIBUTE.findall(tag)
        named = {name.lower(): double or single for name, double, single in pairs}
        if named.get("name", "").translate(DASHES).lower() == MARKER:
            return html.unescape(named.get("content", ""))
    return ""


async def asked(place: Place, meta: str) -> bytes:
    """The signer's own words, if they are what a signature looks like."""
    _, signer, method, path = place
    question = {"method": method, "path": path, "environment": {"metaContent": meta}}
    answer = bytearray()
    timeout = httpx.Timeout(TOTAL_S)
    headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
    try:
        async with (
            asyncio.timeout(TOTAL_S),
            httpx.AsyncClient(transport=Transport(), timeout=timeout) as client,
            client.stream(
                "POST", signer, content=orjson.dumps(question), headers=headers
            ) as response,
        ):
            if not response.is_success:
                raise Unsigned(f"the signer answered {response.status_code}")
            if "content-encoding" in response.headers:
                raise Unsigned("the signer's answer is packed, which nobody asked for")
            async for piece in response.aiter_bytes():
                answer += piece
                if len(answer) > MAX_ANSWER_BYTES:
                    raise Unsigned("the signer's answer is too large")
    except (TimeoutError, httpx.TimeoutException) as error:
        raise Unsigned("the signer did not answer in time") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unsigned("the signer cannot be reached") from error
    return checked(text(record(decode(bytes(answer))).get("x-statsig-id")))


def checked(value: str) -> bytes:
    try:
        signed = b64decode(value + "=" * (-len(value) % 4), validate=True)
    except ValueError:
        signed = b""
    if len(signed) != SIGNED_BYTES:
        raise Unsigned("what the signer answers is no signature")
    return value.encode("ascii")


def place_of(method: str, target: Target, settings: Settings) -> Place:
    base = settings.text("upstream.base_url").rstrip("/")
    return base, settings.text(KEY), method, target.url.path


def signs(target: Target, headers: Signed, settings: Settings) -> bool:
    """Whether such a call carries a signature, and there is someone to give it."""
    if not settings.text(KEY) or settings.text(OWN_VALUE):
        return False
    base = upstream_url(settings.text("upstream.base_url").rstrip("/"))
    named = any(name == HEADER for name, _ in headers.plain)
    here = origin_of(target.url) == origin_of(base)
    return named and here and target.url.path not in UNSIGNED_PATHS


def carrying(headers: Signed, value: bytes | None) -> Signed:
    """With this value in place of the made one; without any for None."""
    plain = tuple(
        (name, value if name == HEADER and value is not None else old)
        for name, old in headers.plain
        if name != HEADER or value is not None
    )
    return replace(headers, plain=plain)
