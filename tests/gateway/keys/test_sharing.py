"""Several processes and one key: together they keep to its limits, to the unit."""

import asyncio
import random
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.db import OperationalError, close_old_connections
from django.test import TransactionTestCase

from accounts.claims import membership
from gateway.errors import GatewayError, Kind
from gateway.keys import home, shares, store
from gateway.keys.hands import Short
from gateway.keys.ledger import Ledger, Use
from gateway.keys.sharing import Sharing
from gateway.models import ApiKey, KeyUsage
from gateway.share_tables import KeyMember, KeyShare
from tests.factories import make_key

DAY = 20_000
NOON = DAY * 86_400.0 + 43_200


class Process:
    """One serving process; all of them share the test's clock."""

    def __init__(self, clock):
        self.clock = clock
        self.ledger = Ledger(lambda: clock.steady, lambda: NOON + clock.steady)
        self.me = shares.Me()
        self.sharing = Sharing(self.ledger, self.me)
        self.slots = []

    def beat(self, *cards):
        self.sharing.step(cards, {})

    def try_to_enter(self, card):
        """As a request does, without its patience."""
        try:
            try:
                slot = self.ledger.enter(card)
            except Short:
                self.sharing.step([card], {card.id: 1})
                slot = self.ledger.enter(card)
        except (Short, GatewayError):
            return False
        self.slots.append(slot)
        return True

    def leave(self, tokens=0):
        """End the oldest request and store what it used."""
        slot = self.slots.pop(0)
        self.ledger.leave(slot, tokens)
        with self.at_work():
            use = Use(slot.card.id, slot.day, NOON, requests=1, prompt_tokens=tokens)
            store.save_uses([use])

    @contextmanager
    def at_work(self):
        before, home.HOME.ledger = home.HOME.ledger, self.ledger
        try:
            yield
        finally:
            home.HOME.ledger = before


class Clock:
    steady = 1000.0


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(membership, "clock", lambda: clock.steady)
    return clock


@pytest.fixture
def processes(db, clock):
    return [Process(clock) for _ in range(3)]


def limited(**limits):
    row, _ = make_key(**limits)
    return store.card_of(row)


def settle(processes, card):
    """Beats enough that all idle places are back."""
    for _ in range(3):
        for process in processes:
            process.beat(card)


def test_alone_a_process_holds_all_there_is(processes):
    card = limited(concurrent=3, requests_per_day=5)
    processes[0].beat(card)
    rows = {row.kind: row.count for row in KeyShare.objects.all()}
    assert rows == {"open": 3, "requests": 5}


def test_alone_it_asks_nobody(processes, django_assert_num_queries):
    card = limited(concurrent=3, requests_per_min=3, requests_per_day=9)
    processes[0].beat(card)
    with django_assert_num_queries(0):
        assert [processes[0].ledger.enter(card) for _ in range(3)]


def test_a_newcomer_gets_what_the_first_makes_room_for(processes):
    first, second, _ = processes
    card = limited(concurrent=2)
    first.beat(card)
    assert first.try_to_enter(card)
    assert not second.try_to_enter(card)
    first.beat(card)
    assert second.try_to_enter(card)
    assert not first.try_to_enter(card)
    assert not second.try_to_enter(card)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "limits",
    [{"concurrent": 7}, {"requests_per_min": 7}, {"requests_per_day": 7}],
    ids=str,
)
def test_together_they_let_in_exactly_as_many(processes, limits, seed):
    card, chance = limited(**limits), random.Random(seed)
    entered = 0
    for _ in range(60):
        entered += chance.choice(processes).try_to_enter(card)
        if chance.random() < 0.2:
            chance.choice(processes).beat(card)
    settle(processes, card)
    for process in processes:
        while process.try_to_enter(card):
            entered += 1
        settle(processes, card)
    assert entered == 7


def test_any_sixty_seconds_hold_for_all_together(processes, clock):
    card, chance = limited(requests_per_min=5), random.Random(1)
    times = []
    for _ in range(600):
        clock.steady += 0.5
        process = chance.choice(processes)
        if process.try_to_enter(card):
            times.append(clock.steady)
        for process in processes:
            process.beat(card)
    assert len(times) > 20
    assert all(later - one >= 60 for one, later in zip(times, times[5:], strict=False))


def test_places_come_back_when_requests_end(processes):
    first, second, _ = processes
    card = limited(concurrent=2)
    for _ in range(10):
        assert first.try_to_enter(card)
        assert first.try_to_enter(card)
        assert not second.try_to_enter(card)
        first.leave()
        first.leave()
        settle(processes, card)
        assert second.try_to_enter(card)
        second.leave()
        settle(processes, card)


def test_a_day_is_counted_once_stored_or_in_hand(processes):
    first, second, third = processes
    card = limited(requests_per_day=6)
    settle(processes, card)
    assert first.try_to_enter(card)
    assert second.try_to_enter(card)
    first.leave()
    settle(processes, card)
    entered = 2
    for process in (third, second, first):
        while process.try_to_enter(card):
            entered += 1
        settle(processes, card)
    assert entered == 6
    for process in processes:
        while process.slots:
            process.leave()
    settle(processes, card)
    assert KeyUsage.objects.get().requests == 6
    assert not any(process.try_to_enter(card) for process in processes)


def test_tokens_of_all_are_counted_together(processes):
    first, second, _ = processes
    card = limited(tokens_per_day=100)
    first.beat(card)
    second.beat(card)
    first.beat(card)
    for process, tokens in ((first, 60), (second, 39)):
        assert process.try_to_enter(card)
        process.leave(tokens)
        settle(processes, card)
    assert second.try_to_enter(card)  # one token is left
    second.leave(50)
    settle(processes, card)
    assert not any(process.try_to_enter(card) for process in processes)


def test_a_new_day_begins_for_all(processes, clock):
    first, second, _ = processes
    card = limited(requests_per_day=1)
    assert first.try_to_enter(card)
    first.leave()
    assert not second.try_to_enter(card)
    clock.steady += 43_201
    settle(processes, card)
    assert second.try_to_enter(card)
    settle(processes, card)
    assert not first.try_to_enter(card)


def test_what_a_dead_process_held_is_free_again(processes, clock):
    first, second, _ = processes
    card = limited(concurrent=1, requests_per_min=2)
    assert first.try_to_enter(card)
    assert not second.try_to_enter(card)
    first.beat(card)
    KeyMember.objects.filter(pk=first.me.id).update(expires_at=clock.steady)
    third = processes[2]
    third.beat(card)  # serves too, so the minute counts on
    assert second.try_to_enter(card)
    second.leave()
    settle([second, third], card)
    assert not second.try_to_enter(card)
    clock.steady += 61
    settle([second, third], card)
    assert second.try_to_enter(card)


def test_who_begins_after_a_crash_finds_nothing_taken(processes, clock):
    first, second, _ = processes
    card = limited(concurrent=1, requests_per_min=1)
    assert first.try_to_enter(card)
    KeyMember.objects.update(born=1)  # its pid is another process now
    assert second.try_to_enter(card)


def test_who_was_thought_dead_trusts_nothing_in_its_hand(processes, clock):
    first, second, _ = processes
    card = limited(concurrent=2)
    first.beat(card)
    clock.steady += 31
    assert second.try_to_enter(card)
    assert second.try_to_enter(card)
    first.ledger.sole = False
    with pytest.raises(Short):
        first.ledger.enter(card)
    assert not first.try_to_enter(card)


def test_leaving_gives_back_but_the_minute_counts_on(processes):
    first, second, _ = processes
    card = limited(concurrent=1, requests_per_min=2)
    assert first.try_to_enter(card)
    assert not second.try_to_enter(card)
    first.leave()
    first.sharing.give_up()
    assert second.try_to_enter(card)
    second.leave()
    assert not second.try_to_enter(card)
    assert not KeyMember.objects.filter(pk=first.me.id).exists()


def test_a_limit_that_was_lowered_holds_at_the_next_beat(processes):
    first = processes[0]
    card = limited(concurrent=5)
    first.beat(card)
    lower = replace(card, limits=replace(card.limits, concurrent=1))
    assert first.try_to_enter(lower)
    assert not first.try_to_enter(lower)


def test_shares_of_keys_that_are_gone_are_dropped(processes):
    card = limited(concurrent=5)
    processes[0].beat(card)
    ApiKey.objects.all().delete()
    processes[0].beat(card)
    shares.purge()
    assert not KeyShare.objects.exists()


def made(**limits):
    """From a thread of a test, whose connection must not outlive the call."""
    try:
        return limited(**limits)
    finally:
        close_old_connections()


class Waiting(TransactionTestCase):
    async def test_a_request_waits_for_what_others_leave_idle(self):
        card = await asyncio.to_thread(made, concurrent=1)
        first, second = Sharing(Ledger()), Sharing(Ledger())
        await first.beat([card])

        entering = asyncio.create_task(second.enter(card))
        while not entering.done():
            await first.beat([card])
        slot = await entering
        assert slot.card == card
        with pytest.raises(GatewayError) as refused:
            await first.enter(card)
        assert refused.value.kind is Kind.RATE_LIMITED

    async def test_many_requests_at_once_ask_together(self):
        card = await asyncio.to_thread(made, concurrent=50)
        other, mine = Sharing(Ledger()), Counting(Ledger())
        await other.beat([card])
        await mine.beat([card])
        await other.beat([card])
        slots = await asyncio.gather(*(mine.enter(card) for _ in range(50)))
        assert len(slots) == 50
        assert mine.steps < 10

    async def test_without_the_tables_a_sole_process_goes_on(self):
        card = await asyncio.to_thread(made, concurrent=2)
        sharing, other = Away(Ledger()), Away(Ledger())
        other.away = True
        await sharing.beat([card])
        sharing.away = True
        await sharing.beat([card])
        assert await sharing.enter(card)
        with pytest.raises(GatewayError) as refused:
            await other.enter(card)
        assert refused.value.kind is Kind.NO_ACCOUNT


class Counting(Sharing):
    steps = 0

    def step(self, cards, waiting):
        self.steps += 1
        super().step(cards, waiting)


class Away(Sharing):
    away = False

    def step(self, cards, waiting):
        if self.away:
            raise OperationalError
        super().step(cards, waiting)
