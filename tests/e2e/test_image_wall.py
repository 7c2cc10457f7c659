"""The wall's socket on a real gateway over the sandbox, as scripts and pages use it."""

import json
import time
import urllib.error
import urllib.request

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.e2e.conftest import POOLS
from tests.e2e.gateway_process import eventually, running_gateway

WEBUI_KEY = "a web ui key for tests"
LEFT_WITHIN_S = 1.0


@pytest.fixture(scope="module")
def gateway(sandbox, tmp_path_factory):
    settings = {"GROK_APP_WEBUI_ENABLED": "true", "GROK_APP_WEBUI_KEY": WEBUI_KEY}
    folder = tmp_path_factory.mktemp("wall")
    with running_gateway(
        folder, sandbox.url, POOLS, "granian", 1, **settings
    ) as running:
        yield running


def opened(gateway, *, token=WEBUI_KEY, bearer="", origin=None):
    address = gateway.url.replace("http", "ws", 1) + "/webui/api/imagine/ws"
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    query = f"?access_token={token.replace(' ', '%20')}" if token else ""
    return connect(
        address + query, origin=origin, additional_headers=headers, proxy=None
    )


def start(socket, prompt, **members):
    socket.send(json.dumps({"type": "start", "prompt": prompt, "count": 2, **members}))


def until(socket, **members):
    """All frames up to the first with these members."""
    frames = []
    while True:
        frames.append(json.loads(socket.recv(timeout=20)))
        if members.items() <= frames[-1].items():
            return frames


def asked(gateway, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {WEBUI_KEY}"}
    headers["Content-Type"] = "application/json"
    request = urllib.request.Request(gateway.url + path, data, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def rounds(gateway, words):
    return asked(gateway, f"/webui/api/wall?q={words}")["rounds"]


def test_what_was_drawn_is_on_the_wall_and_can_be_had(gateway):
    with opened(gateway) as socket:
        start(socket, "a lighthouse", aspect_ratio="16:9")
        frames = until(socket, status="completed")
    images = [frame for frame in frames if frame["type"] == "image"]
    (found,) = rounds(gateway, "lighthouse")
    assert {one["id"] for one in images} == {one["id"] for one in found["pictures"]}
    assert (found["state"], found["aspect_ratio"]) == ("success", "16:9")
    for image in images:
        assert image["width"] > image["height"]
        with urllib.request.urlopen(gateway.url + image["url"], timeout=10) as file:
            assert file.headers["content-type"] in {"image/jpeg", "image/png"}


def test_rounds_end_at_their_limit(gateway, sandbox):
    with opened(gateway, token="", bearer=WEBUI_KEY) as socket:
        start(socket, "a harbour", mode="continuous", rounds=2)
        frames = until(socket, status="completed")
    assert frames[-1]["reason"] == "rounds"
    assert [one["round"] for one in rounds(gateway, "harbour")] == [2, 1]


def test_a_socket_that_goes_ends_upstream_at_once(gateway, sandbox):
    before = sandbox.stats()["closed_early"]
    with opened(gateway) as socket:
        start(socket, "a storm [[stall_after=8]]", mode="continuous", rounds=5)
        until(socket, type="progress")
        assert sandbox.stats()["open_streams"] == 1
        gone = time.monotonic()
    assert eventually(lambda: sandbox.stats()["open_streams"] == 0)
    assert time.monotonic() - gone < LEFT_WITHIN_S
    assert sandbox.stats()["closed_early"] == before + 1
    assert eventually(lambda: [one["state"] for one in rounds(gateway, "storm")])
    assert [one["state"] for one in rounds(gateway, "storm")] == ["stopped"]
    query = "SELECT count(*) FROM gateway_requestrecord WHERE status = 499"
    assert eventually(lambda: gateway.rows(query) == [(1,)])


def test_a_stop_leaves_the_socket_for_the_next_run(gateway):
    with opened(gateway) as socket:
        start(socket, "a fog [[stall_after=8]]")
        until(socket, type="progress")
        socket.send('{"type": "stop"}')
        assert until(socket, type="status")[-1]["status"] == "stopped"
        start(socket, "a clear day")
        until(socket, status="completed")


def test_nothing_but_filtered_pictures_is_an_error(gateway):
    with opened(gateway) as socket:
        start(socket, "a secret [[moderated]]", mode="continuous", rounds=3)
        frames = until(socket, type="error")
    assert frames[-1]["code"] == "content_policy_violation"
    assert {one["type"] for one in frames} >= {"status", "moderated"}
    (found,) = rounds(gateway, "secret")
    assert (found["state"], found["pictures"]) == ("failed", [])


def test_a_picture_of_the_wall_can_be_changed(gateway):
    with opened(gateway) as socket:
        start(socket, "a garden", count=1)
        picture = until(socket, type="image")[-1]["id"]
        until(socket, status="completed")
        start(socket, "the garden in snow", picture=picture)
        frames = until(socket, status="completed")
    assert sum(frame["type"] == "image" for frame in frames) == 2
    (found,) = rounds(gateway, "snow")
    assert (found["referred"], found["picture"]) == (True, picture)


def test_what_is_deleted_is_gone_until_it_is_brought_back(gateway):
    with opened(gateway) as socket:
        start(socket, "a mistake", count=1)
        image = until(socket, type="image")[-1]
        until(socket, status="completed")
    taken = asked(gateway, "/webui/api/wall/remove", {"pictures": [image["id"]]})
    assert rounds(gateway, "mistake") == []
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(gateway.url + image["url"], timeout=10)
    asked(gateway, "/webui/api/wall/undo", {"undo": taken["undo"]})
    assert len(rounds(gateway, "mistake")) == 1


@pytest.mark.parametrize(
    "refused",
    [
        {"token": ""},
        {"token": "wrong"},
        {"token": "", "bearer": "wrong"},
        {"origin": "https://evil.example"},
        {"token": "", "bearer": WEBUI_KEY, "origin": "https://evil.example"},
    ],
)
def test_strangers_and_foreign_pages_are_refused(gateway, refused):
    with pytest.raises(InvalidStatus):
        with opened(gateway, **refused):
            pass
