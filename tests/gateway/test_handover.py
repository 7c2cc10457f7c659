"""A drawing that someone watches: each picture's fate, and files that stay here."""

import asyncio
from contextlib import aclosing

import pytest

from gateway import pictures
from gateway.asking import Ask
from gateway.catalog import Catalog
from gateway.conversation.drawing import Drawing
from gateway.conversation.events import MediaProgress, MediaReady, MediaWithheld
from gateway.conversation.requests import Conversation, Message, Role, Text
from gateway.errors import GatewayError, Kind
from gateway.recorder import Journal
from gateway.upstream.pictures import Moderated, Picture, Progress, Step
from grokgateway import config
from media.models import Asset
from tests.gateway.pictures_web import FULL, PNG, ROUTES
from tests.media.samples import picture

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC = "https://imagine-public.x.ai/imagine-public/images/1.jpg"


@pytest.fixture
def drawn(host, monkeypatch):
    """The events of a drawing whose upstream gives these."""
    monkeypatch.setattr("gateway.catalog.HOME.catalog", Catalog(ROUTES))

    async def draw(*made, prompt="a kite", **options):
        async def maker(_work, _login):
            for event in made:
                yield event

        monkeypatch.setitem(pictures.MAKERS, "image", maker)
        messages = (Message(Role.USER, (Text(prompt),)),)
        journal = Journal("req_1", "/test", key="webui")
        ask = Ask(Conversation(FULL, messages), journal, owner="v1", batch="b" * 32)
        drawing = Drawing(n=3, watched=True, **options)
        async with aclosing(pictures.run(drawing, ask)) as batches:
            return [event async for events in batches for event in events]

    return draw


async def test_each_picture_is_told_of_and_kept(drawn):
    wide = picture(size=(30, 20))
    events = await drawn(
        Step(0, 10),
        Progress(5),
        Step(2, 50),
        Moderated(1),
        Picture(PUBLIC, PNG, 0),
        Picture("", wide, 2, r_rated=True),
    )
    own = [one for one in events if isinstance(one, MediaProgress) and one.media_id]
    assert own == [MediaProgress("0", 10), MediaProgress("2", 50)]
    assert MediaWithheld("1") in events
    first, second = (one for one in events if isinstance(one, MediaReady))
    assert (first.url, first.data) == ("", b"")
    assert (second.width, second.height, second.r_rated) == (30, 20, True)
    kept = await asyncio.to_thread(list, Asset.objects.order_by("pk"))
    assert [one.public_id for one in kept] == [first.kept, second.kept]
    assert {(one.owner, one.batch) for one in kept} == {("v1", "b" * 32)}
    assert [one.place for one in kept] == [0, 2]
    assert (kept[1].width, kept[1].height) == (30, 20)


async def test_bytes_come_along_where_they_are_wanted(drawn):
    events = await drawn(Picture(PUBLIC, PNG, 0), inline=True)
    assert [one.data for one in events if isinstance(one, MediaReady)] == [PNG]


async def test_what_cannot_be_kept_is_an_error_with_its_cause(drawn):
    with config.override({"cache.local.min_free_mb": 10_000_000}):
        with pytest.raises(GatewayError) as caught:
            await drawn(Picture(PUBLIC, PNG, 0))
    assert caught.value.kind is Kind.UPSTREAM_ERROR
    with pytest.raises(GatewayError) as caught:
        await drawn(Picture(PUBLIC, b"<html>", 0))
    assert caught.value.kind is Kind.UPSTREAM_ERROR
