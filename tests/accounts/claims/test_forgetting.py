"""The shared store comes back empty: what one process knew is not what is left."""

import asyncio
from functools import partial

from accounts.claims.member import Member
from accounts.rows import WindowRow
from tests.accounts.claims.memory import MemoryStore
from tests.accounts.claims.test_members import Clock, Process, started
from tests.accounts.directories import make_row

LEFT = 40


async def reread(process, store):
    rows = [make_row(n, windows=(window,)) for (n, _), window in store.windows.items()]
    process.directory.take_over(rows, 2.0)


def known(process):
    return process.directory


def remaining(process):
    (entry,) = process.directory.entries()
    return entry.window("fast").remaining


async def test_it_learns_from_the_tables_what_is_left():
    """And however many requests notice, each process joins once."""
    store, window = MemoryStore(), WindowRow("fast", LEFT, 140, 7200)
    store.windows[1, "fast"] = window
    rows = [make_row(1, windows=(window,))]
    made = [Process(store, rows, Clock()) for _ in range(2)]
    for process in made:
        read = partial(reread, process, store)
        process.member = Member(store, partial(known, process), Clock(), reread=read)
    one, other = await started(made)
    for process in (one, other, other, other):
        await process.claim()
    left = store.windows[1, "fast"].remaining
    assert left <= LEFT - 4
    assert remaining(one) + remaining(other) > 2 * left
    store.members.clear()
    store.slices.clear()
    store.loads.clear()
    for process in made:
        await asyncio.gather(*[process.member.revive() for _ in range(3)])
    assert len(store.members) == 2
    assert store.loads == {1: 4}
    assert [remaining(process) for process in made] == [left, left]
