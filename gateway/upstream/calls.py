"""One REST call to upstream: sent, its errors translated, its body decoded."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self

import httpx

from gateway.errors import UpstreamFailure, UpstreamFault
from gateway.upstream import failures, pool, signer
from gateway.upstream.asset_headers import page_headers
from gateway.upstream.channel import Target
from gateway.upstream.encodings import Decode, decoder_for
from gateway.upstream.headers import Login, Signed
from gateway.upstream.limits import (
    ERROR_BODY_BYTES,
    ERROR_BODY_S,
    Limits,
    Settings,
)
from gateway.upstream.passage import Passage, Way
from gateway.upstream.transport import Body

OK_ONLY = frozenset({200})
PAGE_STATUSES = frozenset({*range(200, 300), 404})
PAGE_LIMITS = Limits(idle_s=15.0, total_s=15.0)
MAX_PAGE_BYTES = 4 * 1024 * 1024
Repeat = Callable[[], Awaitable["Answer"]]


class Answer:
    """A 2xx answer; iterating gives decoded pieces and raises UpstreamFailure.

    `repeat` makes the same call again.
    """

    def __init__(
        self,
        response: httpx.Response,
        decode: Decode | None,
        deadline: float,
        passage: Passage,
    ) -> None:
        self.passage = passage
        self.repeat: Repeat | None = None
        self.status = response.status_code
        self.headers = response.headers
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101 - async transport
        self._stream = stream
        self._pieces: AsyncIterator[bytes] = stream.__aiter__()
        self._decode = decode
        self._deadline = deadline

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        try:
            piece = await self._pieces.__anext__()
            return piece if self._decode is None else self._decode(piece)
        except httpx.DecodingError as exc:
            raise failures.bad_payload() from exc
        except httpx.TransportError as exc:
            spent = asyncio.get_running_loop().time() >= self._deadline
            raise failures.of_transport(exc, streaming=True, spent=spent) from exc

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def leave(self) -> None:
        """Keep the connection if the body ends on its own very soon; never waits."""
        if isinstance(self._stream, Body):
            self._stream.leave()
        else:
            await self._stream.aclose()


async def post(
    path: str, headers: Signed, payload: bytes, settings: Settings, limits: Limits
) -> Answer:
    """POST to the base host. Raises UpstreamFailure for everything but a 200."""
    channel = pool.current().channel(settings)
    target = channel.hosts.base(path)
    return await send("POST", target, headers, payload, settings, limits)


async def send(
    method: str,
    target: Target,
    headers: Signed,
    payload: bytes | None,
    settings: Settings,
    limits: Limits,
    accepted: frozenset[int] = OK_ONLY,
) -> Answer:
    """Raises UpstreamFailure for a status that is not `accepted`, or GatewayError.

    Where a signer is set it goes signed, and once more with another signature if
    upstream refuses it.
    """
    rest = payload, settings, limits, accepted
    if not signer.signs(target, headers, settings):
        return await passed(method, target, headers, *rest)
    place = signer.place_of(method, target, settings)
    value = await signer.signature(place, partial(page, headers.login, settings))
    try:
        return await passed(method, target, signer.carrying(headers, value), *rest)
    except UpstreamFailure as failure:
        dead = failure.fault is UpstreamFault.CREDENTIAL
        if failure.status != 403 or dead or value is None:
            raise
        signer.HOME.refused(place, value)
    value = await signer.signature(place, partial(page, headers.login, settings))
    return await passed(method, target, signer.carrying(headers, value), *rest)


async def page(login: Login, settings: Settings, path: str) -> tuple[int, str]:
    """Status and text of a page of the base host. Raises UpstreamFailure."""
    target = pool.current().channel(settings).hosts.base(path)
    headers = page_headers(login, settings)
    rest = None, settings, PAGE_LIMITS, PAGE_STATUSES
    answer = await passed("GET", target, headers, *rest)
    return answer.status, (await whole(answer, MAX_PAGE_BYTES)).decode(
        "utf-8", "replace"
    )


async def passed(
    method: str,
    target: Target,
    headers: Signed,
    payload: bytes | None,
    settings: Settings,
    limits: Limits,
    accepted: frozenset[int],
) -> Answer:
    """The call as it is.

    Goes another way once where the first one failed before the call had left, and once
    more with a new clearance where it was challenged; upstream has then seen nothing.
    """
    extensions = limits.extensions()
    passage = Passage(target, headers.login, headers.scope, settings, limits)
    while True:
        way = await passage.way()
        try:
            response = await over(way, method, target, headers, payload, extensions)
            answer = await opened(response, extensions["deadline"], passage)
            if answer.status in accepted:
                passage.arrived()
                answer.repeat = partial(
                    passed, method, target, headers, payload, settings, limits, accepted
                )
                return answer
            body = await drain(answer)
            failure = failures.of_response(
                answer.status,
                answer.headers,
                body,
                failures.retry_statuses(settings),
                datetime.now(UTC),
            )
            if not await passage.turned_away(failure):
                raise failure
        except httpx.TransportError as exc:
            lost = failures.of_transport(exc, proxied=way.proxied)
            if not passage.lost(lost):
                raise lost from exc


async def asked_again(answer: Answer, failure: UpstreamFailure) -> Answer | None:
    """The same call with a newer clearance, if the answer wanted no more than that."""
    again = answer.repeat
    if again is None or not await answer.passage.refused_inside(failure):
        return None
    await answer.aclose()
    return await again()


async def over(
    way: Way,
    method: str,
    target: Target,
    headers: Signed,
    payload: bytes | None,
    extensions: dict[str, Any],  # Any: httpx's own type for extensions
) -> httpx.Response:
    channel = pool.current().channel(way.settings)
    signed = way.dressed(headers)
    return await channel.send(
        method, target, signed, payload, extensions, way.transport
    )


async def opened(response: httpx.Response, deadline: float, passage: Passage) -> Answer:
    """Raises UpstreamFailure for an encoding that nobody asked for."""
    try:
        decode = decoder_for(response.headers.get("content-encoding", ""))
    except httpx.DecodingError as exc:
        passage.arrived()
        await close(response)
        raise failures.bad_payload() from exc
    return Answer(response, decode, deadline, passage)


async def close(response: httpx.Response) -> None:
    if isinstance(response.stream, httpx.AsyncByteStream):
        await response.stream.aclose()


async def whole(answer: Answer, limit_bytes: int) -> bytes:
    """All of the body, or UpstreamFailure: if it breaks off, or is too long."""
    body = bytearray()
    try:
        async for piece in answer:
            body += piece
            if len(body) > limit_bytes:
                raise failures.bad_payload()
    finally:
        await answer.aclose()
    return bytes(body)


async def drain(answer: Answer, limit_bytes: int = ERROR_BODY_BYTES) -> bytes:
    """The beginning of an error's body, whatever of it comes in a short time."""
    body = bytearray()
    try:
        async with asyncio.timeout(ERROR_BODY_S):
            async for piece in answer:
                body += piece
                if len(body) >= limit_bytes:
                    break
    except (TimeoutError, UpstreamFailure):
        pass
    finally:
        await answer.aclose()
    return bytes(body[:limit_bytes])
