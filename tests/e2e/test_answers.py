"""What comes back over the wire, case by case, through a running gateway."""

import json

import httpx
import pytest

from tests.e2e import told

CHAT = "/v1/chat/completions"


@pytest.fixture
def http(gateway):
    with httpx.Client(
        base_url=gateway.url, headers=gateway.headers(), timeout=30
    ) as client:
        yield client


def body(prompt="Hi", **members):
    return {
        "model": "grok-4.20-auto",
        "messages": [{"role": "user", "content": prompt}],
        **members,
    }


def chunks_of(text):
    frames = [frame for frame in text.split("\n\n") if frame.startswith("data: ")]
    assert frames[-1] == "data: [DONE]"
    return [json.loads(frame.removeprefix("data: ")) for frame in frames[:-1]]


def streamed(http, prompt, **members):
    answer = http.post(CHAT, json=body(prompt, stream=True, **members))
    assert answer.status_code == 200, answer.text
    return chunks_of(answer.text)


def joined(chunks, name="content"):
    deltas = [c["choices"][0]["delta"] for c in chunks if c.get("choices")]
    return "".join(delta.get(name) or "" for delta in deltas)


def error_of(answer):
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    return answer.json()["error"]


def test_health_needs_no_key(gateway):
    assert httpx.get(f"{gateway.url}/health").json() == {"status": "ok"}
    assert httpx.head(f"{gateway.url}/health").status_code == 200
    assert httpx.head(f"{gateway.url}/").status_code == 200


def test_readiness_names_its_checks(gateway):
    answer = httpx.get(f"{gateway.url}/readyz")
    assert answer.status_code == 200
    assert set(answer.json()["checks"].values()) == {"ok"}


def test_the_documented_call_streams_by_default(http):
    """requests.md 2, as curl sends it."""
    answer = http.post(
        CHAT,
        headers={"Accept": "*/*"},
        json=body("Good morning", stream=True, reasoning_effort="high"),
    )
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    assert "upstream;dur=" in answer.headers["server-timing"]
    assert joined(chunks_of(answer.text))


@pytest.mark.parametrize(
    ("accept", "stream"),
    [
        ("*/*", True),
        ("application/json", False),
        ("application/json, text/event-stream", True),
        ("application/json, */*", True),
    ],
)
def test_stream_omitted_follows_accept(http, accept, stream):
    answer = http.post(CHAT, headers={"Accept": accept}, json=body())
    assert answer.headers["content-type"].startswith("text/event-stream") is stream


def test_a_whole_answer_says_how_long_it_took(http):
    answer = http.post(CHAT, json=body(stream=False))
    assert int(answer.headers["openai-processing-ms"]) >= 0
    assert answer.headers["x-request-id"].startswith("req_")


def test_the_callers_request_id_is_echoed_if_well_formed(http):
    answer = http.get("/v1/models", headers={"X-Request-Id": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    answer = http.get("/v1/models", headers={"X-Request-Id": "not mine!"})
    assert answer.headers["x-request-id"].startswith("req_")


def test_preflight_needs_no_key(gateway):
    answer = httpx.options(
        f"{gateway.url}{CHAT}", headers={"Access-Control-Request-Headers": "x-odd"}
    )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-headers"] == "x-odd"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_errors_carry_cors_headers(gateway):
    answer = httpx.get(f"{gateway.url}/v1/models")
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_trailing_slash_is_served_not_redirected(http):
    assert http.get("/v1/models/").status_code == 200


@pytest.mark.parametrize(
    ("request_options", "status", "code", "param"),
    [
        ({"content": b"{"}, 400, "invalid_json", None),
        ({"content": b""}, 400, "invalid_json", None),
        ({"content": b"[1]"}, 400, "invalid_json", None),
        ({"content": b"[" * 100_000}, 400, "invalid_json", None),
        ({"data": {"a": "b"}}, 415, "unsupported_media_type", None),
        ({"json": body(model="grok-5")}, 404, "model_not_found", "model"),
        ({"json": {"messages": []}}, 400, "missing_required_parameter", "model"),
        (
            {"json": body() | {"messages": []}},
            400,
            "missing_required_parameter",
            "messages",
        ),
        ({"json": body(model=3)}, 400, "invalid_type", "model"),
        ({"json": body(stream="yes")}, 400, "invalid_type", "stream"),
        ({"json": body(temperature=3)}, 400, "invalid_value", "temperature"),
        ({"json": body(top_p=-1)}, 400, "invalid_value", "top_p"),
        (
            {"json": body(reasoning_effort="huge")},
            400,
            "invalid_value",
            "reasoning_effort",
        ),
        ({"json": body(n=2)}, 400, "unsupported_parameter", "n"),
        (
            {"json": body(tools=[{"x": 1}])},
            400,
            "missing_required_parameter",
            "tools.0.type",
        ),
        (
            {"json": body() | {"messages": [{"role": "odd", "content": "x"}]}},
            400,
            "invalid_value",
            "messages.0.role",
        ),
    ],
)
def test_bad_requests_get_their_row_of_the_table(
    http, request_options, status, code, param
):
    answer = http.post(CHAT, **request_options)
    assert answer.status_code == status
    error = error_of(answer)
    assert (error["code"], error["param"]) == (code, param)


def test_unknown_routes_and_methods_answer_json(http):
    answer = http.get("/v1/nothing")
    assert (answer.status_code, error_of(answer)["code"]) == (404, "unknown_url")
    answer = http.get(CHAT)
    assert (answer.status_code, error_of(answer)["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


def test_a_body_over_the_limit_is_refused(http):
    answer = http.post(CHAT, content=b"x" * (65 * 1024 * 1024))
    assert (answer.status_code, error_of(answer)["code"]) == (413, "request_too_large")


def test_reasoning_comes_before_text_and_can_be_switched_off(http):
    chunks = streamed(http, "[[thinking=3]] [[text=done]]")
    names = [next(iter(c["choices"][0]["delta"]), "") for c in chunks]
    assert names.index("reasoning_content") < names.index("content", 1)
    assert joined(chunks, "reasoning_content")
    silent = streamed(http, "[[thinking=3]] [[text=done]]", reasoning_effort="none")
    assert joined(silent, "reasoning_content") == ""
    assert joined(silent) == joined(chunks)


def test_search_gives_sources_at_the_root_and_marks_in_the_text(http):
    whole = http.post(CHAT, json=body("[[search]] [[citations]]", stream=False)).json()
    assert whole["search_sources"][0]["type"] == "web"
    message = whole["choices"][0]["message"]
    for mark in message["annotations"]:
        cited = mark["url_citation"]
        piece = message["content"][cited["start_index"] : cited["end_index"]]
        assert piece.startswith(" [[")
        assert cited["url"] in piece
    chunks = streamed(http, "[[search]] [[citations]]")
    assert chunks[-1]["search_sources"] == whole["search_sources"]
    assert joined(chunks) == message["content"]


def test_a_stop_text_ends_the_answer(http):
    whole = http.post(
        CHAT, json=body("[[text=one STOP two]]", stream=False, stop="STOP")
    ).json()
    assert whole["choices"][0]["message"]["content"] == "one "
    assert joined(streamed(http, "[[text=one STOP two]]", stop=["STOP"])) == "one "


BEHAVIOURS = [
    "[[tokens=30]]",
    "[[thinking=2]] [[tokens=10]]",
    "[[thinking_tokens=20]] [[tokens=10]]",
    "[[agents=3]] [[tokens=5]]",
    "[[late_thinking]] [[tokens=5]]",
    "[[search]] [[citations]]",
    "[[xposts]] [[tokens=5]]",
    "[[image=2]] [[tokens=5]]",
    "[[unicode]]",
    "[[unicode]] [[split=1]]",
    "[[unicode]] [[split=3]]",
    "[[tokens=20]] [[framing=data]]",
    "[[tokens=20]] [[framing=crlf]]",
    "[[tokens=20]] [[framing=blank]]",
    "[[tokens=20]] [[framing=concat]]",
    "[[tokens=20]] [[framing=mixed]] [[split=7]]",
    "[[tokens=5]] [[nonobject]]",
    "[[tokens=5]] [[badjson]]",
    "[[surrogate]]",
    "[[bigframe=1024]]",
    pytest.param(
        "[[tokens=5]] [[nomarker]]",
        marks=told.only_older("a session that ends before it is done has failed"),
    ),
    "[[tokens=5]] [[softstop_hidden]]",
    "[[tokens=5]] [[done]]",
    "[[modelresponse_only]]",
    "[[tokens=9]] [[v3]]",
    "[[tokens=20]] [[gzip]]",
]


@pytest.mark.parametrize("prompt", BEHAVIOURS)
def test_streamed_text_equals_whole_text(http, prompt):
    whole = http.post(CHAT, json=body(prompt, stream=False))
    assert whole.status_code == 200, whole.text
    text = whole.json()["choices"][0]["message"]["content"]
    assert text
    chunks = streamed(http, prompt)
    assert joined(chunks) == text
    assert chunks[-1]["usage"] == whole.json()["usage"]
