"""The shape of every reply that a prompt can ask for."""

import json

import pytest

from tests.gateway.sandbox.asking import chat


async def responses(sandbox, prompt, mode="fast"):
    return (await chat(sandbox, prompt, mode)).responses()


def thoughts(found):
    return [r["token"] for r in found if r.get("isThinking")]


async def test_the_answer_echoes_the_user(sandbox):
    answer = await chat(sandbox, "Good morning")
    assert "You said: Good morning" in answer.text()
    assert answer.text() == answer.responses()[-2]["modelResponse"]["message"]
    assert not thoughts(answer.responses())
    assert answer.headers == {b"content-type": b"application/json"}


@pytest.mark.parametrize("mode", ["auto", "expert", "heavy"])
async def test_thinking_modes_think(sandbox, mode):
    found = await responses(sandbox, "Good morning", mode)
    names = {r["rolloutId"] for r in found if r.get("isThinking")}
    assert thoughts(found)[0] == "Thinking about your request"
    assert ("Agent 2" in names) is (mode == "heavy")


async def test_a_turn_begins_and_ends_as_upstreams_do(sandbox):
    answer = await chat(sandbox, "[[tokens=2]]")
    lines = [json.loads(line) for line in answer.reply.splitlines()]
    assert lines[0] == {"result": {"conversation": {"conversationId": "conv-1"}}}
    keys = [set(one["result"]["response"]) for one in lines[1:]]
    token = {"token", "isThinking", "messageTag", "responseId"}
    assert keys == [
        {"userResponse"},
        token,
        token,
        {"isSoftStop"},
        {"modelResponse"},
        {"finalMetadata"},
    ]


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("[[tokens=3]]", "tok1 tok2 tok3 "),
        ("[[tokens=0]]", ""),
        ("[[text=one  two\nthree]]", "one  two\nthree"),
        ("[[empty]]", ""),
        ("[[bigframe=2]]", "x" * 2048),
        ("[[surrogate]]", "before \ud800 after"),
    ],
)
async def test_words(sandbox, prompt, text):
    assert (await chat(sandbox, prompt)).text() == text


async def test_unicode_holds_more_than_one_byte_each(sandbox):
    text = (await chat(sandbox, "[[unicode]]")).text()
    assert "\U0001f389" in text
    assert "\u65e5\u672c" in text


async def test_a_pair_of_surrogates_comes_in_two_frames(sandbox):
    answer = await chat(sandbox, "[[surrogate=pair]]")
    assert answer.reply.count(b'"token":"\\ud83c"') == 1
    assert answer.reply.count(b'"token":"\\udf89"') == 1


async def test_a_tool_call_is_ordinary_text(sandbox):
    prompt = '[[toolcall=get_weather]] [[toolargs={"days":[1]}]]'
    text = (await chat(sandbox, prompt)).text()
    assert text.startswith("<tool_calls>\n")
    assert "<tool_name>get_weather</tool_name>" in text
    assert '<parameters>{"days":[1]}</parameters>' in text


async def test_thinking_in_sentences_and_in_tokens(sandbox):
    found = await responses(sandbox, "[[thinking=2]] [[thinking_tokens=3]]")
    assert thoughts(found)[1].startswith("- ")
    assert thoughts(found)[-1] == "think3 "
    assert len(thoughts(found)) == 1 + 2 + 3


async def test_agents_have_rollouts_of_their_own(sandbox):
    found = await responses(sandbox, "[[agents=3]]")
    names = [r["rolloutId"] for r in found if r.get("isThinking")]
    assert names == ["Agent 1", "Agent 2", "Agent 3"]


async def test_late_thinking_follows_text(sandbox):
    found = await responses(sandbox, "[[late_thinking]] [[tokens=2]]")
    kinds = [r.get("token") for r in found if "token" in r]
    assert kinds[:2] == ["tok1 ", "- A late thought."]
    assert kinds[-1] == "tok2 "


async def test_search_brings_a_card_and_results(sandbox):
    found = await responses(sandbox, "[[search]]")
    card = next(r for r in found if "toolUsageCard" in r)
    assert card["messageTag"] == "tool_usage_card"
    assert card["toolUsageCard"]["webSearch"] == {"args": {"query": "tide tables"}}
    results = next(r for r in found if "webSearchResults" in r)
    assert len(results["webSearchResults"]["results"]) == 3
    assert {"url", "title"} <= set(results["webSearchResults"]["results"][0])


async def test_citations_name_cards_that_came_before(sandbox):
    found = await responses(sandbox, "[[citations]]")
    ids = []
    for one in found:
        if "cardAttachment" in one:
            ids.append(json.loads(one["cardAttachment"]["jsonData"])["id"])
        if "<grok:render" in one.get("token", ""):
            assert f'card_id="{ids[-1]}" card_type="citation_card"' in one["token"]
    assert ids == ["c1", "c2"]


async def test_posts(sandbox):
    found = await responses(sandbox, "[[xposts]]")
    posts = next(r for r in found if "xSearchResults" in r)["xSearchResults"]
    assert all({"postId", "username"} <= set(p) for p in posts["results"])


async def test_tool_cards_of_any_kind(sandbox):
    prompt = "[[toolcard=browse_page,chatroom_send,code_execution,odd_tool]]"
    found = await responses(sandbox, prompt)
    cards = [r["toolUsageCard"] for r in found if "toolUsageCard" in r]
    assert [list(card)[1] for card in cards] == [
        "browsePage",
        "chatroomSend",
        "codeExecution",
        "oddTool",
    ]
    assert cards[0]["browsePage"]["args"]["url"]
    raw = [r for r in found if r.get("messageTag") == "raw_function_result"]
    assert ["codeExecutionResult" in r for r in raw] == [False, False, True, False]


def chunks(found):
    cards = [r["cardAttachment"]["jsonData"] for r in found if "cardAttachment" in r]
    return [json.loads(card)["image_chunk"] for card in cards]


@pytest.mark.parametrize(
    ("prompt", "pictures", "moderated"),
    [("[[image]]", 1, 0), ("[[image=2]]", 2, 0), ("[[moderated]]", 1, 1)],
)
async def test_pictures_come_with_progress(sandbox, prompt, pictures, moderated):
    found = chunks(await responses(sandbox, prompt))
    assert found.count(None) == pictures
    shown = [chunk for chunk in found if chunk]
    assert [c["progress"] for c in shown] == [0, 25, 50, 75, 100] * pictures
    assert sum(c["moderated"] for c in shown) == moderated
    assert shown[0]["imageUrl"] == "users/u1/generated/img-1-part-0/image.jpg"
    assert shown[4]["imageUrl"] == "users/u1/generated/img-1/image.jpg"


async def test_the_later_forms(sandbox):
    found = await responses(sandbox, "[[v3]] [[citations]] [[xposts]] [[image]]")
    text = [r for r in found if r.get("isThinking") is False]
    assert text
    assert not any("messageTag" in r for r in text)
    cards = [
        r["cardAttachments"][0]["jsonData"] for r in found if "cardAttachments" in r
    ]
    assert cards[0]["id"] == "c1"
    assert cards[-1]["imageChunk"]["image_url"].endswith("/img-1/image.jpg")
    assert any(isinstance(r.get("citedWebSearchResults"), list) for r in found)
    assert any(isinstance(r.get("xposts"), list) for r in found)
    model = next(r for r in found if "modelResponse" in r)["modelResponse"]
    assert "img-1" in model["cardAttachmentsJson"][0]


@pytest.mark.parametrize(
    ("kind", "code"), [("7", 7), ("8", 8), ("usage", 9), ("unavailable", 14), ("", 13)]
)
async def test_errors_inside_a_reply(sandbox, kind, code):
    answer = await chat(sandbox, f"[[tokens=5]] [[error={kind}]] [[error_after=2]]")
    assert answer.status == 200
    assert answer.text() == "tok1 tok2 "
    last = json.loads(answer.reply.splitlines()[-1])
    assert last["error"]["code"] == code
    assert answer.complete


async def test_odd_places_for_errors(sandbox):
    string = await chat(sandbox, "[[error=string]]")
    assert isinstance(json.loads(string.reply.splitlines()[-1])["error"], str)
    nested = await responses(sandbox, "[[error=nested]]")
    assert nested[-1]["error"]["code"] == 13
    listed = await responses(sandbox, "[[error=listed]]")
    assert len(listed[-1]["modelResponse"]["streamErrors"]) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 429, 500, 502, 503])
async def test_refusals(sandbox, status):
    answer = await chat(sandbox, f"[[status={status}]] [[retry_after=9]]")
    assert answer.status == status
    assert answer.headers[b"retry-after"] == b"9"
    assert answer.json()["error"]


async def test_a_challenge_on_demand(sandbox):
    answer = await chat(sandbox, "[[challenge]]")
    assert answer.status == 403
    assert b"challenge-platform" in answer.reply


@pytest.mark.parametrize(
    ("prompt", "ending"),
    [
        ("[[nomarker]]", ["token"]),
        ("[[softstop_hidden]]", ["token", "modelResponse", "finalMetadata"]),
        ("[[empty]]", ["userResponse", "finalMetadata"]),
        ("[[modelresponse_only]]", ["isSoftStop", "modelResponse", "finalMetadata"]),
    ],
)
async def test_ends(sandbox, prompt, ending):
    found = await responses(sandbox, prompt)
    assert [next(iter(r)) for r in found[-len(ending) :]] == ending
    if "softstop" in prompt:
        assert found[-3]["token"] == ""
        assert found[-3]["isSoftStop"] is True
        assert found[-3]["messageTag"] == "final"


async def test_done_follows_everything(sandbox):
    answer = await chat(sandbox, "[[done]] [[tokens=1]]")
    assert answer.reply.endswith(b"}\ndata: [DONE]\n\n")
