"""How video jobs are worked off, and what of them survives."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.utils import timezone

from accounts import leases
from accounts.credentials import seal
from accounts.errors import NoAccountAvailable
from accounts.wishes import Wanted
from gateway import reels, shooting, slates, studio
from gateway.entry import Entry
from gateway.recorder import COLUMNS
from gateway.shooting import CUT, Failed, Take, perform, worked
from grokgateway import config
from media import jobs
from media.models import Asset, Source, State, VideoJob
from tests.factories import make_account, make_token
from tests.gateway.asgi import Exchange, envelope
from tests.gateway.filming import (
    VIDEOS,
    asked,
    create,
    ended,
    get,
    idle,
    job_when,
    made,
    until,
    working,
)
from tests.gateway.test_films import finished, progress
from tests.gateway.test_pictures import parts
from tests.media.samples import picture

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_next_job_begins_at_once_and_no_more_than_may(host, monkeypatch):
    monkeypatch.setattr(studio, "POLL_S", 3600)
    gates = [asyncio.Event() for _ in range(3)]
    host.chats = [[progress(5), gate, finished()] for gate in gates]
    with config.override({"video.max_concurrent": 2}):
        async with working():
            ids = [(await create()).json["id"] for _ in range(3)]
            running = VideoJob.objects.filter(status=State.IN_PROGRESS)
            await asked(host, left=1)
            assert await running.acount() == 2
            for gate in gates:
                gate.set()
            states = [(await ended(one))["status"] for one in ids]
    assert states == ["completed"] * 3


async def test_progress_is_told_while_it_films(host):
    gate = asyncio.Event()
    host.chats = [[progress(42), gate, finished()]]
    video_id = (await create(seconds=6)).json["id"]
    async with working():
        job = await job_when(video_id, lambda job: job["progress"] >= 42)
        assert (job["status"], job["progress"]) == ("in_progress", 42)
        early = await get(f"/{video_id}/content")
        assert envelope(early) == (409, "video_not_ready")
        assert early.answered["x-should-retry"] == "false"
        gate.set()
        await ended(video_id)


async def test_a_long_film_and_its_references(host):
    form = [("prompt", "move"), ("seconds", "16"), ("preset", "fun")]
    files = [("input_reference[]", f"{n}.png", picture()) for n in range(2)]
    headers = {"content-type": "multipart/form-data; boundary=limit"}
    sent = parts(*form, *files)
    exchange = await Exchange("POST", VIDEOS, sent, headers=headers).through(Entry())
    assert exchange.status == 200, exchange.content
    inputs = Asset.objects.filter(source=Source.INPUT)
    assert [one.expires_at is not None async for one in inputs] == [True] * 2
    host.chats = [[finished(1)], [finished(2)]]
    async with working():
        job = await ended(exchange.json["id"])
    assert (job["status"], job["remixed_from_video_id"]) == ("completed", "vp")
    first, second = host.configs
    assert len(first["imageReferences"]) == 2
    assert (first["videoLength"], second["videoLength"]) == (10, 6)
    assert (await get(f"/{job['id']}/content")).content == host.files["v2.mp4"]


@pytest.mark.parametrize(
    ("chats", "files", "code"),
    [
        ([[progress(100, moderated=True)]], {}, "content_policy_violation"),
        ([[progress(3)]], {}, "video_generation_failed"),
        ([429, 429], {}, "rate_limit_exceeded"),
        ([[finished()]], {"v1.mp4": b"<html>no</html>"}, "error_page"),
        ([[finished()]], {"v1.mp4": b"no film at all"}, "invalid_media"),
    ],
)
async def test_a_job_fails_with_a_code(host, chats, files, code):
    host.files |= files
    job = await made(host, *chats)
    assert (job["status"], job["error"]["code"]) == ("failed", code)
    assert job["error"]["message"]
    assert envelope(await get(f"/{job['id']}/content")) == (400, code)


async def test_one_clip_for_two_prompts_is_handed_out_once(host):
    assert (await made(host, [finished()]))["status"] == "completed"
    assert (await made(host, [finished()]))["status"] == "completed"
    job = await made(host, [finished()], prompt="snow")
    assert (job["status"], job["error"]["code"]) == ("failed", "repeated_result")


async def test_another_account_films_what_the_first_was_refused(host, stage):
    job = await made(host, 429, [finished()])
    assert job["status"] == "completed"
    assert sorted(host.cookies) == ["a", "b"]
    [record] = [one for one in stage.kept.records if one[0] == job["id"]]
    named = dict(zip(COLUMNS, record, strict=True))
    assert (named["status"], named["model"]) == (200, "grok-imagine-video")
    assert [one["reason"] for one in named["attempts"]] == ["rate_limited", "ok"]


async def test_a_job_waits_while_all_accounts_are_busy(host):
    host.chats = [[finished()]]
    video_id = (await create()).json["id"]
    wanted = Wanted(("super",), ("auto",))
    with config.override({"account.selection.max_inflight": 1}):
        async with leases.lease(wanted), leases.lease(wanted):
            await perform(await claimed())
            job = (await get(f"/{video_id}")).json
            assert (job["status"], job["error"]) == ("queued", None)
        async with working():
            assert (await ended(video_id))["status"] == "completed"


async def test_a_download_that_fails_is_tried_again(host):
    host.statuses = [404, 503]
    assert (await made(host, [finished()]))["status"] == "completed"
    host.statuses = [404] * reels.DOWNLOADS
    job = await made(host, [finished()])
    assert job["error"]["code"] == "video_generation_failed"


async def claimed():
    return await sync_to_async(jobs.claim)(timezone.now())


async def test_a_job_that_takes_too_long(host):
    host.chats = [[progress(1), asyncio.Event()]]
    await create()
    with pytest.raises(Failed) as caught:
        await worked(Take(await claimed()), limit_s=0.3)
    assert caught.value.code == "upstream_timeout"
    assert len(host.cookies) == 1


async def killed(job):
    """As a worker leaves it that dies: claimed, with a lease that has run out."""
    over = timezone.now() - timedelta(seconds=1)
    await VideoJob.objects.filter(pk=job.pk).aupdate(lease_until=over)


async def test_what_was_not_sent_is_filmed_by_the_next_worker(host):
    video_id = (await create()).json["id"]
    await killed(await claimed())
    host.chats = [[finished()]]
    async with working():
        assert (await ended(video_id))["status"] == "completed"
    assert len(host.cookies) == 1


async def test_a_call_under_way_is_never_repeated(host):
    video_id = (await create()).json["id"]
    job = await claimed()
    await sync_to_async(jobs.mark_sent)(job, "acc_a", timezone.now())
    await killed(job)
    async with working():
        found = await ended(video_id)
    assert found["error"] == {"code": "interrupted", "message": CUT}
    assert host.asked == []


POST = {
    "post_id": "vp",
    "parent_post_id": "p1",
    "asset_id": "",
    "video_url": "https://assets.grok.com/users/u/v1.mp4",
    "thumbnail_url": "",
}


async def test_a_finished_segment_is_gone_on_from_by_its_own_account(host):
    video_id = (await create(seconds=12)).json["id"]
    job = await claimed()
    await sync_to_async(jobs.mark_sent)(job, "acc_b", timezone.now())
    await sync_to_async(jobs.add_post)(job, POST)
    await killed(job)
    host.chats = [[finished(2)]]
    async with working():
        assert (await ended(video_id))["status"] == "completed"
    assert host.cookies == ["b"]
    assert host.configs[0]["isVideoExtension"] is True


async def test_what_is_paid_for_waits_until_its_account_is_free(host, monkeypatch):
    video_id = (await create(seconds=12)).json["id"]
    job = await claimed()
    await sync_to_async(jobs.mark_sent)(job, "acc_b", timezone.now())
    await sync_to_async(jobs.add_post)(job, POST)
    await killed(job)
    host.chats = [[finished(2)]]
    monkeypatch.setattr(shooting, "LOOK_AGAIN_S", 0)
    wanted, refused, lease = (
        Wanted(("super",), ("auto",)),
        asyncio.Event(),
        leases.lease,
    )

    @asynccontextmanager
    async def watched(*args, **more):
        try:
            async with lease(*args, **more) as held:
                yield held
        except NoAccountAvailable:
            refused.set()
            raise

    with config.override({"account.selection.max_inflight": 1}):
        async with working():
            async with lease(wanted), lease(wanted):
                monkeypatch.setattr(leases, "lease", watched)
                await asyncio.wait_for(refused.wait(), 5)
            assert (await ended(video_id))["status"] == "completed"


async def left_with_a_film(account):
    """A job whose worker died once the last segment was there."""
    video_id = (await create()).json["id"]
    job = await claimed()
    await sync_to_async(jobs.mark_sent)(job, account, timezone.now())
    await sync_to_async(jobs.add_post)(job, POST)
    await killed(job)
    return video_id


async def test_a_finished_film_is_only_fetched(host):
    token = make_token()
    sealed = seal(token, "acc_a")
    await sync_to_async(make_account)(
        token=token, public_id="acc_a", token_ciphertext=sealed
    )
    found = await left_with_a_film("acc_a")
    async with working():
        assert (await ended(found))["status"] == "completed"
    lost = await left_with_a_film("acc_gone")
    async with working():
        assert (await ended(lost))["error"]["code"] == "interrupted"
    assert host.asked == []


async def test_a_database_that_is_away_for_a_while(host, monkeypatch):
    """What is paid for is written once it is back; what is not yet paid for waits."""
    monkeypatch.setattr(slates, "PAUSE_S", 0)
    away = {"mark_sent": 2, "add_post": 3, "complete": 1}

    def flaky(name, step):
        def stepped(*args):
            if away[name] > 0:
                away[name] -= 1
                raise OperationalError("away")
            return step(*args)

        return stepped

    for name in away:
        monkeypatch.setattr(jobs, name, flaky(name, getattr(jobs, name)))
    assert (await made(host, [finished()]))["status"] == "completed"
    assert set(away.values()) == {0}
    assert len(host.cookies) == 1


async def test_a_database_that_stays_away(host, monkeypatch):
    monkeypatch.setattr(slates, "PAUSE_S", 0)
    video_id = (await create()).json["id"]

    def away(*_):
        raise OperationalError("away")

    job = await claimed()
    with monkeypatch.context() as patched:
        for name in ("mark_sent", "fail"):
            patched.setattr(jobs, name, away)
        with pytest.raises(OperationalError):
            await perform(job)
    assert (await get(f"/{video_id}")).json["status"] == "in_progress"
    assert host.cookies == []


async def test_a_worker_that_stops_leaves_its_job_to_the_next(host):
    gate = asyncio.Event()
    host.chats = [[progress(9), gate]]
    video_id = (await create()).json["id"]
    async with working():
        await asked(host)
    async with working():
        assert (await ended(video_id))["error"]["code"] == "interrupted"
    assert len(host.cookies) == 1


async def test_deleting_ends_the_work_and_takes_the_files(host):
    gate = asyncio.Event()
    host.chats = [[progress(9), gate, finished()]]
    video_id = (await create()).json["id"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shooting, "RENEW_EVERY_S", 0)
        async with working():
            await asked(host)
            gone = await get(f"/{video_id}", "DELETE")
            assert gone.json == {
                "id": video_id,
                "object": "video.deleted",
                "deleted": True,
            }
            await until(idle)
    assert envelope(await get(f"/{video_id}")) == (404, "video_not_found")
    assert not await Asset.objects.aexists()
    job = await made(host, [finished(thumbnailImageUrl="still.jpg")])
    assert await Asset.objects.acount() == 2
    await get(f"/{job['id']}", "DELETE")
    assert not await Asset.objects.aexists()
    assert envelope(await get(f"/{job['id']}", "DELETE")) == (404, "video_not_found")
