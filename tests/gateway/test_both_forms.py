"""Whole requests over each of upstream's generations, with the same expectations.

The sandbox takes one generation only, in this process and without sockets; where it has
moved, the gateway follows it by itself.
"""

import asyncio
import time
from base64 import b64encode
from dataclasses import replace

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.core.management import call_command

from gateway import catalog, refreshing, sightings
from gateway.alert_tables import Alert
from gateway.alerts import watching
from gateway.catalog import Catalog
from gateway.entry import Entry
from gateway.sandbox.app import Sandbox
from gateway.upstream import drift, identity, pool
from gateway.upstream.decoder import ChatDecoder
from gateway.upstream.drift import Oddity
from grokgateway import config
from tests.gateway.asgi import envelope, post, refused
from tests.gateway.ground import ROUTES as CHATS
from tests.gateway.pictures_web import EDIT, EDITS, FULL, GENERATIONS, LITE, STRANGE
from tests.gateway.pictures_web import ROUTES as PICTURES
from tests.gateway.upstream.in_process import BASE, FORMS, WHERE, carried
from tests.media.samples import picture

stored = pytest.mark.django_db(transaction=True)

CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
QUICK, FILM = "grok-4.20-fast", "grok-imagine-video"
OPERATIONS = ("chat", "upload", "image_edit", "video", "imagine")
FOLLOWED = {f"upstream.{name}_protocol": "auto" for name in OPERATIONS[:-1]}
WAYS = {
    "old": ("old", FORMS["old"]),
    "new": ("new", FORMS["new"]),
    "moved": ("new", FOLLOWED | {"upstream.imagine_protocol": "v3"}),
    "not moved": ("old", FOLLOWED | {"upstream.imagine_protocol": "v2"}),
}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
CALL = '[[toolcall=get_weather]] [[toolargs={"city":"Oslo"}]]'
RAIN = [{"role": "user", "content": "rain"}]
DATA = f"data:image/png;base64,{b64encode(picture(colour=3)).decode()}"


@pytest.fixture(params=["old", "new", "moved"])
def taken(request):
    return request.param


@pytest.fixture
async def upstream(stage, taken, monkeypatch):
    generation, protocols = WAYS[taken]
    stage.add("sandbox-super-1", "sandbox-super-2", "sandbox-super-3")
    known = {route.name: route for route in (*CHATS, *PICTURES)}
    monkeypatch.setattr(catalog.HOME, "catalog", Catalog(list(known.values())))
    monkeypatch.setattr(identity, "HOME", identity.Known())
    made = Sandbox()
    made.state.settings.change((f"{one}_forms", generation) for one in OPERATIONS)
    with config.override({"app.api_key": "", **WHERE, **protocols}):
        with carried(made, monkeypatch.setattr):
            yield made
            await pool.current().aclose()


async def asked(path, **body):
    headers = {**STRANGE, "accept": "application/json"}
    async with asyncio.timeout(20):
        return await post(body, path, headers=headers).through(Entry())


async def said(text, path=CHAT, *, model=QUICK, stream=False, **more):
    blocks = more.pop("blocks", ())
    content = [{"type": "text", "text": text}, *blocks] if blocks else text
    messages = [{"role": "user", "content": content}]
    return await asked(path, model=model, stream=stream, messages=messages, **more)


def chunks(exchange):
    frames = exchange.content.decode().split("\n\n")
    data = [one.partition("data: ")[2] for one in frames if "data: " in one]
    return [orjson.loads(one) for one in data if one and one != "[DONE]"]


def message(exchange):
    assert exchange.status == 200, exchange.content
    return exchange.json["choices"][0]["message"]


async def test_words_and_thoughts(upstream):
    asks = "[[thinking=2]] [[tokens=3]]"
    whole = message(await said(asks, reasoning_effort="high"))
    assert whole["content"] == "tok1 tok2 tok3 "
    assert "This is thought number 2." in whole["reasoning_content"]
    streamed = chunks(await said(asks, stream=True, reasoning_effort="high"))
    deltas = [one["choices"][0]["delta"] for one in streamed if one["choices"]]
    assert "".join(one.get("content") or "" for one in deltas) == whole["content"]
    told = "".join(one.get("reasoning_content") or "" for one in deltas)
    assert told == whole["reasoning_content"]
    ends = [one["choices"][0]["finish_reason"] for one in streamed if one["choices"]]
    assert [end for end in ends if end] == ["stop"]


@pytest.mark.parametrize(
    ("old", "new", "moved"),
    [
        ("/rest/app-chat/conversations/new", "/ws/mgw/", 3),
        # the chat of the account that moved uploads has moved as well
        ("/rest/app-chat/upload-file", "/http/upload-file-v2/direct", 4),
    ],
)
@pytest.mark.parametrize("taken", list(WAYS), indirect=True)
async def test_the_form_that_is_there_is_spoken(upstream, taken, old, new, moved):
    blocks = [{"type": "image_url", "image_url": {"url": DATA}}]
    for _ in range(3):
        message(await said("[[text=Fine]]", blocks=blocks))
    asked = upstream.state.endpoints
    expected = {"old": (3, 0), "not moved": (3, 0), "new": (0, 3), "moved": (2, moved)}
    assert (asked[old], asked[new]) == expected[taken]


async def test_sources_are_cited(upstream):
    whole = message(await said("[[citations]] [[text=High water]]"))
    page = "https://example.org/page-"
    assert whole["content"] == f"High water [[1]]({page}1) and [[2]]({page}2) more."
    urls = [one["url_citation"]["url"] for one in whole["annotations"]]
    assert urls == [f"{page}1", f"{page}2"]


async def test_tools_are_called_in_each_dialect(upstream):
    function = {"name": "get_weather", "parameters": SCHEMA}
    whole = message(
        await said(CALL, tools=[{"type": "function", "function": function}])
    )
    (call,) = whole["tool_calls"]
    assert call["function"]["name"] == "get_weather"
    assert orjson.loads(call["function"]["arguments"]) == {"city": "Oslo"}
    reply = await asked(
        RESPONSES,
        model=QUICK,
        input=CALL,
        store=False,
        tools=[{"type": "function", **function}],
    )
    (item,) = [one for one in reply.json["output"] if one["type"] == "function_call"]
    assert (item["name"], item["arguments"]) == ("get_weather", '{"city":"Oslo"}')
    tool = {"name": "get_weather", "input_schema": SCHEMA}
    answer = await said(CALL, MESSAGES, max_tokens=99, tools=[tool])
    (used,) = [one for one in answer.json["content"] if one["type"] == "tool_use"]
    assert (used["name"], used["input"]) == ("get_weather", {"city": "Oslo"})
    assert answer.json["stop_reason"] == "tool_use"


async def test_files_reach_the_model(upstream):
    size = len(picture(colour=3))
    blocks = [{"type": "image_url", "image_url": {"url": DATA}}]
    whole = message(await said("[[files]]", blocks=blocks))
    assert whole["content"] == f"file.png (image/png, {size} bytes)"


@pytest.mark.parametrize(
    ("asks", "status", "code"),
    [
        ("[[status=429]]", 429, "rate_limit_exceeded"),
        ("[[status=400]]", 400, "upstream_rejected"),
        ("[[status=500]]", 502, "upstream_error"),
        ("[[challenge]]", 503, "upstream_unavailable"),
        ("[[error=8]]", 429, "rate_limit_exceeded"),
        ("[[error=unavailable]]", 503, "upstream_unavailable"),
        ("[[empty]]", 502, "upstream_error"),
    ],
)
async def test_refusals(upstream, asks, status, code):
    assert envelope(await said(asks)) == (status, code)
    answer = await said(asks, MESSAGES, max_tokens=9)
    assert refused(answer)[0] in {status, 529}


async def test_an_error_after_words_ends_the_stream(upstream):
    frames = chunks(
        await said("[[tokens=5]] [[error=8]] [[error_after=2]]", stream=True)
    )
    words = [
        one["choices"][0]["delta"].get("content") for one in frames if "choices" in one
    ]
    assert "".join(filter(None, words)) == "tok1 tok2 "
    assert frames[-1]["error"]["code"] == "rate_limit_exceeded"


async def test_another_account_takes_over(upstream, stage):
    stage.add("sandbox-super-expired")
    for _ in range(4):
        assert message(await said("[[text=Here]]"))["content"] == "Here"


@pytest.mark.parametrize("n", [1, 2])
async def test_light_pictures(upstream, n):
    exchange = await asked(GENERATIONS, model=LITE, prompt="a kite", n=n)
    assert exchange.status == 200, exchange.content
    urls = {one["url"] for one in exchange.json["data"]}
    assert len(urls) == n
    assert all(url.startswith(f"{BASE}/users/") for url in urls)


@stored
async def test_full_pictures(upstream):
    exchange = await asked(GENERATIONS, model=FULL, prompt="kites", n=7, size="16:9")
    assert exchange.status == 200, exchange.content
    assert len({one["url"] for one in exchange.json["data"]}) == 7
    withheld = await asked(GENERATIONS, model=FULL, prompt="[[moderated]] kite", n=2)
    assert envelope(withheld) == (400, "content_policy_violation")


async def test_edits_come_in_pairs_however_many_a_call_makes(upstream):
    exchange = await asked(EDITS, model=EDIT, prompt="bluer", n=2, image=[DATA, DATA])
    assert exchange.status == 200, exchange.content
    assert len({one["url"] for one in exchange.json["data"]}) == 2


async def test_a_film_in_a_chat(upstream):
    config = {"seconds": 6, "preset": "custom"}
    whole = message(await said("rain", model=FILM, video_config=config))
    assert whole["content"].endswith("/generated_video.mp4")
    withheld = await said("[[moderated]] rain", model=FILM, video_config=config)
    assert envelope(withheld) == (400, "content_policy_violation")


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"video_config": {"seconds": 20}}, "seconds"),
        ({"video_config": {"preset": "fun"}}, "preset"),
        (
            {"blocks": [{"type": "image_url", "image_url": {"url": DATA}}]},
            "input_reference",
        ),
    ],
)
async def test_what_the_newer_form_of_films_lacks(upstream, taken, more, param):
    """13.7: the older form makes it, the newer says what it cannot."""
    exchange = await said("rain", model=FILM, **more)
    if taken in {"new", "moved"}:
        assert envelope(exchange) == (400, "unsupported_parameter")
        assert exchange.json["error"]["param"].endswith(param)
        modes = [account.modes for account in upstream.state.accounts.seen()]
        assert not any(modes)  # nothing was spent
    else:
        assert message(exchange)["content"].endswith("/generated_video.mp4")


@pytest.mark.parametrize(
    ("kind", "path", "body"),
    [
        ("image", GENERATIONS, {"model": FULL, "prompt": "a kite"}),
        ("image_edit", EDITS, {"model": EDIT, "prompt": "bluer", "image": [DATA]}),
        ("video_720p", CHAT, {"model": FILM, "stream": False, "messages": RAIN}),
    ],
)
@pytest.mark.parametrize("taken", ["old", "new"], indirect=True)
@stored
async def test_who_has_none_left_is_not_asked_for_more(
    upstream, stage, kind, path, body
):
    now = time.time()
    for number, entry in enumerate(list(stage.accounts.entries())):
        until = 0.0 if number == 2 else now + 90
        row = replace(entry.stored_form(), media=((kind, until),), revision=2)
        stage.accounts.apply([row], now)
    for _ in range(2):
        exchange = await asked(path, **body)
        assert exchange.status == 200, exchange.content
    seen = {one.name for one in upstream.state.accounts.seen()}
    assert seen == {"sandbox-super-3"}
    uncertain = [row for sink, row in stage.kept.rows if sink is refreshing.UNCERTAIN]
    assert uncertain == [3, 3]
    stage.accounts.apply([replace(row, media=((kind, now + 60),), revision=3)], now)
    refused = await asked(path, **body)
    assert envelope(refused) == (429, "rate_limit_exceeded")
    assert 50 <= int(refused.answered["retry-after"]) <= 60
    assert message(await said("[[text=Still]]"))["content"] == "Still"


@stored
@pytest.mark.parametrize("taken", ["old", "new"], indirect=True)
async def test_something_new_in_mid_run_is_one_notice_and_stops_nobody(
    upstream, taken, monkeypatch, tmp_path
):
    """Streams under way and later ones go on; the sample is a fixture."""
    monkeypatch.setattr(drift, "HOME", drift.Sentinel())
    slow = "[[tokens=4]] [[delay_ms=30]]"
    await said("[[text=Before]]")
    running = [asyncio.create_task(said(slow, stream=True)) for _ in range(3)]
    await asyncio.sleep(0.05)
    upstream.state.settings.change([("drift", "hologram")])
    running += [asyncio.create_task(said(slow, stream=True)) for _ in range(6)]
    for exchange in await asyncio.gather(*running):
        frames = chunks(exchange)
        deltas = [one["choices"][0]["delta"] for one in frames if one["choices"]]
        words = "".join(one.get("content") or "" for one in deltas)
        assert words == "tok1 tok2 tok3 tok4 "
        assert "hologram" not in exchange.content.decode()
    for _ in range(2):
        await sightings.follow()
        await watching.watch()
    alerts = [one async for one in Alert.objects.filter(kind="upstream_drift")]
    separator = "." if WAYS[taken][0] == "new" else ":"
    name = f"response{separator}hologram"
    (told,) = alerts
    assert (told.subject, told.ended_at) == (name, None)
    assert 0 < told.about["percent"] <= 100
    assert "Something new" not in told.about["sample"]
    await sync_to_async(call_command)("drift", "--export", tmp_path, "--json")
    (fixture,) = tmp_path.iterdir()
    decoder = ChatDecoder(f"{BASE}/", summary=False)
    assert decoder.feed(fixture.read_bytes()) == []
    assert list(decoder.noticed.samples) == [Oddity("event", name)]
