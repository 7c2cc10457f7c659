"""Video jobs as callers see them: made, told, listed, served, removed."""

import asyncio
from base64 import b64encode
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from grokgateway import config
from media import upkeep
from media.models import Asset, Source, VideoJob
from tests.gateway.asgi import envelope
from tests.gateway.filming import (
    FILM,
    PNG,
    create,
    get,
    made,
    rows,
)
from tests.gateway.named_keys import KEY, bearer, issue
from tests.gateway.test_films import finished, progress

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_new_job_waits_and_is_told_in_full(host):
    exchange = await create(seconds=10, size="1792x1024")
    assert exchange.status == 200
    assert exchange.answered["openai-poll-after-ms"] == "2000"
    job = exchange.json
    assert (job["object"], job["status"], job["progress"]) == ("video", "queued", 0)
    assert (job["model"], job["seconds"]) == ("grok-imagine-video", "10")
    assert job["error"] is job["expires_at"] is job["remixed_from_video_id"] is None
    assert (await get(f"/{job['id']}")).json == job
    assert host.asked == []


async def test_a_job_is_filmed_kept_and_served(host):
    job = await made(host, [progress(5), finished(thumbnailImageUrl="still.jpg")])
    assert (job["status"], job["progress"], job["error"]) == ("completed", 100, None)
    assert job["expires_at"] - job["completed_at"] == 24 * 3600
    path = f"/{job['id']}/content"
    whole = await get(path)
    assert (whole.status, whole.content) == (200, FILM)
    assert whole.answered["content-type"] == "video/mp4"
    name = f'attachment; filename="{job["id"]}.mp4"'
    assert whole.answered["content-disposition"] == name
    part = await get(path, range="bytes=2-5")
    assert (part.status, part.content) == (206, FILM[2:6])
    assert (await get(path, range="bytes=999999-")).status == 416
    head = await get(path, "HEAD")
    assert (head.content, head.answered["content-length"]) == (b"", str(len(FILM)))
    still = await get(path, query=b"variant=thumbnail")
    assert (still.content, still.answered["content-type"]) == (PNG, "image/png")
    assert envelope(await get(path, query=b"variant=spritesheet"))[0] == 400
    assert envelope(await get(path, query=b"variant=x")) == (400, "invalid_value")
    kept = await Asset.objects.aget(kind="video")
    assert (kept.source, kept.model) == (Source.VIDEO_JOB, "grok-imagine-video")
    assert kept.protected_until
    assert kept.protected_until > timezone.now()


async def test_a_full_queue(host):
    with config.override({"video.queue_limit": 1}):
        assert (await create()).status == 200
        full = await create()
    assert envelope(full) == (429, "rate_limit_exceeded")
    assert int(full.answered["retry-after"]) > 0
    assert await rows() == 1


async def test_a_key_makes_one_job_for_a_day(host):
    once = {"Idempotency-Key": "k"}
    first = (await create(once)).json
    assert (await create(once, seconds="6")).json == first
    assert envelope(await create(once, prompt="snow")) == (409, "idempotency_conflict")
    reference = f"data:image/png;base64,{b64encode(PNG).decode()}"
    other = await create(once, input_reference=reference)
    assert envelope(other) == (409, "idempotency_conflict")
    yesterday = timezone.now() - timedelta(hours=25)
    await VideoJob.objects.aupdate(created_at=yesterday)
    assert (await create(once, prompt="snow")).json["id"] != first["id"]
    both = await asyncio.gather(*[create({"Idempotency-Key": "x"}) for _ in range(4)])
    assert len({one.json["id"] for one in both}) == 1
    long = await create({"Idempotency-Key": "k" * 256})
    assert envelope(long) == (400, "invalid_value")


async def test_a_job_belongs_to_its_key(host):
    issue(pools=frozenset({"super"}))
    video_id = (await create(bearer(KEY))).json["id"]
    assert (await VideoJob.objects.aget()).pools == ["super"]
    with config.override({"app.api_key": "sesame"}):
        for path, method in (("", "GET"), ("", "DELETE"), ("/content", "GET")):
            answer = await get(f"/{video_id}{path}", method, **bearer("sesame"))
            assert envelope(answer) == (404, "video_not_found")
        assert (await get(**bearer("sesame"))).json["data"] == []
        assert (await get(f"/{video_id}", **bearer(KEY))).status == 200


async def test_a_key_that_may_not_film(host):
    issue(models=frozenset({"grok-4.20-auto"}))
    assert envelope(await create(bearer(KEY))) == (403, "model_not_allowed")
    assert await rows() == 0


async def test_pages_of_the_list(host):
    ids = [(await create()).json["id"] for _ in range(3)]
    page = (await get(query=b"limit=2")).json
    assert [one["id"] for one in page["data"]] == ids[:0:-1]
    assert (page["first_id"], page["last_id"]) == (ids[2], ids[1])
    assert (page["object"], page["has_more"]) == ("list", True)
    rest = (await get(query=f"after={ids[1]}".encode())).json
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == (ids[:1], False)
    oldest = (await get(query=f"order=asc&after={ids[0]}".encode())).json
    assert [one["id"] for one in oldest["data"]] == ids[1:]
    for query in (b"limit=0", b"limit=101", b"limit=x", b"order=up", b"after=nobody"):
        assert (await get(query=query)).status == 400


async def test_a_finished_job_is_forgotten_after_a_day(host):
    job = await made(host, [finished()])
    await VideoJob.objects.aupdate(expires_at=timezone.now())
    assert envelope(await get(f"/{job['id']}")) == (404, "video_not_found")
    assert (await get()).json["data"] == []
    week = timezone.now() + timedelta(days=8)
    await sync_to_async(upkeep.purge)(week)
    assert await rows() == 0


async def test_a_file_that_made_room_for_others(host):
    job = await made(host, [finished()])
    await sync_to_async(Asset.objects.all().delete)()
    answer = await get(f"/{job['id']}/content")
    assert envelope(answer) == (404, "file_not_found")


@pytest.mark.parametrize(
    ("members", "code", "param"),
    [
        ({"prompt": " "}, "missing_required_parameter", "prompt"),
        ({"prompt": "a\0b"}, "invalid_value", "prompt"),
        ({"seconds": 7}, "invalid_value", "seconds"),
        ({"seconds": 1.5}, "invalid_type", "seconds"),
        ({"size": "1x1"}, "invalid_value", "size"),
        ({"preset": "odd"}, "invalid_value", "preset"),
        ({"resolution_name": "4k"}, "invalid_value", "resolution_name"),
        ({"model": "grok-4.20-auto"}, "unsupported_model", "model"),
        (
            {"input_reference": {"file_id": "f"}},
            "unsupported_parameter",
            "input_reference.file_id",
        ),
        (
            {"input_reference": "data:image/png;base64,aGk="},
            "invalid_attachment",
            "input_reference",
        ),
        (
            {"input_reference": "http://127.0.0.1/x.png"},
            "invalid_attachment",
            "input_reference",
        ),
    ],
)
async def test_nothing_is_made_of_a_bad_request(host, members, code, param):
    exchange = await create(**members)
    assert envelope(exchange) == (400, code)
    assert exchange.json["error"]["param"] == param
    assert await rows() == 0
    assert host.asked == []


async def test_a_picture_that_is_none_inside(host):
    cut = b64encode(PNG[:40]).decode()
    exchange = await create(input_reference=f"data:image/png;base64,{cut}")
    assert envelope(exchange) == (400, "invalid_attachment")
    assert await rows() == 0


async def test_names_that_are_no_ids(host):
    assert envelope(await get("/nothing")) == (400, "invalid_value")
    assert envelope(await get("/video_nothing")) == (404, "video_not_found")
    for path in ("/edits", "/extensions", "/characters", "/video_1/remix"):
        assert envelope(await get(path, "POST")) == (404, "unknown_url")
