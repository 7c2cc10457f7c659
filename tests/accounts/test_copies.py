"""Claims in Redis, and the copy in the tables, on a real server."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import store
from accounts.claims import telling
from accounts.models import QuotaWindow
from accounts.rows import WindowRow
from accounts.store.copies import COPIES
from accounts.store.syncs import Asked, Reading, save_sync
from tests.factories import make_account
from tests.neighbours import fresh_store

pytestmark = [pytest.mark.service, pytest.mark.django_db]
MODE = "fast"


@pytest.fixture
def redis(settings):
    with fresh_store("redis") as variables:
        settings.REDIS_URL = variables["REDIS_URL"]
        with telling.client() as client:
            client.set(f"{telling.PREFIX}epoch", 1)
            yield client


@pytest.fixture
def account():
    return make_account(pool="super")


def left(account, mode=MODE):
    windows = QuotaWindow.objects.filter(account=account, mode=mode)
    return windows.values_list("remaining", flat=True).first()


def window(remaining, mode=MODE):
    return WindowRow(mode, remaining, 140, 7200, 0.0, "real")


def test_who_copies_last_copies_the_latest(redis, account):
    telling.tell([(account.pk, window(4))])
    late = [(account.pk, window(6)), (account.pk, window(5))]
    COPIES.write(late)
    assert left(account) == 4


def test_what_is_gone_or_unknown_is_not_copied(redis, account):
    telling.tell([(account.pk, window(4, mode="heavy")), (99, window(1))])
    gone = [(account.pk, window(4, mode="heavy")), (99, window(1))]
    COPIES.write(gone)
    assert left(account, "heavy") is None
    assert left(account, "auto") == 50
    assert not QuotaWindow.objects.filter(account_id=99).exists()


def test_a_real_figure_has_what_is_in_hand_subtracted(redis, account):
    redis.zadd(f"{telling.PREFIX}x", {"one": 1.0, "other": 1.0})
    for member, count in {"one": 2, "other": 1}.items():
        redis.hset(f"{telling.PREFIX}s:{member}", f"{account.pk}:{MODE}", str(count))
    asked = Asked({MODE: Reading(10, 140, 7200), "auto": Reading(9, 50, 7200)})
    save_sync(account.pk, asked, timezone.now(), {"super": 60, "basic": 60})
    assert (left(account), left(account, "auto")) == (7, 9)
    with telling.client() as client:
        ((_, row),) = telling.ask(client, [(account.pk, MODE)])
    assert row.remaining == 7


@pytest.mark.parametrize(
    ("act", "barred"),
    [
        (lambda ids: store.disable(ids), True),
        (lambda ids: store.soft_delete(ids, "gone"), True),
        (lambda ids: [store.disable(ids), store.restore(ids, "me")], False),
    ],
)
def test_redis_hears_at_once_who_may_be_given_out(redis, account, act, barred):
    act([account.pk])
    until = redis.get(f"{telling.PREFIX}b:{account.pk}")
    assert (until is not None) is barred
    if until:
        soon = timezone.now() + timedelta(seconds=60)
        assert float(until) > soon.timestamp()


def test_a_server_that_is_away_keeps_no_change_from_being_stored(settings, account):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert store.disable([account.pk]) == 1
    assert telling.tell([(1, window(3))]) == [(1, window(3))]
