"""Every bulk change can be taken back: status, tags, pool, windows and deletions."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from accounts import bulk, imports, restorepoints
from accounts.documents import Defaults, parse
from accounts.models import Account, QuotaWindow, RestorePoint, RestoreRow, StatusEvent

pytestmark = pytest.mark.django_db


def tokens(count, start=0):
    return "\n".join(f"token-{number:06d}" for number in range(start, start + count))


def imported(count, pool="super", start=0):
    return imports.add(parse(tokens(count, start), Defaults(pool, ("first",))))


def picture():
    """Everything undo promises to bring back."""
    fields = [f for f in restorepoints.FIELDS if f != "fail_count"]
    accounts = Account.objects.order_by("pk").values_list("pk", *fields)
    windows = QuotaWindow.objects.order_by("account_id", "mode").values_list(
        "account_id", "mode", "remaining", "total", "window_s", "reset_at", "source"
    )
    return list(map(repr, accounts)), list(windows)


def disturb():
    """Some history, so that there is something to lose."""
    ids = list(Account.objects.order_by("pk").values_list("pk", flat=True))
    Account.objects.filter(pk__in=ids[:10]).update(
        status="disabled", state_reason="strikes", strikes=[1.0, 2.0], server_faults=3
    )
    Account.objects.filter(pk__in=ids[10:20]).update(
        status="cooling", cooling_until=timezone.now(), tags=["nsfw", "mine"]
    )
    QuotaWindow.objects.filter(account_id__in=ids[:20]).update(
        remaining=3, source="real", reset_at=timezone.now()
    )
    return ids


def undo(point):
    return restorepoints.undo(RestorePoint.objects.get(public_id=point), by="op")


def test_a_bulk_delete_of_two_thousand_is_undone():
    imported(2000)
    ids, before = disturb(), picture()
    changed = bulk.delete(ids, by="op")
    assert changed.count == 2000
    assert not Account.objects.filter(deleted_at=None).exists()
    assert undo(changed.undo) == restorepoints.Undone(2000, 0)
    assert picture() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda ids: bulk.disable(ids, by="op"),
        lambda ids: bulk.restore(ids, by="op"),
        lambda ids: bulk.move(ids, "heavy", by="op"),
        lambda ids: bulk.tag(ids, ["new"], ["first"], by="op"),
    ],
    ids=["disable", "restore", "move", "tag"],
)
def test_each_bulk_change_is_undone(change):
    imported(30)
    ids, before = disturb(), picture()
    changed = change(ids)
    assert changed.count
    assert picture() != before
    undo(changed.undo)
    assert picture() == before


def test_a_replacing_import_is_undone():
    imported(50)
    disturb()
    gone = imported(10, start=100)
    assert gone.added == 10
    bulk.delete(Account.objects.order_by("-pk").values_list("pk", flat=True)[:5], "op")
    before = picture()
    known = set(Account.objects.values_list("pk", flat=True))
    parsed = parse(tokens(30, start=40) + "\n" + tokens(10, 100), Defaults("super"))
    report = imports.replace_pools(parsed, imports.missing_ids(parsed), by="op")
    assert (report.added, report.restored, report.deleted) == (20, 5, 40)
    undo(report.undo)
    added = Account.objects.exclude(pk__in=known)
    assert added.count() == 20
    assert not added.filter(deleted_at=None).exists()
    QuotaWindow.objects.filter(account__in=added).delete()
    added.delete()
    assert picture() == before


def test_undoing_is_seen_by_running_processes_and_in_the_history():
    imported(3)
    changed = bulk.delete(Account.objects.values_list("pk", flat=True), by="op")
    revision = max(Account.objects.values_list("revision", flat=True))
    undo(changed.undo)
    assert min(Account.objects.values_list("revision", flat=True)) > revision
    last = StatusEvent.objects.order_by("-pk")[:3]
    assert {(e.from_status, e.to_status, e.reason, e.actor) for e in last} == {
        ("deleted", "active", "undone", "op")
    }


def test_a_point_is_used_once():
    imported(2)
    changed = bulk.disable(Account.objects.values_list("pk", flat=True), by="op")
    undo(changed.undo)
    with pytest.raises(restorepoints.AlreadyUndone):
        undo(changed.undo)


def test_an_undo_that_fails_half_way_can_be_tried_again(monkeypatch):
    imported(600)
    changed = bulk.disable(Account.objects.values_list("pk", flat=True), by="op")
    put_back, calls = restorepoints.put_back, []

    def failing(*args):
        calls.append(args)
        if len(calls) == 2:
            raise OperationalError("database is locked")
        return put_back(*args)

    monkeypatch.setattr(restorepoints, "put_back", failing)
    with pytest.raises(OperationalError):
        undo(changed.undo)
    assert undo(changed.undo).restored == 600
    assert not Account.objects.filter(status="disabled").exists()


def test_what_was_deleted_for_good_is_counted_as_gone():
    imported(3)
    changed = bulk.delete(Account.objects.values_list("pk", flat=True), by="op")
    Account.objects.order_by("pk")[0].delete()
    assert undo(changed.undo).restored == 2


def test_nothing_changed_leaves_no_point():
    assert bulk.delete([], by="op") == bulk.Changed(0)
    imported(2)
    assert imported(2).undo == ""
    assert RestorePoint.objects.count() == 1


def test_old_points_are_purged():
    imported(2)
    assert restorepoints.purge(timezone.now() + timedelta(seconds=1)) == 1
    assert not RestoreRow.objects.exists()


@pytest.mark.load
def test_fifty_thousand_lines_within_half_a_minute():
    began = timezone.now()
    assert imported(50_000).added == 50_000
    assert (timezone.now() - began).total_seconds() < 30
