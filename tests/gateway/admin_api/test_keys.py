"""Named keys as scripts keep them."""

import json
from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import DataError
from django.test import Client

from gateway import catalog
from gateway.admin_api import keys
from gateway.keys import home
from gateway.models import ApiKey, KeyUsage
from grokgateway import config
from tests.factories import make_key

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "an-operators-key"


@pytest.fixture(autouse=True)
def settings_in_force():
    catalog.load()
    with config.override({"app.app_key": KEY}):
        yield


@pytest.fixture
def api():
    client = Client(headers={"Authorization": f"Bearer {KEY}"})

    def ask(method, path, body=None):
        data = "" if body is None else json.dumps(body)
        kind = "application/json"
        answer = client.generic(method, f"/admin/api{path}", data, content_type=kind)
        return answer.status_code, answer.json()

    return ask


def card_of(key):
    found = home.book().find(key)
    assert found is not None
    return found


def test_a_key_is_told_once_and_opens(api):
    status, made = api("POST", "/keys", {"name": "ci", "requests_per_min": 5})
    assert status == 200
    assert card_of(made["key"]).limits.requests_per_min == 5
    status, listed = api("GET", "/keys")
    assert [one["id"] for one in listed["keys"]] == [made["id"]]
    assert made["key"] not in json.dumps(listed)
    assert made["key"] not in json.dumps(api("GET", f"/keys/{made['id']}"))


@pytest.mark.parametrize(
    "member",
    [
        {"expires_at": "0001-01-01T00:00:00+14:00"},  # no database gives it back
        {"expires_at": "9999-12-31T23:59:59-14:00"},
        {"name": "a\0b"},
    ],
)
def test_what_cannot_be_stored_is_refused(api, member):
    status, told = api("POST", "/keys", {"name": "ci"} | member)
    assert (status, told["error"]["param"]) == (400, *member)
    assert api("GET", "/keys") == (200, {"keys": []})


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [(DataError, 400, "invalid_value"), (RuntimeError, 500, "internal_error")],
)
def test_what_fails_inside_is_told_as_json(api, monkeypatch, failure, status, code):
    def failing(_key_id):
        raise failure("secret")

    monkeypatch.setattr(keys, "one", failing)
    answered, told = api("GET", "/keys/k")
    assert (answered, told["error"]["code"]) == (status, code)
    assert "secret" not in json.dumps(told)


def test_only_what_is_named_changes(api):
    row, key = make_key(name="ci", requests_per_min=5, concurrent=2)
    body = {"concurrent": None, "enabled": False, "allowed_pools": ["super"]}
    status, changed = api("PATCH", f"/keys/{row.fingerprint}", body)
    assert status == 200
    assert (changed["requests_per_min"], changed["concurrent"]) == (5, None)
    card = card_of(key)
    assert (card.enabled, card.pools) == (False, {"super"})


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"requests_per_min": 0}, "requests_per_min"),
        ({"concurrent": "many"}, "concurrent"),
        ({"name": None}, "name"),
        ({"name": " "}, "name"),
        ({"allowed_models": ["no-such-model"]}, "allowed_models"),
        ({"allowed_pools": ["gold"]}, "allowed_pools.0"),
        ({"key": "mine"}, "key"),
        ({"enabled": False, "tokens_per_day": -1}, "tokens_per_day"),
    ],
)
def test_a_bad_value_is_named_and_changes_nothing(api, body, param):
    row, _ = make_key(name="ci")
    before = ApiKey.objects.values().get()
    status, answer = api("PATCH", f"/keys/{row.fingerprint}", body)
    assert (status, answer["error"]["param"]) == (400, param)
    assert ApiKey.objects.values().get() == before


def test_a_name_is_taken_once(api):
    make_key(name="ci")
    other, _ = make_key(name="other")
    assert api("POST", "/keys", {"name": "ci"})[0] == 409
    status, answer = api("PATCH", f"/keys/{other.fingerprint}", {"name": "ci"})
    assert (status, answer["error"]["code"]) == (409, "name_taken")


def test_a_deleted_key_opens_nothing(api):
    row, key = make_key()
    assert api("DELETE", f"/keys/{row.fingerprint}") == (
        200,
        {"status": "success", "deleted": 1},
    )
    assert home.book().find(key) is None
    for method in ("GET", "DELETE"):
        status, answer = api(method, f"/keys/{row.fingerprint}")
        assert (status, answer["error"]["code"]) == (404, "key_not_found")


def test_use_is_told_by_day(api):
    row, _ = make_key()
    today = datetime.now(UTC).date()
    KeyUsage.objects.create(key=row, day=today, requests=3, prompt_tokens=7)
    _, told = api("GET", f"/keys/{row.fingerprint}/usage")
    (day,) = told["usage"]
    assert (day["day"], day["requests"]) == (today.isoformat(), 3)
    assert api("GET", f"/keys/{row.fingerprint}/usage?days=0")[0] == 400


def test_an_operator_needs_the_permission_for_keys(client):
    row, _ = make_key()
    user = get_user_model().objects.create_user("helper", is_staff=True)
    client.force_login(user)
    assert client.get("/admin/api/keys").status_code == 401
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["view_apikey", "change_account"])
    )
    assert client.get("/admin/api/keys").status_code == 200
    assert client.delete(f"/admin/api/keys/{row.fingerprint}").status_code == 401
    assert ApiKey.objects.exists()


def test_without_a_key_nothing_is_told():
    assert Client().get("/admin/api/keys").status_code == 401
