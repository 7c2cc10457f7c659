"""One look at the rows serves all who watch; each hears the state, then its changes."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from grokgateway.jobs import batches, watching
from grokgateway.jobs.models import BatchJob
from grokgateway.jobs.watching import Hub
from tests.grokgateway.jobs.made import begun, job_of, over, worked

pytestmark = pytest.mark.django_db(transaction=True)
there = sync_to_async


@pytest.fixture
async def hub():
    made = Hub()
    yield made
    for watcher in list(made.watchers):
        made.leave(watcher)


@pytest.fixture
def still(monkeypatch):
    """Nobody looks but the test itself."""

    async def never(hub):
        await asyncio.Event().wait()

    monkeypatch.setattr(Hub, "_look_on", never)


def brief(frames):
    return [(f["type"], f.get("processed")) for f in frames]


async def heard(watcher):
    async with asyncio.timeout(5):
        await watcher.news.wait()
    return watcher.take()


async def test_first_the_state_then_only_changes(hub, still):
    job = await there(begun)(await there(job_of)(3))
    watcher = hub.join("op")
    hub.ask(watcher, [job.public_id], mine=False)
    await hub.look()
    (first,) = watcher.take()
    assert (first["type"], first["seq"], first["left"]) == ("snapshot", 1, 3)
    await hub.look()
    assert watcher.take() == []
    await there(worked)(job, ok=1)
    await hub.look()
    (frame,) = watcher.take()
    assert (frame["type"], frame["seq"], frame["ok"]) == ("progress", 2, 1)


async def test_who_reads_slowly_gets_the_last_state_alone(hub, still):
    job = await there(begun)(await there(job_of)(9))
    watcher = hub.join("op")
    hub.ask(watcher, [job.public_id], mine=False)
    await hub.look()
    watcher.take()
    for _ in range(4):
        await there(worked)(job, ok=2)
        await hub.look()
    assert brief(watcher.take()) == [("progress", 8)]


@pytest.mark.parametrize(
    ("error", "kind"), [("", "done"), ("no worker knows this", "error")]
)
async def test_the_end_is_told_once(hub, still, error, kind):
    job = await there(begun)(await there(job_of)(1))
    watcher = hub.join("op")
    hub.ask(watcher, [job.public_id], mine=False)
    await hub.look()
    watcher.take()
    await there(worked)(job, ok=1)
    await there(over)(job, error)
    await hub.look()
    assert brief(watcher.take()) == [(kind, 1)]
    await hub.look()
    assert watcher.take() == []


async def test_cancelled_jobs_say_so(hub, still):
    job = await there(job_of)(4)
    watcher = hub.join("op")
    hub.ask(watcher, [job.public_id], mine=False)
    await hub.look()
    watcher.take()
    await there(batches.cancel)(job.public_id, timezone.now())
    await hub.look()
    (frame,) = watcher.take()
    assert (frame["type"], frame["skipped"]) == ("cancelled", 4)


async def test_mine_are_those_i_started_whenever(hub, still):
    await there(job_of)(1, by="other")
    watcher = hub.join("op")
    hub.ask(watcher, [], mine=True)
    await hub.look()
    assert watcher.take() == []
    job = await there(job_of)(2, by="op")
    await hub.look()
    (frame,) = watcher.take()
    assert (frame["type"], frame["task_id"]) == ("snapshot", job.public_id)
    await there(batches.cancel)(job.public_id, timezone.now())
    await hub.look()
    assert [f["type"] for f in watcher.take()] == ["cancelled"]


async def test_who_asks_again_gets_the_state_again(hub, still):
    job = await there(begun)(await there(job_of)(3, by="op"))
    watcher = hub.join("op")
    for ids, mine in (([job.public_id], False), ([job.public_id], False), ([], True)):
        hub.ask(watcher, ids, mine=mine)
        await hub.look()
        assert [f["type"] for f in watcher.take()] == ["snapshot"]


async def test_failures_are_told_up_to_a_limit(hub, still):
    job = await there(begun)(await there(job_of)(60))
    await there(worked)(job, errors=["before"])
    watcher = hub.join("op")
    hub.ask(watcher, [job.public_id], mine=False)
    await hub.look()
    watcher.take()
    told = []
    for _ in range(3):
        await there(worked)(job, ok=1, errors=["timeout"] * 12)
        await hub.look()
        told += [f for f in watcher.take() if f["type"] == "item_failed"]
    assert len(told) == watching.FAILURES_TOLD == 20
    assert told[0] == {
        "type": "item_failed",
        "task_id": job.public_id,
        "item": "T2",
        "id": "t2",
        "error": "timeout",
    }
    assert {f["error"] for f in told} == {"timeout"}


async def test_many_watchers_cost_one_query(hub, still, django_assert_num_queries):
    job = await there(begun)(await there(job_of)(3))
    watchers = [hub.join(f"op{n}") for n in range(50)]
    for watcher in watchers:
        hub.ask(watcher, [job.public_id], mine=True)
    seen = []
    real = watching.read

    def counting(ids, before):
        seen.append(len(ids))
        return real(ids, before)

    watching_read = pytest.MonkeyPatch()
    with watching_read.context() as patch:
        patch.setattr(watching, "read", counting)
        await hub.look()
    assert seen == [1]
    assert all(brief(w.take()) == [("snapshot", 0)] for w in watchers)


async def test_one_task_looks_as_long_as_anybody_watches(hub):
    job = await there(begun)(await there(job_of)(3))
    first, second = hub.join("op"), hub.join("op")
    hub.ask(first, [job.public_id], mine=False)
    assert brief(await heard(first)) == [("snapshot", 0)]
    tasks = [t for t in asyncio.all_tasks() if t.get_name() == "jobs watched"]
    assert len(tasks) == 1
    hub.leave(first)
    await there(worked)(job, ok=2)
    hub.ask(second, [job.public_id], mine=False)
    assert brief(await heard(second)) == [("snapshot", 2)]
    hub.leave(second)
    await asyncio.wait(tasks)
    assert tasks[0].cancelled()


async def test_no_more_than_four_looks_a_second(hub, monkeypatch):
    pauses = []

    async def slept(seconds):
        pauses.append(seconds)
        await asyncio.Event().wait()

    await there(begun)(await there(job_of)(3))
    watcher = hub.join("op")
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "sleep", slept)
        hub.ask(watcher, [], mine=True)
        async with asyncio.timeout(5):
            while not pauses:
                await asyncio.wait(asyncio.all_tasks(), timeout=0.01)
    assert pauses == [0.25]


async def test_a_database_that_is_away_ends_no_watch(hub, monkeypatch, caplog):
    job = await there(begun)(await there(job_of)(3))
    real, failures = watching.read, [DatabaseError("away")]

    def failing(ids, before):
        if failures:
            raise failures.pop()
        return real(ids, before)

    monkeypatch.setattr(watching, "read", failing)
    monkeypatch.setattr(watching, "IDLE_S", 0.01)
    watcher = hub.join("op")
    hub.ask(watcher, [job.public_id], mine=False)
    assert brief(await heard(watcher)) == [("snapshot", 0)]
    assert "away" in caplog.text


async def test_the_end_of_the_process_waits_until_all_have_left(hub, still):
    watchers = [hub.join("op"), hub.join("op")]
    closing = asyncio.create_task(hub.close())
    for watcher in watchers:
        await watcher.news.wait()
        assert watcher.closed
        assert not closing.done()
        hub.leave(watcher)
    await asyncio.wait_for(closing, 1)


async def test_who_does_not_leave_delays_the_end_a_moment_only(hub, still, monkeypatch):
    monkeypatch.setattr(watching, "CLOSE_S", 0.01)
    hub.join("op")
    await asyncio.wait_for(hub.close(), 1)


async def test_jobs_nobody_watches_are_forgotten_when_they_end(hub, still):
    await there(job_of)(1, by="other")
    watcher = hub.join("op")
    hub.ask(watcher, [], mine=True)
    await hub.look()
    await there(BatchJob.objects.update)(status="done")
    await hub.look()
    assert hub._seen == {}
