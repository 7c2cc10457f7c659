"""A file of one account, read from upstream's media hosts as it comes (5.2).

The login goes along from host to host only while each is a configured one.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from gateway.errors import GatewayError, Kind
from gateway.upstream import calls, failures, pool
from gateway.upstream.asset_headers import VIDEO_SUFFIXES, download_headers
from gateway.upstream.channel import ForeignHost, Hosts, Target
from gateway.upstream.headers import Login
from gateway.upstream.limits import TOTAL_PER_IDLE, Limits, Settings

MIB = 1024 * 1024
IMAGE_BYTES = 32 * MIB
VIDEO_BYTES = 1024 * MIB
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 3
OK_OR_ELSEWHERE = REDIRECTS | {200}


class Download:
    """The body of a file; iterating raises GatewayError when it is too large.

    `media_type` is what upstream says, without parameters.
    """

    def __init__(self, answer: calls.Answer, limit_bytes: int) -> None:
        told = answer.headers.get("content-type", "")
        self.media_type = told.partition(";")[0].strip().lower()
        self._answer = answer
        self._limit_bytes = limit_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._answer:
            size += len(piece)
            if size > self._limit_bytes:
                raise too_large(self._limit_bytes)
            yield piece


@asynccontextmanager
async def open_asset(
    login: Login, url_or_path: str, settings: Settings, limit_bytes: int = 0
) -> AsyncIterator[Download]:
    """`limit_bytes` is 1 GiB for videos and 32 MiB for all else, unless given.

    Raises UpstreamFailure for anything but a 200, and for an address outside of the
    assets and media hosts, be it named or redirected to: nothing is sent there.
    """
    idle_s = float(settings.number("asset.download_timeout"))
    limits = Limits(idle_s, idle_s * TOTAL_PER_IDLE)
    hosts = pool.current().channel(settings).hosts
    target = on_media_host(hosts, url_or_path)
    limit = limit_bytes or default_limit(target)
    answer = await followed(login, target, settings, limits)
    try:
        declared = answer.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            raise too_large(limit)
        yield Download(answer, limit)
    finally:
        await answer.aclose()


async def followed(
    login: Login, target: Target, settings: Settings, limits: Limits
) -> calls.Answer:
    for _ in range(MAX_REDIRECTS + 1):
        headers = download_headers(login, settings, target)
        answer = await calls.send(
            "GET", target, headers, None, settings, limits, OK_OR_ELSEWHERE
        )
        if answer.status not in REDIRECTS:
            return answer
        await answer.aclose()
        target = led_on(target, answer.headers.get("location", ""))
    raise failures.bad_payload()


def led_on(target: Target, location: str) -> Target:
    try:
        url = target.url.join(location)
    except httpx.InvalidURL as exc:
        raise failures.bad_payload() from exc
    return on_media_host(target.hosts, str(url))


def on_media_host(hosts: Hosts, url_or_path: str) -> Target:
    try:
        return hosts.asset(url_or_path)
    except ForeignHost as exc:
        raise failures.of_transport(exc) from exc


def default_limit(target: Target) -> int:
    video = target.url.path.lower().endswith(VIDEO_SUFFIXES)
    return VIDEO_BYTES if video else IMAGE_BYTES


def too_large(limit_bytes: int) -> GatewayError:
    return GatewayError(
        Kind.UPSTREAM_ERROR, f"Upstream's file exceeds {limit_bytes // MIB} MiB."
    )
