"""Restore points in the console: what was done, and what undoing puts back."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import formats, timezone

from accounts import bulk, restorepoints
from accounts.admin import restoring
from accounts.models import RestorePoint
from grokgateway import config
from tests.factories import make_account

LIST = "/admin/accounts/restorepoint/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def console(client):
    client.force_login(get_user_model().objects.create_superuser("operator"))
    return client


def undo_page(point):
    return f"{LIST}{point.public_id}/undo/"


def text_of(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def disabled(count=3, **values):
    accounts = [make_account(**values) for _ in range(count)]
    bulk.disable([account.pk for account in accounts], "night shift")
    return RestorePoint.objects.latest("pk"), accounts


def test_every_change_that_can_be_undone_has_words():
    accounts = [make_account(status="cooling") for _ in range(2)]
    ids = [account.pk for account in accounts]
    bulk.clear_cooldown(ids, "x")
    bulk.disable(ids, "x")
    bulk.enable(ids, "x")
    bulk.move(ids, "heavy", "x")
    bulk.tag(ids, ["a"], [], "x")
    bulk.delete(ids, "x")
    bulk.restore(ids, "x")
    done = set(RestorePoint.objects.values_list("action", flat=True))
    assert done | {"import", "replace-import"} == set(restoring.ACTIONS)


def test_the_list_tells_what_who_how_many_and_until_when(console):
    point, _ = disabled()
    shown = text_of(console.get(LIST))
    for word in ("Disabled", "night shift", undo_page(point), "?presence=deleted"):
        assert word in shown
    limit = timezone.localtime(point.at + timedelta(days=30))
    assert restoring.until(point) == point.at + timedelta(days=30)
    assert formats.date_format(limit, "DATETIME_FORMAT") in shown


def test_the_list_takes_few_queries(console, django_assert_max_num_queries):
    for _ in range(12):
        disabled(1)
    console.get(LIST)
    with django_assert_max_num_queries(9):
        console.get(LIST)


def test_without_retention_it_can_always_be_undone(console, settings):
    point, _ = disabled(1)
    settings.GROK_ENVIRON = {"GROK_RETENTION_DELETED_ACCOUNTS_DAYS": "0"}
    config.load()
    try:
        assert restoring.until(point) is None
        assert "always" in text_of(console.get(LIST))
    finally:
        config.forget()


@pytest.mark.parametrize(("query", "found"), [("?undone=no", 1), ("?undone=yes", 1)])
def test_the_list_is_filtered(console, query, found):
    first, _ = disabled(1)
    restorepoints.undo(first, by="x")
    disabled(1)
    shown = text_of(console.get(LIST + query))
    assert shown.count('class="action-select"') == found
    assert (undo_page(first) in shown) is False


def test_undoing_asks_with_what_it_puts_back(console, django_assert_max_num_queries):
    active, cooling = make_account(tags=["eu"]), make_account(status="cooling")
    gone = make_account(deleted_at=timezone.now())
    ids = [active.pk, cooling.pk, gone.pk]
    bulk.restore(ids, "op")
    point = RestorePoint.objects.latest("pk")
    console.get(undo_page(point))
    with django_assert_max_num_queries(9):
        shown = text_of(console.get(undo_page(point)))
    assert "1 account is active again" in shown
    assert "1 account is cooling again" in shown
    assert "1 account is deleted again" in shown
    assert "eu" in shown
    assert f"/admin/accounts/account/{active.pk}/change/" in shown
    point.refresh_from_db()
    assert point.undone_at is None


def test_accounts_that_came_with_the_change_leave(console):
    accounts = [make_account() for _ in range(12)]
    point = restorepoints.begin("import", "op")
    restorepoints.keep_new(point, [account.pk for account in accounts])
    restorepoints.finish(point)
    shown = text_of(console.get(undo_page(point)))
    assert "12 accounts that came with the change are deleted" in shown
    assert "and 2 more" in shown


def test_undone_is_undone(console):
    point, accounts = disabled()
    assert "3 accounts restored." in text_of(
        console.post(undo_page(point), follow=True)
    )
    for account in accounts:
        account.refresh_from_db()
        assert account.status == "active"
    assert "This was undone at" in text_of(console.get(undo_page(point)))
    again = text_of(console.post(undo_page(point), follow=True))
    assert "was undone before" in again


def test_who_may_not_change_cannot_undo(client):
    point, accounts = disabled(1)
    client.force_login(get_user_model().objects.create_user("x", is_staff=True))
    assert client.post(undo_page(point)).status_code == 403
    accounts[0].refresh_from_db()
    assert accounts[0].status == "disabled"


def test_what_upstream_was_told_leaves_nothing_to_undo_here():
    account = make_account(tags=["eu"])
    assert bulk.mark([account.pk], ["nsfw"], []) == 1
    account.refresh_from_db()
    assert account.tags == ["eu", "nsfw"]
    bulk.mark([account.pk], [], ["nsfw"])
    account.refresh_from_db()
    assert account.tags == ["eu"]
    assert not RestorePoint.objects.exists()
