"""What counts as wrong."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts import directory
from accounts.breaker import State
from gateway import tallies
from gateway.alerts import conditions, wording
from gateway.tallies import Seen
from grokgateway import config
from grokgateway.jobs import batches
from grokgateway.jobs.batches import Target
from tests.factories import make_account

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def kinds(source):
    return [(one.kind, one.subject) for one in source(NOW)]


@pytest.mark.django_db
def test_a_pool_without_an_active_account_is_empty():
    make_account(pool="super", status="expired")
    make_account(pool="basic")
    assert kinds(conditions.pools) == [("pool_empty", "super")]


@pytest.mark.django_db
@pytest.mark.parametrize(("active", "found"), [(1, 1), (2, 0)])
def test_a_pool_of_which_few_are_active_is_low(active, found):
    for number in range(10):
        make_account(pool="heavy", status="active" if number < active else "cooling")
    assert len(kinds(conditions.pools)) == found


@pytest.mark.django_db
def test_accounts_an_operator_switched_off_are_not_missed():
    make_account(pool="super")
    for _ in range(20):
        make_account(pool="super", status="disabled")
    make_account(pool="basic", status="disabled")
    assert kinds(conditions.pools) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("good", "bad", "minutes_ago", "found"),
    [(9, 11, 1, 1), (11, 9, 1, 0), (0, 19, 1, 0), (0, 40, 30, 0)],
)
def test_many_failures_of_late(good, bad, minutes_ago, found):
    at = NOW - timedelta(minutes=minutes_ago)
    statuses = [200] * good + [503] * bad + [400] * 50
    tallies.add(Seen(at, "m", status, None, 0, 0) for status in statuses)
    assert len(kinds(conditions.failing)) == found


@pytest.mark.parametrize(("floor_mb", "found"), [(10_000_000, 1), (1, 0), (0, 0)])
def test_a_full_disk(floor_mb, found):
    with config.override({"cache.local.min_free_mb": floor_mb}):
        assert len(kinds(conditions.disk)) == found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("age", "lease", "found"),
    [
        (timedelta(minutes=6), None, 1),
        (timedelta(minutes=4), None, 0),
        (timedelta(hours=1), timedelta(minutes=6), 1),
        (timedelta(hours=1), timedelta(seconds=5), 0),
    ],
)
def test_jobs_that_nobody_takes_up(age, lease, found):
    job = batches.create("refresh", [Target("a")])
    job.created_at = NOW - age
    job.lease_until = None if lease is None else NOW - lease
    job.save()
    assert len(kinds(conditions.workers)) == found


@pytest.mark.django_db
def test_an_open_breaker(monkeypatch):
    open_one = State("chat", "auto", open=True, fault="rate_limited", accounts=5)
    monkeypatch.setattr(directory, "breakers", lambda: [open_one])
    (found,) = conditions.breakers(NOW)
    assert found.subject == "chat/auto"
    assert wording.told(found.kind, found.about) == (
        "Calls for chat auto are paused: rate_limited on many accounts."
    )


@pytest.mark.django_db
def test_every_condition_has_its_words():
    make_account(pool="super", status="expired")
    for condition in conditions.found(NOW):
        told = wording.told(condition.kind, condition.about)
        assert told != condition.kind
        assert "%(" not in told
        assert wording.remedy(condition.kind)


def test_a_row_of_another_version_is_still_shown():
    assert wording.told("unheard_of", {}) == "unheard_of"
    assert wording.told("pool_low", {}) == "pool_low"
