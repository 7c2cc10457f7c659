"""Word of work over Redis: sent by one process, heard by those that take jobs."""

import asyncio
import contextlib
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from grokgateway.jobs import broker as brokers
from grokgateway.jobs import leadership, runner, scheduling
from grokgateway.jobs.models import LeaderLease
from tests.neighbours import redis_server

pytestmark = pytest.mark.django_db(transaction=True)


@contextlib.asynccontextmanager
async def leading(broker):
    task = asyncio.create_task(scheduling.lead(broker))
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def sent(monkeypatch):
    """Set while this process sends."""
    sending = asyncio.Event()

    async def schedule(_broker):
        sending.set()
        try:
            await asyncio.Event().wait()
        finally:
            sending.clear()

    monkeypatch.setattr(scheduling, "RENEW_S", 0.01)
    monkeypatch.setattr(runner, "schedule", schedule)
    return sending


async def until(check):
    async with asyncio.timeout(5):
        while not check():  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)


async def test_who_has_the_lease_sends_and_gives_it_back(sent):
    async with leading(brokers.build("")):
        await until(sent.is_set)
        lease = await LeaderLease.objects.aget(name=scheduling.LEADER)
        assert lease.expires_at > datetime.now(UTC)
    assert not sent.is_set()
    await lease.arefresh_from_db()
    assert lease.expires_at <= datetime.now(UTC)


async def test_who_loses_the_lease_sends_no_more(sent):
    async with leading(brokers.build("")):
        await until(sent.is_set)
        later = datetime.now(UTC) + scheduling.LIFE
        taken = LeaderLease.objects.filter(name=scheduling.LEADER)
        await taken.aupdate(owner="another", expires_at=later)
        await until(lambda: not sent.is_set())
        await asyncio.sleep(0.1)
        assert not sent.is_set()
        await taken.aupdate(expires_at=datetime.now(UTC))
        await until(sent.is_set)


async def test_nothing_is_sent_while_the_lease_is_unknown(sent, monkeypatch, caplog):
    async with leading(brokers.build("")):
        await until(sent.is_set)
        real = leadership.renew

        def away(*_args, **_kwargs):
            raise OperationalError("secret")

        monkeypatch.setattr(leadership, "renew", away)
        await until(lambda: not sent.is_set())
        monkeypatch.setattr(leadership, "renew", real)
    assert "secret" not in caplog.text


async def test_a_bell_wakes_and_looks_unasked():
    bell = scheduling.Bell()
    await bell.wait(0.01)
    bell.ring()
    async with asyncio.timeout(1):
        await bell.wait(60)
    await bell.wait(0.01)


@pytest.mark.service
async def test_word_reaches_a_process_that_takes_jobs():
    heard = {name: asyncio.Event() for name in scheduling.EVERY_S}
    with redis_server() as url:
        sender, receiver = brokers.build(url), brokers.build(url)
        scheduling.register(sender, {})
        wake = {name: event.set for name, event in heard.items()}
        scheduling.register(receiver, wake)
        stopping = asyncio.Event()
        hearing = asyncio.create_task(runner.hear(receiver, stopping))
        async with leading(sender), asyncio.timeout(20):
            await asyncio.gather(*[event.wait() for event in heard.values()])
        stopping.set()
        await hearing
        await sender.shutdown()


def test_the_command_needs_somebody_to_tell(settings):
    settings.REDIS_URL = ""
    with pytest.raises(CommandError, match="REDIS_URL"):
        call_command("scheduler", stdout=StringIO())
