"""`manage.py doctor`: text, JSON and exit codes."""

import json
from io import StringIO

import httpx
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from gateway.doctor_tables import Examination
from gateway.upstream import pool
from grokgateway import config
from tests.factories import make_account

pytestmark = pytest.mark.django_db(transaction=True)

LEFT = {"fast": (140, 140), "auto": (50, 50), "expert": (0, 50)}


def upstream(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/cdn-cgi/trace":
        return httpx.Response(200, content=b"ip=203.0.113.9\n")
    if request.url.path == "/rest/rate-limits":
        mode = json.loads(request.content)["modelName"]
        if mode not in LEFT:
            return httpx.Response(400, json={"message": "no such mode"})
        left, total = LEFT[mode]
        body = {"remainingQueries": left, "totalQueries": total}
        return httpx.Response(200, json=body)
    return httpx.Response(200, json={"status": "authenticated"})


@pytest.fixture(autouse=True)
def surroundings(ways, models, deaf):
    values = {"upstream.base_url": "http://127.0.0.1:9"}
    with config.override(values), pool.carried_by(httpx.MockTransport(upstream)):
        yield


def examined(*options):
    out = StringIO()
    try:
        call_command("doctor", *options, stdout=out)
    except CommandError as refusal:
        return out.getvalue(), refusal.returncode
    return out.getvalue(), 0


def test_sound():
    account = make_account(pool="super")
    text, code = examined()
    assert code == 0
    assert f"direct, account {account.public_id}" in text
    assert "Upstream sees 203.0.113.9." in text
    assert "Used up: expert." in text
    assert text.endswith("Everything that was looked at is sound.\n")
    row = Examination.objects.get()
    assert (row.by, row.sound) == ("manage.py doctor", True)


def test_a_fault_as_text_and_as_json():
    make_account(pool="heavy")
    text, code = examined()
    assert code == 1
    assert "FAULT  Tier" in text
    assert "Refresh the account, or set its tier to what it is." in text
    assert "Not reached." in text
    document = json.loads(examined("--json")[0])
    assert set(document) == {"version", "sound", "alike", "ms", "verdict", "cases"}
    (case,) = document["cases"]
    assert set(case) == {"node", "account", "model", "sound", "guilty", "findings"}
    guilty = case["guilty"]
    assert (guilty["check"], guilty["layer"]) == ("tier", "account")
    assert set(guilty) == {
        *("check", "state", "layer", "code", "cause", "about", "ms"),
        *("seen", "remedy"),
    }
    assert [one["check"] for one in case["findings"]][:3] == ["node", "name", "connect"]


def test_a_model_and_its_account():
    account = make_account(pool="super")
    make_account(pool="basic")
    text, code = examined("--model", "grok-4.20-auto", "--account", account.public_id)
    assert code == 0
    assert "Upstream knows the mode auto." in text


def test_a_token_names_its_account_and_is_kept_nowhere():
    account = make_account(pool="super", token="canary-token-of-an-account")
    text, code = examined("--account", "canary-token-of-an-account", "--json")
    assert code == 0
    assert json.loads(text)["cases"][0]["account"] == account.public_id
    row = Examination.objects.get()
    assert row.asked["account"] == account.public_id
    assert "canary" not in text + json.dumps([row.asked, row.document])


@pytest.mark.parametrize("option", ["--node", "--account", "--model"])
def test_wrong_usage(option):
    assert examined(option, "no-such")[1] == 2
    assert not Examination.objects.exists()
