"""A gateway without processes: accounts in memory, an upstream that is a function."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import httpx
import orjson

from accounts import directory
from accounts.directory import Directory
from accounts.quotas import default_windows
from accounts.rows import AccountRow
from gateway import catalog, refreshing
from gateway.catalog import Catalog, Route
from gateway.conversation.requests import Conversation, Message, Options, Role, Text
from gateway.keys import home as keys
from gateway.keys.cards import KeyBook
from gateway.keys.ledger import Ledger
from gateway.recorder import RECORDS, Journal
from gateway.turn import Ask
from gateway.upstream import pool
from grokgateway import config, crypto
from grokgateway.jobs import outbox

END = b'{"result":{"response":{"finalMetadata":{"followUpSuggestions":[]}}}}\n'
MODEL = "grok-4.20-auto"


def frame(**response: object) -> bytes:
    return orjson.dumps({"result": {"response": response}}) + b"\n"


def said(text: str) -> bytes:
    return frame(token=text, isThinking=False, messageTag="final")


def thought(text: str) -> bytes:
    return frame(token=text, isThinking=True, messageTag="final")


def searched(url: str) -> bytes:
    return frame(webSearchResults={"results": [{"url": url, "title": "found"}]})


def error(message: str = "overloaded", code: int | None = None) -> bytes:
    return orjson.dumps({"error": {"message": message, "code": code}}) + b"\n"


class Stream(httpx.AsyncByteStream):
    """Pieces as they come; an event is waited for, an exception raised."""

    def __init__(self, *pieces: bytes | asyncio.Event | Exception) -> None:
        self.pieces = pieces
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            if isinstance(piece, asyncio.Event):
                await piece.wait()
            else:
                yield piece

    async def aclose(self) -> None:
        self.closed = True


Reply = httpx.Response | Stream | Exception


@dataclass
class Upstream:
    """Replies in the order of the calls; remembers who asked and what."""

    replies: list[Reply] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    bodies: list[dict[str, object]] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)

    def will(self, *replies: Reply | bytes | int) -> None:
        """A status, whole bytes of a good answer, or a reply made by hand."""
        for reply in replies:
            if isinstance(reply, int):
                self.replies.append(httpx.Response(reply, content=b"{}"))
            elif isinstance(reply, bytes):
                self.replies.append(Stream(reply))
            else:
                self.replies.append(reply)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        cookie = request.headers["cookie"]
        self.asked.append(cookie.partition("sso=")[2].partition(";")[0])
        self.bodies.append(orjson.loads(request.content or b"{}"))
        self.called.set()
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, Stream):
            return httpx.Response(200, stream=reply)
        return reply


@dataclass
class Kept:
    """An outbox that keeps what is put."""

    rows: list[tuple[object, object]] = field(default_factory=list)

    def put(self, sink: object, row: object) -> None:
        self.rows.append((sink, row))

    @property
    def records(self) -> list[tuple[object, ...]]:
        return [row for sink, row in self.rows if sink is RECORDS]  # type: ignore[misc] # of tuples


class NoHelp:
    """Nobody to ask on demand."""

    async def help(self, *_: object) -> bool:
        return False


@dataclass
class Ground:
    upstream: Upstream
    accounts: Directory
    kept: Kept

    def add(self, *tokens: str, tier: str = "super") -> None:
        start = len(self.accounts) + 1
        rows = [row(start + n, token, tier) for n, token in enumerate(tokens)]
        self.accounts.apply(rows, time.time())


def row(number: int, token: str, tier: str) -> AccountRow:
    name = f"acc_{token}"
    return AccountRow(
        id=number,
        public_id=name,
        pool=tier,
        status="active",
        ciphertext=crypto.ring().encrypt(token, context=f"account:{name}"),
        windows=default_windows(tier),
        revision=1,
    )


ROUTES = (
    Route(MODEL, "Grok 4.20 Auto", "auto", "chat", ("heavy", "super")),
    Route("grok-4.20-fast", "Grok 4.20 Fast", "fast", "chat", ("super", "basic")),
    Route("grok-imagine-video", "Video", "auto", "video", ("super", "heavy")),
)


@contextmanager
def ground(
    put: Callable[[object, str, object], None], *, carried: bool = True
) -> Iterator[Ground]:
    """`put` replaces an attribute until the test ends.

    Unless calls are `carried` they go out, to whatever upstream is configured.
    """
    upstream, accounts, kept = Upstream(), Directory(), Kept()
    accounts.loaded = True
    put(directory.HOME, "directory", accounts)
    put(directory.HOME, "member", None)
    put(catalog.HOME, "catalog", Catalog(ROUTES))
    put(keys.HOME, "book", KeyBook({}))
    put(keys.HOME, "ledger", Ledger())
    put(outbox, "current", lambda: kept)
    put(refreshing.HOME, "on_demand", NoHelp())
    with ExitStack() as stack:
        stack.enter_context(config.override({"app.api_key": ""}))
        if carried:
            stack.enter_context(pool.carried_by(httpx.MockTransport(upstream.answer)))
        yield Ground(upstream, accounts, kept)


def ask(
    *, model: str = MODEL, text: str = "hi", stop: tuple[str, ...] = (), **options: bool
) -> Ask:
    wanted = Options(stop=stop, reasoning=options.get("reasoning"))
    messages = (Message(Role.USER, (Text(text),)),)
    return Ask(Conversation(model, messages, wanted), Journal("req_1", "/v1/test"))
