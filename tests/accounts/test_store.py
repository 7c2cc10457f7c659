from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import store
from accounts.models import Account, DirectoryRevision, QuotaWindow, StatusEvent
from accounts.quotas import default_windows
from accounts.rows import StatusChange, Use, WindowRow
from tests.factories import make_account

pytestmark = pytest.mark.django_db
NOW = 1_800_000_000.0
LATER = datetime.fromtimestamp(NOW + 60, UTC)


def loaded(*args, **kwargs):
    return [row for page in store.load(*args, **kwargs) for row in page]


def row_of(account):
    return next(row for row in loaded() if row.id == account.pk)


def change(account, to, reason="rate_limited"):
    return StatusChange(account.pk, NOW, "active", to, reason, "req-1")


def test_a_row_carries_what_selection_needs():
    account = make_account(
        pool="super",
        tags=["a", "b"],
        user_id="u-1",
        status="cooling",
        cooling_until=LATER,
        last_use_at=LATER,
        strikes=[1.5, 2.5],
        unauthorized_at=LATER,
        server_faults=2,
        revision=9,
    )
    (row,) = loaded()
    assert (row.id, row.public_id, row.pool) == (account.pk, account.public_id, "super")
    assert (row.status, row.user_id, row.revision) == ("cooling", "u-1", 9)
    assert row.ciphertext == bytes(account.token_ciphertext)
    assert row.tags == frozenset("ab")
    assert row.cooling_until == row.last_use_at == row.unauthorized_at == NOW + 60
    assert (row.strikes, row.server_faults, row.deleted) == ((1.5, 2.5), 2, False)
    assert {w.mode for w in row.windows} == {w.mode for w in default_windows("super")}


def test_pages_lose_no_row_of_an_equal_revision():
    ids = {make_account(revision=7, windows=False).pk for _ in range(23)}
    ids |= {make_account(revision=8, windows=False).pk for _ in range(5)}
    pages = list(store.changes_since(6, page=5))
    assert [len(page) for page in pages] == [5, 5, 5, 5, 5, 3]
    assert {row.id for page in pages for row in page} == ids


@pytest.mark.parametrize("count", [0, 5, 10])
def test_full_last_pages_end_the_walk(count):
    for _ in range(count):
        make_account(windows=False)
    assert len(loaded(page=5)) == count


def test_a_page_costs_two_queries(django_assert_num_queries):
    for _ in range(10):
        make_account()
    with django_assert_num_queries(2):
        loaded()


def test_changes_include_deletions_and_a_first_load_does_not():
    gone, kept = make_account(), make_account()
    seen = store.current_revision()
    store.soft_delete([gone.pk], "x")
    assert [row.id for row in loaded()] == [kept.pk]
    changed = [row for page in store.changes_since(seen) for row in page]
    assert [(r.id, r.deleted) for r in changed if r.id == gone.pk] == [(gone.pk, True)]
    assert not list(store.changes_since(store.current_revision()))


def test_revisions_rise_from_nothing():
    assert store.current_revision() == 0
    assert [store.take_revision() for _ in range(3)] == [1, 2, 3]
    assert store.current_revision() == 3
    assert DirectoryRevision.objects.count() == 1


def test_uses_of_an_account_add_up_and_the_last_state_stays():
    account = make_account(use_count=10)
    row = row_of(account)
    cooling = replace(row, status="cooling", cooling_until=NOW + 60, strikes=(NOW,))
    store.save_uses(
        [
            Use(account.pk, NOW, True, row=row),
            Use(account.pk, NOW + 1, True),
            Use(account.pk, NOW + 2, None),
            Use(
                account.pk,
                NOW + 3,
                False,
                "rate_limited",
                cooling,
                (change(account, "cooling"),),
            ),
        ]
    )
    account.refresh_from_db()
    assert (account.use_count, account.fail_count) == (12, 1)
    assert account.last_use_at == datetime.fromtimestamp(NOW + 3, UTC)
    assert account.last_fail_reason == account.state_reason == "rate_limited"
    assert (account.status, account.strikes) == ("cooling", [NOW])
    assert account.cooling_until == LATER
    assert account.revision == row.revision
    event = StatusEvent.objects.get()
    assert (event.from_status, event.to_status) == ("active", "cooling")
    assert (event.reason, event.request_id) == ("rate_limited", "req-1")


def test_counters_of_two_batches_add_up():
    account = make_account()
    for _ in range(2):
        store.save_uses([Use(account.pk, NOW, True), Use(account.pk, NOW, False)])
    account.refresh_from_db()
    assert (account.use_count, account.fail_count) == (2, 2)


def test_the_latest_fifty_outcomes_are_known_in_their_order():
    account = make_account()
    fates = [True] * 30 + [False, True, None, False]
    store.save_uses([Use(account.pk, NOW, fate) for fate in fates])
    account.refresh_from_db()
    assert (account.recent_calls, account.recent_failures) == (33, 0b101)
    store.save_uses([Use(account.pk, NOW, True) for _ in range(49)])
    account.refresh_from_db()
    assert (account.recent_calls, account.recent_failures) == (50, 1 << 49)
    store.save_uses([Use(account.pk, NOW, False) for _ in range(70)])
    account.refresh_from_db()
    assert (account.recent_calls, account.recent_failures) == (50, (1 << 50) - 1)
    store.restore([account.pk], "root")
    account.refresh_from_db()
    assert (account.recent_calls, account.recent_failures) == (0, 0)


def test_windows_are_updated_and_added():
    account = make_account(pool="super")
    row = row_of(account)
    spent = tuple(replace(w, remaining=1, source="estimated") for w in row.windows)
    extra = WindowRow("heavy", 3, 20, 7200, NOW + 60, "real", NOW + 60)
    store.save_uses(
        [Use(account.pk, NOW, True, row=replace(row, windows=(*spent, extra)))]
    )
    after = row_of(account)
    assert set(after.windows) == {*spent, extra}
    assert QuotaWindow.objects.count() == len(spent) + 1


def test_recovery_clears_the_reason():
    account = make_account(status="cooling", state_reason="x", cooling_until=LATER)
    row = replace(row_of(account), status="active", cooling_until=0.0)
    store.save_uses([Use(account.pk, NOW, True, row=row)])
    account.refresh_from_db()
    assert (account.status, account.state_reason) == ("active", "")
    assert account.cooling_until is None


def test_an_older_state_does_not_undo_what_an_operator_did():
    account = make_account()
    row = row_of(account)
    store.disable([account.pk], by="ann")
    stale = replace(row, windows=(WindowRow("fast", 0, 30, 86400),))
    store.save_uses(
        [Use(account.pk, NOW, True, row=stale, changes=(change(account, "cooling"),))]
    )
    account.refresh_from_db()
    assert (account.status, account.use_count) == ("disabled", 1)
    assert account.windows.get(mode="fast").remaining == 30
    assert StatusEvent.objects.get().to_status == "disabled"


def test_uses_of_purged_accounts_are_dropped():
    account = make_account()
    row = row_of(account)
    account.delete()
    store.save_uses(
        [Use(row.id, NOW, True, row=row, changes=(change(account, "cooling"),))]
        if row.id
        else []
    )
    assert not StatusEvent.objects.exists()
    store.save_uses([])


def test_an_impossible_state_is_dropped_and_the_others_stay(caplog):
    good, bad = make_account(), make_account()
    wrong = replace(row_of(bad), status="melted")
    store.USES.write([Use(bad.pk, NOW, True, row=wrong), Use(good.pk, NOW, True)])
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.use_count, bad.use_count, bad.status) == (1, 0, "active")
    assert str(bad.pk) in caplog.text


def test_a_batch_needs_few_queries(django_assert_max_num_queries):
    accounts = [make_account() for _ in range(20)]
    rows = {row.id: row for row in loaded()}
    uses = [Use(a.pk, NOW, True, row=rows[a.pk]) for a in accounts for _ in range(5)]
    with django_assert_max_num_queries(20 + 5):
        store.save_uses(uses)


def test_restoring_clears_failures_and_fills_windows():
    account = make_account(
        pool="super",
        status="expired",
        state_reason="x",
        fail_count=3,
        use_count=5,
        last_fail_reason="x",
        strikes=[1.0],
        server_faults=4,
        unauthorized_at=LATER,
        deleted_at=LATER,
    )
    account.windows.update(remaining=0)
    assert store.restore([account.pk], by="ann") == 1
    account.refresh_from_db()
    assert (account.status, account.state_reason, account.deleted_at) == (
        "active",
        "",
        None,
    )
    assert (account.fail_count, account.use_count) == (0, 5)
    assert (account.strikes, account.server_faults) == ([], 0)
    assert account.unauthorized_at is None
    assert set(row_of(account).windows) == set(default_windows("super"))
    event = StatusEvent.objects.get()
    assert (event.from_status, event.to_status, event.actor) == (
        "deleted",
        "active",
        "ann",
    )
    assert account.revision == store.current_revision()


def test_deleted_accounts_are_neither_disabled_nor_deleted_again():
    account = make_account()
    assert store.soft_delete([account.pk], "x", by="ann") == 1
    assert store.soft_delete([account.pk], "y") == 0
    assert store.disable([account.pk]) == 0
    account.refresh_from_db()
    assert (account.status, account.state_reason) == ("active", "x")


def test_disabling_twice_writes_one_event():
    account = make_account()
    assert [store.disable([account.pk]) for _ in range(2)] == [1, 1]
    assert StatusEvent.objects.count() == 1


def test_long_lists_take_one_revision_per_chunk():
    ids = [make_account(windows=False).pk for _ in range(501)]
    before = store.current_revision()
    assert store.soft_delete(ids, "x") == 501
    assert store.current_revision() == before + 2


def test_another_pool_brings_its_windows_and_the_same_keeps_them():
    account = make_account(pool="basic")
    account.windows.update(remaining=0)
    store.edit(account.pk, "basic", ["x"], "bought in May")
    assert not account.windows.filter(remaining__gt=0).exists()
    store.edit(account.pk, "super", ["x"], "")
    account.refresh_from_db()
    assert (account.tier_source, account.tags) == ("operator", ["x"])
    assert account.windows.filter(remaining__gt=0).exists()


def test_old_events_and_deleted_accounts_are_purged():
    now = timezone.now()
    old, fresh, live = (make_account() for _ in range(3))
    Account.objects.filter(pk=old.pk).update(deleted_at=now - timedelta(days=31))
    Account.objects.filter(pk=fresh.pk).update(deleted_at=now)
    for days in (31, 1):
        StatusEvent.objects.create(
            account=live, at=now - timedelta(days=days), from_status="a", to_status="b"
        )
    limit = now - timedelta(days=30)
    assert store.purge_events(limit) == 1
    assert store.purge_deleted(limit) == 1
    assert set(Account.objects.all()) == {fresh, live}
    assert StatusEvent.objects.count() == 1


def test_encrypted_rows_are_noticed():
    assert not store.encrypted_rows_exist()
    make_account()
    assert store.encrypted_rows_exist()


@pytest.mark.django_db(transaction=True)
def test_before_the_first_migration_there_are_no_rows():
    name = Account._meta.db_table
    with connection.schema_editor() as editor:
        editor.alter_db_table(Account, name, f"{name}_aside")
    try:
        assert not store.encrypted_rows_exist()
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(Account, f"{name}_aside", name)
