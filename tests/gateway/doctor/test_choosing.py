"""Whom an examination looks at."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gateway import catalog
from gateway.doctor import choosing
from gateway.doctor.asking import Asked, Unknown
from gateway.egress.proxies import parse
from gateway.egress_tables import EgressNode
from gateway.exits import store
from grokgateway import config
from tests.factories import make_account

pytestmark = pytest.mark.django_db

POOL = {
    "proxy.egress.mode": "proxy_pool",
    "proxy.egress.proxy_pool": tuple(f"http://p{n}:1" for n in range(12)),
}


@pytest.fixture(autouse=True)
def known_models(db):
    catalog.synchronise()
    yield
    catalog.HOME.catalog = None


def chosen(**asked):
    return choosing.patients(Asked(**asked), config.current())


def names(patients):
    return [one.holder and one.holder.public_id for one in patients]


@pytest.fixture
def pooled(ways):
    with config.override(POOL):
        store.load()
        yield ways


def test_direct_is_one_way_with_the_likely_account(ways):
    make_account(last_use_at=timezone.now() - timedelta(days=1))
    latest = make_account(last_use_at=timezone.now())
    make_account(status="disabled", last_use_at=timezone.now())
    with config.override({}):
        (one,) = chosen()
    assert (one.name, names([one])) == ("direct", [latest.public_id])


def test_an_account_that_just_failed_tells_most(ways):
    make_account(last_use_at=timezone.now())
    now = timezone.now()
    failing = make_account(last_fail_at=now - timedelta(minutes=2))
    make_account(last_fail_at=now - timedelta(hours=2))
    with config.override({}):
        assert names(chosen()) == [failing.public_id]


def test_where_all_are_out_one_of_these_is_asked(ways):
    out = make_account(status="expired")
    with config.override({}):
        assert names(chosen()) == [out.public_id]


def test_nobody_and_one_that_cannot_be_read(ways):
    with config.override({}):
        assert chosen()[0].missing == "pool_empty"
        make_account(token_ciphertext=b"spoilt")
        assert chosen()[0].missing == "unreadable"


def test_an_account_is_asked_by_its_own_way_alone(pooled):
    account = make_account()
    patients = chosen()
    assert len(patients) == choosing.MOST_NODES
    assert names(patients) == [account.public_id, *[None] * 7]
    own = choosing.own_node(account, config.current())
    assert own is not None
    assert patients[0].name == own.name
    assert {one.missing for one in patients[1:]} == {"by_its_own"}
    assert len({one.name for one in patients}) == 8


def test_of_many_ways_those_that_failed_come_first(pooled):
    make_account()
    for name in ("pool-10", "pool-11"):
        pooled.named(name).failures = 3
    seen = {one.name for one in chosen()}
    assert {"pool-10", "pool-11"} <= seen


def test_while_all_are_out_the_account_keeps_its_way(pooled):
    account = make_account()
    own = choosing.own_node(account, config.current())
    assert own is not None
    for node in pooled.nodes(config.current()):
        pooled.of(node).cooled_until = 9e12
    assert chosen()[0].name == own.name


def test_a_node_is_looked_at_with_an_account_of_its_own(pooled):
    account = make_account()
    own = choosing.own_node(account, config.current())
    assert own is not None
    other = next(n for n in pooled.nodes(config.current()) if n is not own)
    (mine,) = chosen(node=own.name)
    assert names([mine]) == [account.public_id]
    (foreign,) = chosen(node=other.name)
    assert (names([foreign]), foreign.missing) == ([None], "no_account_here")


def test_a_node_that_is_switched_off_can_be_looked_at(ways):
    row = store.fill(
        EgressNode(name="mine", exit_address="203.0.113.9"), parse("http://h:1")
    )
    row.enabled = False
    row.save()
    (one,) = chosen(node="mine")
    assert (one.name, one.enabled, one.seen_exit) == ("mine", False, "203.0.113.9")


def test_a_proxied_mode_without_a_proxy(ways):
    make_account()
    with config.override({"proxy.egress.mode": "single_proxy"}):
        (one,) = chosen()
    assert one.node is None


def test_a_model_wants_a_fitting_account(ways):
    basic = make_account(pool="basic", last_use_at=timezone.now())
    with config.override({}):
        assert names(chosen(model="grok-4.20-heavy")) == [basic.public_id]
        heavy = make_account(pool="heavy")
        (one,) = chosen(model="grok-4.20-heavy")
    assert names([one]) == [heavy.public_id]
    assert one.wish is not None
    assert (one.wish.mode, one.wish.pools) == ("heavy", ("heavy",))


def test_an_account_is_known_by_its_id_and_its_token(ways):
    account = make_account(token="sandbox-basic-named")
    with config.override({}):
        for reference in (
            account.public_id,
            "sandbox-basic-named",
            "sso=sandbox-basic-named",
        ):
            assert names(chosen(account=reference)) == [account.public_id]


@pytest.mark.parametrize("what", ["node", "account", "model"])
def test_what_is_not_there(ways, what):
    with config.override({}), pytest.raises(Unknown) as caught:
        chosen(**{what: "no-such"})
    assert caught.value.what == what


def test_an_account_is_pinned_to_its_node(pooled):
    pinned = make_account(node="pool-7")
    assert chosen()[0].name == "pool-7"
    pooled.named("pool-7").cooled_until = 9e12
    (one,) = chosen(account=pinned.public_id)
    assert (one.name, one.login.node) == ("pool-7", "pool-7")


def test_a_pinned_account_whose_node_is_gone_has_no_way(pooled):
    make_account(node="gone")
    first, *others = chosen()
    assert first.node is None
    assert len(others) == choosing.MOST_NODES - 1


def test_no_account_goes_direct_while_calls_go_by_proxies(pooled):
    account = make_account()
    for asked in ({}, {"account": account.public_id}):
        (one,) = chosen(node="direct", **asked)
        assert (one.name, one.holder, one.missing) == ("direct", None, "never_direct")
    with config.override({"proxy.egress.mode": "direct"}):
        (one,) = chosen(node="direct")
    assert names([one]) == [account.public_id]
