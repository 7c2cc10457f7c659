"""Runs over an upstream that draws what it is told to."""

import asyncio
import json
from base64 import b64decode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from gateway import catalog
from gateway.catalog import Catalog
from gateway.errors import Kind, UpstreamFailure, UpstreamFault
from gateway.upstream.pictures import Moderated, Picture, Step
from grokgateway import config
from media.models import Asset
from tests.gateway.pictures_web import PNG, ROUTES
from tests.media.samples import picture
from webui import uploads
from webui.access import Visitor
from webui.imagine import wall
from webui.imagine.wall import Viewer
from webui.models import Round

pytestmark = pytest.mark.django_db(transaction=True)


def drawn(*slots):
    return [
        step
        for slot in slots
        for step in (Step(slot, 50), Picture("", picture(), slot))
    ]


def start(**members):
    return json.dumps({"type": "start", "prompt": "a kite", "count": 2, **members})


async def shown(owner="me"):
    page = await asyncio.to_thread(wall.page, Viewer(owner))
    return [(one.state, one.number, len(found)) for one, found in page.rounds]


async def test_one_round_from_start_to_wall(upstream, stage, client):
    upstream.rounds = [drawn(3, 0)]
    me = client()
    await me.sitting.hear(start(aspect_ratio="16:9"))
    done = await me.until(type="status", status="completed")
    assert [frame["type"] for frame in me.said] == [
        *("status", "progress", "image", "progress", "image", "round", "status"),
    ]
    assert {frame["run_id"] for frame in me.said} == {done["run_id"]}
    first, second = me.of("image")
    assert [first["order"], second["order"]] == [0, 1]
    assert first["image_id"] == me.of("progress")[0]["image_id"]
    assert (first["width"], first["height"]) == (16, 8)
    assert first["url"].startswith(f"/v1/files/image?id={first['id']}&expires=")
    assert "signature=" in first["url"]
    assert "blob" not in first
    assert upstream.works[0].drawing.ratio == "16:9"
    assert await shown() == [("success", 1, 2)]
    assert await shown("other") == []
    page = await asyncio.to_thread(wall.page, Viewer("me"))
    in_order = [one.public_id for one in page.rounds[0][1]]
    assert in_order == [second["id"], first["id"]]  # by upstream's slots 0 and 3
    (record,) = stage.kept.records
    asked = (record[3], record[4], record[7])
    assert asked == ("/webui/api/imagine/ws", "grok-imagine-image", 200)


async def test_bytes_come_only_if_they_are_asked_for(upstream, client):
    upstream.rounds = [drawn(0, 1)]
    me = client()
    await me.sitting.hear(start(blob=True))
    image = await me.until(type="image")
    assert b64decode(image["blob"]).startswith(b"\x89PNG")
    await me.until(status="completed")


async def test_some_are_withheld(upstream, client):
    upstream.rounds = [[Moderated(0), *drawn(1)]]
    me = client()
    await me.sitting.hear(start())
    ended = await me.until(type="round")
    assert (ended["state"], ended["ready"], ended["moderated"]) == ("partial", 1, 1)
    assert me.of("moderated")[0]["order"] == 0
    await me.until(status="completed")
    assert await shown() == [("partial", 1, 1)]


async def test_all_are_withheld(upstream, stage, client):
    refused = UpstreamFailure(
        Kind.CONTENT_POLICY, "Withheld.", fault=UpstreamFault.POLICY
    )
    upstream.rounds = [[Moderated(0), Moderated(1), refused], drawn(0, 1)]
    me = client()
    await me.sitting.hear(start(mode="continuous", rounds=2))
    error = await me.until(type="error")
    assert error["code"] == error["error_code"] == "content_policy_violation"
    assert error["message"] == error["error"] == "Withheld."
    await me.sitting.stop()
    assert len(upstream.works) == 1
    assert await shown() == [("failed", 1, 0)]
    assert stage.kept.records[0][7] == 400


async def test_rounds_follow_one_another_to_their_limit(upstream, client):
    upstream.rounds = [drawn(0, 1) for _ in range(5)]
    me = client()
    await me.sitting.hear(start(mode="continuous", rounds=3))
    done = await me.until(status="completed")
    assert (done["reason"], done["round"]) == ("rounds", 3)
    assert len(upstream.works) == 3
    assert await shown() == [("success", n, 2) for n in (3, 2, 1)]


async def test_no_round_begins_after_the_time(upstream, client):
    clock = iter([0, 30, 61])
    upstream.rounds = [drawn(0, 1) for _ in range(5)]
    me = client(clock=lambda: next(clock))
    await me.sitting.hear(start(mode="continuous", minutes=1))
    assert (await me.until(status="completed"))["reason"] == "minutes"
    assert len(upstream.works) == 2


async def test_no_round_begins_for_one_who_may_not_be_here_any_more(upstream, client):
    upstream.rounds = [drawn(0, 1) for _ in range(5)]
    me = client()
    await me.sitting.hear(start(mode="continuous"))
    await me.until(type="image")
    me.welcome = False
    assert (await me.until(type="error"))["code"] == "invalid_api_key"
    assert len(upstream.works) == 1
    await me.sitting.hear(start())
    await me.sitting.stop()
    assert len(upstream.works) == 1


async def test_a_socket_that_breaks_is_not_told_of_it(upstream, client, caplog):
    upstream.rounds = [[*drawn(0), ...]]
    me = client()
    await me.sitting.hear(start())
    await me.until(type="status")
    me.broken = True
    for _ in range(200):
        if await shown() == [("running", 1, 1)]:
            break
        await asyncio.sleep(0.02)
    await me.sitting.leave()
    assert await shown() == [("stopped", 1, 1)]
    assert "broke off" not in caplog.text


async def test_a_stop_leaves_upstream_and_keeps_what_was_made(upstream, client, stage):
    upstream.rounds = [[*drawn(0), ...]]
    me = client()
    await me.sitting.hear(start())
    await me.until(type="image")
    await me.sitting.hear('{"type": "stop"}')
    assert me.said[-1]["status"] == "stopped"
    assert upstream.left == 1
    assert await shown() == [("stopped", 1, 1)]
    assert stage.kept.records[0][7] == 499


async def test_a_new_start_ends_the_old_run(upstream, client):
    upstream.rounds = [[Step(0, 10), ...], drawn(0, 1)]
    me = client()
    await me.sitting.hear(start())
    await me.until(type="progress")
    await me.sitting.hear(start(prompt="a boat"))
    await me.until(status="completed")
    first, second = (f for f in me.of("status") if f["status"] == "running")
    stopped = next(f for f in me.of("status") if f["status"] == "stopped")
    assert stopped["run_id"] == first["run_id"] != second["run_id"]
    assert me.said.index(stopped) < me.said.index(second)
    assert upstream.left == 1


async def test_a_socket_that_goes_ends_its_run_in_silence(upstream, client):
    upstream.rounds = [[Step(0, 10), ...]]
    me = client()
    await me.sitting.hear(start(mode="continuous"))
    await me.until(type="progress")
    said = len(me.said)
    await me.sitting.leave()
    assert len(me.said) == said
    assert upstream.left == 1
    assert await shown() == [("stopped", 1, 0)]


async def test_a_frame_that_is_wrong_disturbs_no_run(upstream, client):
    upstream.rounds = [[Step(0, 10), ...]]
    me = client()
    await me.sitting.hear(start())
    await me.until(type="progress")
    await me.sitting.hear(start(aspect_ratio="7:5"))
    error = me.said[-1]
    assert (error["code"], error["param"]) == ("invalid_value", "aspect_ratio")
    assert upstream.left == 0
    await me.sitting.leave()


async def test_too_many_runs_at_once(upstream, client):
    upstream.rounds = [drawn(0, 1), [Step(0, 10), ...]]
    first, second = client(), client()
    with config.override({"webui.image_runs": 1}):
        await first.sitting.hear(start(mode="continuous"))
        await first.until(type="progress", round=2)
        await second.sitting.hear(start())
        error = await second.until(type="error")
        assert (error["code"], error["retry_after"] > 0) == (
            "rate_limit_exceeded",
            True,
        )
        await first.sitting.leave()
        upstream.rounds = [drawn(0, 1)]
        await second.sitting.hear(start())
        await second.until(status="completed")


async def test_accounts_that_could_draw_are_named(stage, client, monkeypatch):
    monkeypatch.setattr(catalog.HOME, "catalog", Catalog(ROUTES))
    stage.add("c", tier="basic")
    me = client()
    await me.sitting.hear(start())
    error = await me.until(type="error")
    assert error["code"] == "wrong_tier"
    assert "super or heavy accounts only" in error["message"]


async def test_a_fault_of_our_own_is_said_as_one(upstream, client, caplog):
    upstream.rounds = [[RuntimeError("broken")]]
    me = client()
    await me.sitting.hear(start())
    error = await me.until(type="error")
    assert error["code"] == "internal_error"
    assert "broken" not in error["message"]
    assert "an image run broke off" in caplog.text


async def test_a_file_that_was_sent_is_a_reference(
    upstream, client, settings, tmp_path
):
    settings.DATA_DIR = tmp_path
    upstream.rounds = [drawn(0, 1)]
    me, other = client(), client("other")
    sent = SimpleUploadedFile("kite.png", PNG, "image/png")
    kept = await uploads.keep(Visitor("open", "me", "address of me"), sent)
    await me.sitting.hear(start(reference=kept.id))
    await me.until(status="completed")
    (work,) = upstream.works
    assert work.route.capability == "image_edit"
    assert b64decode(work.files[0].content) == PNG
    assert work.files[0].media_type == "image/png"
    await other.sitting.hear(start(reference=kept.id))
    assert (await other.until(type="error"))["code"] == "upload_gone"
    text = SimpleUploadedFile("kite.txt", b"no picture", "text/plain")
    kept = await uploads.keep(Visitor("open", "me", "address of me"), text)
    await me.sitting.hear(start(reference=kept.id))
    assert (await me.until(type="error"))["code"] == "invalid_attachment"


async def test_a_picture_of_the_wall_is_a_reference(upstream, client):
    upstream.rounds = [drawn(0, 1), drawn(0, 1)]
    me, other = client(), client("other")
    await me.sitting.hear(start())
    await me.until(status="completed")
    image = me.of("image")[0]
    me.said.clear()
    await me.sitting.hear(start(picture=image["id"]))
    await me.until(status="completed")
    second = upstream.works[1]
    assert second.route.capability == "image_edit"
    kept = await asyncio.to_thread(Asset.objects.get, public_id=image["id"])
    assert len(b64decode(second.files[0].content)) == kept.size
    assert (await asyncio.to_thread(Round.objects.latest, "pk")).picture == image["id"]
    await other.sitting.hear(start(picture=image["id"]))
    error = await other.until(type="error")
    assert (error["code"], error["param"]) == ("file_not_found", "picture")
