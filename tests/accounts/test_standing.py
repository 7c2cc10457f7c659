from dataclasses import replace

import pytest

from accounts.rows import AccountRow, StatusChange
from accounts.standing import FAULTS, Outcome, judge, usable

NOW = 1_000_000.0
ROW = AccountRow(7, "acc_7", "super", "active", b"")


def run(outcomes, row=ROW):
    """Judge (outcome, seconds later) pairs in order; the row and all changes."""
    changes, now = [], NOW
    for outcome, later_s in outcomes:
        now += later_s
        row, change = judge(row, outcome, now, "req_1")
        changes += [change] if change else []
    return row, changes, now


@pytest.mark.parametrize(
    "outcome", [Outcome.SUCCESS, Outcome.NEUTRAL, Outcome.RATE_LIMITED]
)
def test_what_concerns_no_standing_returns_the_same_object(outcome):
    row, change = judge(ROW, outcome, NOW)
    assert row is ROW
    assert change is None


@pytest.mark.parametrize("status", ["active", "cooling", "disabled"])
def test_a_marker_expires_whatever_the_status(status):
    row, change = judge(replace(ROW, status=status), Outcome.CREDENTIAL, NOW, "req_1")
    assert row.status == "expired"
    assert change == StatusChange(
        7, NOW, status, "expired", "invalid_credentials", "req_1"
    )


def test_a_marker_on_an_expired_account_is_no_change():
    assert judge(replace(ROW, status="expired"), Outcome.CREDENTIAL, NOW)[1] is None


@pytest.mark.parametrize(("apart_s", "status"), [(600, "expired"), (601, "active")])
def test_the_second_bare_401_within_ten_minutes_expires(apart_s, status):
    row, changes, _ = run([(Outcome.UNAUTHORIZED, 0), (Outcome.UNAUTHORIZED, apart_s)])
    assert row.status == status
    assert [change.reason for change in changes] == (
        ["unauthorized"] if status == "expired" else []
    )


def test_a_late_401_counts_as_the_first_of_the_next_two():
    late = [(Outcome.UNAUTHORIZED, s) for s in (0, 601, 10)]
    assert run(late)[0].status == "expired"


def test_a_success_between_two_401_forgives_the_first():
    row, _, _ = run(
        [(Outcome.UNAUTHORIZED, 0), (Outcome.SUCCESS, 1), (Outcome.UNAUTHORIZED, 1)]
    )
    assert row.status == "active"


@pytest.mark.parametrize(
    ("gaps_s", "status"),
    [((0, 0), "active"), ((0, 1, 1), "disabled"), ((0, 43_200, 43_200), "active")],
)
def test_three_403_within_a_day_disable(gaps_s, status):
    row, _, _ = run([(Outcome.FORBIDDEN, gap_s) for gap_s in gaps_s])
    assert row.status == status


def test_old_strikes_are_forgotten():
    row, _, now = run([(Outcome.FORBIDDEN, 90_000)] * 5)
    assert row.strikes == (now,)


def test_the_fifth_5xx_cools_for_a_minute():
    row, changes, now = run([(Outcome.SERVER, 0)] * 5)
    assert (row.status, row.cooling_until) == ("cooling", now + 60)
    assert changes == [
        StatusChange(7, now, "active", "cooling", "server_error", "req_1")
    ]


def test_each_further_5xx_doubles_the_cooling_up_to_fifteen_minutes():
    row, _, now = run([(Outcome.SERVER, 0)] * 5)
    pauses = []
    for _ in range(8):
        now = row.cooling_until
        row, _ = judge(row, Outcome.SERVER, now)
        pauses.append(row.cooling_until - now)
    assert pauses == [120, 240, 480, 900, 900, 900, 900, 900]


def test_5xx_of_calls_begun_before_the_cooling_do_not_lengthen_it():
    row, _, now = run([(Outcome.SERVER, 0)] * 5)
    assert judge(row, Outcome.SERVER, now + 59)[0] is row


def test_a_success_ends_the_run_of_5xx():
    row, changes, _ = run([*[(Outcome.SERVER, 0)] * 4, (Outcome.SUCCESS, 0)])
    assert row.server_faults == 0
    row, changes, _ = run([(Outcome.SERVER, 0)] * 4, row)
    assert (row.status, changes) == ("active", [])


@pytest.mark.parametrize(("later_s", "status"), [(59, "cooling"), (60, "active")])
def test_a_success_ends_a_cooling_only_when_it_is_over(later_s, status):
    row, _, _ = run([*[(Outcome.SERVER, 0)] * 5, (Outcome.SUCCESS, later_s)])
    assert (row.status, row.server_faults) == (status, 0)


@pytest.mark.parametrize("status", ["disabled", "expired"])
@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.CREDENTIAL}))
def test_only_an_operator_brings_an_account_back(status, outcome):
    row = replace(ROW, status=status, server_faults=9, cooling_until=1.0)
    assert judge(row, outcome, NOW) == (row, None)


def test_a_deleted_account_keeps_its_standing():
    row = replace(ROW, deleted=True)
    assert judge(row, Outcome.SERVER, NOW) == (row, None)


def test_who_is_usable():
    usables = [
        (status, usable(replace(ROW, status=status)))
        for status in ("active", "cooling", "expired", "disabled")
    ]
    assert usables == [
        ("active", True),
        ("cooling", True),
        ("expired", False),
        ("disabled", False),
    ]
    assert not usable(replace(ROW, deleted=True))


def test_what_is_no_fault_of_the_account():
    good = {Outcome.SUCCESS, Outcome.NEUTRAL, Outcome.CHALLENGED}
    assert set(Outcome) - FAULTS == good
