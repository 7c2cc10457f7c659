"""Voice rooms over the sandbox: who gets a token, and what is said to the others."""

import json

import httpx
import pytest

KEY = "a key for the Web UI"
TOKEN, END = "/webui/api/voice/token", "/webui/api/voice/end"
SUPER = ["sandbox-super-voice"]
SPENT = ["sandbox-super-quota0-voice", "sandbox-heavy-ratelimited-voice"]
DEAD = ["sandbox-super-expired-voice", "sandbox-super-blocked-voice"]


@pytest.fixture
def served(launch):
    def start(**accounts):
        settings = {
            "GROK_APP_APP_KEY": "a console key for tests",
            "GROK_APP_WEBUI_ENABLED": "true",
            "GROK_APP_WEBUI_KEY": KEY,
            "GROK_WEBUI_VOICE_SESSIONS": "100",
            "GROK_RETRY_MAX_RETRIES": "5",
        }
        return launch(accounts, **settings)

    return start


def ask(gateway, path=TOKEN, **body):
    headers = {"Authorization": f"Bearer {KEY}"}
    return httpx.post(gateway.url + path, json=body, headers=headers, timeout=30)


def told(directive):
    return {"personality": "custom", "instruction": f"Be kind. [[{directive}]]"}


def test_a_room_and_what_is_left_of_it(served, sandbox):
    """Dead accounts are passed over; the token is in no log and no table."""
    sandbox.settings(record=True)
    with served(super=[*DEAD, *SUPER]) as gateway:
        answer = ask(gateway, voice="sal", speed=1.5)
        assert answer.status_code == 200
        room = answer.json()
        assert room["url"] == "wss://livekit.grok.com"
        assert room["room_name"].startswith("room-")
        assert room["participant_name"]
        assert ask(gateway, END, session=room["session"]).status_code == 204
        calls = sandbox.requests(200)
        sandbox.settings(record=False)
        sent = [one for one in calls if one["path"] == "/rest/livekit/tokens"][-1]
        session = json.loads(json.loads(sent["body"])["sessionPayload"])
        assert (session["voice"], session["playback_speed"]) == ("sal", 1.5)
        refused = ask(gateway, **told("status=500"))
        assert (refused.status_code, refused.json()["error"]["code"]) == (
            502,
            "upstream_error",
        )
        assert ask(gateway, **told("notoken")).status_code == 502
        limited = ask(gateway, **told("status=429]] [[retry_after=77"))
        assert limited.status_code == 429
        assert int(limited.headers["Retry-After"]) > 0
        folder = gateway.data_dir
    secret = room["token"].rpartition(".")[2].encode()
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert [path for path in files if secret in path.read_bytes()] == []


@pytest.mark.load
def test_who_has_no_room_to_give_says_why(served):
    with served(basic=["sandbox-basic-voice"]) as gateway:
        answer = ask(gateway)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (503, "tier_required")
        assert "super or heavy" in error["message"]
        tokens = json.dumps({"super": [SPENT[0]], "heavy": [SPENT[1]]})
        gateway.manage("importaccounts", "-", stdin=tokens)
        answer = eventually_limited(gateway)
        assert answer.json()["error"]["code"] == "rate_limit_exceeded"
        assert int(answer.headers["Retry-After"]) > 0


def eventually_limited(gateway):
    """The running process learns of new accounts a moment later."""
    for _ in range(40):
        answer = ask(gateway)
        if answer.status_code != 503:
            break
    assert answer.status_code == 429, answer.text
    return answer
