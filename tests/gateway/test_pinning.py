"""Accounts that are pinned to a proxy node: on pages, in documents, on the way."""

import json
import time
from dataclasses import replace

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from accounts import bulk, imports, restorepoints
from accounts.documents import Defaults, parse
from accounts.exporting import DOCUMENT, FULL, POOLS, Export
from accounts.models import Account, RestorePoint
from accounts.quotas import TOTALS
from accounts.store import pages
from gateway.egress import binding, home
from gateway.egress.home import Home
from gateway.egress.nodes import Scope
from gateway.egress.proxies import parse as proxy
from gateway.egress_tables import EgressNode
from gateway.errors import UpstreamFailure
from gateway.exits import standing, store
from grokgateway import config
from tests.factories import make_account, make_token
from tests.gateway.ground import END, ask, row, said
from tests.gateway.test_turn import failure_of, text_of

LIST = "/admin/accounts/account/"
POOL = {
    "proxy.egress.mode": "proxy_pool",
    "proxy.egress.proxy_pool": ("http://a:1", "http://b:1"),
}


@pytest.fixture
def ways(monkeypatch, db):
    fresh = Home()
    monkeypatch.setattr(home, "HOME", fresh)
    with config.override(POOL):
        store.fill(EgressNode(name="mine"), proxy("http://mine:1")).save()
        store.load()
        yield fresh


@pytest.fixture
def console(client, ways):
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def page(console, account):
    return console.get(f"{LIST}{account.pk}/change/").content.decode()


def test_the_page_of_an_account_tells_its_node(console, ways):
    account = make_account(token="one-of-many")
    key = binding.account_key("one-of-many")
    own = ways.take(config.current(), Scope.CHAT, key).node.name
    text = page(console, account)
    assert f">{own}</a>" in text
    assert "by a stable hash" in text
    Account.objects.filter(pk=account.pk).update(node="mine")
    text = page(console, account)
    assert ">mine</a>" in text
    assert "by a stable hash" not in text
    EgressNode.objects.filter(name="mine").delete()
    store.load()
    assert "pinned to mine, which is not here" in page(console, account)
    with config.override({"proxy.egress.mode": "direct"}):
        assert "no proxy is in use" in page(console, account)


def test_pinning_asks_is_recorded_and_can_be_undone(console):
    accounts = [make_account() for _ in range(3)]
    ticked = [account.pk for account in accounts[:2]]
    data = {"action": "pin", "_selected_action": ticked}
    asked = console.post(LIST, data).content.decode()
    assert "by this node alone" in asked
    assert "mine (http://mine:1)" in asked
    assert set(Account.objects.values_list("node", flat=True)) == {""}
    done = console.post(LIST, data | {"apply": 1, "node": "mine"}, follow=True)
    point = RestorePoint.objects.get()
    assert point.public_id in done.content.decode()
    assert nodes_of(accounts) == ["mine", "mine", ""]
    entry = LogEntry.objects.get()
    assert "pin" in str(entry)
    assert "mine" in entry.change_message
    restorepoints.undo(point, by="root")
    assert nodes_of(accounts) == ["", "", ""]


def test_a_node_that_is_not_there_is_no_choice(console):
    account = make_account()
    data = {"action": "pin", "apply": 1, "node": "elsewhere"}
    console.post(f"{LIST}{account.pk}/act/", data)
    assert nodes_of([account]) == [""]


def test_unpinning_and_finding_what_is_pinned(console):
    account, other = make_account(node="mine"), make_account()
    assert other.public_id not in console.get(LIST, {"node": "any"}).content.decode()
    assert account.public_id in console.get(LIST, {"node": "=mine"}).content.decode()
    assert account.public_id not in console.get(LIST, {"node": "none"}).content.decode()
    console.post(f"{LIST}{account.pk}/act/", {"action": "unpin"})
    assert nodes_of([account]) == [""]
    assert RestorePoint.objects.get().action == "unpin"


def nodes_of(accounts):
    found = Account.objects.in_bulk([account.pk for account in accounts])
    return [found[account.pk].node for account in accounts]


def test_restore_points_of_before_know_no_node(db):
    account = make_account(node="mine")
    changed = bulk.disable([account.pk], by="op")
    point = RestorePoint.objects.get(public_id=changed.undo)
    row = point.rows.get()
    del row.kept["node"]
    row.save()
    restorepoints.undo(point, by="op")
    assert nodes_of([account]) == ["mine"]


@pytest.mark.parametrize("form", [POOLS, DOCUMENT, FULL])
def test_exports_keep_the_node_and_imports_take_it(db, form):
    token, free = make_token(), make_token()
    make_account(token=token, node="mine")
    make_account(token=free)
    written = "".join(Export(Account.objects.all(), form, secrets=True).pieces())
    Account.objects.all().delete()
    imports.add(parse(written, Defaults()))
    assert sorted(Account.objects.values_list("node", flat=True)) == ["", "mine"]
    (row, _) = [one for found in pages.load() for one in found]
    assert row.node == Account.objects.get(pk=row.id).node


def test_an_import_pins_what_comes_back_but_not_what_is_here(db):
    here, gone = make_token(), make_token()
    accounts = [make_account(token=here), make_account(token=gone)]
    bulk.delete([accounts[1].pk], by="op")
    items = [{"token": token, "node": "mine"} for token in (here, gone)]
    imports.add(parse(json.dumps({"basic": items}), Defaults()))
    assert nodes_of(accounts) == ["", "mine"]


def test_what_is_no_name_of_a_node_is_rejected(db):
    parsed = parse(json.dumps([{"token": make_token(), "node": 7}]), Defaults())
    assert [one.reason for one in parsed.rejected] == [
        "node is not the name of a proxy node"
    ]


def test_nodes_count_those_that_are_pinned_to_them(ways):
    for _ in range(4):
        make_account(node="mine")
    make_account(node="nowhere")
    assert standing.bound(config.current()) == {"mine": 4}


@pytest.mark.parametrize("others", [True, False], ids=["another", "none"])
async def test_a_request_goes_on_with_another_account_and_harms_none(
    stage, monkeypatch, others
):
    """The pinned one is tried first: it has more left."""
    monkeypatch.setattr(home, "HOME", Home())
    pinned = replace(row(1, "pinned", "heavy"), node="gone")
    stage.accounts.apply([pinned], time.time())
    if others:
        stage.accounts.apply([row(2, "free", "super")], time.time())
    stage.upstream.will(said("hello") + END)
    asked = ask()
    with config.override(POOL):
        if others:
            assert await text_of(asked) == "hello"
            assert stage.upstream.asked == ["free"]
        else:
            failure = await failure_of(asked)
            assert failure.kind == "egress_unavailable"
            assert failure.retry_after_s
            assert stage.upstream.asked == []
    assert asked.journal.attempts[0].reason == "egress"
    entry = stage.accounts.entry(1)
    assert (entry.inflight, entry.row.status, entry.row.strikes) == (0, "active", ())
    assert entry.window("auto").remaining == TOTALS["heavy"]["auto"]


class TestWays:
    """A pinned account in the home of ways; `mine` carries everything."""

    def take(self, ways, scope=Scope.CHAT, pinned="mine", key=1):
        return ways.take(config.current(), scope, key, pinned=pinned).node.name

    def test_it_takes_its_node_whatever_the_hash_says(self, ways):
        assert {self.take(ways, key=key) for key in range(50)} == {"mine"}
        assert self.take(ways, Scope.RESOURCE) == "mine"

    def test_it_fails_while_its_node_is_out_and_no_other_does(self, ways):
        settings = config.current()
        ways.failed(ways.take(settings, Scope.CHAT, 1, pinned="mine"), "proxy_reset")
        with pytest.raises(UpstreamFailure) as caught:
            self.take(ways)
        failure = caught.value
        assert (failure.cause, failure.kind) == ("pinned_out", "egress_unavailable")
        assert failure.retryable
        assert not failure.sent
        assert failure.retry_after_s in {30, 31}
        assert self.take(ways, pinned="") in {"pool-0", "pool-1"}

    def test_a_node_that_carries_only_files_leaves_calls_to_others(self, ways):
        EgressNode.objects.filter(name="mine").update(scope="resource")
        store.load()
        assert self.take(ways, Scope.RESOURCE) == "mine"
        assert self.take(ways) in {"pool-0", "pool-1"}

    @pytest.mark.parametrize("mode", ["single_proxy", "proxy_pool"])
    def test_a_node_that_is_gone_is_replaced_by_none(self, ways, mode):
        more = {"proxy.egress.mode": mode, "proxy.egress.proxy_url": "http://s:1"}
        with config.override({**POOL, **more}), pytest.raises(UpstreamFailure):
            self.take(ways, pinned="gone")

    def test_direct_is_direct(self, ways):
        with config.override({"proxy.egress.mode": "direct"}):
            assert self.take(ways) == "direct"
