"""What is sent for a room, and what is read of the answer (section 9)."""

import httpx
import orjson
import pytest

from gateway.conversation.speaking import Speaking
from gateway.errors import UpstreamFailure, UpstreamFault
from gateway.upstream import pool, voice
from gateway.upstream.headers import Login
from grokgateway import config

ROOMS = "wss://livekit.grok.com"
LOGIN = Login("the-login")


def read(**fields):
    return voice.read(orjson.dumps(fields), ROOMS)


def test_the_session_is_json_within_json():
    sent = voice.payload(Speaking("eve", "therapist", 1.25), "wss://rooms.example")
    assert sent == (
        b'{"sessionPayload":"{\\"voice\\":\\"eve\\",\\"personality\\":\\"therapist\\",'
        b'\\"playback_speed\\":1.25,\\"enable_vision\\":false,'
        b'\\"turn_detection\\":{\\"type\\":\\"server_vad\\"}}",'
        b'"requestAgentDispatch":false,"livekitUrl":"wss://rooms.example",'
        b'"params":{"enable_markdown_transcript":"true"}}'
    )


def test_an_instruction_takes_the_place_of_the_personality():
    sent = orjson.loads(voice.payload(Speaking(instruction="Be brief."), ROOMS))
    session = orjson.loads(sent["sessionPayload"])
    assert session["personality"] is None
    assert session["instructions"] == "Be brief."
    assert session["is_raw_instructions"] is True


@pytest.mark.parametrize(
    ("fields", "url", "participant", "name"),
    [
        ({}, ROOMS, "", ""),
        ({"livekitUrl": "wss://other.example"}, "wss://other.example", "", ""),
        ({"livekitUrl": "", "participantName": "p", "identity": "i"}, ROOMS, "p", ""),
        ({"participant_name": "q", "identity": "i", "room": "r"}, ROOMS, "q", "r"),
        ({"identity": "i", "room_name": "s", "room": "r"}, ROOMS, "i", "s"),
        ({"participantName": 5, "identity": "i", "roomName": None}, ROOMS, "i", ""),
        ({"livekitUrl": "ws://127.0.0.1:7880"}, "ws://127.0.0.1:7880", "", ""),
    ],
)
def test_the_first_field_that_is_there_wins(fields, url, participant, name):
    room = read(token="t", **fields)
    assert (room.token, room.url) == ("t", url)
    assert (room.participant, room.name) == (participant, name)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"token":""}',
        b'{"token":7}',
        b'{"token":"t","livekitUrl":"ws://rooms.example"}',
        b'{"token":"t","livekitUrl":"javascript:alert(1)"}',
        b'{"token":"t","livekitUrl":"wss://[::1"}',
        b'{"token":"t","livekitUrl":"wss:///x"}',
    ],
)
def test_an_answer_that_leads_nowhere_is_a_failure(body):
    with pytest.raises(UpstreamFailure) as caught:
        voice.read(body, ROOMS)
    assert caught.value.fault is UpstreamFault.SERVER


def test_a_room_does_not_show_its_token():
    assert "secret" not in repr(read(token="secret"))


async def asked(answer, **settings):
    calls = []

    async def upstream(request):
        calls.append(request)
        return answer

    with config.override(settings), pool.carried_by(httpx.MockTransport(upstream)):
        room = await voice.open_room(LOGIN, Speaking(), config.current())
    return calls[0], room


async def test_the_call_is_one_of_the_base_host():
    answer = httpx.Response(200, json={"token": "t", "roomName": "r"})
    call, room = await asked(answer, **{"upstream.livekit_url": "ws://10.0.0.1:7880"})
    assert str(call.url) == "https://grok.com/rest/livekit/tokens"
    assert call.headers["content-type"] == "application/json"
    assert call.headers["referer"] == "https://grok.com/"
    assert "sso=the-login" in call.headers["cookie"]
    assert call.headers["x-statsig-id"]
    assert (room.url, room.name) == ("ws://10.0.0.1:7880", "r")
    assert orjson.loads(call.content)["livekitUrl"] == "ws://10.0.0.1:7880"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (httpx.Response(401, content=b"bad-credentials"), UpstreamFault.CREDENTIAL),
        (httpx.Response(403, json={"message": "denied"}), UpstreamFault.FORBIDDEN),
        (httpx.Response(429), UpstreamFault.RATE_LIMITED),
        (httpx.Response(500), UpstreamFault.SERVER),
        (httpx.Response(200, content=b"<html>"), UpstreamFault.SERVER),
    ],
)
async def test_its_failures_are_those_of_any_call(answer, fault):
    with pytest.raises(UpstreamFailure) as caught:
        await asked(answer)
    assert caught.value.fault is fault
