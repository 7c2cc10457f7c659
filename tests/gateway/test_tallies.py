"""Sums of requests by time and model."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway import tallies
from gateway.tallies import Period, Seen, Total
from gateway.tally_tables import Tally

NOW = datetime(2026, 6, 1, 12, 34, 56, tzinfo=UTC)


def seen(**overrides):
    values = {
        "at": NOW,
        "model": "m",
        "status": 200,
        "first_token_ms": 300.0,
        "prompt_tokens": 5,
        "completion_tokens": 7,
    }
    return Seen(**{**values, **overrides})


@pytest.mark.django_db
def test_requests_are_added_to_both_grains():
    tallies.add([seen(), seen(status=502, first_token_ms=None)])
    tallies.add([seen(at=NOW + timedelta(minutes=10)), seen(model="other")])
    rows = Tally.objects.filter(model="m").order_by("grain_s", "slot")
    assert [(row.grain_s, row.slot.minute, row.requests) for row in rows] == [
        (300, 30, 2),
        (300, 40, 1),
        (3600, 0, 3),
    ]
    hour = rows.get(grain_s=3600)
    assert (hour.failed, hour.refused, hour.limited, hour.gone) == (1, 0, 0, 0)
    assert (hour.prompt_tokens, hour.completion_tokens) == (15, 21)
    assert (hour.first_500ms, hour.first_250ms) == (2, 0)


@pytest.mark.parametrize(
    ("status", "column"),
    [
        (200, ""),
        (400, "refused"),
        (404, "refused"),
        (429, "limited"),
        (499, "gone"),
        (500, "failed"),
        (503, "failed"),
    ],
)
def test_what_an_answer_counts_as(status, column):
    total = Total()
    total.add(seen(status=status))
    counted = ("refused", "limited", "failed", "gone")
    assert [name for name in counted if total[name]] == [column] * bool(column)
    assert total.succeeded == (not column)


def test_success_leaves_out_what_the_client_did():
    total = Total()
    assert total.success is None
    for status in (200, 200, 200, 502, 400, 499):
        total.add(seen(status=status))
    assert total.success == 0.75


@pytest.mark.parametrize(
    ("times", "share", "low", "high"),
    [
        ([], 0.5, None, None),
        ([100] * 4, 0.5, 0, 125),
        ([300] * 90 + [3_000] * 10, 0.5, 250, 500),
        ([300] * 90 + [3_000] * 10, 0.95, 2_000, 4_000),
        ([90_000], 0.5, 64_000, 64_000),
    ],
)
def test_times_of_first_tokens(times, share, low, high):
    total = Total()
    for took_ms in times:
        total.add(seen(first_token_ms=took_ms))
    found = total.first_token_ms(share)
    if low is None:
        assert found is None
    else:
        assert low <= found <= high


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("period", "ago", "counted"),
    [
        (Period.HOUR, timedelta(minutes=50), True),
        (Period.HOUR, timedelta(minutes=65), False),
        (Period.DAY, timedelta(hours=22), True),
        (Period.DAY, timedelta(hours=25), False),
        (Period.WEEK, timedelta(days=6), True),
        (Period.WEEK, timedelta(days=8), False),
        (Period.MONTH, timedelta(days=28), True),
        (Period.MONTH, timedelta(days=31), False),
    ],
)
def test_a_report_holds_its_period_step_by_step(period, ago, counted):
    tallies.add([seen(), seen(at=NOW - ago, model="old")])
    report = tallies.report(period, NOW)
    assert len(report.steps) == period.steps
    assert report.total["requests"] == 1 + counted
    assert sum(total["requests"] for _, total in report.steps) == 1 + counted
    assert report.steps[-1][1]["requests"] == 1
    assert [name for name, _ in report.models] == ["m", "old"][: 1 + counted]


@pytest.mark.django_db
def test_a_report_costs_two_queries(django_assert_num_queries):
    tallies.add([seen(model=f"m{n}") for n in range(20)])
    with django_assert_num_queries(2):
        report = tallies.report(Period.DAY, NOW, models=5)
    assert len(report.models) == 5


@pytest.mark.django_db
def test_busiest_models_come_first_and_the_nameless_count_in_the_whole():
    tallies.add([seen(model="rare"), *[seen(model="often")] * 3, seen(model="")])
    report = tallies.report(Period.DAY, NOW)
    assert [name for name, _ in report.models] == ["often", "rare"]
    assert report.total["requests"] == 5


@pytest.mark.django_db
def test_what_no_report_reads_is_deleted():
    ages = [timedelta(days=1), timedelta(days=3), timedelta(days=401)]
    tallies.add([seen(at=NOW - ago) for ago in ages])
    assert tallies.purge(NOW) == 3
    left = Tally.objects.order_by("grain_s", "slot").values_list("grain_s", flat=True)
    assert list(left) == [300, 3600, 3600]
