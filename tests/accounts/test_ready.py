import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from accounts.ready import COMPARE_ALL_UP_TO, Entry, Shelf, Stock
from accounts.rows import AccountRow, WindowRow

NOW = 1_000_000.0
NO_TAGS: frozenset[str] = frozenset()


def make_stock(shelf, number, *, remaining=10, total=10, tags=NO_TAGS, **overrides):
    row = AccountRow(
        number, f"acc_{number}", "super", "active", b"", tags=tags, **overrides
    )
    entry = Entry(row)
    stock = Stock(WindowRow("fast", remaining, total, 7200), entry, shelf)
    entry.windows = (stock,)
    shelf.usable += 1
    return stock


def filled(count, **overrides):
    shelf = Shelf()
    stocks = [make_stock(shelf, number, **overrides) for number in range(1, count + 1)]
    for stock in stocks:
        shelf.add(stock)
    return shelf, stocks


def pick(shelf, *, tags=NO_TAGS, barred=NO_TAGS, by_quota=True, now=NOW):
    stock = shelf.pick(now, tags, barred, by_quota=by_quota)
    return stock.entry.id if stock else None


def test_an_empty_shelf_has_nothing_to_pick():
    assert pick(Shelf()) is None


def test_the_lowest_id_wins_among_equals():
    assert pick(filled(5)[0]) == 1
    assert pick(filled(5, last_use_at=NOW - 5)[0]) == 1


def test_the_least_recently_used_wins_over_the_lowest_id():
    shelf, stocks = filled(3)
    for stock, age_s in zip(stocks, (10, 30, 20), strict=True):
        stock.entry.last_use_at = NOW - age_s
        shelf.add(stock)
    assert pick(shelf) == 2


def test_an_account_that_failed_comes_after_those_that_did_not():
    shelf, stocks = filled(3, last_use_at=NOW - 5)
    stocks[0].entry.failed(NOW)
    stocks[1].entry.failed(NOW - 600)
    for stock in stocks:
        shelf.add(stock)
    assert pick(shelf) == 3
    assert pick(shelf, barred={2}) == 2


def test_the_share_of_quota_outweighs_failures():
    shelf, stocks = filled(2)
    stocks[0].entry.failed(NOW)
    stocks[1].remaining = 9
    for stock in stocks:
        shelf.add(stock)
    assert pick(shelf) == 1


def test_the_share_counts_and_not_the_number_of_units():
    shelf = Shelf()
    shelf.add(make_stock(shelf, 1, remaining=90, total=100))
    shelf.add(make_stock(shelf, 2, remaining=19, total=20))
    assert pick(shelf) == 2


def test_free_slots_outweigh_any_quota():
    shelf, stocks = filled(2)
    stocks[0].entry.inflight = 1
    stocks[1].remaining = 1
    for stock in stocks:
        shelf.add(stock)
    assert pick(shelf) == 2


def test_a_tag_match_outweighs_all_else():
    shelf, _ = filled(2)
    tagged = make_stock(shelf, 3, tags=frozenset({"nsfw"}), remaining=1)
    tagged.entry.inflight = 5
    shelf.add(tagged)
    assert pick(shelf, tags=frozenset({"nsfw", "other"})) == 3
    assert pick(shelf, tags=frozenset({"other"})) == 1
    assert pick(shelf, tags=frozenset({"nsfw"}), barred={2}) == 1


def test_a_window_whose_time_has_passed_is_full_when_compared():
    shelf, stocks = filled(2)
    stocks[1].remaining, stocks[1].reset_at = 1, NOW + 10
    stocks[0].remaining = 9
    for stock in stocks:
        shelf.add(stock)
    assert pick(shelf) == 1
    assert pick(shelf, now=NOW + 10) == 2
    assert stocks[1].remaining == 10


def test_barred_places_are_passed_over():
    shelf, stocks = filled(3)
    barred = shelf.places_of([stocks[0].entry, None, stocks[2].entry])
    assert pick(shelf, barred=barred) == 2
    assert pick(shelf, barred={0, 1, 2}) is None


@pytest.mark.parametrize("by_quota", [True, False])
def test_one_left_among_many_barred_is_found_by_the_scan(by_quota):
    shelf, stocks = filled(COMPARE_ALL_UP_TO * 10)
    barred = set(range(len(stocks))) - {600}
    assert pick(shelf, barred=barred, by_quota=by_quota) == 601


def test_a_large_shelf_takes_the_best_of_a_draw(monkeypatch):
    shelf, stocks = filled(1000)
    for stock in stocks:
        stock.entry.inflight = 1
        shelf.add(stock)
    stocks[500].entry.inflight = 0
    shelf.add(stocks[500])
    draws = iter([0.1] * 15 + [0.5])
    monkeypatch.setattr("accounts.ready.random.random", lambda: next(draws))
    assert pick(shelf) == 501


def test_at_random_every_account_has_the_same_chance():
    shelf, stocks = filled(10)
    stocks[0].remaining = stocks[0].entry.inflight = 5
    shelf.add(stocks[0])
    found = [pick(shelf, by_quota=False) for _ in range(4000)]
    assert all(300 < found.count(number) < 500 for number in range(1, 11))


def test_who_is_neither_ready_nor_parked_is_busy():
    shelf, stocks = filled(3)
    shelf.remove(stocks[0])
    shelf.park(stocks[1], NOW + 5)
    assert (shelf.usable, len(shelf.ready), shelf.parked, shelf.busy) == (3, 1, 1, 1)


def test_parking_again_and_again_does_not_fill_the_heap():
    shelf, stocks = filled(1)
    for _ in range(1000):
        shelf.park(stocks[0], NOW + 5)
        shelf.add(stocks[0])
    assert len(shelf._heap) < 100


def test_a_failure_counts_half_after_ten_minutes_and_none_after_hours():
    entry = filled(1)[1][0].entry
    entry.failed(NOW)
    entry.failed(NOW)
    assert entry.fail_rate(NOW) == pytest.approx(2)
    assert entry.fail_rate(NOW + 600) == pytest.approx(1)
    entry.used(NOW + 600)
    assert entry.rank() > NOW + 600
    entry.used(NOW + 36_000)
    assert entry.rank() == NOW + 36_000


class ShelfAgainstModel(RuleBasedStateMachine):
    """The ready index and a plain model of it: a set of ids and a dict of times."""

    numbers = st.integers(0, 7)

    @initialize()
    def begin(self):
        self.now = NOW
        self.shelf = Shelf()
        self.stocks = [make_stock(self.shelf, number + 1) for number in range(8)]
        self.ready, self.parked = set(), {}

    @rule(number=numbers, inflight=st.integers(0, 3), remaining=st.integers(1, 10))
    def add(self, number, inflight, remaining):
        stock = self.stocks[number]
        stock.entry.inflight, stock.remaining = inflight, remaining
        self.shelf.add(stock)
        self.ready.add(number + 1)
        self.parked.pop(number + 1, None)

    @rule(number=numbers)
    def remove(self, number):
        self.shelf.remove(self.stocks[number])
        self.ready.discard(number + 1)
        self.parked.pop(number + 1, None)

    @rule(number=numbers, later_s=st.integers(1, 20))
    def park(self, number, later_s):
        self.shelf.park(self.stocks[number], self.now + later_s)
        self.ready.discard(number + 1)
        self.parked[number + 1] = self.now + later_s

    @rule(later_s=st.integers(0, 15))
    def wake(self, later_s):
        self.now += later_s
        woken = []
        while stock := self.shelf.wake(self.now):
            woken.append(stock.entry.id)
        due = {number for number, until in self.parked.items() if until <= self.now}
        assert sorted(woken) == sorted(due)
        for number in due:
            del self.parked[number]

    @precondition(lambda self: self.ready)
    @rule(barred=st.sets(numbers))
    def choose(self, barred):
        ids = {number + 1 for number in barred}
        places = {stock.place for stock in self.shelf.ready if stock.entry.id in ids}
        admitted = [self.stocks[number - 1] for number in self.ready - ids]
        best = min(
            admitted,
            key=lambda s: (s.entry.inflight, -s.remaining, s.entry.id),
            default=None,
        )
        assert pick(self.shelf, barred=places, now=self.now) == (
            best.entry.id if best else None
        )

    @invariant()
    def they_agree(self):
        assert {stock.entry.id for stock in self.shelf.ready} == self.ready
        assert len(self.shelf.ready) == len(self.ready)
        for place, stock in enumerate(self.shelf.ready):
            assert stock.place == place
            assert math.floor(self.shelf._loads[place]) == stock.entry.inflight
        assert self.shelf.parked == len(self.parked)
        assert self.shelf.busy == 8 - len(self.ready) - len(self.parked)
        first = self.shelf.earliest()
        assert (first[0] if first else None) == min(self.parked.values(), default=None)


ShelfAgainstModel.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None
)
test_the_shelf_agrees_with_its_model = ShelfAgainstModel.TestCase
