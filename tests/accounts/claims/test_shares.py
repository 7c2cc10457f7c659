"""How much one member gets of an account."""

from dataclasses import replace

import pytest

from accounts.claims.base import Rates, Want
from accounts.claims.shares import share
from accounts.rows import WindowRow

NOW = 1_000_000.0
WINDOW = WindowRow("fast", 140, 140, 7200, NOW + 60)
NEED = Want(1, WINDOW, units=1, slots=1)
SPARE = Want(1, WINDOW, spare_units=8, spare_slots=1)
RATES = Rates(members=4, limit=8, by_quota=True)


def given(want=NEED, load=0, rates=RATES, **window):
    found = share(replace(WINDOW, **window), load, want, rates, NOW)
    return found.units, found.slots


def test_who_waits_gets_what_there_is():
    assert given() == (1, 1)
    assert given(remaining=1, load=7) == (1, 1)
    assert given(replace(NEED, units=5, slots=5), remaining=3, load=6) == (3, 2)


def test_a_unit_without_a_slot_is_not_taken_and_the_other_way_round():
    assert given(load=8) == (0, 0)
    assert given(remaining=0) == (0, 0)
    assert given(replace(NEED, slots=0, free_slots=1), load=8) == (1, 0)
    assert given(replace(NEED, units=0, free_units=1), remaining=0) == (0, 1)


def test_at_random_quota_does_not_count():
    rates = replace(RATES, by_quota=False)
    assert given(replace(NEED, units=0), rates=rates, remaining=0) == (0, 1)


def test_in_advance_only_where_plenty_is_left():
    assert given(SPARE) == (8, 1)
    assert given(SPARE, remaining=64) == (4, 1)
    assert given(SPARE, remaining=15) == (0, 0)
    assert given(SPARE, load=4) == (0, 0)
    assert given(SPARE, rates=replace(RATES, limit=1)) == (8, 1)


def test_scarce_units_go_one_by_one():
    both = replace(NEED, spare_units=7)
    assert given(both, remaining=10) == (1, 1)
    assert given(both, remaining=140) == (8, 1)


def test_nothing_of_a_window_that_cools():
    assert given(cooling_until=NOW + 1) == (0, 0)


def test_an_expired_window_is_full_again_and_starts_its_clock():
    found = share(replace(WINDOW, remaining=0, reset_at=NOW - 1), 0, NEED, RATES, NOW)
    assert found.window == replace(
        WINDOW, remaining=139, reset_at=NOW + 7200, source="default"
    )


def test_nothing_taken_changes_nothing():
    found = share(replace(WINDOW, reset_at=0.0), 8, NEED, RATES, NOW)
    assert found.window.reset_at == 0.0
    assert found.busy


@pytest.mark.parametrize("members", [1, 2, 4, 32])
@pytest.mark.parametrize("remaining", [0, 1, 7, 140])
def test_never_more_than_there_is(members, remaining):
    rates = replace(RATES, members=members)
    want = replace(SPARE, units=9, slots=9)
    for load in range(9):
        units, slots = given(want, load=load, rates=rates, remaining=remaining)
        assert units <= remaining
        assert slots + load <= 8
