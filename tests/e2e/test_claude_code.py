"""What Claude Code sends, replayed to a running gateway (public-api 10, item 7)."""

import json

import httpx
import pytest
from anthropic.types import Message

from tests.e2e import claude_code, told
from tests.gateway.protocols.messages_samples import events_of, folded

MESSAGES = f"/v1/messages?{claude_code.QUERY}"
COUNT = f"/v1/messages/count_tokens?{claude_code.QUERY}"
READ = '[[thinking=2]] [[toolcall=Read]] [[toolargs={"file_path":"/a.py","limit":9}]]'
TWO_CALLS = (
    "[[text=<tool_calls><tool_call><tool_name>Read</tool_name><parameters>"
    '{"file_path":"/a.py"}</parameters></tool_call><tool_call><tool_name>Glob'
    "</tool_name><parameters>{}</parameters></tool_call></tool_calls>]]"
)


@pytest.fixture(params=["authorization", "x-api-key"])
def http(gateway, request):
    """The key of ANTHROPIC_AUTH_TOKEN is a bearer token, the other has its header."""
    bearer = request.param == "authorization"
    key = f"Bearer {gateway.key}" if bearer else gateway.key
    headers = {**claude_code.HEADERS, request.param: key}
    with httpx.Client(base_url=gateway.url, headers=headers, timeout=30) as client:
        yield client


def answered(http, document, path=MESSAGES):
    answer = http.post(path, json=document)
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"].startswith("text/event-stream"):
        message = folded(events_of(answer.content))
    else:
        message = answer.json()
    Message.model_validate(message)
    return message


def blocks(message, kind):
    return [block for block in message["content"] if block["type"] == kind]


@pytest.fixture
def chats(sandbox):
    """The chats that upstream is asked for from now on."""
    sandbox.settings(record=True)
    sandbox.reset()

    def asked():
        return told.chats(sandbox.requests(last=200))

    yield asked
    sandbox.settings(record=False)


def test_it_looks_whether_the_base_url_is_there(http):
    assert http.head("/").status_code == 200


def test_the_probe_for_the_key(http):
    message = answered(http, claude_code.probe())
    assert message["stop_reason"] in {"end_turn", "max_tokens"}


def test_the_first_turn_calls_a_tool(http, chats):
    document = claude_code.first_turn(READ)
    message = answered(http, document)
    assert message["content"][0]["type"] == "thinking"
    (call,) = blocks(message, "tool_use")
    assert (call["name"], call["input"]) == ("Read", {"file_path": "/a.py", "limit": 9})
    assert message["stop_reason"] == "tool_use"
    prompt = chats()[-1].message
    assert "billing" not in prompt
    assert "You are a coding agent.\nWork in small steps." in prompt
    assert all(name in prompt for name in claude_code.NAMES)


@pytest.mark.parametrize("turn", [claude_code.first_turn, claude_code.after_two_calls])
def test_the_count_is_that_of_the_turn(http, turn):
    document = turn("[[text=Done.]]")
    count = http.post(
        COUNT, json={k: v for k, v in document.items() if k not in {"max_tokens"}}
    )
    message = answered(http, document)
    assert count.json() == {"input_tokens": message["usage"]["input_tokens"]}


def test_results_images_notes_and_words_all_reach_the_model_in_order(http, chats):
    message = answered(http, claude_code.after_two_calls("[[text=Both seen.]]"))
    assert blocks(message, "text")[0]["text"] == "Both seen."
    chat = chats()[-1]
    prompt = chat.message
    places = [
        prompt.index(words)
        for words in (
            "Look at both files.",
            "I read them.",
            "[tool result for toolu_01 (Read)]:",
            "[tool result for toolu_02 (Bash)]:",
            "[system]: The user has opened another file.",
            "Both seen.",
        )
    ]
    assert places == sorted(places)
    assert "failed" in prompt[places[3] :]
    assert len(chat.files) == 1


def test_parallel_calls(http):
    message = answered(http, claude_code.first_turn(TWO_CALLS))
    calls = blocks(message, "tool_use")
    assert [call["name"] for call in calls] == ["Read", "Glob"]
    assert calls[1]["input"] == {}
    assert blocks(message, "text") == []


def test_an_answer_goes_back_as_it_came(http):
    first = answered(http, claude_code.first_turn(TWO_CALLS))
    results = [
        {"type": "tool_result", "tool_use_id": call["id"], "content": ""}
        for call in blocks(first, "tool_use")
    ]
    history = [
        {"role": "user", "content": [claude_code.text("Go.")]},
        {"role": "assistant", "content": first["content"]},
        {"role": "user", "content": [*results, claude_code.text("[[text=Done.]]")]},
    ]
    last = answered(http, claude_code.request(history))
    assert blocks(last, "text")[0]["text"] == "Done."
    assert last["stop_reason"] == "end_turn"


def test_a_title_comes_as_json(http):
    prompt = '[[text=Here you are: {"title": "Tides"} - fine?]]'
    message = answered(http, claude_code.title(prompt))
    assert json.loads(blocks(message, "text")[0]["text"]) == {"title": "Tides"}


def test_its_web_search_finds_links(http):
    document = claude_code.web_search("[[search]] [[text=Found.]]")
    message = answered(http, document)
    assert blocks(message, "server_tool_use")[0]["input"]["query"]
    (found,) = blocks(message, "web_search_tool_result")
    assert found["content"][0]["title"]
    assert message["usage"]["server_tool_use"]["web_search_requests"] == 1


def test_a_session_stays_with_its_account(http, chats):
    for _ in range(4):
        answered(http, claude_code.first_turn("[[text=Hi.]]"))
    cookies = [one.cookie for one in chats()]
    assert len(cookies) == 4
    assert len(set(cookies)) == 1
