"""A turn with attachments: fetched once, uploaded to each account that is tried."""

import base64
from contextlib import aclosing

import httpx
import pytest

from gateway import turn
from gateway.conversation.events import TextDelta
from gateway.conversation.requests import (
    Attachment,
    Conversation,
    Message,
    Options,
    Role,
    Text,
)
from gateway.errors import GatewayError, Kind
from gateway.recorder import Journal
from tests.gateway.ground import END, MODEL, said
from tests.gateway.upstream.made_up_web import Web, through
from tests.gateway.upstream.stand_in import whole

PNG = b"\x89PNG\r\n\x1a\n and more"
BARE = base64.b64encode(PNG).decode()
DATA = f"data:image/png;base64,{BARE}"
GOOD = said("a cat") + END
DEAD = b'{"message":"[WKE=unauthenticated:bad-credentials]"}'


def stored(identity):
    return httpx.Response(200, json={"fileMetadataId": identity, "fileUri": ""})


def asking(*sources):
    parts = [Attachment(url, "image", path=f"m.{n}") for n, url in enumerate(sources)]
    message = Message(Role.USER, (Text("what is it?"), *parts))
    conversation = Conversation(MODEL, (message,), Options())
    return turn.Ask(conversation, Journal("req_1", "/v1/test"))


async def text_of(asked):
    async with aclosing(turn.run(asked)) as batches:
        found = [event async for batch in batches for event in batch]
    return "".join(event.text for event in found if isinstance(event, TextDelta))


async def failure_of(asked):
    with pytest.raises(GatewayError) as caught:
        await text_of(asked)
    return caught.value


def reasons(asked):
    return [(one.account, one.reason) for one in asked.journal.attempts]


async def test_the_chat_names_what_was_uploaded_to_its_account(stage):
    stage.add("a")
    stage.upstream.will(stored("f1"), GOOD)
    asked = asking(DATA)
    assert await text_of(asked) == "a cat"
    upload, chat = stage.upstream.bodies
    assert (upload["content"], upload["fileMimeType"]) == (BARE, "image/png")
    assert chat["fileAttachments"] == ["f1"]
    assert chat["message"] == "[user]: what is it?"
    assert stage.upstream.asked == ["a", "a"]


async def test_another_account_gets_its_own_upload_and_nothing_is_fetched_again(stage):
    web = Web()
    web.add("pictures.example", whole(PNG))
    stage.add("a", "b")
    stage.upstream.will(stored("f1"), 503, stored("f2"), GOOD)
    asked = asking("http://pictures.example/x.png")
    with through(web):
        assert await text_of(asked) == "a cat"
    first, second = (account.removeprefix("acc_") for account, _ in reasons(asked))
    assert stage.upstream.asked == [first, first, second, second]
    chats = [b["fileAttachments"] for b in stage.upstream.bodies if "message" in b]
    assert chats == [["f1"], ["f2"]]
    assert web.looked_up == ["pictures.example"]


async def test_a_dead_login_shows_at_the_upload_and_another_account_is_tried(stage):
    stage.add("a", "b")
    stage.upstream.will(httpx.Response(401, content=DEAD), stored("f2"), GOOD)
    asked = asking(DATA)
    assert await text_of(asked) == "a cat"
    assert [reason for _, reason in reasons(asked)] == ["credential", "ok"]
    first, second, third = stage.upstream.asked
    assert first != second == third


async def test_a_refused_upload_is_the_callers_affair(stage):
    stage.add("a", "b")
    stage.upstream.will(400)
    asked = asking(DATA)
    failure = await failure_of(asked)
    assert failure.kind is Kind.UPSTREAM_REJECTED
    assert [reason for _, reason in reasons(asked)] == ["rejected"]


async def test_an_upload_that_fails_costs_no_turn(stage):
    stage.add("a")
    before = [window.remaining for window in stage.accounts.entry(1).windows]
    stage.upstream.will(400)
    await failure_of(asking(DATA))
    after = [window.remaining for window in stage.accounts.entry(1).windows]
    assert after == before


@pytest.mark.parametrize(
    ("sources", "kind", "param"),
    [
        ([DATA, "http://127.0.0.1/"], Kind.INVALID_ATTACHMENT, "m.1"),
        (["data:image/png;base64,?"], Kind.INVALID_ATTACHMENT, "m.0"),
    ],
)
async def test_no_account_is_asked_about_what_cannot_be_read(
    stage, sources, kind, param
):
    stage.add("a")
    asked = asking(*sources)
    failure = await failure_of(asked)
    assert (failure.kind, failure.param) == (kind, param)
    assert stage.upstream.asked == []
    assert reasons(asked) == []
