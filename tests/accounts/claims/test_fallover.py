"""Redis goes and comes back: claims move to the tables and nothing is taken twice."""

import asyncio
import random

import pytest

from accounts import store
from accounts.claims import eras, fallover, member, membership, trading
from accounts.claims.tables import ClaimEra, ClaimLoad, ClaimMember, ClaimSlice
from accounts.models import QuotaWindow
from accounts.store import copies
from grokgateway.jobs import outbox
from tests.accounts.claims.partitions import (
    LIMIT,
    OUTBOX,
    Clock,
    Process,
    Server,
    off_loop,
)
from tests.factories import make_account

pytestmark = pytest.mark.django_db(transaction=True)
LEFT = 40


def stored_rows():
    return [row for page in store.load() for row in page]


def turned():
    return ClaimEra.objects.filter(tables=True).exists()


class World:
    def __init__(self, monkeypatch, windows=LEFT):
        self.clock = Clock()
        self.server = Server(self.clock)
        self.processes = []
        self.ended = []
        self.patience_s = 0.15
        self.account = make_account(pool="super")
        QuotaWindow.objects.update(remaining=windows)
        monkeypatch.setattr(outbox, "current", OUTBOX.get)
        monkeypatch.setattr(membership, "clock", self.clock)
        monkeypatch.setattr(
            copies, "reached", lambda: not OUTBOX.get().process.redis.cut
        )
        monkeypatch.setattr(
            copies,
            "from_redis",
            lambda keys: {
                key: self.server.windows[key]
                for key in keys
                if key in self.server.windows
            },
        )
        for module in (fallover, member, trading):
            monkeypatch.setattr(module, "LOOK_S", 0.001)
        monkeypatch.setattr(fallover, "AWAY_S", 0.02)
        monkeypatch.setattr(trading, "WAIT_S", 0.1)
        monkeypatch.setattr(trading, "RELIEF_S", 0.01)

    async def start(self, count=2):
        for _ in range(count):
            made = Process(self.server, self.clock, stored_rows)
            self.processes.append(await made.start())
        return self.processes

    async def pass_by(self, seconds):
        """Everybody beats once a second meanwhile."""
        ends_at = self.clock.now + seconds
        while self.clock.now < ends_at:
            self.clock.now += 1.0
            for process in self.processes:
                await within(process.beat(), self.patience_s)

    def cut_redis(self, *processes, cut=True):
        for process in processes or self.processes:
            process.redis.cut = cut

    @property
    def taken(self):
        return sum(one.taken for one in (*self.processes, *self.ended))

    @property
    def in_use(self):
        return sum(process.in_use for process in self.processes)

    def followed(self, tables):
        era = ClaimEra.objects.get()
        late = ClaimMember.objects.exclude(era=era.number)
        return era.tables == tables and not late.exists()

    async def moved(self, *, tables):
        """Beat until all have followed, however slow the database is."""
        for _ in range(100):
            if await off_loop(self.followed, tables):
                await self.pass_by(1)
                return
            await self.pass_by(1)
        raise AssertionError("claims were not moved")


async def within(step, seconds=0.15):
    """A step that waits for others goes on with the next beat."""
    try:
        async with asyncio.timeout(seconds):
            await step
    except TimeoutError:
        pass


@pytest.fixture
def world(monkeypatch):
    made = World(monkeypatch)
    yield made
    for process in (*made.processes, *made.ended):
        asyncio.run(process.tables.aclose())


async def spend(world, process, count):
    for _ in range(count):
        taken = await process.claim()
        if not taken:
            await world.pass_by(1)  # idle slots of others come back
            taken = await process.claim()
        if taken:
            assert world.in_use <= LIMIT
            process.release()


async def spend_all(world):
    for _ in range(3 * LEFT):
        await spend(world, random.choice(world.processes), 1)
        if world.taken >= LEFT:
            return


@pytest.mark.parametrize("forgets", [True, False])
async def test_claims_move_to_the_tables_and_back(world, forgets):
    one, other = await world.start()
    await spend(world, one, 4)
    await spend(world, other, 4)
    world.cut_redis()
    await world.moved(tables=True)
    await spend(world, one, 4)
    await spend(world, other, 4)
    assert world.taken == 16, (one.said, other.said)
    if forgets:
        world.server.forget()
    world.cut_redis(cut=False)
    await world.moved(tables=False)
    assert not await off_loop(ClaimSlice.objects.count)
    await spend_all(world)
    assert LEFT - 8 <= world.taken <= LEFT
    for process in world.processes:
        assert not await process.claim()


async def test_who_still_reaches_redis_takes_nothing_there_once_others_left(world):
    one, other = await world.start()
    await spend(world, other, 2)
    world.cut_redis(one)
    world.clock.now += 1.1
    while not await off_loop(turned):
        await within(one.beat())
    await spend(world, one, 1)  # nothing was in hand
    assert one.taken == 0
    await world.moved(tables=True)
    await spend_all(world)
    assert LEFT - 8 <= world.taken <= LEFT


async def test_who_reaches_redis_alone_stops_before_others_take(world):
    """The tables are cut off from one, and Redis from the other."""
    one, other = await world.start()
    await spend(world, other, 2)
    world.cut_redis(one)
    other.tables.cut = True
    world.patience_s = 0.03
    first = last = None
    began = world.clock.now
    while world.clock.now < began + 120:
        await world.pass_by(4)
        if await one.claim():
            first = first or world.clock.now
            one.release()
        if await other.claim():
            last = world.clock.now
            other.release()
    assert last is not None
    assert first is not None
    assert began + 20 < last < first


async def test_without_the_tables_all_go_on_in_redis(world):
    await world.start()
    for process in world.processes:
        process.tables.cut = True
    await world.pass_by(100)
    await spend(world, world.processes[0], 5)
    await spend(world, world.processes[1], 5)
    assert world.taken == 10
    await world.pass_by(eras.ORPHAN_S)
    before = world.taken
    for process in world.processes:
        await spend(world, process, 20)
    assert world.taken <= before + 16  # what was in hand


async def test_redis_that_forgot_all_leads_to_the_tables(world):
    one, other = await world.start()
    await spend(world, one, 5)
    await spend(world, other, 5)
    world.server.forget()
    await world.moved(tables=True)
    await world.moved(tables=False)
    await spend_all(world)
    assert LEFT - 12 <= world.taken <= LEFT


async def test_who_is_alone_goes_on_and_opens_to_a_newcomer(world):
    lone = Process(world.server, world.clock, stored_rows)
    world.processes.append(await lone.start(alone=True))
    assert lone.member.circle.alone
    world.cut_redis()
    await spend(world, lone, 3)
    await world.pass_by(15)
    assert lone.member.circle.alone
    await spend(world, lone, 3)
    newcomer = Process(world.server, world.clock, stored_rows)
    newcomer.redis.cut = True
    joining = asyncio.create_task(newcomer.start())
    while not joining.done():
        await within(lone.beat())
        await asyncio.sleep(0.01)
    world.processes.append(await joining)
    assert newcomer.member.circle.admitted  # nobody is alone any more
    await world.pass_by(3)
    await spend_all(world)
    assert LEFT - 8 <= world.taken <= LEFT


def something(world, process, chance):
    """What may befall a process; returns what there is to wait for."""
    match chance.randrange(9):
        case 0:
            process.redis.cut = not process.redis.cut
        case 1:
            away = chance.random() < 0.5
            for one in world.processes:
                one.tables.cut = away
        case 2:
            world.clock.now += chance.choice([1, 5, 12])
        case 3:
            return world.pass_by(chance.choice([1, 3]))
        case 4 if chance.random() < 0.3:
            world.server.forget()
        case 5 if process.held:
            process.release()
        case _:
            return process.claim()
    return asyncio.sleep(0)


# Real time passes in it: once, on PostgreSQL beside much other work, seed 15 had five
# slots in use of four; not understood yet, and not seen again.
@pytest.mark.load
@pytest.mark.parametrize("seed", range(16))
async def test_whatever_is_cut_nothing_is_taken_twice(world, seed):
    chance = random.Random(seed)
    await world.start(3)
    for _ in range(60):
        await something(world, chance.choice(world.processes), chance)
        assert world.in_use <= LIMIT
        assert world.taken <= LEFT
    for process in world.processes:
        process.redis.cut = process.tables.cut = False
        while process.held:
            process.release()
    await world.pass_by(100)
    members = await off_loop(ClaimMember.objects.count)
    assert members == len(world.processes)
    await spend_all(world)
    assert world.taken <= LEFT
    assert await off_loop(ClaimLoad.objects.filter(slots__gt=LIMIT).count) == 0
