"""Processes that share accounts, each with its own directory over one store."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from accounts.breaker import Mark
from accounts.claims.member import Member
from accounts.claims.purse import Slots
from accounts.directory import Directory, Rules
from accounts.errors import NoAccountAvailable
from accounts.rows import WindowRow
from accounts.standing import Outcome
from grokgateway.jobs import outbox
from tests.accounts.claims.memory import MemoryStore
from tests.accounts.directories import FAST, make_row

LIMIT = 8


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Process:
    """One process of a test."""

    def __init__(self, store, rows, clock, **rules):
        self.directory = Directory(Rules(**({"max_inflight": LIMIT} | rules)))
        self.rows = rows
        self.member = Member(store, lambda: self.directory, clock)
        self.held = []

    async def start(self, *, alone=False):
        await self.member.join(alone=alone)
        self.directory.apply(self.rows, 1.0)
        return self

    async def claim(self, excluded=frozenset()):
        entry, mode, _ = await self.member.trade.claim(FAST, excluded, None)
        self.held.append((entry, mode))
        return entry.id

    def release(self, *, refund=False):
        entry, mode = self.held.pop()
        self.directory.release(entry, mode, 2.0, refund=refund)

    async def refusal(self):
        with pytest.raises(NoAccountAvailable) as caught:
            await self.claim()
        return caught.value.reason


@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits long for what will not come."""
    monkeypatch.setattr("accounts.claims.trading.WAIT_S", 0.1)


@pytest.fixture(autouse=True)
def written(monkeypatch):
    """What goes to the tables; `stored` says whether they take it."""

    class Recorder(outbox.Outbox):
        rows = []
        stored = True

        def put(self, sink, row):
            self.rows.append(row)

        async def flush(self):
            return self.stored

    recorder = Recorder()
    monkeypatch.setattr(outbox, "current", lambda: recorder)
    return recorder


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def make(store, clock, monkeypatch):
    """Processes over accounts that each have so many units left."""
    monkeypatch.setattr("accounts.claims.trading.RELIEF_S", 0.001)
    monkeypatch.setattr("accounts.claims.trading.LOOK_S", 0.001)

    def processes(count, accounts, left, **rules):
        window = WindowRow("fast", left, max(left, 140), 7200)
        rows = [make_row(n, windows=(window,)) for n in range(1, accounts + 1)]
        for row in rows:
            store.windows[row.id, "fast"] = window
        return [Process(store, rows, clock, **rules) for _ in range(count)]

    return processes


async def started(processes):
    for process in processes:
        await process.start()
    for process in processes:  # as their next beat would tell them
        circle = process.member.circle
        circle.peers = await process.member.store.peers(circle.me)
    return processes


async def gathered(*claims):
    found = await asyncio.gather(*claims, return_exceptions=True)
    return [one for one in found if isinstance(one, int)]


async def test_together_they_spend_exactly_what_is_left(make, store):
    four = await started(make(4, 1, 10, max_inflight=100))
    got = await gathered(*[p.claim() for p in four for _ in range(25)])
    assert len(got) == 10
    assert store.windows[1, "fast"].remaining == 0
    assert {await p.refusal() for p in four} == {"quota_exhausted"}


@pytest.mark.usefixtures("impatient")
async def test_together_they_use_no_more_slots_than_an_account_has(make, store):
    four = await started(make(4, 1, 100, max_inflight=3))
    got = await gathered(*[p.claim() for p in four for _ in range(5)])
    assert len(got) == 3
    assert await four[0].refusal() == "saturated"
    assert store.loads == {1: 3}


@pytest.mark.parametrize(("count", "apart"), [(1, 2), (4, 3)])
async def test_150_calls_spread_over_ten_accounts(make, count, apart):
    processes = await started(make(count, 10, 140, max_inflight=20))
    claims = [processes[n % count].claim() for n in range(150)]
    spread = Counter(await gathered(*claims))
    assert sum(spread.values()) == 150
    assert all(abs(spread[number] - 15) <= apart for number in range(1, 11))


async def test_on_a_large_pool_hardly_a_request_waits(make, store):
    two = await started(make(2, 1000, 140))
    for turn in range(3000):
        process = two[turn % 2]
        await process.claim()
        if len(process.held) > 32:
            process.release()
        if turn % 100 == 99:
            await asyncio.gather(*[p.member.beat() for p in two])
    waited = sum(p.member.trade.waited for p in two)
    assert waited < 30
    assert store.steps < 300


async def test_idle_slots_and_units_go_back(make, store):
    process, _ = await started(make(2, 1, 140))
    await process.claim()
    process.release()
    await process.member.beat()
    assert store.loads == {1: 1}
    await process.member.beat()
    assert store.loads == {1: 0}
    assert store.windows[1, "fast"].remaining == 139
    assert not any(store.slices[process.member.circle.me.id].values())


async def test_a_refunded_unit_can_be_spent_by_another(make, store):
    one, other = await started(make(2, 1, 1))
    await one.claim()
    assert await other.refusal() == "quota_exhausted"
    one.release(refund=True)
    for _ in range(2):
        await one.member.beat()
    assert store.windows[1, "fast"].remaining == 1
    for purse in (other.directory.purse,):
        purse._denied.update(dict.fromkeys(purse._denied, 0.0))
    await other.member.beat()
    assert await other.claim() == 1


async def test_units_in_flight_of_the_dead_count_as_spent(make, store):
    one, other = await started(make(2, 1, 5, max_inflight=2))
    await one.claim()
    await one.claim()
    await one.member.trade.settled()
    store.bury(one.member.circle.me.id)
    assert store.loads == {1: 0}
    assert store.windows[1, "fast"].remaining == 3
    for _ in range(2):
        assert await other.claim() == 1


async def test_who_was_taken_for_dead_begins_anew(make, store):
    one, other = await started(make(2, 3, 9, max_inflight=4))
    await one.claim()
    first = one.member.circle.me.id
    store.bury(first)
    await one.claim()
    assert one.member.circle.me.id != first
    assert sum(store.loads.values()) == 2
    assert set(store.members) == {
        one.member.circle.me.id,
        other.member.circle.me.id,
    }


async def test_after_a_lapse_nothing_is_spent_before_the_store_has_spoken(
    make, store, clock
):
    (process,) = await started(make(1, 100, 140))
    await process.claim()
    clock.now += 31
    store.away = True
    assert await process.refusal() == "unreachable"
    store.away = False
    assert await process.claim()


async def test_alone_it_asks_nobody(make, store, clock):
    (process,) = make(1, 3, 9)
    await process.start(alone=True)
    steps = store.steps
    for _ in range(20):
        await process.claim()
    assert store.steps == steps
    clock.now += 31
    store.away = True
    assert await process.claim()


@pytest.mark.usefixtures("impatient")
async def test_who_was_alone_opens_its_accounts_to_a_newcomer(make, store, written):
    first, second = make(2, 1, 10, max_inflight=100)
    await first.start(alone=True)
    assert first.member.circle.alone
    for _ in range(3):
        await first.claim()
    await second.start(alone=True)
    assert not second.member.circle.alone
    assert await second.refusal() in {"saturated", "unreachable"}
    written.stored = False  # what calls under way have taken must be written first
    await first.member.beat()
    assert first.member.circle.alone
    written.stored = True
    await first.member.beat()
    assert not first.member.circle.alone
    assert [use.window.remaining for use in written.rows] == [7, 7]
    store.windows[1, "fast"] = written.rows[-1].window
    assert store.loads == {1: 3}
    got = await gathered(*[p.claim() for p in (first, second) for _ in range(9)])
    assert len(got) == 7


async def test_others_hear_of_an_open_breaker_at_once(make, store):
    one, other = await started(make(2, 10, 140))
    breaker = one.directory.breakers.of("chat", "fast")
    for account in (1, 2, 3):
        breaker.begin(account, 1.0)
        breaker.end(1.0)
        breaker.suspect(Outcome.SERVER, account, Mark(1.0, 1.0, make_row(account)))
    await one.member.beat()
    await other.member.beat()
    (peer,) = [p for p in store.members.values() if p.id == one.member.circle.me.id]
    (told,) = peer.notes["breakers"]
    assert (told["operation"], told["mode"]) == ("chat", "fast")
    steps = store.steps
    await one.member.beat()
    assert store.steps == steps


async def test_a_request_that_leaves_loses_nothing(make, store):
    process, _ = await started(make(2, 1, 9))
    leaving = asyncio.create_task(process.claim())
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await process.member.trade.settled()
    for _ in range(3):
        await process.member.beat()
    assert store.windows[1, "fast"].remaining == 9
    assert store.loads == {1: 0}


async def test_excluded_accounts_are_passed_over(make):
    (process,) = await started(make(1, 3, 9))
    assert await process.claim({1, 2}) == 3
    with pytest.raises(NoAccountAvailable):
        await process.claim({1, 2, 3})


async def test_leaving_gives_everything_back(make, store):
    one, other = await started(make(2, 40, 140))
    for _ in range(5):
        await one.claim()
    for _ in range(5):
        one.release()
    await one.member.leave()
    assert list(store.members) == [other.member.circle.me.id]
    assert sum(store.loads.values()) == 0


async def test_a_window_that_resets_is_claimed_anew(make, store):
    process, _ = await started(make(2, 1, 2))
    await process.claim()
    (stock,) = process.directory.entry(1).windows
    stock.reset_at = process.directory.purse.units[stock].reset_at = 1.0
    store.windows[1, "fast"] = replace(store.windows[1, "fast"], reset_at=1.0)
    await process.claim()
    window = store.windows[1, "fast"]
    assert window.reset_at > 1.0
    assert window.remaining == 140 - 1 - process.directory.purse.in_hand(stock)


async def test_an_answer_that_is_lost_costs_units_and_frees_slots(make, store):
    process, _ = await started(make(2, 1, 9, max_inflight=2))
    move = store.move

    async def lost(*given):
        await move(*given)
        store.move = move
        store.away = True
        store.step()

    store.move = lost
    assert await process.refusal() == "unreachable"
    store.away = False
    await process.member.beat()
    assert store.loads == {1: 0}
    assert store.windows[1, "fast"].remaining == 7  # one was taken in advance


async def test_what_is_kept_for_a_burst_is_a_number(make):
    """Scripts take no truth for a one."""
    (process,) = await started(make(1, 200, 140))
    await process.member.beat()
    purse = process.directory.purse
    for number in (1, 2, 3):
        purse.slots[number] = Slots(process.directory.entry(number), 3)
    backs, _ = purse.surplus({1, 2, 3}, 1.0)
    assert {type(back.kept) for back in backs} == {int}


async def test_who_has_no_peers_keeps_slots_and_hardly_waits(make, store):
    (process,) = await started(make(1, 10, 140))
    await process.member.beat()
    for _ in range(60):
        for _ in range(20):
            await process.claim()
        while process.held:
            process.release()
        await process.member.trade.settled()
        await process.member.beat()
    trade = process.member.trade
    assert trade.waited < 0.02 * trade.requests
    assert sum(store.loads.values()) == 10 * LIMIT


async def test_it_makes_room_as_soon_as_somebody_comes(make, store):
    one, other = make(2, 1, 140)
    await one.start()
    await one.member.beat()
    await one.claim()
    assert store.loads == {1: LIMIT}
    await other.start()
    for _ in range(2):
        await one.member.beat()
    assert store.loads == {1: 1}
    got = await gathered(*[other.claim() for _ in range(LIMIT - 1)])
    assert len(got) == LIMIT - 1
