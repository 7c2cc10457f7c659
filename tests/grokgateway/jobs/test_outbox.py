import asyncio
import logging
import threading
import time

import pytest

from grokgateway.jobs import outbox
from grokgateway.jobs.outbox import Outbox, Sink


class Store:
    """A sink that remembers batches and fails on request."""

    def __init__(self):
        self.batches = []
        self.threads = set()
        self.failing = False

    def write(self, rows):
        self.threads.add(threading.current_thread().name)
        if self.failing:
            raise OSError("store away")
        self.batches.append(list(rows))

    @property
    def rows(self):
        return [row for batch in self.batches for row in batch]


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def sink(store):
    return Sink("test", store.write)


async def test_flush_writes_everything_in_order_and_in_batches(store, sink):
    box = Outbox(batch_rows=4)
    for number in range(10):
        box.put(sink, number)

    await box.flush()

    assert store.rows == list(range(10))
    assert [len(batch) for batch in store.batches] == [4, 4, 2]
    assert box.waiting == 0


async def test_all_flushes_use_one_thread_of_its_own(store, sink):
    box = Outbox()
    for _ in range(5):
        box.put(sink, 1)
        await box.flush()
    assert store.threads == {"outbox_0"}


async def test_an_empty_flush_starts_no_thread(store):
    await Outbox().flush()
    assert not store.threads


def test_flush_sync_writes_in_the_caller(store, sink):
    box = Outbox()
    box.put(sink, 1)
    box.flush_sync()
    assert store.rows == [1]
    assert store.threads == {threading.current_thread().name}


def test_a_failing_sink_keeps_rows_and_order(store, sink):
    box = Outbox(batch_rows=2)
    box.put(sink, 1)
    box.put(sink, 2)
    box.put(sink, 3)
    store.failing = True
    box.flush_sync()
    box.put(sink, 4)
    assert box.waiting == 4

    store.failing = False
    box.flush_sync()

    assert store.rows == [1, 2, 3, 4]
    assert box.dropped == 0


def test_a_failing_sink_does_not_hold_up_another(store, sink):
    other = Store()
    store.failing = True
    box = Outbox()
    box.put(sink, 1)
    box.put(Sink("other", other.write), 2)

    box.flush_sync()

    assert other.rows == [2]
    assert box.waiting == 1


def test_overflow_drops_the_oldest_and_counts(store, sink, caplog):
    box = Outbox(limit_rows=3)
    for number in range(5):
        box.put(sink, number)
    box.flush_sync()
    assert store.rows == [2, 3, 4]
    assert box.dropped == 2
    assert "2 lost" in caplog.text


def test_rows_kept_by_a_failure_stay_bounded(store, sink):
    box = Outbox(limit_rows=3)
    for number in range(3):
        box.put(sink, number)

    def fail_while_more_come(rows):
        for number in (3, 4):
            box.put(slow, number)
        raise OSError

    slow = Sink("slow", fail_while_more_come)
    for number in range(3):
        box.put(slow, number)
    box.flush_sync()
    assert box.waiting == 3
    assert box.dropped == 2


def test_a_failure_is_logged_once_a_minute(store, sink, caplog):
    now = [0.0]
    box = Outbox(clock=lambda: now[0])
    box.put(sink, "row-content")
    store.failing = True
    with caplog.at_level(logging.ERROR):
        for now[0] in (0.0, 30.0, 59.0, 61.0):
            box.flush_sync()
    assert caplog.text.count("writing failed") == 2
    assert "store away" in caplog.text
    assert "row-content" not in caplog.text


async def test_flush_waits_for_one_that_runs():
    box = Outbox()
    written = []

    def write(rows):
        time.sleep(0.05)
        written.extend(rows)

    box.put(Sink("slow", write), 1)
    first = asyncio.create_task(box.flush())
    await asyncio.sleep(0.01)
    await box.flush()
    assert written == [1]
    await first


def test_threads_put_without_loss(store, sink):
    box = Outbox()

    def put_many(start):
        for number in range(start, start + 1000):
            box.put(sink, number)

    threads = [threading.Thread(target=put_many, args=(n * 1000,)) for n in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        box.flush_sync()
    box.flush_sync()

    assert sorted(store.rows) == list(range(4000))
    for n in range(4):
        mine = [row for row in store.rows if row // 1000 == n]
        assert mine == sorted(mine)


def test_a_process_has_one_outbox():
    assert outbox.current() is outbox.current()


async def test_heavy_rows_have_a_limit_of_their_own(store):
    heavy = Sink("heavy", store.write, limit_rows=2)
    box = Outbox(limit_rows=5)
    for row in range(4):
        box.put(heavy, row)
    await box.flush()
    assert store.rows == [2, 3]
    assert box.dropped == 2
