"""Hold one conversation with upstream and pass on its decoded events.

Knows nothing of accounts beyond the one login it is given.
"""

from types import TracebackType
from typing import Self

from gateway.conversation.events import Event
from gateway.errors import UpstreamFailure
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
    ) -> None:
        self._login = login
        self._payload = payload
        self._settings = settings
        self._limits = limits
        self._request_id = request_id
        self._answer: calls.Answer | None = None
        self._failure: UpstreamFailure | None = None
        self._closed = False
        self._decoder = ChatDecoder(
            settings.text("upstream.assets_url"),
            settings.flag("features.thinking_summary"),
        )

    async def __aenter__(self) -> Self:
        settings = self._settings
        headers = json_headers(self._login, settings, request_id=self._request_id)
        answer = await calls.post(
            CHAT_PATH, headers, self._payload, settings, self._limits
        )
        if answer.headers.get("content-type", "").lower().startswith("text/html"):
            await answer.aclose()
            raise failures.bad_payload()
        self._answer = answer
        return self

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
                return decoder.feed(data)
            self._closed = True
            return decoder.close()
        except StreamError as error:
            return self._fail(error)

    def _fail(self, error: StreamError) -> list[Event]:
        """Pass on what came before the error first, if anything did."""
        retry_on = failures.retry_statuses(self._settings)
        self._failure = failures.of_stream(error, retry_on)
        if error.events:
            return error.events
        raise self._failure from error


def converse(
    login: Login,
    payload: bytes,
    settings: Settings,
    *,
    limits: Limits | None = None,
    request_id: str | None = None,
) -> Replies:
    """Ask, and listen to the `Replies` inside an `async with`.

    Entering and iterating raise UpstreamFailure; entering also GatewayError if no way
    out is usable. `limits` are the chat's own unless given.
    """
    return Replies(
        login, payload, settings, limits or chat_limits(settings), request_id
    )
