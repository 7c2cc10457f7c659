"""One answer for one key: told again, waited for, forgotten."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError
from django.http import HttpResponse

from gateway import idempotency
from gateway.errors import GatewayError, Kind
from gateway.idempotency import once, purge
from gateway.models import IdempotencyRecord

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    monkeypatch.setattr(idempotency, "PAUSE_S", 0.01)


def working(*bodies):
    """Work that gives these bodies in turn, or raises them."""
    left = list(bodies)

    async def work():
        body = left.pop(0)
        if isinstance(body, BaseException):
            raise body
        return HttpResponse(body)

    return work


async def told(work, key="k", request="r", owner="o"):
    return (await once(owner, key, request, work)).content


async def test_a_key_is_answered_once():
    work = working(b"1", b"2", b"3", b"4")
    assert [await told(work), await told(work)] == [b"1", b"1"]
    assert await told(work, owner="p") == b"2"
    assert [await told(work, key=""), await told(work, key="")] == [b"3", b"4"]
    record = await IdempotencyRecord.objects.aget(owner="o")
    assert bytes(record.reply or b"") != b"1"


async def test_another_request_with_the_key():
    await told(working(b"1"))
    with pytest.raises(GatewayError) as caught:
        await told(working(b"2"), request="other")
    assert caught.value.kind is Kind.IDEMPOTENCY_CONFLICT
    with pytest.raises(GatewayError) as caught:
        await told(working(b"2"), key="k" * 256)
    assert caught.value.kind is Kind.INVALID_VALUE


async def test_who_asks_meanwhile_waits_for_the_first():
    gate = asyncio.Event()

    async def slow():
        await gate.wait()
        return HttpResponse(b"1")

    first = asyncio.create_task(told(slow))
    while not await IdempotencyRecord.objects.aexists():
        pass
    second = asyncio.create_task(told(working()))
    gate.set()
    assert [await first, await second] == [b"1", b"1"]


@pytest.mark.parametrize(
    "failure",
    [GatewayError(Kind.UPSTREAM_ERROR, "no"), asyncio.CancelledError(), ValueError()],
)
async def test_what_failed_is_asked_again(failure):
    with pytest.raises(type(failure)):
        await told(working(failure))
    assert await told(working(b"2")) == b"2"


async def test_an_answer_that_cannot_be_kept_is_told_all_the_same(monkeypatch):
    def away(*_args):
        raise DatabaseError

    monkeypatch.setattr(idempotency, "keep", away)
    assert await told(working(b"1")) == b"1"


async def test_who_leaves_before_the_work_begins_holds_nothing(monkeypatch):
    inside, gate, begin = threading.Event(), threading.Event(), idempotency.begin

    def slowly(*args):
        inside.set()
        gate.wait(5)
        return begin(*args)

    monkeypatch.setattr(idempotency, "begin", slowly)
    leaving = asyncio.create_task(told(working(b"1")))
    assert await asyncio.to_thread(inside.wait, 5)
    leaving.cancel()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await asyncio.wait_for(told(working(b"2")), 5) == b"2"


async def test_who_leaves_while_waiting_takes_nothing_from_the_first():
    gate = asyncio.Event()

    async def slow():
        await gate.wait()
        return HttpResponse(b"1")

    first = asyncio.create_task(told(slow))
    while not await IdempotencyRecord.objects.aexists():
        pass
    second = asyncio.create_task(told(working()))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(second, 0.1)
    gate.set()
    assert [await first, await told(working())] == [b"1", b"1"]


async def test_large_answers_are_not_kept(monkeypatch):
    monkeypatch.setattr(idempotency, "MOST_REPLY_BYTES", 1)
    work = working(b"11", b"22")
    assert [await told(work), await told(work)] == [b"11", b"22"]


async def test_after_a_day_and_after_a_death():
    await told(working(b"1"))
    rows = IdempotencyRecord.objects
    await rows.aupdate(created_at=datetime.now(UTC) - timedelta(hours=25))
    assert await told(working(b"2")) == b"2"
    await rows.aupdate(reply=None, created_at=datetime.now(UTC) - idempotency.AT_WORK)
    assert await told(working(b"3")) == b"3"


def test_old_records_go():
    now = datetime.now(UTC)
    for hours in (1, 25):
        at = now - timedelta(hours=hours)
        IdempotencyRecord.objects.create(owner="o", key=str(hours), created_at=at)
    purge(now)
    assert [one.key for one in IdempotencyRecord.objects.all()] == ["1"]
