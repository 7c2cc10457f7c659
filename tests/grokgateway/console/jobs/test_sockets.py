"""`/admin/ws/jobs`: who may listen, and what they hear."""

import asyncio

import orjson
import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from grokgateway import config, routing
from grokgateway.console.jobs import sockets
from grokgateway.jobs import batches, watching
from tests.grokgateway.jobs.made import begun, job_of, worked

pytestmark = pytest.mark.django_db(transaction=True)
there = sync_to_async
OURS = b"http://testserver"
PATH = "/admin/ws/jobs"


@pytest.fixture(autouse=True)
def process(monkeypatch):
    monkeypatch.setattr(watching.HOME, "hub", watching.Hub())


def cookie_of(user):
    client = Client()
    client.force_login(user)
    morsel = client.cookies[settings.SESSION_COOKIE_NAME]
    return f"{morsel.key}={morsel.value}".encode()


def signed_in(kind="superuser"):
    if kind == "superuser":
        return cookie_of(User.objects.create_superuser("op", password="x"))
    user = User.objects.create_user("op", is_staff=kind != "visitor")
    if kind == "viewer":
        user.user_permissions.add(Permission.objects.get(codename="view_batchjob"))
    return cookie_of(user)


def socket(cookie=b"", origin=OURS, path=PATH):
    headers = [(b"host", b"testserver"), (b"cookie", cookie)]
    if origin:
        headers.append((b"origin", origin))
    return WebsocketCommunicator(routing.application, path, headers=headers)


async def listening(kind="superuser"):
    opened = socket(await there(signed_in)(kind))
    connected, _ = await opened.connect(timeout=5)
    assert connected
    return opened


async def hear(opened):
    return orjson.loads(await opened.receive_from(timeout=5))


@pytest.mark.parametrize(
    ("kind", "welcome"),
    [("superuser", True), ("viewer", True), ("staff", False), ("visitor", False)],
)
async def test_only_who_may_see_jobs_may_listen(kind, welcome):
    opened = socket(await there(signed_in)(kind))
    connected, _ = await opened.connect(timeout=5)
    assert connected == welcome
    await opened.disconnect()


async def test_nobody_listens_without_a_session():
    for cookie in (b"", b"gateway_session=made-up"):
        connected, _ = await socket(cookie).connect(timeout=5)
        assert not connected


def by_key(key):
    """A session that the console key began."""
    backend = "grokgateway.console.signing.ConsoleKey"
    client = Client()
    user = User.objects.create_superuser("admin")
    config.save({"app.app_key": key}, "test")
    client.force_login(user, backend=backend)
    morsel = client.cookies[settings.SESSION_COOKIE_NAME]
    return f"{morsel.key}={morsel.value}".encode()


async def test_a_session_ends_with_its_console_key(monkeypatch):
    monkeypatch.setattr(sockets, "PING_S", 0.01)
    monkeypatch.setattr(sockets, "LOOK_WHO_S", 0.0)
    cookie = await there(by_key)("a console key of tests")
    opened = socket(cookie)
    connected, _ = await opened.connect(timeout=5)
    assert connected
    await there(config.save)({"app.app_key": "another console key"}, "test")
    async with asyncio.timeout(5):
        while (message := await opened.receive_output(5))["type"] != "websocket.close":
            pass
    assert message["code"] == sockets.SIGNED_OUT
    await opened.disconnect()
    connected, _ = await socket(cookie).connect(timeout=5)
    assert not connected
    config.forget()


async def test_the_shipped_console_key_opens_no_socket():
    cookie = await there(by_key)("grok2api")
    connected, _ = await socket(cookie).connect(timeout=5)
    assert not connected
    config.forget()


@pytest.mark.parametrize("origin", [b"", b"http://evil.example", b"null"])
async def test_other_peoples_pages_are_refused(origin):
    cookie = await there(signed_in)()
    connected, _ = await socket(cookie, origin).connect(timeout=5)
    assert not connected


@pytest.mark.parametrize("path", ["/admin/ws/nothing", "/", "/v1/chat"])
async def test_there_are_no_other_sockets(path):
    cookie = await there(signed_in)()
    connected, _ = await socket(cookie, path=path).connect(timeout=5)
    assert not connected


async def test_a_job_is_followed_from_its_state_to_its_end():
    job = await there(begun)(await there(job_of)(30, by="op"))
    opened = await listening()
    await opened.send_to(orjson.dumps({"watch": [job.public_id]}).decode())
    first = await hear(opened)
    assert (first["type"], first["seq"], first["total"]) == ("snapshot", 1, 30)
    await there(worked)(job, ok=2, errors=["timeout"])
    failed, progress = await hear(opened), await hear(opened)
    assert (failed["type"], failed["error"]) == ("item_failed", "timeout")
    assert (progress["type"], progress["seq"]) == ("progress", 2)
    assert [progress[k] for k in ("processed", "ok", "fail", "left")] == [3, 2, 1, 27]
    await there(batches.cancel)(job.public_id, timezone.now())
    asked = await hear(opened)
    assert (asked["type"], asked["stopping"]) == ("progress", True)
    await there(batches.finish)(job.pk, "test", timezone.now())
    last = await hear(opened)
    assert (last["type"], last["skipped"], last["status"]) == (
        "cancelled",
        27,
        "cancelled",
    )
    await opened.disconnect()
    assert watching.current().watchers == set()


async def test_what_changes_quickly_is_told_four_times_a_second_at_most():
    job = await there(begun)(await there(job_of)(400, by="op"))
    opened = await listening()
    await opened.send_to('{"watch": "mine"}')
    await hear(opened)
    loop = asyncio.get_running_loop()
    begun_at, frames = loop.time(), 0
    for _ in range(40):
        await there(worked)(job, ok=10)
        while not opened.output_queue.empty():
            frames += (await hear(opened))["type"] == "progress"
    took = loop.time() - begun_at
    assert frames <= took * 4 + 1
    while (last := await hear(opened))["processed"] < 400:
        frames += 1
    assert last["processed"] == 400
    await opened.disconnect()


@pytest.mark.parametrize(
    "message",
    [
        "1",
        "no json",
        "[]",
        '{"watch": "all"}',
        '{"watch": ["../etc"]}',
        '{"watch": [1]}',
        '{"stop": "mine"}',
        '{"watch": "' + "x" * 9000 + '"}',
        '{"watch": [' + ",".join(['"' + "0" * 32 + '"'] * 101) + "]}",
    ],
)
async def test_what_is_no_watch_is_refused_and_changes_nothing(message):
    opened = await listening("viewer")
    await opened.send_to(message)
    assert (await hear(opened))["type"] == "refused"
    (watcher,) = watching.current().watchers
    assert (watcher.ids, watcher.mine) == (set(), False)
    await opened.disconnect()


async def test_a_silent_socket_is_kept_alive(monkeypatch):
    monkeypatch.setattr(sockets, "PING_S", 0.01)
    opened = await listening()
    assert (await hear(opened))["type"] == "ping"
    await opened.disconnect()


async def test_who_signs_out_hears_no_more(monkeypatch):
    monkeypatch.setattr(sockets, "PING_S", 0.01)
    monkeypatch.setattr(sockets, "LOOK_WHO_S", 0.0)
    opened = await listening()
    assert (await hear(opened))["type"] == "ping"
    await there(User.objects.update)(password="another")
    async with asyncio.timeout(5):
        while (message := await opened.receive_output(5))["type"] != "websocket.close":
            pass
    assert message["code"] == sockets.SIGNED_OUT
    await opened.disconnect()


async def test_a_process_that_ends_says_so_to_its_sockets():
    opened = await listening()
    closing = asyncio.create_task(watching.current().close())
    message = await opened.receive_output(5)
    assert message == {"type": "websocket.close", "code": sockets.RESTARTING}
    await opened.disconnect()
    await asyncio.wait_for(closing, 1)
