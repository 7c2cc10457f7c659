"""Calls of the chat endpoint that make media, read to the end of the body (7, 8)."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import aclosing, asynccontextmanager

import orjson

from gateway.errors import UpstreamFailure, UpstreamFault
from gateway.upstream import calls, failures
from gateway.upstream.client import CHAT_PATH
from gateway.upstream.fields import Json, record
from gateway.upstream.frames import Frames
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.inband import StreamError, refuse, refuse_errors, refuse_object
from gateway.upstream.limits import Limits, Settings
from gateway.upstream.payloads import encode

Responses = AsyncGenerator[Json]


async def ordered(
    login: Login, body: bytes, page: str, settings: Settings, limits: Limits
) -> calls.Answer:
    """The call that costs, once upstream took it. Raises UpstreamFailure."""
    headers = json_headers(login, settings, page)
    answer = await calls.post(CHAT_PATH, headers, body, settings, limits)
    if answer.headers.get("content-type", "").lower().startswith("text/html"):
        await answer.aclose()
        raise failures.bad_payload()
    return answer


@asynccontextmanager
async def responses(
    answer: calls.Answer, settings: Settings
) -> AsyncIterator[Responses]:
    """`result.response` of each frame. Iterating raises UpstreamFailure.

    To be entered at once: it closes the answer.
    """
    try:
        async with aclosing(_responses(answer, settings)) as found:
            yield found
    finally:
        await answer.aclose()


async def _responses(answer: calls.Answer, settings: Settings) -> Responses:
    """Asked once more where nothing had come and only a clearance was wanted."""
    come = False
    try:
        async for response in _answered(answer, settings):
            come = True
            yield response
    except UpstreamFailure as failure:
        again = None if come else await calls.asked_again(answer, failure)
        if again is None:
            raise
        try:
            async for response in _answered(again, settings):
                yield response
        finally:
            await again.aclose()


async def _answered(answer: calls.Answer, settings: Settings) -> Responses:
    frames = Frames()
    try:
        async for data in answer:
            for response in unwrapped(frames.feed(data)):
                yield response
            if frames.oversize:
                raise failures.bad_payload()
        for response in unwrapped(frames.close()):
            yield response
    except StreamError as error:
        raise in_band(error, settings) from error


def unwrapped(frames: Iterable[Json]) -> Iterator[Json]:
    for frame in frames:
        refuse_object(frame.get("error"))
        response = record(record(frame.get("result")).get("response"))
        refuse(response.get("error"))
        refuse_errors(record(response.get("modelResponse")))
        if response:
            yield response


def in_band(error: StreamError, settings: Settings) -> UpstreamFailure:
    return failures.of_stream(error, failures.retry_statuses(settings))


def written(fields: Mapping[str, object]) -> bytes:
    """JSON in the order of `fields`; texts of the caller come through `said`."""
    return orjson.dumps(fields)


def said(text: str) -> orjson.Fragment:
    """A text of the caller, which may hold what JSON cannot."""
    return orjson.Fragment(encode(text))


def unspent(failure: UpstreamFailure) -> UpstreamFailure:
    """For calls that precede the one that costs."""
    if failure.fault is not UpstreamFault.RATE_LIMITED:
        failure.sent = False
    return failure
