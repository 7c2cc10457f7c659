import asyncio
import errno
import os
import threading

import pytest

from media import threads
from media.errors import UnknownFile
from media.reading import CHUNK_BYTES, Reading

SIZE = 3 * CHUNK_BYTES + 7


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "file"
    found.write_bytes(os.urandom(SIZE))
    return found


async def read(path, start=0, length=SIZE):
    reading = Reading(path.open("rb", buffering=0))
    try:
        return [chunk async for chunk in reading.chunks(start, length)]
    finally:
        reading.close()


def refusing(monkeypatch, number):
    calls = []

    def refuse(*_args):
        calls.append(1)
        raise OSError(number, "no")

    monkeypatch.setattr(os, "preadv", refuse)
    return calls


@pytest.mark.parametrize(("start", "length"), [(0, SIZE), (5, 1), (9, SIZE - 9)])
async def test_exactly_what_was_asked_is_read(path, start, length):
    whole = path.read_bytes()
    assert b"".join(await read(path, start, length)) == whole[start : start + length]


async def test_a_chunk_is_of_bounded_size(path):
    assert [len(chunk) for chunk in await read(path)] == [CHUNK_BYTES] * 3 + [7]


async def test_a_thread_reads_what_is_not_in_memory(path, monkeypatch):
    calls = refusing(monkeypatch, errno.EAGAIN)
    assert b"".join(await read(path)) == path.read_bytes()
    assert len(calls) == 4


async def test_a_file_system_that_cannot_tell_is_asked_once(path, monkeypatch):
    calls = refusing(monkeypatch, errno.EOPNOTSUPP)
    assert b"".join(await read(path)) == path.read_bytes()
    assert len(calls) == 1


async def test_other_files_are_read_in_threads(path, monkeypatch):
    calls = refusing(monkeypatch, errno.EAGAIN)
    with path.open("rb") as file:
        chunks = [chunk async for chunk in Reading(file).chunks(0, SIZE)]
    assert b"".join(chunks) == path.read_bytes()
    assert calls == []


async def test_a_file_that_has_become_shorter_is_noticed(path):
    with pytest.raises(UnknownFile):
        await read(path, 0, SIZE + 1)


async def test_others_have_their_turn_beside_a_fast_client(path):
    turns = 0

    async def count():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await read(path)
    counting.cancel()
    assert turns >= 4


async def test_closing_waits_for_a_read_under_way(path, monkeypatch):
    refusing(monkeypatch, errno.EAGAIN)
    file = path.open("rb", buffering=0)
    reading = Reading(file)
    gate = threading.Event()
    disk = threads.pools().disk
    blocked = [disk.submit(gate.wait) for _ in range(threads.DISK_THREADS)]
    taking = asyncio.create_task(anext(reading.chunks(0, SIZE)))
    await asyncio.sleep(0)
    taking.cancel()
    reading.close()
    assert not file.closed
    gate.set()
    later = [disk.submit(int) for _ in range(threads.DISK_THREADS)]
    await asyncio.gather(*map(asyncio.wrap_future, blocked))
    await asyncio.gather(*map(asyncio.wrap_future, later))
    async with asyncio.timeout(5):
        while not file.closed:  # noqa: ASYNC110 - a thread closes it, no event tells
            await asyncio.sleep(0.001)
