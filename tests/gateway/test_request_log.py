"""The request log in the console."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gateway.models import RequestRecord
from grokgateway import config

LIST = "/admin/gateway/requestrecord/"


@pytest.fixture
def console(client, db):
    client.force_login(get_user_model().objects.create_superuser("operator"))
    return client


def make_record(number=1, **overrides):
    values = {
        "request_id": f"req_{number}",
        "started_at": datetime.now(UTC),
        "key": "key_a",
        "endpoint": "/v1/chat/completions",
        "model": "grok-4.20-auto",
        "account": "acc_b",
        "attempts": [
            {"account": "acc_a", "mode": "auto", "reason": "rate_limited"},
            {
                "account": "acc_b",
                "mode": "auto",
                "reason": "ok",
                "pool": "super",
                "chosen": "quota",
                "left": 7,
                "inflight": 2,
                "at_ms": 120,
                "took_ms": 900,
            },
        ],
        "status": 200,
        "total_ms": 1020.0,
        "first_token_ms": 310.0,
        "prompt_tokens": 5,
        "completion_tokens": 9,
    }
    return RequestRecord.objects.create(**{**values, **overrides})


def listed(console, query=""):
    answer = console.get(LIST + query)
    assert answer.status_code == 200
    found = answer.context["cl"].result_list
    return {record.request_id for record in found}


def test_the_list_opens_on_the_last_day(console):
    make_record(1)
    make_record(2, started_at=datetime.now(UTC) - timedelta(hours=25))
    assert listed(console) == {"req_1"}
    assert listed(console, "?since=all") == {"req_1", "req_2"}
    assert listed(console, "?since=7d") == {"req_1", "req_2"}
    old = timezone.localtime() - timedelta(hours=25)  # the filter's days are of here
    day = f"?started_at__year={old.year}&started_at__month={old.month}"
    assert "req_2" in listed(console, f"{day}&started_at__day={old.day}")


def test_a_search_looks_at_all_times_and_exactly(console):
    make_record(1, started_at=datetime.now(UTC) - timedelta(days=20))
    make_record(10, account="acc_z", model="other")
    assert listed(console, "?q=req_1") == {"req_1"}
    assert listed(console, "?q=acc_z") == {"req_10"}
    assert listed(console, "?q=grok-4.20-auto") == {"req_1"}
    assert listed(console, "?q=req_") == set()


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("ok", 200), ("failed", 503), ("limited", 429), ("refused", 404), ("gone", 499)],
)
def test_records_are_filtered_by_outcome(console, outcome, status):
    for number, one in enumerate((200, 503, 429, 404, 499)):
        make_record(number, status=one)
    found = listed(console, f"?outcome={outcome}")
    assert set(
        RequestRecord.objects.filter(request_id__in=found).values_list("status")
    ) == {(status,)}


def test_the_list_costs_few_queries_and_counts_no_further_than_it_pages(
    console, monkeypatch
):
    monkeypatch.setattr("gateway.admin.log_filters.COUNTED_UP_TO", 150)
    for number in range(160):
        make_record(number)
    config.current()  # read once for all pages
    with CaptureQueriesContext(connection) as queries:
        answer = console.get(LIST)
    assert len(queries) < 10
    assert answer.context["cl"].result_count == 150
    assert answer.context["cl"].paginator.num_pages == 2


def test_a_record_tells_which_accounts_were_asked_and_why(console):
    record = make_record()
    page = console.get(f"{LIST}{record.pk}/change/").content.decode()
    assert "after 120 ms, for 900 ms" in page
    assert "7 units of the mode were left after it." in page
    assert "2 calls were in flight on it." in page
    assert page.index("acc_a") < page.index("acc_b")
    assert 'class="badge wait">429<' in page


def test_a_record_without_attempts_says_so(console):
    record = make_record(attempts=[], account="", status=429)
    page = console.get(f"{LIST}{record.pk}/change/").content.decode()
    assert "No account was asked" in page


def test_a_request_is_found_by_the_id_its_caller_was_told(console):
    record = make_record()
    answer = console.get(f"{LIST}by-id/req_1")
    assert answer["Location"] == f"{LIST}{record.pk}/change/"
    assert console.get(f"{LIST}by-id/unknown").status_code == 404


def test_the_log_cannot_be_changed_by_hand(console):
    record = make_record()
    assert console.get(f"{LIST}add/").status_code == 403
    assert console.post(f"{LIST}{record.pk}/change/", {}).status_code == 403
    assert console.post(f"{LIST}{record.pk}/delete/", {}).status_code == 403


def test_the_log_is_filtered_by_endpoint(console):
    make_record(1)
    make_record(2, endpoint="/v1/messages")
    assert listed(console, "?endpoint=/v1/messages") == {"req_2"}
