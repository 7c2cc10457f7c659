"""One turn of a chat in the form that upstream takes now: REST or gateway (3, 13.3)."""

from types import TracebackType
from typing import Protocol, Self

from gateway.conversation.events import Event
from gateway.errors import UpstreamFailure
from gateway.tape import Tape
from gateway.upstream import client, dialects
from gateway.upstream.chat_gateway import GatewayReplies
from gateway.upstream.headers import Login
from gateway.upstream.limits import Limits, Settings, chat_limits
from gateway.upstream.payloads import REST_ONLY, Turn, chat_payload

__all__ = ["Login", "Replies", "Turn", "ask"]


class Open(Protocol):
    """A turn under way; entered already."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

    async def __anext__(self) -> list[Event]: ...


class Replies:
    """One list of events per upstream read, empty if the read brought none.

    Entering asks, in the other form too if that is due. Leaving before the end cuts the
    connection at once.
    """

    def __init__(
        self,
        login: Login,
        turn: Turn,
        settings: Settings,
        limits: Limits,
        tape: Tape | None,
    ) -> None:
        self._login = login
        self._turn = turn
        self._settings = settings
        self._limits = limits
        self._tape = tape
        self._open: Open | None = None
        self._proof = dialects.Proof("chat")

    async def __aenter__(self) -> Self:
        if self._turn.mode in REST_ONLY:
            self._open = await self._by("rest")
        else:
            self._open = await dialects.spoken(
                "chat", self._login, self._settings, self._by, self._proof
            )
        return self

    async def _by(self, form: str) -> Open:
        login, turn = self._login, self._turn
        settings, limits = self._settings, self._limits
        if form == "gateway":
            session = GatewayReplies(login, turn, settings, limits, self._tape)
            return await session.__aenter__()
        payload = chat_payload(turn.prompt, turn.mode, settings, turn.attachments)
        replies = client.converse(
            login, payload, settings, limits=limits, tape=self._tape
        )
        return await replies.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        replies, self._open = self._open, None
        if replies is not None:
            await replies.__aexit__(kind, error, trace)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[Event]:
        if self._open is None:
            raise StopAsyncIteration
        try:
            events = await self._open.__anext__()
        except UpstreamFailure as failure:
            self._proof.bad(failure)
            raise
        if events:
            self._proof.good()
        return events


def ask(
    login: Login,
    turn: Turn,
    settings: Settings,
    *,
    limits: Limits | None = None,
    tape: Tape | None = None,
) -> Replies:
    """Ask, and listen to the `Replies` inside an `async with`.

    Entering and iterating raise UpstreamFailure; entering also GatewayError if no way
    out is usable. `limits` are the chat's own unless given; `tape` takes what is heard.
    """
    return Replies(login, turn, settings, limits or chat_limits(settings), tape)
