"""The panels of the overview."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import census
from accounts.census import Kept
from gateway import tallies
from gateway.models import ApiKey, RequestRecord
from gateway.tallies import Seen
from grokgateway.console.overview import charts, troubled
from grokgateway.jobs import batches
from grokgateway.jobs.batches import Target
from tests.factories import make_account


@pytest.fixture(autouse=True)
def counted_anew(monkeypatch):
    monkeypatch.setattr(census, "HOME", Kept())


def ago(**span):
    return datetime.now(UTC) - timedelta(**span)


def make_traffic():
    now = datetime.now(UTC)
    good, bad = (200, 400.0, 5, 7), (502, None, 0, 0)
    tallies.add(Seen(now, "grok-a", *one) for one in (good, good, good, bad))


def shown(console, name, query=""):
    """What a panel of the overview is drawn from."""
    panels = console.get(f"/admin/{query}").context["panels"]
    (found,) = [panel.context for panel in panels if panel.name == name]
    return found


def make_record(account, attempts, first_token_ms=None, at=None):
    return RequestRecord.objects.create(
        request_id="req",
        started_at=at or datetime.now(UTC),
        endpoint="/v1/chat/completions",
        account=account,
        attempts=[{"account": a, "mode": "auto", "reason": r} for a, r in attempts],
        status=200,
        first_token_ms=first_token_ms,
        total_ms=1.0,
    )


def test_without_accounts_it_shows_how_to_begin(console):
    text = console.get("/admin/").content.decode()
    assert "Three steps to the first answer" in text
    assert "curl http://testserver/v1/chat/completions" in text
    assert "/admin/accounts/account/import/" in text
    assert 'id="panel-pool"' not in text


def test_with_a_key_the_second_step_says_so(console):
    ApiKey.objects.create(name="k", key_hash="h", fingerprint="f", hint="gk-…")
    assert "There is a key" in console.get("/admin/").content.decode()


def test_the_pool_is_shown_tier_by_tier(console):
    for _ in range(3):
        make_account(pool="super")
    make_account(pool="basic", status="cooling", cooling_until=ago(hours=-1))
    text = console.get("/admin/").content.decode()
    assert "Three steps" not in text
    panel = shown(console, "pool")
    assert [(str(tier.name), tier.total) for tier in panel["tiers"]] == [
        ("Basic", 1),
        ("Super", 3),
    ]
    assert "pool__exact=super&amp;status__exact=active" in text
    assert "comes back in 1\xa0hour" in text or "comes back in 59\xa0minutes" in text


@pytest.mark.parametrize(
    ("query", "period"), [("", "24h"), ("?period=7d", "7d"), ("?period=bad", "24h")]
)
def test_requests_of_a_period(console, query, period):
    make_traffic()
    answer = console.get(f"/admin/{query}")
    panel = shown(console, "traffic", query)
    assert [name for name, _label, chosen in panel["periods"] if chosen] == [period]
    assert panel["whole"].requests == 4
    assert panel["whole"].success == 75
    assert panel["whole"].counts == [3, 0, 1, 0, 0]
    text = answer.content.decode()
    assert "model=grok-a" in text
    assert text.count('class="fill-bad"') == 2  # a bar and its legend


def test_accounts_are_blamed_for_what_failed_on_them(console):
    make_record("acc_b", [("acc_a", "rate_limited"), ("acc_b", "ok")], 900.0)
    make_record("acc_b", [("acc_a", "forbidden"), ("acc_b", "ok")], 300.0)
    make_record("acc_c", [("acc_c", "policy")])
    panel = shown(console, "troubled")
    assert [(line.account, line.faults, line.asked) for line in panel["failing"]] == [
        ("acc_a", 2, 2)
    ]
    assert [(line.account, line.first_token_s) for line in panel["slow"]] == [
        ("acc_b", 0.6)
    ]


@pytest.mark.django_db
def test_only_the_latest_requests_count(console, monkeypatch):
    monkeypatch.setattr(troubled, "LATEST", 1)
    make_record("acc_old", [("acc_old", "server")], at=ago(hours=1))
    make_record("acc_new", [("acc_new", "server")])
    text = console.get("/admin/").content.decode()
    assert "acc_new" in text
    assert "acc_old" not in text


def test_running_jobs_come_before_those_that_ended(console):
    for number in range(7):
        job = batches.create("refresh", [Target("a")], by=f"person {number}")
        if number != 0:
            batches.cancel(job.public_id, datetime.now(UTC))
    panel = shown(console, "work")
    first = [job.started_by for job, _title in panel["jobs"]][:2]
    assert first == ["person 0", "person 6"]
    assert panel["jobs"][0][1] == "Refresh quotas"
    assert len(panel["jobs"]) == 6


def test_it_costs_few_queries(console):
    make_traffic()
    make_account(pool="super")
    make_record("acc_a", [("acc_a", "server")])
    batches.create("refresh", [Target("a")])
    console.get("/admin/")
    with CaptureQueriesContext(connection) as queries:
        console.get("/admin/")
    assert len(queries) < 10, [one["sql"] for one in queries]


def test_figures_can_be_asked_for_alone(console):
    make_account(pool="super")
    make_traffic()
    answer = console.get("/admin/overview.json?period=7d")
    drawn = answer.json()["panels"]
    assert "no-store" in answer["Cache-Control"]
    assert drawn["pool"].lstrip().startswith('<section class="panel" id="panel-pool"')
    assert set(drawn) == {"wrong", "pool", "traffic"}


def test_panels_are_for_those_who_may_see_what_they_show(client, db):
    make_account(pool="super")
    make_traffic()
    user = User.objects.create_user("viewer", is_staff=True)
    client.force_login(user)
    assert client.get("/admin/overview.json").json()["panels"] == {}
    user.user_permissions.add(Permission.objects.get(codename="view_account"))
    assert set(client.get("/admin/overview.json").json()["panels"]) == {"pool"}
    client.logout()
    assert client.get("/admin/overview.json").status_code == 302


def test_bars_stand_on_the_ground_and_the_highest_fills_the_height():
    steps = [("a", [("good", 3), ("bad", 1)]), ("b", [("good", 2), ("bad", 0)])]
    first, second = charts.columns(steps, width=20, height=100)
    assert [(p.kind, p.at, p.length) for p in first.parts] == [
        ("good", 25, 75),
        ("bad", 0, 25),
    ]
    assert [(p.kind, p.at, p.length) for p in second.parts] == [("good", 50, 50)]
    assert first.at + first.thickness < second.at
    assert charts.columns([("a", [("good", 0)])], 10, 10)[0].parts == ()


def test_a_stripe_shares_its_width():
    parts = charts.stripe([("good", 3), ("wait", 0), ("bad", 1)], 100)
    assert [(p.kind, p.at, p.length) for p in parts] == [
        ("good", 0, 75),
        ("bad", 75, 25),
    ]
    assert charts.stripe([("good", 0)], 100) == []
