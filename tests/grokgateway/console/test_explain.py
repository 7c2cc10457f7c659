"""The page that explains what would happen to a request."""

import pytest
from django.contrib.auth.models import User

from accounts.models import Account
from accounts.store import reset_windows
from gateway import catalog
from gateway.keys import store as keys
from gateway.models import ApiKey
from tests.factories import make_account

PAGE = "/admin/explain/"
MODEL = "grok-4.20-auto"


@pytest.fixture(autouse=True)
def known_models(db):
    catalog.synchronise()
    yield
    catalog.HOME.catalog = None


def add(count=3, **values):
    for _ in range(count):
        make_account(**values)
    reset_windows(dict(Account.objects.values_list("pk", "pool")))


def asked(console, **query):
    return console.get(PAGE, {"model": MODEL, **query})


def test_it_offers_models_and_keys(console):
    keys.create(ApiKey(name="wiki"))
    text = console.get(PAGE).content.decode()
    assert f'<option value="{MODEL}" >' in text
    assert '<option value="wiki" >' in text
    assert "Looked for in this order" not in text


def test_who_would_serve_and_who_would_not(console):
    add(2, pool="super")
    add(1, pool="super", status="disabled")
    answer = asked(console)
    (first,) = [one for one in answer.context["shelves"] if one.chosen]
    assert (first.mode, first.pool) == ("auto", "super")
    assert [(one.kind, str(one.word), one.count) for one in first.states] == [
        ("good", "ready", 2),
        ("idle", "disabled", 1),
    ]
    text = answer.content.decode()
    assert "It would be served now." in text
    assert f"?q={first.best[0]['public_id']}" in text


def test_nobody_is_there(console):
    assert "it has no account" in asked(console).content.decode()


def test_a_key_that_may_not_use_the_model_is_told_so(console):
    add()
    keys.create(ApiKey(name="wiki", allowed_models=["grok-4.20-fast"]))
    text = asked(console, key="wiki").content.decode()
    assert "the key may not use it" in text
    assert "It would be served" not in text


def test_the_pools_of_a_key_count(console):
    add(1, pool="super")
    add(1, pool="heavy")
    keys.create(ApiKey(name="wiki", allowed_pools=["heavy"]))
    pools = {one.pool for one in asked(console, key="wiki").context["shelves"]}
    assert pools == {"heavy"}


@pytest.mark.parametrize("query", [{"model": "no-such"}, {"key": "no-such"}])
def test_what_is_unknown_is_said(console, query):
    answer = asked(console, **query)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


def test_it_is_for_those_who_may_see_accounts(client):
    client.force_login(User.objects.create_user("viewer", is_staff=True))
    assert client.get(PAGE).status_code == 403
