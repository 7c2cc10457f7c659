"""Batch jobs are rows; whoever holds the lease works them off, nothing comes twice."""

import asyncio
from datetime import timedelta

import pytest
from django.db import close_old_connections
from django.test import TestCase, TransactionTestCase
from django.utils import timezone

from grokgateway.jobs import batch_runner, batches
from grokgateway.jobs.batch_runner import ItemFailed, run_one
from grokgateway.jobs.batches import LeaseLost, Outcome, Target
from grokgateway.jobs.models import BatchItem

KINDS = ["refresh"]


def job_of(count=3, **options):
    targets = [Target(f"t{n}", f"T{n}") for n in range(count)]
    return batches.create("refresh", targets, **options)


def states(job):
    return list(job.items.order_by("pk").values_list("state", flat=True))


class ClaimTests(TestCase):
    def test_a_job_has_one_item_for_each_target(self):
        job = batches.create("refresh", [Target("a"), Target("b"), Target("a")])
        assert (job.total, job.items.count()) == (2, 2)

    def test_only_one_worker_gets_a_job(self):
        job = job_of()
        now = timezone.now()
        assert batches.claim("one", KINDS, now) == job
        assert batches.claim("two", KINDS, now) is None
        assert batches.claim("two", ["nsfw"], now) is None

    def test_the_oldest_job_comes_first(self):
        first, _second = job_of(), job_of()
        assert batches.claim("one", KINDS, timezone.now()) == first

    def test_a_dead_workers_job_is_taken_over(self):
        job = job_of()
        now = timezone.now()
        batches.claim("one", KINDS, now)
        later = now + batches.LEASE + timedelta(seconds=1)
        assert batches.claim("two", KINDS, later) == job
        with pytest.raises(LeaseLost):
            batches.renew(job.pk, "one", later)
        with pytest.raises(LeaseLost):
            batches.save(job.pk, "one", [Outcome(job.items.first().pk)])
        assert states(job) == ["waiting"] * 3

    def test_results_and_counters_are_written_together_and_once(self):
        job = job_of()
        batches.claim("one", KINDS, timezone.now())
        first, second, _ = job.items.order_by("pk")
        outcomes = [Outcome(first.pk, {"n": 1}), Outcome(second.pk, error="no")]
        batches.save(job.pk, "one", outcomes)
        batches.save(job.pk, "one", outcomes)
        job.refresh_from_db()
        assert (job.processed, job.ok, job.fail) == (2, 1, 1)
        done = batches.processed_since(job.pk, 0)
        assert [item.number for item in done] == [1, 2]
        assert (done[0].result, done[1].error) == ({"n": 1}, "no")
        assert batches.processed_since(job.pk, 1) == done[1:]

    def test_a_job_nobody_began_is_cancelled_at_once(self):
        job = job_of()
        assert batches.cancel(job.public_id, timezone.now())
        job.refresh_from_db()
        assert (job.status, states(job)) == ("cancelled", ["skipped"] * 3)
        assert not batches.cancel(job.public_id, timezone.now())
        assert batches.claim("one", KINDS, timezone.now()) is None

    def test_old_jobs_are_purged_with_their_items(self):
        job = job_of()
        job_of()
        batches.cancel(job.public_id, timezone.now())
        assert batches.purge(timezone.now() + timedelta(seconds=1)) == 1
        assert BatchItem.objects.count() == 3


class RunnerTests(TransactionTestCase):
    async def test_it_works_off_a_job(self):
        job = await asyncio.to_thread(closing(job_of), 5, params={"n": 2})

        async def work(target, params):
            if target == "t3":
                raise ItemFailed("no such account")
            if target == "t4":
                raise ValueError("secret detail")
            return {"target": target, "n": params["n"]}

        assert await run_one({"refresh": work})
        assert not await run_one({"refresh": work})
        await job.arefresh_from_db()
        assert (job.status, job.ok, job.fail) == ("done", 3, 2)
        failed = [item.error async for item in job.items.filter(state="failed")]
        assert "no such account" in failed
        assert "secret" not in "".join(failed)

    async def test_no_more_items_at_once_than_wished(self):
        await asyncio.to_thread(closing(job_of), 9, concurrency=2)
        running, most = set(), []

        async def work(target, params):
            running.add(target)
            most.append(len(running))
            await asyncio.sleep(0)
            running.discard(target)
            return {}

        await run_one({"refresh": work})
        assert max(most) == 2

    async def test_cancelling_lets_running_items_finish_and_skips_the_rest(self):
        job = await asyncio.to_thread(closing(job_of), 4, concurrency=1)
        begun, asked = asyncio.Event(), asyncio.Event()

        async def work(target, params):
            begun.set()
            await asked.wait()
            await asyncio.sleep(0.05)
            return {}

        keeping = batch_runner.RENEW_EVERY_S, batch_runner.SAVE_EVERY_S
        batch_runner.RENEW_EVERY_S = batch_runner.SAVE_EVERY_S = 0.01
        try:
            running = asyncio.create_task(run_one({"refresh": work}))
            await begun.wait()
            cancel = closing(batches.cancel)
            await asyncio.to_thread(cancel, job.public_id, timezone.now())
            asked.set()
            await running
        finally:
            batch_runner.RENEW_EVERY_S, batch_runner.SAVE_EVERY_S = keeping
        await job.arefresh_from_db()
        assert job.status == "cancelled"
        assert job.ok == 1
        found = [state async for state in job.items.values_list("state", flat=True)]
        assert sorted(found) == ["ok", "skipped", "skipped", "skipped"]

    async def test_who_takes_over_a_cancelled_job_begins_nothing(self):
        job = await asyncio.to_thread(closing(job_of))
        now = timezone.now()
        await asyncio.to_thread(closing(batches.claim), "dead", KINDS, now)
        await asyncio.to_thread(closing(batches.put_back), job.pk, "dead")
        await asyncio.to_thread(closing(batches.cancel), job.public_id, now)
        begun = []

        async def work(target, params):
            begun.append(target)
            return {}

        assert await run_one({"refresh": work})
        await job.arefresh_from_db()
        assert (job.status, begun) == ("cancelled", [])

    async def test_a_worker_that_stops_gives_the_job_back(self):
        job = await asyncio.to_thread(closing(job_of), 3, concurrency=1)
        begun = asyncio.Event()

        async def slow(target, params):
            if target == "t1":
                begun.set()
                await asyncio.Event().wait()
            return {}

        async def quick(target, params):
            return {}

        running = asyncio.create_task(run_one({"refresh": slow}))
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await job.arefresh_from_db()
        assert (job.status, job.owner, job.ok) == ("running", "", 1)
        assert await run_one({"refresh": quick})
        await job.arefresh_from_db()
        assert (job.status, job.ok, job.processed) == ("done", 3, 3)


def closing(function):
    """For threads of a test: their connection must not outlive the call."""

    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        finally:
            close_old_connections()

    return call
