"""A chat over upstream's WebSocket gateway (13.3): one session for each turn.

The session is opened, attached to a conversation and asked; what then comes is for the
decoder that reads the older stream too.
"""

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from uuid import uuid4

import httpx

from gateway.conversation.events import Event
from gateway.errors import UpstreamFailure
from gateway.tape import Attached, Tape
from gateway.upstream import drift, failures, identity
from gateway.upstream.client import decoder_of
from gateway.upstream.fields import Json, decode, record, text
from gateway.upstream.gateway_session import asking, creation, heartbeat
from gateway.upstream.headers import Login, session_headers
from gateway.upstream.inband import StreamError
from gateway.upstream.limits import Limits, Settings
from gateway.upstream.payloads import Turn
from gateway.upstream.websocket import Closed, Socket, opened

PATH = "/ws/mgw/"
SEND_S = 10.0
HEARTBEAT_S = 25.0
ECHOES = frozenset({"ping", "pong"})


@dataclass(slots=True)
class Clock:
    """When to send a sign of life, and when to give up."""

    limits: Limits
    heard_at: float = field(default_factory=time.monotonic)
    begun_at: float = field(default_factory=time.monotonic)
    beat_at: float = field(default_factory=lambda: time.monotonic() + HEARTBEAT_S)

    def wait_s(self) -> float:
        ends = (self.heard_at + self.limits.idle_s, self.begun_at + self.limits.total_s)
        return min(self.beat_at, *ends) - time.monotonic()

    def beats(self) -> bool:
        if time.monotonic() < self.beat_at:
            return False
        self.beat_at = time.monotonic() + HEARTBEAT_S
        return True

    def check(self, *, answering: bool) -> None:
        """Raises UpstreamFailure once the time is up."""
        now = time.monotonic()
        if now >= self.begun_at + self.limits.total_s:
            raise failures.timed_out(silent=False)
        if now >= self.heard_at + self.limits.idle_s:
            raise failures.timed_out(silent=answering)


class GatewayReplies:
    """One list of events per message, empty if it brought none.

    Entering opens the session and asks. Leaving closes it at once.
    """

    def __init__(
        self,
        login: Login,
        turn: Turn,
        settings: Settings,
        limits: Limits,
        tape: Tape | None = None,
    ) -> None:
        self._login = login
        self._turn = turn
        self._settings = settings
        self._clock = Clock(limits)
        self._open = AsyncExitStack()
        self._socket: Socket | None = None
        self._failure: UpstreamFailure | None = None
        self._answering = False
        self._spoken = False
        self._once_more = True
        self._tape = tape
        self._decoder = decoder_of(settings, "gateway", tape)

    async def __aenter__(self) -> Self:
        try:
            await self._begun()
        except UpstreamFailure as failure:
            failure.sent = False
            await self._open.aclose()
            raise
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket = None
        drift.HOME.report(self._login, self._decoder.noticed)
        if self._tape is not None and self._decoder.noticed.samples:
            self._tape.odd = True
        await self._open.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[Event]:
        if self._failure is not None:
            raise self._failure
        if self._socket is None or self._decoder.ended:
            raise StopAsyncIteration
        frame = await self._hear()
        self._answering = True
        try:
            events = self._decoder.take(frame)
        except StreamError as error:
            return await self._fail(error)
        self._spoken = self._spoken or bool(events)
        return events

    async def _begun(self) -> None:
        """Begin, and once more where only a newer clearance was wanted."""
        try:
            await self._begin()
        except UpstreamFailure as failure:
            if not await self._begun_again(failure):
                raise

    async def _begun_again(self, failure: UpstreamFailure) -> bool:
        socket = self._socket
        if socket is None or self._spoken or not self._once_more:
            return False
        if not await socket.passage.refused_inside(failure):
            return False
        self._once_more, self._socket = False, None
        await self._open.aclose()
        self._decoder = decoder_of(self._settings, "gateway", self._tape)
        await self._begin()
        return True

    async def _begin(self) -> None:
        user_id = self._login.user_id
        if not user_id:
            user_id = await identity.known(self._login, self._settings)
        if self._tape is not None:
            self._tape.secrets.add(user_id)
        signed = session_headers(self._login, user_id, self._settings)
        path = f"{PATH}?uid={user_id}"
        opening = opened(self._login, path, self._settings, signed)
        self._socket = await self._open.enter_async_context(opening)
        session_id = await self._attached()
        if self._tape is not None:
            self._tape.add(Attached())
        for message in asking(session_id, self._turn, self._settings):
            await self._say(message)

    async def _attached(self) -> str:
        """The id of the session once it is there and has a conversation."""
        event_id = f"evt_init_{uuid4()}"
        await self._say(creation(event_id, self._turn.mode, self._settings))
        session_id = conversation_id = ""
        while not (session_id and conversation_id):
            frame = await self._hear()
            event = record(frame.get("event"))
            match text(event.get("type")):
                case "session.created":
                    if text(event.get("client_event_id")) in {"", event_id}:
                        session_id = text(frame.get("session_id"))
                case "conversation.attached":
                    conversation_id = text(record(event.get("conversation")).get("id"))
                case _:
                    self._refuse(frame)
        if session_id != conversation_id:
            raise failures.bad_payload()
        return session_id

    def _refuse(self, frame: Json) -> None:
        """An error here is one before anything was asked."""
        try:
            self._decoder.take(frame)
        except StreamError as error:
            raise self._told(error) from error

    def _told(self, error: StreamError) -> UpstreamFailure:
        retry_on = failures.retry_statuses(self._settings)
        return failures.of_stream(error, retry_on)

    async def _fail(self, error: StreamError) -> list[Event]:
        """Pass on what came before the error first, if anything did."""
        failure = self._told(error)
        if not error.events and await self._begun_again(failure):
            return []
        self._failure = failure
        if error.events:
            return error.events
        raise failure from error

    async def _say(self, message: bytes) -> None:
        assert self._socket is not None  # noqa: S101 - it is opened before
        try:
            await self._socket.send(message.decode(), SEND_S)
        except Closed as exc:
            raise broken() from exc

    async def _hear(self) -> Json:
        """The next message that means something; signs of life pass by."""
        assert self._socket is not None  # noqa: S101 - it is opened before
        while True:
            if self._clock.beats():
                await self._say(heartbeat())
            try:
                message = await self._socket.receive(self._clock.wait_s())
            except TimeoutError:
                self._clock.check(answering=self._answering)
                continue
            except Closed as exc:
                raise broken() from exc
            frame = decode(message) or {}
            if text(record(frame.get("event")).get("type")) not in ECHOES:
                self._clock.heard_at = time.monotonic()
                if self._tape is not None:
                    self._tape.heard(message)
                return frame


def broken() -> UpstreamFailure:
    return failures.of_transport(httpx.RemoteProtocolError("the session broke"))
