import asyncio
import time

import pytest
from django.db import OperationalError

from accounts import directory, store
from accounts.claims.base import Unreachable
from accounts.directory import Directory
from accounts.models import Account, DirectoryRevision, QuotaWindow
from tests.accounts.directories import FAST
from tests.factories import make_account


@pytest.fixture
def home(monkeypatch):
    monkeypatch.setattr(directory.HOME, "directory", Directory())
    monkeypatch.setattr(directory.HOME, "member", None)
    return directory.HOME


@pytest.mark.django_db
def test_loading_reads_what_is_stored(home):
    account = make_account(pool="super")
    make_account(pool="basic", status="disabled")
    loaded = directory.load()
    assert directory.current() is loaded
    assert loaded.loaded
    assert loaded.claim(FAST, time.time())[0].id == account.pk
    assert loaded.counts()["disabled"] == 1


@pytest.mark.django_db
def test_news_are_what_changed_since(home):
    account = make_account(pool="super")
    accounts = directory.load()
    assert directory.news(accounts.revision) == (accounts.revision, [], False)
    store.disable([account.pk])
    revision, rows, anew = directory.news(accounts.revision)
    assert not anew
    assert revision > accounts.revision
    assert [(row.id, row.status) for row in rows] == [(account.pk, "disabled")]


@pytest.mark.django_db(transaction=True)
async def test_sync_follows_other_processes(home):
    await directory.ready()
    accounts = directory.current()
    account = await asyncio.to_thread(make_account, pool="super")
    await directory.sync()
    assert accounts.claim(FAST, time.time())[0].id == account.pk
    await asyncio.to_thread(store.soft_delete, [account.pk], "gone")
    await directory.sync()
    assert len(accounts) == 0


@pytest.mark.django_db(transaction=True)
async def test_the_first_caller_loads_and_the_others_wait(home):
    await asyncio.gather(*[directory.ready() for _ in range(5)])
    loaded = directory.current()
    assert loaded.loaded
    await directory.ready()
    assert directory.current() is loaded


@pytest.mark.django_db(transaction=True)
async def test_shared_accounts_are_in_hand_before_the_first_request(home, settings):
    settings.SERVER_WORKERS = 2
    for _ in range(8):
        await asyncio.to_thread(make_account, pool="super")
    await directory.ready()
    member, purse = directory.HOME.member, directory.current().purse
    assert member is not None
    assert purse is not None
    entry, mode, _ = await directory.claim(FAST, frozenset(), None)
    assert (mode, member.trade.waited) == ("fast", 0)
    assert entry.id in purse.slots


@pytest.mark.django_db(transaction=True)
async def test_what_is_left_is_read_anew_whatever_was_known(home):
    account = await asyncio.to_thread(make_account, pool="super")
    await asyncio.to_thread(directory.load)
    windows = QuotaWindow.objects.filter(account=account, mode="fast")
    await windows.aupdate(remaining=7)
    await directory.sync()
    (entry,) = directory.current().entries()
    lefts = {stock.plan.mode: stock for stock in entry.windows}
    assert lefts["fast"].remaining > 7, "no revision told of it"
    await directory.reread()
    assert lefts["fast"].remaining == 7


@pytest.mark.django_db(transaction=True)
async def test_tables_that_are_away_are_said_to_be(home, monkeypatch):
    def away(_page):
        raise OperationalError("secret")

    monkeypatch.setattr(store, "load", lambda: map(away, [1]))
    with pytest.raises(Unreachable, match=r"^OperationalError$"):
        await directory.reread()


@pytest.mark.parametrize("since_then", [0, 1, 4])
@pytest.mark.django_db(transaction=True)
async def test_a_database_that_was_restored_is_read_anew(home, monkeypatch, since_then):
    """Also where its revision has come up to the one known, with other changes."""
    monkeypatch.setattr(directory, "COMPARE_S", 0.0)
    kept, other = [await asyncio.to_thread(make_account, pool="super") for _ in "12"]
    await directory.ready()
    await directory.sync()
    await asyncio.to_thread(store.disable, [kept.pk])
    late = await asyncio.to_thread(make_account, pool="super")
    await asyncio.to_thread(store.restore, [late.pk], "me")
    await directory.sync()
    accounts = directory.current()
    assert {entry.id for entry in accounts.entries()} == {kept.pk, other.pk, late.pk}

    def restored():
        """As it was before the account was disabled and the other one came."""
        Account.objects.filter(pk=late.pk).delete()
        Account.objects.filter(pk=kept.pk).update(status="active", revision=0)
        DirectoryRevision.objects.update(value=accounts.revision - 2)
        for _ in range(since_then):
            store.disable([other.pk])

    await asyncio.to_thread(restored)
    await directory.sync()
    await directory.sync()
    statuses = {entry.id: entry.row.status for entry in accounts.entries()}
    assert statuses == {
        kept.pk: "active",
        other.pk: "disabled" if since_then else "active",
    }
