"""Pictures through the images API and through chat: accounts, parts, failures."""

from base64 import b64decode, b64encode

import httpx
import orjson
import pytest

from gateway import catalog, pictures
from gateway.catalog import Catalog
from gateway.entry import Entry
from gateway.errors import Kind, UpstreamFailure, UpstreamFault
from gateway.upstream import pool
from gateway.upstream.pictures import Picture, Preview, Progress
from tests.gateway.asgi import Exchange, envelope, post
from tests.gateway.pictures_web import (
    ASSETS,
    EDIT,
    EDITS,
    FULL,
    GENERATIONS,
    LITE,
    PNG,
    ROUTES,
    STRANGE,
    Web,
    card,
    edited,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(stage, monkeypatch):
    monkeypatch.setattr(catalog.HOME, "catalog", Catalog(ROUTES))
    made = Web()
    stage.add("a", "b")
    with pool.carried_by(httpx.MockTransport(made)):
        yield made


async def generate(**members):
    body = {"model": LITE, "prompt": "a lighthouse", **members}
    return await post(body, GENERATIONS, headers=STRANGE).through(Entry())


def parts(*given):
    """A multipart body: (name, value) or (name, file name, bytes)."""
    mark, body = b"limit", b""
    for name, *rest in given:
        body += b"--" + mark + b'\r\nContent-Disposition: form-data; name="'
        body += name.encode() + b'"'
        if len(rest) == 2:
            body += b'; filename="' + rest[0].encode() + b'"'
            body += b"\r\nContent-Type: application/octet-stream"
        body += b"\r\n\r\n" + (rest[-1] if len(rest) == 2 else rest[0].encode())
        body += b"\r\n"
    return body + b"--" + mark + b"--\r\n"


async def edit(*given):
    headers = {**STRANGE, "content-type": "multipart/form-data; boundary=limit"}
    sent = parts(("model", EDIT), ("prompt", "make it sharper"), *given)
    return await Exchange("POST", EDITS, sent, headers=headers).through(Entry())


async def test_light_pictures_are_several_calls_at_once(web, stage):
    web.chats = [[card(1)], [card(2)]]
    exchange = await generate(n=2)
    assert exchange.status == 200
    urls = {one["url"] for one in exchange.json["data"]}
    assert urls == {f"{ASSETS}users/u/generated/{n}/image.png" for n in (1, 2)}
    assert exchange.json["usage"]["output_tokens"] == 0
    assert exchange.json["usage"]["input_tokens"] > 0
    assert len(stage.kept.records) == 1


async def test_bytes_are_fetched_with_the_login_of_their_account(web):
    web.chats = [[card(1)]]
    exchange = await generate(response_format="b64_json")
    assert b64decode(exchange.json["data"][0]["b64_json"]) == PNG


async def test_what_cannot_be_fetched_is_an_error_and_asked_for_once(web):
    web.chats, web.status = [[card(1)]], 404
    exchange = await generate(response_format="b64_json")
    assert envelope(exchange) == (502, "upstream_error")
    assert len(web.cookies) == 1


async def test_some_withheld_leave_the_rest_and_all_withheld_are_an_error(web):
    web.chats = [[card(1)], [card(2, moderated=True)]]
    assert len((await generate(n=2)).json["data"]) == 1
    web.chats = [[card(1, moderated=True)], [card(2, moderated=True)]]
    assert envelope(await generate(n=2)) == (400, "content_policy_violation")


async def test_another_account_is_asked_until_there_is_a_picture(web, stage):
    web.chats = [503, [card(1)]]
    exchange = await generate()
    assert exchange.status == 200
    assert sorted(web.cookies) == ["a", "b"]


async def test_nothing_is_spent_on_a_bad_request(web):
    assert envelope(await generate(n=5)) == (400, "invalid_value")
    assert envelope(await generate(size="7x7")) == (400, "invalid_value")
    assert envelope(await generate(prompt=" ")) == (400, "missing_required_parameter")
    assert envelope(await generate(model="x")) == (404, "model_not_found")
    assert envelope(await generate(model=EDIT)) == (400, "unsupported_model")
    chat = {"model": LITE, "messages": [{"role": "user", "content": "x"}]}
    exchange = await post({**chat, "image_config": {"n": 5}}).through(Entry())
    assert exchange.json["error"]["param"] == "image_config.n"
    for path, body in (
        ("/v1/responses", {"model": LITE, "input": "x"}),
        ("/v1/messages", {**chat, "max_tokens": 1}),
    ):
        assert (await post(body, path).through(Entry())).status == 400
    assert web.asked == []


async def full(work, login):
    """A stand-in for the Imagine socket, which no test here can open."""
    yield Progress(40)
    yield Preview(PNG, 0)
    for slot in range(work.drawing.n):
        yield Picture(f"{ASSETS}{slot}.png", PNG, slot)


def told(exchange):
    frames = exchange.content.decode().split("\n\n")
    data = [one.partition("data: ")[2] for one in frames if "data: " in one]
    return [orjson.loads(one) for one in data if one != "[DONE]"]


async def test_a_stream_shows_previews_and_the_finished_picture(web, monkeypatch):
    monkeypatch.setitem(pictures.MAKERS, "image", full)
    exchange = await generate(model=FULL, stream=True, partial_images=1)
    assert [one["type"] for one in told(exchange)] == [
        "image_generation.partial_image",
        "image_generation.completed",
    ]
    assert b64decode(told(exchange)[1]["b64_json"]) == PNG


async def test_full_pictures_cost_no_quota(web, stage, monkeypatch):
    monkeypatch.setitem(pictures.MAKERS, "image", full)

    def left():
        entries = [stage.accounts.entry(number) for number in (1, 2)]
        return [w.row().remaining for entry in entries for w in entry.windows]

    before = left()
    assert len((await generate(model=FULL, n=3)).json["data"]) == 3
    assert left() == before


async def test_full_pictures_are_not_drawn_twice(web, monkeypatch):
    calls = []

    async def failing(work, login):
        calls.append(login)
        yield Progress(10)
        raise failure()

    def failure(status=None):
        return UpstreamFailure(
            Kind.UPSTREAM_ERROR,
            "no",
            fault=UpstreamFault.SERVER,
            retryable=True,
            status=status,
        )

    async def silent(work, login):
        calls.append(login)
        if calls:
            raise failure()
        yield Progress(0)

    async def refused(work, login):
        calls.append(login)
        if calls:
            raise failure(429)
        yield Progress(0)

    for maker, attempts in ((failing, 1), (silent, 1), (refused, 2)):
        calls.clear()
        monkeypatch.setitem(pictures.MAKERS, "image", maker)
        assert (await generate(model=FULL)).status == 502
        assert len(calls) == attempts


async def chat(content="a lighthouse", model=LITE, **members):
    message = {"role": "user", "content": content}
    body = {"model": model, "messages": [message], **members}
    return await post(body, headers=STRANGE).through(Entry())


def deltas(exchange, name):
    choices = [one["choices"][0]["delta"] for one in told(exchange) if one["choices"]]
    return [delta[name] for delta in choices if delta.get(name)]


async def test_a_chat_tells_progress_and_shows_markdown(web):
    web.chats = [[card(1, 50), card(1)], [card(2, 50), card(2)]]
    exchange = await chat(stream=True, image_config={"n": 2, "size": "1024x1024"})
    lines = deltas(exchange, "reasoning_content")
    assert lines[-1].endswith("\n")
    percents = [int(line.partition("%")[0].rpartition(" ")[2]) for line in lines]
    assert percents == sorted(set(percents))
    shown = deltas(exchange, "content")
    assert all(one.strip().startswith(f"![image]({ASSETS}") for one in shown)
    assert [one.startswith("\n\n") for one in shown] == [False, True]
    assert exchange.content.endswith(b"data: [DONE]\n\n")


async def test_a_whole_chat_joins_lines_and_pictures(web):
    web.chats = [[card(1, 50), card(1)]]
    config = {"response_format": "b64_json"}
    exchange = await chat(stream=False, image_config=config)
    message = exchange.json["choices"][0]["message"]
    data = b64encode(PNG).decode()
    assert message["content"] == f"![image](data:image/png;base64,{data})"
    lines = message["reasoning_content"].split("\n")
    assert [line.partition(" ")[2] for line in lines] == [
        "50% (0/1)",
        "99% (0/1)",
        "100% (1/1)",
    ]
    assert exchange.json["usage"]["completion_tokens"] < 60


async def test_a_chat_may_wish_no_progress(web):
    web.chats = [[card(1, 50), card(1)]]
    exchange = await chat(stream=False, reasoning_effort="none")
    assert "reasoning_content" not in exchange.json["choices"][0]["message"]


async def test_a_chat_draws_from_the_last_words_alone(web):
    blocks = [{"type": "image_url", "image_url": "data:image/png;base64,aGk="}]
    assert envelope(await chat(blocks)) == (400, "missing_required_parameter")
    text = [{"type": "text", "text": "sharper"}]
    assert envelope(await chat(text, EDIT)) == (400, "missing_required_parameter")


async def test_edits_of_one_file_and_of_a_list(web):
    web.chats = [[edited(0)]]
    exchange = await edit(("image", "a.png", PNG))
    assert exchange.json["data"] == [{"url": f"{ASSETS}users/u/generated/0/image.png"}]
    web.asked.clear()
    web.chats = [[edited(0), edited(1)]]
    files = [("image[]", f"{number}.png", PNG) for number in range(2)]
    exchange = await edit(*files, ("n", "2"))
    assert len(exchange.json["data"]) == 2
    assert sum(path.endswith("upload-file") for path in web.asked) == 2


async def test_a_missing_edit_is_asked_for_once_more(web):
    given = [("image", "a.png", PNG), ("image", "b.png", PNG), ("n", "2")]
    web.chats = [[edited(0)], [edited(0), edited(1)]]
    exchange = await edit(*given)
    assert len({one["url"] for one in exchange.json["data"]}) == 2
    assert len(exchange.json["data"]) == 2
    assert sum(path.endswith("upload-file") for path in web.asked) == 2
    for second in (503, [edited(0)]):
        web.chats = [[edited(0)], second]
        assert len((await edit(*given)).json["data"]) == 1
        assert web.chats == []


async def test_one_file_sent_twice_is_uploaded_once(web):
    web.chats = [[edited(0)]]
    await edit(("image[]", "a.png", PNG), ("image[]", "a.png", PNG))
    assert sum(path.endswith("upload-file") for path in web.asked) == 1


async def test_an_edit_starts_from_what_the_chat_showed_last(web):
    uri = f"data:image/png;base64,{b64encode(PNG).decode()}"
    messages = [
        {"role": "user", "content": "a lighthouse"},
        {"role": "assistant", "content": f"![image]({uri})"},
        {"role": "user", "content": "make it blue"},
    ]
    web.chats = [[edited(0)]]
    body = {"model": EDIT, "messages": messages, "stream": False}
    exchange = await post(body, headers=STRANGE).through(Entry())
    assert exchange.status == 200
    assert web.asked[0].endswith("upload-file")


async def test_a_stock_picture_is_refused_whoever_gets_it(web):
    """`Web` has one picture for every prompt."""
    inline = {"response_format": "b64_json"}
    web.chats = [[card(1)] for _ in range(4)] + [[edited(0)]]
    assert (await generate(**inline)).status == 200
    refused = await generate(prompt="a dog", **inline)
    assert envelope(refused) == (502, "repeated_result")
    assert refused.answered["x-should-retry"] == "false"
    streamed = await generate(prompt="a bird", stream=True)
    assert envelope(streamed) == (502, "repeated_result")
    told = await chat("a fish", stream=False, image_config=inline)
    assert envelope(told) == (502, "repeated_result")
    given = ("image", "a.png", PNG), ("response_format", "b64_json")
    assert envelope(await edit(*given)) == (502, "repeated_result")
    assert web.chats == []


async def test_what_is_no_picture_is_not_handed_out(web, monkeypatch):
    async def pages(work, login):
        yield Preview(b"<html>", 0)
        yield Picture(f"{ASSETS}1.png", b"<html>", 0)

    monkeypatch.setitem(pictures.MAKERS, "image", pages)
    for more in ({}, {"response_format": "b64_json"}, {"stream": True}):
        exchange = await generate(model=FULL, **more)
        assert envelope(exchange) == (502, "upstream_error")


async def test_surplus_images_are_told(web):
    web.chats = [[edited(0)]]
    files = [("image[]", f"{number}.png", PNG) for number in range(6)]
    exchange = await edit(*files)
    assert exchange.answered["x-grok2api-warning"] == "images-truncated"
    web.chats = [[edited(0)]]
    streamed = await edit(*files, ("stream", "true"))
    assert streamed.answered["x-grok2api-warning"] == "images-truncated"
    assert streamed.answered["content-type"].startswith("text/event-stream")


async def test_an_empty_mask_is_none(web):
    web.chats = [[edited(0)]]
    exchange = await edit(("image", "a.png", PNG), ("mask", "m.png", b""))
    assert exchange.status == 200


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([("image", "a.png", PNG), ("mask", "m.png", PNG)], "unsupported_parameter"),
        ([("image", "a.pdf", b"%PDF-1.7")], "invalid_attachment"),
        ([("image", "a.png", b"")], "invalid_attachment"),
        ([], "missing_required_parameter"),
        ([("image", "a.png", PNG), ("n", "3")], "invalid_value"),
    ],
)
async def test_edits_that_are_refused(web, given, code):
    assert envelope(await edit(*given)) == (400, code)
    assert web.asked == []


async def test_edits_in_json_and_in_no_form_at_all(web):
    web.chats = [[edited(0)]]
    uri = f"data:image/png;base64,{b64encode(PNG).decode()}"
    body = {"model": EDIT, "prompt": "sharper", "image": uri}
    exchange = await post(body, EDITS, headers=STRANGE).through(Entry())
    assert exchange.status == 200
    headers = {"content-type": "text/plain"}
    exchange = Exchange("POST", EDITS, b"x", headers=headers)
    assert envelope(await exchange.through(Entry())) == (415, "unsupported_media_type")
    headers = {"content-type": "multipart/form-data"}
    exchange = Exchange("POST", EDITS, b"x", headers=headers)
    assert envelope(await exchange.through(Entry())) == (400, "invalid_value")


async def test_pictures_are_drawn_once_for_a_key(web):
    web.chats = [[card(1)], [card(2)]]
    headers = {**STRANGE, "Idempotency-Key": "draw"}

    async def drawn(prompt):
        body = {"model": LITE, "prompt": prompt}
        return await post(body, GENERATIONS, headers=headers).through(Entry())

    first, again = await drawn("a kite"), await drawn("a kite")
    assert first.status == 200
    assert again.json == first.json
    assert len(web.chats) == 1
    assert envelope(await drawn("a boat")) == (409, "idempotency_conflict")
