"""One process's life: its start, its first requests, its end."""

import asyncio
import gc
import sys

import httpx
import orjson
import pytest
from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection

from accounts import directory
from gateway import catalog
from gateway.models import ModelRoute, RequestRecord
from gateway.upstream import pool
from grokgateway import application, config, startup
from grokgateway.application import Application
from grokgateway.jobs import outbox
from tests.factories import make_account
from tests.gateway.asgi import Exchange, Message, post
from tests.gateway.ground import END, MODEL, Stream, Upstream, said

pytestmark = pytest.mark.django_db(transaction=True)
ASK = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "stream": True}


class Probe:
    """Stands in for Django and the websockets: notes the paths it gets."""

    def __init__(self):
        self.paths = []

    async def __call__(self, scope, receive, send):
        self.paths.append(scope["path"])
        if scope["type"] == "http":
            start = {"type": "http.response.start", "status": 299, "headers": []}
            await send(start)
            await send({"type": "http.response.body", "body": b"django"})


class Server:
    """The server's side of the lifespan."""

    def __init__(self, app):
        self.inbox: asyncio.Queue[Message] = asyncio.Queue()
        self.outbox: asyncio.Queue[Message] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}}
        self.task = asyncio.create_task(app(scope, self.inbox.get, self.outbox.put))

    async def tell(self, event):
        await self.inbox.put({"type": f"lifespan.{event}"})
        answer = await asyncio.wait_for(self.outbox.get(), 5)
        return answer["type"].removeprefix("lifespan.")


@pytest.fixture(autouse=True)
def process(monkeypatch):
    """This process as if it had just begun, and left as it was."""
    monkeypatch.setattr(directory.HOME, "directory", directory.Directory())
    monkeypatch.setattr(catalog.HOME, "catalog", None)
    box = outbox.Outbox()
    monkeypatch.setattr(outbox, "current", lambda: box)
    catalog.synchronise()  # a transactional test before may have emptied the table
    config.forget()
    before = list(config.home.HOME.subscribers)
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)
    config.home.HOME.subscribers[:] = before
    config.forget()


@pytest.fixture
def upstream():
    made = Upstream()
    with pool.carried_by(httpx.MockTransport(made.answer)):
        yield made


@pytest.fixture
async def app():
    made = Application(Probe(), Probe(), sync_s=30)
    yield made
    await made.aclose()


def counted(monkeypatch, *failures):
    """Count the starts; each exception given makes one of them fail."""
    left, starts = list(failures), []
    load = application.load_everything

    def loading():
        starts.append(1)
        if left:
            raise left.pop(0)
        load()

    monkeypatch.setattr(application, "load_everything", loading)
    return starts


async def test_the_lifespan_starts_and_stops(app, monkeypatch):
    starts = counted(monkeypatch)
    server = Server(app)
    assert await server.tell("startup") == "startup.complete"
    assert directory.current().loaded
    assert len(list(catalog.current().routes())) == 20
    assert {"configuration", "accounts", "write-behind", "retention"} <= periodic()
    await Exchange("GET", "/health").through(app)
    assert await server.tell("shutdown") == "shutdown.complete"
    await server.task
    assert periodic() == set()
    assert len(starts) == 1


def periodic():
    names = (task.get_name() for task in asyncio.all_tasks())
    return {name.partition(" ")[2] for name in names if name.startswith("periodic")}


@pytest.mark.parametrize("jobs", [True, False])
async def test_only_a_process_with_jobs_keeps_house(jobs):
    app = Application(Probe(), Probe(), sync_s=30, jobs=jobs)
    await Exchange("GET", "/health").through(app)
    await asyncio.sleep(0)
    assert ("retention" in periodic()) == jobs
    await app.aclose()


async def test_without_a_lifespan_the_first_request_starts(app, monkeypatch):
    starts = counted(monkeypatch)
    for _ in range(2):
        asking = await Exchange("GET", "/health").through(app)
        assert asking.status == 200
    assert len(starts) == 1


async def test_first_requests_at_the_same_time_share_one_start(app, monkeypatch):
    starts = counted(monkeypatch)
    asked = [Exchange("GET", "/health") for _ in range(5)]
    await asyncio.gather(*(one.through(app) for one in asked))
    assert [one.status for one in asked] == [200] * 5
    assert len(starts) == 1


async def test_a_client_that_leaves_does_not_stop_the_start(app, monkeypatch):
    starts = counted(monkeypatch)
    first = asyncio.create_task(Exchange("GET", "/health").through(app))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    asking = await Exchange("GET", "/health").through(app)
    assert asking.status == 200
    assert len(starts) == 1


async def test_a_start_that_fails_is_told_logged_and_tried_again(
    app, monkeypatch, caplog
):
    starts = counted(monkeypatch, RuntimeError("secret detail"))
    asked = [Exchange("GET", path) for path in ("/v1/models", "/v1/models", "/admin")]
    await asyncio.gather(*(one.through(app) for one in asked))
    for one in asked:
        assert (one.status, one.code) == (500, "internal_error")
        assert one.answered["x-request-id"]
        assert b"secret detail" not in one.content
    assert "secret detail" in caplog.text
    again = await Exchange("GET", "/v1/models").through(app)
    assert again.status == 200
    assert len(starts) == 2


async def test_failed_starts_leave_no_listeners_behind(app, monkeypatch):
    async def failing():
        raise RuntimeError("no accounts")

    ready = directory.ready
    monkeypatch.setattr(directory, "ready", failing)
    for _ in range(3):
        await Exchange("GET", "/health").through(app)
    monkeypatch.setattr(directory, "ready", ready)
    await Exchange("GET", "/health").through(app)
    listeners = [one for one in config.home.HOME.subscribers if one is startup.follow]
    assert len(listeners) == 1


async def test_a_lifespan_that_fails_tells_the_server(app, monkeypatch, caplog):
    counted(monkeypatch, RuntimeError("no keys"))
    server = Server(app)
    assert await server.tell("startup") == "startup.failed"
    with pytest.raises(RuntimeError):
        await server.task
    assert "no keys" in caplog.text


async def test_closing_writes_what_is_pending(app, upstream):
    await asyncio.to_thread(in_thread, make_account, pool="super")
    server = Server(app)
    await server.tell("startup")
    upstream.will(said("Hi") + END)
    asking = await post(ASK).through(app)
    assert asking.status == 200
    await server.tell("shutdown")
    assert outbox.current().waiting == 0
    records = await asyncio.to_thread(in_thread, stored)
    assert records == [(200, "/v1/chat/completions", MODEL)]


def stored():
    return list(RequestRecord.objects.values_list("status", "endpoint", "model"))


def in_thread(work, **arguments):
    """Run in a thread whose connection does not outlive it."""
    try:
        return work(**arguments)
    finally:
        close_old_connections()


async def test_closing_writes_even_when_connections_will_not_close(app, monkeypatch):
    class Stuck:
        async def aclose(self):
            raise OSError("stuck")

    written: list[object] = []
    await Exchange("GET", "/health").through(app)
    outbox.current().put(outbox.Sink("test", written.extend), 1)
    with monkeypatch.context() as patch:
        patch.setattr(pool, "current", Stuck)
        with pytest.raises(OSError, match="stuck"):
            await app.aclose()
    assert written == [1]


async def test_closing_what_never_began():
    await Application(Probe(), Probe(), sync_s=30).aclose()


async def test_closing_in_the_middle_of_a_start_ends_it(app, monkeypatch):
    async def never(*, works):
        await asyncio.Event().wait()

    monkeypatch.setattr(directory, "ready", never)
    first = asyncio.create_task(Exchange("GET", "/health").through(app))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(2):
        await app.aclose()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first


@pytest.mark.parametrize(
    ("method", "path", "lean"),
    [
        ("GET", "/v1/models", True),
        ("GET", "/v1", True),
        ("GET", "/health", True),
        ("HEAD", "/", True),
        ("GET", "/", False),
        ("GET", "/v10/models", False),
        ("GET", "/healthy", False),
        ("GET", "/admin/", False),
    ],
)
async def test_who_answers_which_path(app, method, path, lean):
    asking = await Exchange(method, path).through(app)
    assert (asking.status != 299) == lean


async def test_websockets_go_their_own_way(app):
    scope = {**Exchange(path="/ws/chat").scope, "type": "websocket"}
    await app(scope, None, None)
    assert app._websocket.paths == ["/ws/chat"]


async def test_open_requests_are_counted(app, upstream):
    await asyncio.to_thread(in_thread, make_account, pool="super")
    upstream.will(Stream(said("Hi"), asyncio.Event()))
    asking = post(ASK)
    task = asyncio.create_task(asking.through(app))
    await asking.started.wait()
    assert app.open_requests == 1
    asking.left.set()
    await task
    assert app.open_requests == 0


async def test_edits_of_another_process_are_seen(app):
    await Exchange("GET", "/health").through(app)

    def edit():
        ModelRoute.objects.filter(name=MODEL).update(enabled=False)

    await asyncio.to_thread(in_thread, edit)
    await asyncio.to_thread(application.reload_settings)
    assert MODEL not in {route.name for route in catalog.current().routes()}


async def test_polls_keep_no_connection_that_an_outage_could_break(app):
    await Exchange("GET", "/health").through(app)

    def poll():
        application.reload_settings()
        return connection.connection

    assert await asyncio.to_thread(poll) is None
    await directory.synced()
    assert await sync_to_async(lambda: connection.connection)() is None


async def test_readiness(app):
    asking = await Exchange("GET", "/readyz").through(app)
    assert orjson.loads(asking.content) == {
        "status": "ok",
        "checks": dict.fromkeys(
            (
                *("database", "migrations", "keys", "catalog", "accounts"),
                *("sync", "copy", "claims", "worker"),
            ),
            "ok",
        ),
    }
