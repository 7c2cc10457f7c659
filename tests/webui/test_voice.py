"""The voice page's headers, and its calls: what is refused before it costs anything."""

import httpx
import orjson
import pytest
from django.test import AsyncClient, Client

from grokgateway import config
from tests.gateway.ground import ground
from tests.webui.conftest import KEY

TOKEN = "/webui/api/voice/token"
KEEP, END = "/webui/api/voice/keep", "/webui/api/voice/end"
ROOM = {"token": "a-room-token", "participantName": "me", "roomName": "room-1"}


@pytest.fixture
def stage(monkeypatch):
    with ground(monkeypatch.setattr) as made:
        yield made


@pytest.fixture
def upstream(stage, webui):
    stage.add("a")
    stage.upstream.will(*(httpx.Response(200, json=ROOM) for _ in range(4)))
    return stage.upstream


async def post(path, body=None, **headers):
    content = body if isinstance(body, bytes) else orjson.dumps(body or {})
    client = AsyncClient()
    kind = "application/json"
    answer = await client.post(path, content, content_type=kind, headers=headers)
    told = orjson.loads(answer.content) if answer.content else None
    return answer.status_code, told, answer


async def test_a_token_with_where_it_is_good_for(upstream):
    status, told, answer = await post(TOKEN, {"voice": "eve", "speed": 1.25})
    assert status == 200
    assert told.pop("session")
    assert told == {
        "token": "a-room-token",
        "url": "wss://livekit.grok.com",
        "participant_name": "me",
        "room_name": "room-1",
    }
    assert answer.headers["Cache-Control"] == "no-store"
    (sent,) = upstream.bodies
    assert orjson.loads(sent["sessionPayload"])["voice"] == "eve"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"voice": "bob"}, "voice"),
        ({"speed": 3}, "speed"),
        ({"personality": "sexy"}, "personality"),
        ({"personality": "custom"}, "instruction"),
        (b"{", None),
        (b"[]", None),
    ],
)
async def test_what_cannot_be_granted_costs_nothing(upstream, body, param):
    status, told, _ = await post(TOKEN, body)
    assert (status, told["error"]["param"]) == (400, param)
    assert not upstream.asked
    assert (await post(TOKEN))[0] == 200  # nor did it take a place


async def test_adult_personalities_where_the_operator_allows_them(upstream):
    with config.override({"features.enable_nsfw": True, "app.webui_enabled": True}):
        assert (await post(TOKEN, {"personality": "sexy"}))[0] == 200


async def test_one_session_at_once_until_it_ended(upstream):
    _, first, _ = await post(TOKEN)
    status, told, answer = await post(TOKEN)
    assert (status, told["error"]["code"]) == (429, "voice_session_open")
    assert int(answer.headers["Retry-After"]) > 0
    assert len(upstream.asked) == 1
    assert (await post(END, {"session": first["session"]}))[0] == 204
    assert (await post(TOKEN))[0] == 200


async def test_a_session_that_goes_on_is_called_anew(upstream):
    _, first, _ = await post(TOKEN)
    status, kept, _ = await post(KEEP, {"session": first["session"]})
    assert status == 200
    assert (await post(END, {"session": first["session"]}))[0] == 204
    assert (await post(TOKEN))[0] == 429  # the old name no longer means it
    await post(END, {"session": kept["session"]})
    assert (await post(KEEP, {"session": kept["session"]}))[0] == 404
    assert (await post(TOKEN))[0] == 200


async def test_a_session_that_was_not_given_out_is_refused(upstream):
    for body in ({}, {"session": "webui:x:0"}, {"session": ["x"]}):
        assert (await post(END, body))[0] == 400


async def test_a_room_that_is_not_to_be_had_takes_no_place(stage, webui):
    status, told, _ = await post(TOKEN)
    assert (status, told["error"]["code"]) == (503, "tier_required")
    assert "super or heavy" in told["error"]["message"]
    stage.add("a")
    stage.upstream.will(httpx.Response(200, json=ROOM))
    assert (await post(TOKEN))[0] == 200


async def test_strangers_other_methods_and_a_web_ui_that_is_off(upstream, webui):
    answer = await AsyncClient().get(TOKEN)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    with webui(KEY):
        assert (await post(TOKEN))[0] == 401
        assert (await post(TOKEN, Authorization=f"Bearer {KEY}"))[0] == 200
    with config.override({"app.webui_enabled": False}):
        assert (await post(TOKEN))[0] == 404


@pytest.mark.parametrize(
    ("rooms_url", "origins"),
    [
        ("wss://rooms.example", "wss://rooms.example https://rooms.example"),
        ("ws://10.0.0.1:7880/x", "ws://10.0.0.1:7880 http://10.0.0.1:7880"),
    ],
)
def test_the_page_may_reach_the_rooms_and_hear(webui, rooms_url, origins):
    with webui(**{"upstream.livekit_url": rooms_url}):
        answer = Client().get("/webui/chatkit")
        others = Client().get("/webui/login", follow=True)
    policy = answer.headers["Content-Security-Policy"]
    assert f"connect-src 'self' {origins};" in policy
    assert "microphone=(self)" in answer.headers["Permissions-Policy"]
    assert "microphone=()" in others.headers["Permissions-Policy"]
    assert origins not in others.headers["Content-Security-Policy"]


@pytest.mark.parametrize("allowed", [False, True])
def test_adult_personalities_are_shown_where_they_are_allowed(webui, allowed):
    with webui(**{"features.enable_nsfw": allowed}):
        page = Client().get("/webui/chatkit").content.decode()
    assert ('value="sexy"' in page) is allowed
    assert 'value="therapist"' in page
