"""The wall's own addresses, as its page calls them."""

import json

import pytest
from asgiref.sync import sync_to_async
from django.core import signing
from django.test import AsyncClient

from media.models import Asset
from tests.webui.conftest import KEY
from webui import passes
from webui.imagine import wall
from webui.imagine.frames import Start
from webui.imagine.wall import Ended
from webui.models import RoundState

pytestmark = pytest.mark.django_db(transaction=True)


@sync_to_async
def drawn(owner, prompt="a kite"):
    one = wall.begin(owner, "run", 1, Start(prompt, "16:9", count=1))
    wall.end(one.public_id, Ended(RoundState.SUCCESS))
    Asset.objects.create(
        kind="image",
        public_id=one.public_id,
        name=f"images/{one.public_id}.png",
        mime="image/png",
        size=1,
        source="images",
        owner=owner,
        batch=one.public_id,
        width=160,
        height=90,
    )
    return one


@pytest.fixture
def browser(webui):
    """A browser that has been on the page: its pass, and calls with its cookies."""

    def made(name="me", key=""):
        held = passes.fresh(key or None)
        client = AsyncClient()
        mark = held.mark
        client.cookies[passes.COOKIE] = signing.dumps([name, mark], salt=passes.SALT)
        return client

    return made


async def shown(client, query=""):
    answer = await client.get(f"/webui/api/wall{query}")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    return answer.json()


async def call(client, path, body):
    text = body if isinstance(body, str) else json.dumps(body)
    return await client.post(
        f"/webui/api/wall/{path}", text, content_type="application/json"
    )


async def test_the_wall_lists_what_was_drawn(browser):
    one = await drawn("me")
    await drawn("other")
    body = await shown(browser())
    (found,) = body["rounds"]
    assert body["next"] is None
    assert (found["prompt"], found["aspect_ratio"]) == ("a kite", "16:9")
    assert (found["state"], found["own"]) == ("success", True)
    (picture,) = found["pictures"]
    assert picture["name"] == f"{one.public_id}.png"
    assert (picture["width"], picture["height"]) == (160, 90)
    assert picture["url"].startswith("/v1/files/image?id=")
    assert "signature=" in picture["url"]


async def test_staff_alone_may_ask_for_all_walls(browser, staff):
    await drawn("other")
    assert (await shown(browser(), "?all=1"))["rounds"] == []
    client = browser()
    await client.aforce_login(staff)
    assert (await shown(client))["rounds"] == []
    (found,) = (await shown(client, "?all=1"))["rounds"]
    assert found["own"] is False


async def test_what_is_taken_off_comes_back(browser):
    one = await drawn("me")
    client, other = browser(), browser("other")
    refused = await call(other, "remove", {"rounds": [one.public_id]})
    assert refused.json() == {"removed": 0, "undo": ""}
    taken = (await call(client, "remove", {"pictures": [one.public_id]})).json()
    assert taken["removed"] == 1
    assert (await shown(client))["rounds"] == []
    assert (await call(other, "undo", {"undo": taken["undo"]})).json() == {
        "restored": 0
    }
    back = await call(client, "undo", {"undo": taken["undo"]})
    assert back.json() == {"restored": 1}
    assert len((await shown(client))["rounds"]) == 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("remove", "", 400),
        ("remove", "[]", 400),
        ("remove", {"rounds": "x"}, 400),
        ("remove", {"pictures": ["x"] * 201}, 400),
        ("remove", {"pictures": [None, 5, "x" * 99]}, 200),
        ("undo", {}, 400),
        ("undo", {"undo": "x" * 99}, 400),
        ("undo", {"undo": ""}, 200),
    ],
)
async def test_odd_bodies(browser, path, body, status):
    assert (await call(browser(), path, body)).status_code == status


@pytest.mark.parametrize("query", ["?before=x", "?before=-1", "?before=" + "9" * 20])
async def test_odd_pages(browser, query):
    answer = await browser().get(f"/webui/api/wall{query}")
    assert answer.status_code == 400


async def test_a_page_that_is_not_ours_takes_nothing_off(browser):
    one = await drawn("me")
    client = browser()
    client.handler.enforce_csrf_checks = True
    answer = await client.post(
        "/webui/api/wall/remove",
        json.dumps({"rounds": [one.public_id]}),
        content_type="application/json",
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert len((await shown(client))["rounds"]) == 1


async def test_strangers_and_a_web_ui_that_is_off(browser, webui):
    with webui(KEY):
        assert (await browser().get("/webui/api/wall")).status_code == 401
        held = browser("me", KEY)
        assert (await held.get("/webui/api/wall")).status_code == 200
    with webui(KEY, **{"app.webui_enabled": False}):
        assert (await held.get("/webui/api/wall")).status_code == 404


async def test_looking_is_no_way_to_change(browser):
    answer = await browser().get("/webui/api/wall/remove")
    assert answer.status_code == 405
