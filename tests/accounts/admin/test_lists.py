"""What the list of accounts shows at a glance, and by what it can be narrowed."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import census
from accounts.census import Kept
from accounts.models import StatusEvent
from grokgateway.jobs import batches
from grokgateway.jobs.batches import Target
from grokgateway.jobs.models import BatchJob
from tests.factories import make_account

LIST = "/admin/accounts/account/"


@pytest.fixture
def console(client, db, monkeypatch):
    monkeypatch.setattr(census, "HOME", Kept())
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def listed(console, query=""):
    """The accounts of a list's first page, by id."""
    page = console.get(LIST + query)
    assert page.status_code == 200
    return {account.public_id for account in page.context["cl"].result_list}


def text_of(console, query=""):
    return console.get(LIST + query).content.decode()


@pytest.mark.parametrize(
    ("status", "shape"),
    [
        ("active", "good"),
        ("cooling", "wait"),
        ("expired", "bad"),
        ("disabled", "off"),
    ],
)
def test_a_state_is_told_by_word_and_shape(console, status, shape):
    make_account(status=status)
    text = text_of(console)
    assert f'<span class="badge {shape}">{status}</span>' in text


def test_a_state_says_why_and_since_when(console):
    account = make_account(status="expired", state_reason="invalid_credentials")
    at = timezone.now() - timedelta(hours=3)
    StatusEvent.objects.create(account=account, at=at, to_status="expired")
    text = text_of(console)
    assert "login is dead: import it anew" in text
    assert ">3\u00a0hours ago</time>" in text


def test_quota_never_read_is_not_taken_for_none_left(console):
    account = make_account(pool="super")
    account.windows.filter(mode="auto").update(remaining=0, source="real")
    account.windows.filter(mode="fast").update(remaining=70, source="real")
    text = text_of(console)
    assert 'value="0" low="5" aria-label="auto"></meter><b>0/50</b>' in text
    assert 'value="70" low="14" aria-label="fast"></meter><b>70/140</b>' in text
    assert "expert, grok_4_3</span><b>unknown</b>" in text
    assert "never read from upstream; assumed: 50 expert, 50 grok_4_3" in text


def test_a_window_past_its_reset_is_shown_as_full(console):
    account = make_account()
    past = timezone.now() - timedelta(minutes=1)
    account.windows.update(remaining=0, source="estimated", reset_at=past)
    assert "<b>30/30</b>" in text_of(console)


def test_failures_count_in_the_share_of_success(console):
    make_account(use_count=30, fail_count=10)
    make_account(use_count=900, fail_count=100, recent_calls=50, recent_failures=0b1101)
    text = text_of(console)
    assert '<span title="of all 40 calls 10 failed">75 %</span>' in text
    told = "of the latest 50 calls 3 failed; of all 1000 calls 100 failed"
    assert f'<span title="{told}">94 %</span>' in text


def test_the_next_change_is_the_end_of_cooling_else_a_reset(console):
    now = timezone.now()
    make_account(status="cooling", cooling_until=now + timedelta(hours=5, minutes=1))
    other = make_account()
    other.windows.update(reset_at=now + timedelta(hours=2, minutes=1))
    text = text_of(console)
    assert ">5\u00a0hours from now</time>" in text
    assert ">2\u00a0hours from now</time>" in text


def test_cards_lead_to_just_the_accounts_they_count(console):
    kept = {
        "ready": [make_account(), make_account()],
        "recovers": [make_account(status="cooling")],
        "needs_you": [
            make_account(status="expired"),
            make_account(status="disabled", state_reason="forbidden"),
        ],
        "off": [make_account(status="disabled", state_reason="operator_disabled")],
    }
    cards = console.get(LIST).context["cards"]
    assert [card.number for card in cards] == [2, 1, 2, 1]
    for card, accounts in zip(cards, kept.values(), strict=True):
        assert listed(console, card.query) == {one.public_id for one in accounts}


@pytest.mark.parametrize(
    "query",
    [
        "?q=of%20a%20kind",
        "?tag=of%20a%20kind",
        "?tag=M%C3%BCnchen",
        "?reason=server_error",
        "?mode=heavy",
        "?used=day",
        "?added=older",
        "?q=uuid-of-somebody",
        "?q=bought%20in%20may",
    ],
)
def test_the_list_is_narrowed_by(console, query):
    now = timezone.now()
    wanted = make_account(
        pool="heavy",
        tags=["of a kind", "M\u00fcnchen"],
        state_reason="server_error",
        last_use_at=now - timedelta(hours=2),
        created_at=now - timedelta(days=90),
        user_id="uuid-of-somebody",
        note="Bought in May",
    )
    make_account(tags=["kind"])
    assert listed(console, query) == {wanted.public_id}


def test_accounts_that_failed_in_a_job_are_found_by_it(console):
    good, bad, _other = (make_account() for _ in range(3))
    ids = (good.public_id, bad.public_id)
    job = batches.create("refresh", [Target(one) for one in ids], by="root")
    job.items.filter(target=bad.public_id).update(state="failed", error="no answer")
    BatchJob.objects.filter(pk=job.pk).update(fail=1)
    assert listed(console, f"?failed_job={job.public_id}") == {bad.public_id}
    assert listed(console, "?failed_job=no-such-job") == set()
    link = rf'\?failed_job={job.public_id}"[^>]*>\s*Refresh quotas, '
    assert re.search(link, text_of(console))
    page = console.get(f"/admin/jobs/batchjob/{job.pk}/change/").content.decode()
    assert f"{LIST}?failed_job={job.public_id}" in page


def test_an_empty_window_is_no_quota_for_its_mode(console):
    make_account(pool="heavy").windows.filter(mode="heavy").update(remaining=0)
    assert listed(console, "?mode=heavy") == set()


def test_accounts_never_used_can_be_found(console):
    unused = make_account()
    make_account(last_use_at=timezone.now())
    assert listed(console, "?used=never") == {unused.public_id}


@pytest.mark.parametrize(
    "query", ["", "?q=acc", "?standing=ready&tag=nsfw&mode=fast", "?p=2", "?o=2.-6"]
)
def test_a_page_takes_few_queries_whatever_it_shows(console, query):
    for _ in range(60):
        StatusEvent.objects.create(
            account=make_account(tags=["nsfw"]), at=timezone.now()
        )
    text_of(console)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        text_of(console, query)
    assert len(seen) < 10, [one["sql"] for one in seen]
