import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import bulk, imports
from accounts.documents import Defaults, parse
from accounts.models import Account, QuotaWindow
from gateway import catalog
from gateway.models import KeyUsage, RequestRecord
from tests.factories import make_key

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known_models():
    catalog.synchronise()
    yield
    catalog.HOME.catalog = None


def add(count=3, pool="super"):
    imports.add(
        parse("\n".join(f"tok-{pool}-{n}" for n in range(count)), Defaults(pool))
    )
    return list(Account.objects.values_list("pk", flat=True))


def explain(model="grok-4.20-auto", *options):
    out = StringIO()
    try:
        call_command("explain", "--model", model, *options, stdout=out)
    except CommandError as refusal:
        return out.getvalue(), refusal.returncode
    return out.getvalue(), 0


def told(model="grok-4.20-auto"):
    text, code = explain(model, "--json")
    return json.loads(text), code


def test_who_would_be_chosen():
    add()
    found, code = told()
    assert code == 0
    assert found["answer"]["status"] == "served"
    assert (found["answer"]["mode"], found["answer"]["pool"]) == ("auto", "super")
    assert len(found["answer"]["likely_accounts"]) == 3
    assert found["units_left"] == 3 * (50 + 140 + 50)
    assert found["runs_dry_in_s"] is None


def test_when_it_runs_dry_at_the_present_rate():
    add(1)
    for number in range(24):
        RequestRecord.objects.create(
            request_id=f"r{number}",
            started_at=timezone.now(),
            endpoint="/v1/chat/completions",
            model="grok-4.20-0309",
            account="acc_x",
            status=200,
            total_ms=1.0,
        )
    found, _ = told()
    assert found["requests_last_hour"] == 24
    assert found["runs_dry_in_s"] == 240 * 3600 // 24


def test_a_used_up_pool_says_when_it_recovers():
    add(2)
    later = timezone.now() + timedelta(seconds=500)
    QuotaWindow.objects.update(remaining=0, reset_at=later)
    found, code = told()
    assert code == 1
    assert found["answer"]["http_status"] == 429
    assert 400 < found["answer"]["retry_after_s"] <= 500
    text, _ = explain()
    assert "quota_exhausted" in text


def test_no_accounts_and_none_that_recovers():
    assert told()[0]["answer"]["status"] == "no_accounts"
    bulk.disable(add(), by="op")
    assert told()[0]["answer"] == {"status": "none_usable", "http_status": 503}


def test_an_unknown_model():
    assert explain("nonsense")[1] == 2


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, None),
        ({"enabled": False}, "key_disabled"),
        ({"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}, "key_expired"),
        ({"allowed_models": ["grok-4.20-fast"]}, "model_not_allowed"),
        ({"allowed_pools": ["basic"]}, "model_not_allowed"),
        ({"requests_per_day": 2}, "requests_per_day"),
        ({"tokens_per_day": 7}, "tokens_per_day"),
    ],
    ids=str,
)
def test_what_a_named_key_would_be_answered(values, reason):
    add()
    row, _ = make_key(name="ci", **values)
    today = timezone.now().astimezone(UTC).date()
    KeyUsage.objects.create(key=row, day=today, requests=2, prompt_tokens=7)
    for name in ("ci", row.fingerprint):
        text, code = explain("grok-4.20-auto", "--key", name, "--json")
        answer = json.loads(text)["answer"]
        assert answer.get("reason") == reason
        assert code == (1 if reason else 0)


def test_a_key_nobody_made():
    assert explain("grok-4.20-auto", "--key", "nobody")[1] == 2
