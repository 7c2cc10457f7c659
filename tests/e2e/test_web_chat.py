"""Web Chat over a real gateway: what its page is told, and what is left behind."""

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.e2e import told
from tests.e2e.gateway_process import eventually, running_gateway
from tests.e2e.web_chat import (
    KEY,
    SETTINGS,
    kinds,
    opened,
    seconds_until,
    text_of,
)

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00"
    b"\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x05"
    b"\x02\x00\x8b\xb6\x1c\xd2\x00\x00\x00\x00IEND\xaeB`\x82"
)
LONG = "[[tokens=2000]] [[delay_ms=20]]"
RECORDS = (
    "SELECT request_id, endpoint, status, streamed, first_token_ms"
    " FROM gateway_requestrecord"
)
ONE_AT_ONCE = {"GROK_ACCOUNT_SELECTION_MAX_INFLIGHT": "1"}
POOLS = {"super": ["sandbox-super-1"], "heavy": ["sandbox-heavy-1"]}


@pytest.fixture(scope="module")
def served(sandbox, tmp_path_factory):
    folder = tmp_path_factory.mktemp("web chat")
    with running_gateway(
        folder, sandbox.url, POOLS, "granian", 1, **SETTINGS
    ) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def free(sandbox, tmp_path_factory):
    """Open to everybody, with one account that does one thing at a time."""
    folder = tmp_path_factory.mktemp("free web chat")
    accounts = {"super": ["sandbox-super-alone"]}
    settings = {"GROK_APP_WEBUI_ENABLED": "true", **ONE_AT_ONCE}
    with running_gateway(
        folder, sandbox.url, accounts, "granian", 1, **settings
    ) as gateway:
        yield gateway


def visited(gateway):
    return opened(gateway, "", origin=gateway.url)


def api(gateway, path, key=KEY):
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=gateway.url + path, headers=headers, timeout=30)


def test_an_answer_comes_in_joined_frames(served):
    with opened(served) as page:
        frames = page.ask("1", "[[thinking=3]] [[tokens=200]]", effort="high")
    assert kinds(frames)[0] == "accepted"
    assert frames[0]["account_tier"] in {"super", "heavy"}
    assert frames[0]["model"] == "grok-4.20-auto"
    assert text_of(frames) == "".join(f"tok{n} " for n in range(1, 201))
    assert text_of(frames, "reasoning")
    assert len([one for one in frames if one["type"] == "text"]) < 100
    usage = frames[-2]
    assert usage["type"] == "usage"
    assert usage["total_tokens"] > usage["completion_tokens"] > 0
    assert frames[-1] == {"type": "finished", "id": "1", "reason": "stop"}
    known = frames[0]["request_id"]
    record = eventually(lambda: [r for r in served.rows(RECORDS) if r[0] == known])
    assert record[0][1:4] == ("/webui/chat", 200, 1)
    assert record[0][4] > 0


def test_reasoning_that_is_not_wanted_is_not_told(served):
    with opened(served) as page:
        frames = page.ask("1", "[[thinking=3]] [[tokens=5]]", effort="none")
    assert text_of(frames, "reasoning") == ""


def test_searches_and_sources_are_told(served):
    with opened(served) as page:
        frames = page.ask("1", "[[search]] [[citations]] [[tokens=5]]")
    tools = [one for one in frames if one["type"] == "tool"]
    assert tools
    assert all(one["name"] == "web_search" for one in tools)
    cited = [one for one in frames if one["type"] == "citation"]
    assert all(one["url"].startswith("http") for one in cited)
    assert any("start" in one for one in cited)


def test_the_system_prompt_and_the_history_reach_the_model(served, sandbox):
    said = [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "second"},
        {"role": "user", "content": "[[text=fine]]"},
    ]
    start = {"type": "start", "id": "1", "model": "grok-4.20-auto"}
    sandbox.settings(record=True)
    try:
        with opened(served) as page:
            page.say({**start, "messages": said, "options": {"system": "Be brief."}})
            assert text_of(page.whole("1")) == "fine"
        sent = told.chats(sandbox.requests(9))[-1].message
    finally:
        sandbox.settings(record=False)
    assert "Be brief." in sent
    assert "second" in sent


def test_two_turns_go_on_at_once_and_a_third_is_refused(served):
    with opened(served) as page:
        for turn_id in ("a", "b"):
            page.start(turn_id, LONG)
        page.until("text", turn_id="a")
        page.until("text", turn_id="b")
        page.start("c", "hello")
        refused = page.until("error")[-1]
        assert refused["id"] == "c"
        assert refused["code"] == "too_many_turns"
        for turn_id in ("a", "b"):
            page.say({"type": "stop", "id": turn_id})
        ended = page.until("finished")[-1], page.until("finished")[-1]
        assert {one["id"] for one in ended} == {"a", "b"}
        assert {one["reason"] for one in ended} == {"stopped"}
        assert text_of(page.ask("d", "[[text=fine]]")) == "fine"


@pytest.mark.parametrize("how", ["stop", "close"])
def test_upstream_is_left_within_a_second_and_the_account_is_free(free, sandbox, how):
    before = sandbox.stats()["closed_early"]
    with visited(free) as page:
        page.start("1", LONG)
        page.until("text")
        assert sandbox.stats()["open_streams"] == 1
        if how == "stop":
            page.say({"type": "stop", "id": "1"})
            frames = page.until("finished")
            assert frames[-1]["reason"] == "stopped"
            assert frames[-2]["type"] == "usage"
    left = seconds_until(lambda: sandbox.stats()["open_streams"] == 0)
    assert left < 1.0
    assert sandbox.stats()["closed_early"] == before + 1
    with visited(free) as page:
        assert text_of(page.ask("2", "[[text=fine]]")) == "fine"
    assert eventually(lambda: 499 in [row[2] for row in free.rows(RECORDS)])


def test_an_error_in_the_middle_keeps_what_was_said(free):
    with visited(free) as page:
        frames = page.ask("1", "[[error=8]] [[error_after=5]] [[tokens=20]]")
        assert frames[-1]["code"] == "rate_limit_exceeded"
        assert text_of(frames).startswith("tok1 tok2")
        refused = page.ask("2", "[[status=400]]")
        assert refused[-1]["code"] == "upstream_rejected"
        assert [one["type"] for one in refused] == ["error"]


def test_what_no_account_serves_is_said_at_once(free):
    with visited(free) as page:
        frames = page.ask("1", "hello", model="grok-4.20-heavy")
    assert frames[-1]["code"] == "no_available_account"
    assert "No account is configured" in frames[-1]["message"]


def test_pictures_are_made_and_shown_from_here(served):
    model = "grok-imagine-image"
    with opened(served) as page:
        frames = page.ask("1", "a kite", model=model, image_config={"n": 2})
    media = [one for one in frames if one["type"] == "media"]
    ready = [one for one in media if one.get("url")]
    assert len(ready) == 2
    assert {one["index"] for one in ready} == {0, 1}
    assert all(one["width"] and one["height"] for one in ready)
    with httpx.Client(base_url=served.url, timeout=10) as browser:
        for one in ready:
            answer = browser.get(one["url"])
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("image/")


def test_light_pictures_each_have_a_place_of_their_own(served):
    model = "grok-imagine-image-lite"
    with opened(served) as page:
        frames = page.ask("1", "a kite", model=model, image_config={"n": 2})
    ready = [one for one in frames if one["type"] == "media" and one.get("url")]
    assert [one["index"] for one in ready] == [0, 1]


def test_a_film_is_told_with_its_progress(served):
    with opened(served) as page:
        frames = page.ask(
            "1", "a kite", model="grok-imagine-video", video_config={"seconds": 6}
        )
    media = [one for one in frames if one["type"] == "media"]
    assert media[0]["progress"] >= 0
    assert media[-1]["kind"] == "video"
    assert media[-1]["url"].startswith("/v1/files/video")


def test_a_picture_of_a_chat_model_is_kept_here(served):
    with opened(served) as page:
        said = text_of(page.ask("1", "[[image=1]] [[tokens=5]]"))
    assert "](/v1/files/image?id=" in said


def test_a_file_is_sent_ahead_and_named_in_a_message(served):
    with api(served, "/webui/api") as calls:
        sent = calls.post("/uploads", files={"file": ("dot.png", PNG, "image/png")})
        assert sent.status_code == 201, sent.text
        kept = sent.json()
        assert kept["mime"] == "image/png"
        note = calls.post("/uploads", files={"file": ("a.txt", b"hello", "text/plain")})
        bad = calls.post("/uploads", files={"file": ("a.exe", b"MZ\0\0", "x/y")})
    assert bad.status_code == 400
    assert bad.json()["error"]["code"] == "invalid_attachment"
    parts = [
        {"type": "file_ref", "id": kept["id"], "name": "dot.png", "mime": "image/png"},
        {"type": "file_ref", **{k: note.json()[k] for k in ("id", "name", "mime")}},
        {"type": "text", "text": "[[files]]"},
    ]
    with opened(served) as page:
        said = text_of(page.ask("1", parts))
        assert "file.png (image/png" in said
        assert "a.txt" in said
        parts[0] = {**parts[0], "id": "0" * 32}
        gone = page.ask("2", parts)[-1]
    assert gone["code"] == "upload_gone"


def test_a_picture_is_edited_from_a_file(served):
    with api(served, "/webui/api") as calls:
        sent = calls.post("/uploads", files={"file": ("dot.png", PNG, "image/png")})
    named = {"type": "file_ref", "id": sent.json()["id"], "mime": "image/png"}
    with opened(served) as page:
        frames = page.ask(
            "1",
            [named, {"type": "text", "text": "make it blue"}],
            model="grok-imagine-image-edit",
        )
    assert [one for one in frames if one["type"] == "media" and one.get("url")]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("no json", "invalid_json"),
        ('{"type":"start","id":"x"}', "missing_required_parameter"),
        ('{"type":"dance"}', "invalid_value"),
        ("x" * 300_000, "request_too_large"),
    ],
)
def test_what_is_no_frame_is_refused_in_words(served, said, code):
    with opened(served) as page:
        page.socket.send(said)
        frame = page.hear()
        assert frame["type"] == "error"
        assert frame["code"] == code
        assert text_of(page.ask("2", "[[text=fine]]")) == "fine"


@pytest.mark.parametrize(
    ("key", "origin"),
    [("", None), ("wrong", None), ("", "ours"), (KEY, "http://evil.example")],
)
def test_strangers_and_foreign_pages_get_no_socket(served, key, origin):
    where = served.url if origin == "ours" else origin
    with pytest.raises(InvalidStatus):
        with opened(served, key, origin=where):
            pass


def test_scripts_have_chat_completions_of_their_own(served):
    body = {
        "model": "grok-4.20-auto",
        "messages": [{"role": "user", "content": "[[text=fine]]"}],
    }
    with api(served, "/webui/api/chat") as calls:
        streamed = calls.post("/completions", json={**body, "stream": True})
        whole = calls.post("/completions", json={**body, "stream": False})
        unknown = calls.post("/completions", json={**body, "model": "no"})
    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert streamed.text.rstrip().endswith("data: [DONE]")
    assert "access-control-allow-origin" not in streamed.headers
    assert whole.json()["choices"][0]["message"]["content"] == "fine"
    assert unknown.json()["error"]["code"] == "model_not_found"
    with api(served, "/webui/api/chat", "wrong") as calls:
        refused = calls.post("/completions", json=body)
        assert refused.status_code == 401
        assert refused.json()["error"]["type"] == "authentication_error"
    origin = {"Origin": "http://evil.example"}
    with httpx.Client(base_url=served.url, timeout=10) as browser:
        asked = browser.options("/webui/api/chat/completions", headers=origin)
        assert "access-control-allow-origin" not in asked.headers


def test_the_api_is_open_where_there_is_no_key_but_not_to_other_pages(free):
    body = {
        "model": "grok-4.20-auto",
        "messages": [{"role": "user", "content": "[[text=fine]]"}],
        "stream": False,
    }
    with httpx.Client(base_url=free.url, timeout=20) as browser:
        address = "/webui/api/chat/completions"
        assert browser.post(address, json=body).status_code == 200
        origin = {"Origin": "http://evil.example"}
        foreign = browser.post(address, json=body, headers=origin)
        assert foreign.status_code == 403
        assert foreign.json()["error"]["code"] == "csrf_failed"
        files = {"file": ("a.txt", b"hello", "text/plain")}
        address = "/webui/api/uploads"
        assert browser.post(address, files=files, headers=origin).status_code == 403
        assert browser.post(address, files=files).status_code == 201


def test_a_spent_account_says_when_to_come_back(free):
    """The last one, for it leaves the account cooling."""
    with visited(free) as page:
        frames = page.ask("1", "[[status=429]]")
        assert frames[-1]["code"] == "rate_limit_exceeded"
        assert frames[-1]["retry_after"] >= 1
