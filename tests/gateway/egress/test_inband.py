"""Refusals of the guard that come inside a good answer: solved, and asked once more."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from http import HTTPStatus

import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request as Upgrade
from websockets.http11 import Response

from gateway.conversation.events import TextDelta
from gateway.errors import UpstreamFailure
from gateway.exits.solving import SharedSolver
from gateway.upstream import chat, imagine, video, websocket
from gateway.upstream.headers import Login
from gateway.upstream.pictures import Picture
from tests.gateway.egress.solver_server import AGENT, SolverServer
from tests.gateway.egress.solver_server import solver as solver_server
from tests.gateway.upstream.stand_in import (
    Chosen,
    Peer,
    Request,
    StandIn,
    serving,
    whole,
)

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

LOGIN = Login("tok", "user-1")
REFUSAL = {"code": 7, "message": "Request rejected by anti-bot rules."}
SAID = {"result": {"response": {"token": "hello", "messageTag": "final"}}}
STOP = {"result": {"response": {"token": "", "isSoftStop": True}}}
PICTURE = {
    "type": "image",
    "id": "a",
    "url": "images/a.png",
    "percentage_complete": 100,
}
FILM = {"progress": 100, "videoUrl": "users/u/generated/v/v.mp4", "videoId": "v"}


@pytest.fixture
def solving(ways):
    ways.solver = SharedSolver()
    return ways


class Guarded:
    """Says 200 to everybody; inside, only the clearance of now is served."""

    def __init__(self, served: bytes, before: bytes = b"") -> None:
        self.served = served
        self.before = before  # what is said even to those that are refused
        self.asked: list[str] = []

    async def __call__(self, peer: Peer, request: Request) -> None:
        self.asked.append(request.header("cookie"))
        good = "cf_clearance=good" in self.asked[-1]
        refused = self.before + orjson.dumps({"error": REFUSAL})
        await peer.send(whole(self.served if good else refused))


def solved_by(server: SolverServer, **more: object) -> dict[str, object]:
    return {
        "proxy__clearance__mode": "on_demand",
        "proxy__clearance__flaresolverr_url": server.url,
        **more,
    }


async def said(settings: Chosen) -> str:
    text = ""
    async with chat.ask(LOGIN, chat.Turn("hi", "fast"), settings) as replies:
        async for events in replies:
            text += "".join(e.text for e in events if isinstance(e, TextDelta))
    return text


def lines(*frames: object) -> bytes:
    return b"\n".join(orjson.dumps(frame) for frame in frames)


async def test_a_chat_is_asked_again_with_the_same_account(solving):
    upstream = Guarded(lines(SAID, STOP))
    async with solver_server() as server, serving(upstream) as stand_in:
        settings = stand_in.settings(**solved_by(server))
        assert await said(settings) == "hello"
        assert await said(settings) == "hello"
    assert len(server.questions) == 1
    assert ["cf_clearance" in cookies for cookies in upstream.asked] == [
        False,
        True,
        True,
    ]
    assert all("sso=tok" in cookies for cookies in upstream.asked)


async def test_a_guard_that_is_never_content_is_told_after_one_more_try(solving):
    upstream = Guarded(lines(SAID, STOP))
    async with solver_server() as server, serving(upstream) as stand_in:
        server.good = "of no use"
        with pytest.raises(UpstreamFailure) as caught:
            await said(stand_in.settings(**solved_by(server)))
    assert caught.value.cause == "anti_bot"
    assert (len(upstream.asked), len(server.questions)) == (2, 1)


async def test_without_a_solver_it_is_told_at_once(solving):
    upstream = Guarded(lines(SAID, STOP))
    async with serving(upstream) as stand_in:
        with pytest.raises(UpstreamFailure) as caught:
            await said(stand_in.settings())
    assert (caught.value.cause, len(upstream.asked)) == ("anti_bot", 1)


async def test_after_the_first_word_nothing_is_asked_again(solving):
    upstream = Guarded(b"", before=lines(SAID) + b"\n")
    async with solver_server() as server, serving(upstream) as stand_in:
        with pytest.raises(UpstreamFailure):
            await said(stand_in.settings(**solved_by(server)))
    assert (len(upstream.asked), server.questions) == (1, [])


async def test_a_film_is_ordered_again(solving):
    response = {"streamingVideoGenerationResponse": FILM}
    upstream = Guarded(lines({"result": {"response": response}}))
    async with solver_server() as server, serving(upstream) as stand_in:
        more = {"video__timeout": 5, "upstream__video_protocol": "v3"}
        settings = stand_in.settings(**solved_by(server, **more))
        filming = video.first_segment(
            LOGIN,
            "a kite",
            ratio="3:2",
            seconds=6,
            resolution="480p",
            preset="custom",
            settings=settings,
        )
        async with aclosing(filming) as events:
            found = [event async for event in events]
    assert isinstance(found[-1], video.Segment)
    assert (len(upstream.asked), len(server.questions)) == (2, 1)


class Sockets:
    """WebSockets that refuse by status or inside, until the clearance is there."""

    def __init__(self, *, inside: bool) -> None:
        self.inside = inside
        self.upgrades: list[tuple[str, str]] = []

    def look(self, connection: ServerConnection, upgrade: Upgrade) -> Response | None:
        headers = upgrade.headers
        self.upgrades.append((headers["Cookie"], headers["User-Agent"]))
        if self.inside or self.cleared(connection, upgrade):
            return None
        refusal = connection.respond(HTTPStatus.FORBIDDEN, "<html>Just a moment...")
        refusal.headers["cf-mitigated"] = "challenge"
        return refusal

    def cleared(self, connection: ServerConnection, upgrade: Upgrade) -> bool:
        return "cf_clearance=good" in upgrade.headers["Cookie"]

    async def talk(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        good = self.cleared(connection, connection.request)
        async for message in connection:
            event = orjson.loads(message).get("event", {})
            if "input_text" in str(message):
                await self.draw(connection, good=good)
            if event.get("type") == "session.create":
                await self.chat(connection, event["event_id"], good=good)

    async def draw(self, connection: ServerConnection, *, good: bool) -> None:
        if not good:
            told = {"type": "error", "err_code": 7, "err_msg": "anti-bot"}
            await connection.send(orjson.dumps(told), text=True)
            return
        done = {"type": "json", "current_status": "completed", "image_id": "a"}
        for frame in (PICTURE, done):
            await connection.send(orjson.dumps(frame), text=True)

    async def chat(
        self, connection: ServerConnection, event: str, *, good: bool
    ) -> None:
        if not good:
            await connection.send(orjson.dumps({"error": REFUSAL}), text=True)
            return
        created = {"type": "session.created", "client_event_id": event}
        attached = {"type": "conversation.attached", "conversation": {"id": "s"}}
        for frame in (
            {"session_id": "s", "event": created},
            {"session_id": "s", "event": attached},
            SAID,
            STOP,
        ):
            await connection.send(orjson.dumps(frame), text=True)


@asynccontextmanager
async def listening(sockets: Sockets) -> AsyncIterator[StandIn]:
    listener = serve(sockets.talk, "127.0.0.1", 0, process_request=sockets.look)
    async with listener as server:
        yield StandIn(server.sockets[0].getsockname()[1])


@pytest.mark.parametrize("form", ["v2", "v3"])
@pytest.mark.parametrize("inside", [False, True], ids=["upgrade", "inside"])
async def test_a_refused_round_of_pictures_is_begun_again(solving, inside, form):
    sockets = Sockets(inside=inside)
    async with solver_server() as server, listening(sockets) as stand_in:
        more = {
            "image__timeout": 5,
            "image__stream_timeout": 5,
            "upstream__imagine_protocol": form,
        }
        settings = stand_in.settings(
            **solved_by(server, features__enable_nsfw=False, **more)
        )
        drawing = imagine.generate(
            LOGIN, "kite", n=1, ratio="1:1", pro=False, settings=settings
        )
        async with aclosing(drawing) as events:
            found = [one async for one in events if isinstance(one, Picture)]
    assert len(found) == 1
    renewed_once(sockets, server)


@pytest.mark.parametrize("inside", [False, True], ids=["upgrade", "inside"])
async def test_a_refused_session_is_begun_again(solving, inside):
    sockets = Sockets(inside=inside)
    async with solver_server() as server, listening(sockets) as stand_in:
        more = {"upstream__chat_protocol": "gateway"}
        settings = stand_in.settings(**solved_by(server, **more))
        assert await said(settings) == "hello"
    renewed_once(sockets, server)


def renewed_once(sockets: Sockets, server: SolverServer) -> None:
    """The second upgrade is of the browser that the clearance was given to."""
    assert len(server.questions) == 1
    (_, first), (cookies, second) = sockets.upgrades
    assert first != AGENT
    assert second == AGENT
    assert "cf_clearance=good" in cookies


async def test_a_challenged_upgrade_without_a_solver_blames_no_account(solving):
    async with listening(Sockets(inside=False)) as stand_in:
        with pytest.raises(UpstreamFailure) as caught:
            async with websocket.opened(LOGIN, "/ws", stand_in.settings()):
                raise AssertionError("it was opened")
    assert caught.value.cause == "challenge"
