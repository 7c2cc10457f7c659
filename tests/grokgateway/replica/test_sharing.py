"""What one node changes is on the others, row by row the same."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from accounts import bulk, declared, imports, restorepoints
from accounts.changes import give_token
from accounts.documents import Defaults, parse
from accounts.models import Account, QuotaWindow, RestorePoint, StatusEvent
from accounts.rows import Use
from accounts.store import USES, current_revision, edit, purge_deleted, soft_delete
from accounts.store.syncs import Asked, Reading, save_sync, take
from grokgateway import config, replica
from tests.factories import make_token
from tests.grokgateway.replica.nodes import picture

pytestmark = pytest.mark.service
NOW = 1_800_000_000.0


def imported(count, pool="super"):
    lines = "\n".join(make_token() for _ in range(count))
    return imports.add(parse(lines, Defaults(pool, ("first",))), by="op")


def ids():
    return list(Account.objects.order_by("pk").values_list("pk", flat=True))


def fail_half_way():
    with replica.writing():
        Account.objects.update(note="not kept")
        Account.objects.update(server_faults=-1)


def same_on_both(nodes):
    with nodes.at("a"):
        replica.follow()
        a = picture()
    with nodes.at("b"):
        replica.follow()
        b = picture()
    assert a == b
    return a


def test_an_import_is_on_the_other_node_with_the_same_ids(nodes):
    with nodes.at("a"):
        report = imported(3)
    with nodes.at("b"):
        assert len(ids()) == 3
        assert QuotaWindow.objects.count() > 3
        imported(2)
    assert report.added == 3
    assert len(same_on_both(nodes)["accounts.Account"]) == 5


def test_every_kind_of_change_travels(nodes):
    with nodes.at("a"):
        imported(8)
    with nodes.at("b"):
        one, two, three, four, five, *_ = ids()
        bulk.disable([one], by="op")
        bulk.tag([two], ["mine"], ["first"], by="op")
        deleted = bulk.delete([three, four], by="op")
        bulk.move([five], "heavy", by="op")
        edit(two, "basic", ["edited"], "a note")
        declared.note(two, declared.TERMS, "op")
        give_token(one, make_token(), "op")
    with nodes.at("a"):
        replica.follow()
        assert Account.objects.get(pk=one).status == "disabled"
        assert Account.objects.get(pk=two).tags == ["edited"]
        assert Account.objects.get(pk=three).deleted_at is not None
        assert Account.objects.get(pk=five).pool == "heavy"
        point = RestorePoint.objects.get(public_id=deleted.undo)
        assert restorepoints.undo(point, by="op").restored == 2
        bulk.restore([one], by="op")
        soft_delete([five], "gone")
        assert purge_deleted(timezone.now() + timedelta(days=1)) == 1
    found = same_on_both(nodes)
    assert len(found["accounts.Account"]) == 7
    with nodes.at("b"):
        assert Account.objects.get(pk=three).deleted_at is None
        assert StatusEvent.objects.filter(reason="undone").count() == 2
        with pytest.raises(restorepoints.AlreadyUndone):
            restorepoints.undo(RestorePoint.objects.get(public_id=deleted.undo), "op")


def test_the_configuration_travels_and_is_seen_by_the_poll(nodes):
    with nodes.at("b"):
        config.load()
    with nodes.at("a"):
        config.save({"retry.max_retries": 7, "app.api_key": "a-secret-of-mine"}, "op")
        config.save({"retry.max_retries": 9}, "op")
        config.forget()
    with nodes.at("b"):
        config.load()
        config.refresh()
        assert config.current().number("retry.max_retries") == 9
        assert config.current().items("app.api_key") == ("a-secret-of-mine",)
        config.revert(2, "op")
        assert config.current().number("retry.max_retries") == 7
    same_on_both(nodes)


def test_counters_of_two_nodes_add_up(nodes):
    with nodes.at("a"):
        imported(1)
        (one,) = ids()
    for name in ("b", "a", "b"):
        with nodes.at(name):
            USES.write([Use(one, NOW, succeeded=True), Use(one, NOW, succeeded=False)])
    with nodes.at("a"):
        replica.follow()
        account = Account.objects.get(pk=one)
        assert (account.use_count, account.fail_count) == (3, 3)
        assert account.recent_calls == 6
    same_on_both(nodes)


def test_an_account_is_asked_by_one_node_at_a_time(nodes):
    now = datetime.now(UTC) + timedelta(minutes=1)
    with nodes.at("a"):
        imported(1)
        (one,) = ids()
        assert take([one], now) == [one]
    with nodes.at("b"):
        assert take([one], now) == []
        asked = Asked({"auto": Reading(3, 50, 7200)}, user_id="u-1")
        save_sync(one, asked, now, {"basic": 60, "super": 60, "heavy": 60})
    with nodes.at("a"):
        replica.follow()
        assert QuotaWindow.objects.get(account=one, mode="auto").remaining == 3


def test_other_processes_find_the_news_by_their_revision(nodes):
    with nodes.at("a"):
        imported(1)
    with nodes.at("b"):
        before = current_revision()
    with nodes.at("a"):
        imported(1)
    with nodes.at("b"):
        replica.follow()
        assert current_revision() > before


def test_nothing_shared_is_written_outside(nodes):
    with nodes.at("a"):
        imported(1)
        before = picture()
        with pytest.raises(DatabaseError, match="inside replica"):
            Account.objects.update(note="lost")
        with pytest.raises(DatabaseError, match="inside replica"):
            QuotaWindow.objects.all().delete()
        with transaction.atomic(), pytest.raises(RuntimeError, match="outside"):
            bulk.mark(ids(), ["x"], [])
        assert picture() == before
    same_on_both(nodes)


def test_what_fails_half_way_is_nowhere(nodes):
    with nodes.at("a"):
        imported(2)
        before = picture()
        with pytest.raises(IntegrityError):
            fail_half_way()
        assert picture() == before
    assert same_on_both(nodes) == before


def test_ids_that_were_given_once_are_not_given_again(nodes):
    with nodes.at("a"):
        imported(3)
        last = ids()[-1]
        soft_delete([last], "gone")
        purge_deleted(timezone.now() + timedelta(days=1))
    with nodes.at("b"):
        imported(1)
        assert ids()[-1] == last + 1
    same_on_both(nodes)
