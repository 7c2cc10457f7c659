"""The Redis store on a real server; its scripts share as `shares` says."""

import math
import random
import time
from dataclasses import replace
from secrets import token_hex

import pytest
from redis.asyncio import Redis

from accounts.claims import scripts, telling
from accounts.claims.base import SLOTS, Back, Gone, Me, Rates, Unreachable, Want
from accounts.claims.membership import place
from accounts.claims.redis import RedisStore
from accounts.claims.shares import share
from accounts.rows import WindowRow
from grokgateway.jobs import outbox
from tests.neighbours import REDIS, REDIS_DB, needed

pytestmark = pytest.mark.service
URL = f"redis://{REDIS[0]}:{REDIS[1]}/{REDIS_DB}"
ONE, OTHER = (Me(name * 4, name, "here", 0, 0) for name in "ab")
RATES = Rates(members=2, limit=8, by_quota=True)
WINDOW = WindowRow("fast", 140, 140, 7200)


@pytest.fixture
def prefix():
    return f"g2test:{token_hex(6)}:"


@pytest.fixture
async def store(prefix):
    needed("Redis", REDIS)
    made = RedisStore(URL, prefix)
    yield made
    await made.aclose()
    async with Redis.from_url(URL) as client:
        async for key in client.scan_iter(f"{prefix}*"):
            await client.delete(key)


@pytest.fixture(autouse=True)
def uses(monkeypatch):
    rows = []

    class Recorder(outbox.Outbox):
        def put(self, sink, row):
            rows.append(row)

    recorder = Recorder()
    monkeypatch.setattr(outbox, "current", lambda: recorder)
    return rows


@pytest.fixture
def told(prefix, settings, monkeypatch):
    settings.REDIS_URL = URL
    monkeypatch.setattr(telling, "PREFIX", prefix)


@pytest.fixture
async def both(store):
    for me in (ONE, OTHER):
        await store.join(me, {}, alone=False)
    return store


async def take(store, me=ONE, window=WINDOW, rates=RATES, **asked):
    wanted = Want(1, window, **(asked or {"units": 1, "slots": 1}))
    (grant,) = await store.move(me, [], [wanted], rates)
    return grant


async def test_what_is_taken_and_given_back(both, uses):
    grant = await take(both, units=3, slots=2)
    assert (grant.units, grant.slots, grant.window.remaining) == (3, 2, 137)
    assert grant.window.reset_at == pytest.approx(time.time() + 7200, abs=5)
    backs = [
        Back(1, SLOTS, 2, 0),
        Back(1, "fast", 2, 0, grant.window.reset_at),
    ]
    for _ in range(2):  # the second time it is a repetition
        await both.move(ONE, backs, [], RATES)
    grant = await take(both, OTHER)
    assert grant.window.remaining == 138
    assert [(one, row.mode, row.remaining) for one, row in uses] == [
        (1, "fast", 137),
        (1, "fast", 139),
        (1, "fast", 138),
    ]


async def test_slots_of_all_count(both):
    for me in (ONE, OTHER):
        assert (await take(both, me, units=3, slots=3)).slots == 3
    assert (await take(both, units=9, slots=9, held_slots=3, held_units=3)).slots == 2
    assert (await take(both, OTHER, held_slots=3, units=1, slots=1)).busy


async def test_the_dead_give_up_their_slots_and_lose_their_units(both, prefix):
    await take(both, OTHER, units=3, slots=8)
    assert (await take(both)).busy
    async with Redis.from_url(URL) as client:
        await client.zadd(f"{prefix}x", {OTHER.id: 1.0})
    assert [peer.id for peer in await both.renew(ONE, {})] == [ONE.id]
    grant = await take(both)
    assert (grant.slots, grant.window.remaining) == (1, 136)
    with pytest.raises(Gone):
        await take(both, OTHER)
    with pytest.raises(Gone):
        await both.renew(OTHER, {})


async def test_a_neighbour_whose_process_is_gone_is_buried(both):
    gone = replace(ONE, id="gone", place=place(), born=1, pid=2**22 + 1)
    await both.join(gone, {1: 8}, alone=False)
    assert (await take(both)).busy
    await both.renew(ONE, {"breakers": ["x"]})
    assert not (await take(both)).busy
    found = {peer.id: peer for peer in await both.peers(ONE)}
    assert set(found) == {ONE.id, OTHER.id}
    assert found[ONE.id].notes == {"breakers": ["x"]}


async def test_who_is_first_is_alone_and_opens_in_a_new_epoch(store):
    assert [p.alone for p in await store.join(ONE, {}, alone=True)] == [True]
    peers = await store.join(OTHER, {}, alone=True)
    assert {peer.id: peer.alone for peer in peers} == {ONE.id: True, OTHER.id: False}
    await take(store, units=40, slots=1)
    await store.open(ONE, {1: 7})
    assert not any(peer.alone for peer in await store.peers(ONE))
    grant = await take(store, OTHER, units=1, slots=2)
    assert (grant.slots, grant.window.remaining) == (1, 139)


async def test_the_first_after_all_have_left_begins_anew(both):
    await take(both, units=40, slots=1)
    for me in (ONE, OTHER):
        await both.leave(me, [])
    await both.join(ONE, {}, alone=False)
    assert (await take(both)).window.remaining == 139


async def test_what_the_tables_learnt_is_told(both, told):
    real = WindowRow("fast", 20, 140, 7200, time.time() + 99, "real")
    assert telling.tell([(1, real)], known_only=True) == [(1, real)]
    grant = await take(both, units=3, slots=1)
    assert grant.window.remaining == 137
    told = [(1, replace(real, remaining=17))]
    assert telling.tell([(1, real)], less=True) == told
    grant = await take(both, OTHER)
    assert (grant.window.remaining, grant.window.source) == (16, "real")
    assert grant.window.reset_at == pytest.approx(real.reset_at, abs=1e-5)


async def test_who_was_barred_is_not_given_out(both, told):
    telling.bar({1: math.inf})
    grant = await take(both)
    assert (grant.units, grant.slots, grant.window.remaining) == (0, 0, 0)
    assert grant.window.cooling_until == pytest.approx(time.time() + 1, abs=1)
    telling.bar({1: 0.0, 2: time.time() - 1})
    assert (await take(both)).window.remaining == 139


async def test_a_window_is_read_as_it_is(both, told):
    grant = await take(both, units=3, slots=1)
    with telling.client() as asked:
        found = telling.ask(asked, [(1, "auto"), (1, "fast")])
    assert found == [(1, replace(grant.window))]


async def test_the_script_shares_like_the_rule(both):
    random.seed(7)
    for account in range(2, 300):
        window = WindowRow(
            "fast",
            random.choice([0, 1, 3, 10, 64, 140]),
            140,
            7200,
            random.choice([0.0, 1.0, time.time() + 60]),
            "real",
            random.choice([0.0, 0.0, 0.0, time.time() + 60]),
        )
        want = Want(
            account,
            window,
            units=random.randrange(4),
            slots=random.randrange(4),
            spare_units=random.randrange(4),
            spare_slots=random.randrange(4),
            free_units=random.randrange(2),
            free_slots=random.randrange(2),
        )
        rates = Rates(random.randrange(1, 5), random.randrange(1, 9), bool(account % 3))
        known = replace(window, remaining=max(0, window.remaining - want.free_units))
        expected = share(known, 0, want, rates, time.time())
        (grant,) = await both.move(ONE, [], [want], rates)
        assert (grant.units, grant.slots) == (expected.units, expected.slots)
        assert grant.window.remaining == expected.window.remaining
        assert grant.window.reset_at == pytest.approx(expected.window.reset_at, abs=2)


async def test_a_server_that_is_away_is_told(prefix):
    needed("Redis", REDIS)
    store = RedisStore("redis://127.0.0.1:1/0", prefix)
    with pytest.raises(Unreachable):
        await store.peers(ONE)
    await store.aclose()


def test_every_script_is_one_step_of_its_own():
    assert all(
        script.count("KEYS[1]") == 1
        for script in (scripts.JOIN, scripts.MOVE, scripts.TELL)
    )
