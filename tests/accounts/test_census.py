"""The count of the pool that the console shows."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from accounts import census
from accounts.census import Census, Kept, ModeLeft
from accounts.models import QuotaWindow
from tests.factories import make_account

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def give(account, mode, remaining, total, **overrides):
    values = {"remaining": remaining, "total": total, "window_s": 7200, **overrides}
    QuotaWindow.objects.update_or_create(account=account, mode=mode, defaults=values)


@pytest.fixture
def accounts(db):
    made = [make_account(pool="super") for _ in range(3)]
    make_account(pool="super", status="cooling", cooling_until=NOW + timedelta(hours=2))
    make_account(pool="super", status="cooling", cooling_until=NOW + timedelta(hours=1))
    make_account(pool="basic", status="expired")
    make_account(pool="basic", deleted_at=NOW)
    QuotaWindow.objects.all().delete()
    return made


def test_accounts_are_counted_by_pool_and_status(accounts):
    taken = census.take(NOW)
    pools = {pool.pool: pool for pool in taken.pools}
    assert list(pools) == ["basic", "super", "heavy"]
    assert pools["super"].counts == {
        "active": 3,
        "cooling": 2,
        "expired": 0,
        "disabled": 0,
    }
    assert pools["super"].recovers_at == NOW + timedelta(hours=1)
    assert pools["basic"].counts["expired"] == pools["basic"].total == 1
    assert (taken.total, taken.count("cooling")) == (6, 2)
    assert pools["heavy"].recovers_at is None


def test_units_left_are_those_of_active_accounts(accounts):
    give(accounts[0], "auto", 3, 10)
    give(accounts[1], "auto", 10, 10)
    give(accounts[2], "fast", 1, 4)
    (left,) = [pool.modes for pool in census.take(NOW).pools if pool.pool == "super"]
    assert set(left) == {ModeLeft("auto", 13, 20), ModeLeft("fast", 1, 4)}
    assert [one.share for one in left if one.mode == "auto"] == [0.65]


def test_a_window_whose_reset_has_passed_is_full(accounts):
    give(accounts[0], "auto", 0, 10, reset_at=NOW - timedelta(seconds=1))
    give(accounts[1], "auto", 0, 10, reset_at=NOW + timedelta(seconds=1))
    (left,) = [pool.modes for pool in census.take(NOW).pools if pool.pool == "super"]
    assert left == (ModeLeft("auto", 10, 20),)


def test_it_takes_three_queries(accounts, django_assert_num_queries):
    with django_assert_num_queries(3):
        census.take(NOW)


def test_disabled_by_the_gateway_is_told_from_disabled_by_a_person(accounts):
    make_account(status="disabled", state_reason="forbidden")
    make_account(status="disabled", state_reason="operator_disabled", tags=["b", "a"])
    make_account(state_reason="gone", tags=["c"], deleted_at=NOW)
    taken = census.take(NOW)
    assert [pool.struck for pool in taken.pools] == [1, 0, 0]
    assert taken.reasons == ("forbidden", "operator_disabled")
    assert taken.tags == ("a", "b")


class Counting:
    """Takes a set time for each count, by a clock of its own."""

    def __init__(self, took_s):
        self.took_s = took_s
        self.now_s = 0.0
        self.calls = 0
        self.counted = threading.Event()

    def __call__(self, now):
        self.calls += 1
        self.now_s += self.took_s
        self.counted.set()
        return Census(now, ())

    def clock(self):
        return self.now_s


def test_a_fresh_count_is_used_again():
    counting = Counting(0.01)
    kept = Kept(counting, counting.clock)
    assert kept.census(NOW) is kept.census(NOW + timedelta(seconds=14))
    assert kept.census(NOW + timedelta(seconds=16)).taken_at > NOW
    assert counting.calls == 2


def test_a_slow_count_is_made_beside_the_request():
    counting = Counting(0.3)
    kept = Kept(counting, counting.clock)
    first = kept.census(NOW)
    counting.counted.clear()
    later = NOW + timedelta(seconds=16)
    assert kept.census(later) is first
    assert counting.counted.wait(10)
    for thread in threading.enumerate():
        if thread.daemon and thread.name.startswith("Thread-"):
            thread.join(10)
    assert kept.census(later).taken_at == later
