"""Hold one conversation with upstream and pass on its decoded events.

Knows nothing of accounts beyond the one login it is given.
"""

from types import TracebackType
from typing import Self

from gateway.conversation.events import Event
from gateway.errors import UpstreamFailure
from gateway.tape import Asked, Closed, Tape
from gateway.upstream import calls, drift, failures
from gateway.upstream.decoder import ChatDecoder
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.inband import StreamError
from gateway.upstream.limits import Limits, Settings, chat_limits

__all__ = ["Login", "Replies", "converse"]

CHAT_PATH = "/rest/app-chat/conversations/new"


class Replies:
    """One list of events per upstream read, empty if the read brought none.

    Entering sends the request. Leaving before the end cuts the connection at once.
    """

    def __init__(
        self,
        login: Login,
        payload: bytes,
        settings: Settings,
        limits: Limits,
        request_id: str | None,
        tape: Tape | None = None,
    ) -> None:
        self._login = login
        self._payload = payload
        self._settings = settings
        self._limits = limits
        self._request_id = request_id
        self._answer: calls.Answer | None = None
        self._failure: UpstreamFailure | None = None
        self._closed = False
        self._spoken = False
        self._once_more = True
        self._tape = tape
        self._decoder = decoder_of(settings, "rest", tape)

    async def __aenter__(self) -> Self:
        self._answer = await self._asked()
        return self

    async def _asked(self) -> calls.Answer:
        settings = self._settings
        headers = json_headers(self._login, settings, request_id=self._request_id)
        answer = await calls.post(
            CHAT_PATH, headers, self._payload, settings, self._limits
        )
        if answer.headers.get("content-type", "").lower().startswith("text/html"):
            await answer.aclose()
            raise failures.bad_payload()
        return answer

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        answer, self._answer = self._answer, None
        if answer is None:
            return
        drift.HOME.report(self._login, self._decoder.noticed)
        if self._tape is not None and self._decoder.noticed.samples:
            self._tape.odd = True
        if self._decoder.ended and error is None:
            await answer.leave()
        else:
            await answer.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[Event]:
        if self._failure is not None:
            raise self._failure
        answer, decoder = self._answer, self._decoder
        if answer is None or self._closed or decoder.ended:
            raise StopAsyncIteration
        try:
            async for data in answer:
                if self._tape is not None:
                    self._tape.heard(data)
                return self._passed(decoder.feed(data))
            self._closed = True
            if self._tape is not None:
                self._tape.add(Closed())
            return self._passed(decoder.close())
        except StreamError as error:
            return await self._fail(error, answer)

    def _passed(self, events: list[Event]) -> list[Event]:
        self._spoken = self._spoken or bool(events)
        return events

    async def _fail(self, error: StreamError, answer: calls.Answer) -> list[Event]:
        """Pass on what came before the error first, if anything did.

        Where nothing did and only a clearance was wanted, the same is asked again.
        """
        retry_on = failures.retry_statuses(self._settings)
        failure = failures.of_stream(error, retry_on)
        fresh = self._once_more and not (self._spoken or error.events)
        if fresh and await answer.passage.refused_inside(failure):
            self._once_more = False
            await answer.aclose()
            self._answer, self._closed = None, False
            self._decoder = decoder_of(self._settings, "rest", self._tape)
            self._answer = await self._asked()
            return []
        self._failure = failure
        if error.events:
            return error.events
        raise failure from error


def decoder_of(settings: Settings, form: str, tape: Tape | None) -> ChatDecoder:
    """For one call, of which the tape is told."""
    assets_url = settings.text("upstream.assets_url")
    summary = settings.flag("features.thinking_summary")
    if tape is not None:
        tape.add(Asked(form, assets_url, summary))
    return ChatDecoder(assets_url, summary)


def converse(
    login: Login,
    payload: bytes,
    settings: Settings,
    *,
    limits: Limits | None = None,
    request_id: str | None = None,
    tape: Tape | None = None,
) -> Replies:
    """Ask, and listen to the `Replies` inside an `async with`.

    Entering and iterating raise UpstreamFailure; entering also GatewayError if no way
    out is usable. `limits` are the chat's own unless given; `tape` takes what is heard.
    """
    return Replies(
        login, payload, settings, limits or chat_limits(settings), request_id, tape
    )
