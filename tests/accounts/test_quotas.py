import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.quotas import Window, default_windows
from accounts.rows import WindowRow

NOW = 1_000_000.0


def window(remaining=5, total=10, **overrides):
    return Window(WindowRow("fast", remaining, total, 7200, **overrides))


@pytest.mark.parametrize(
    ("pool", "totals", "window_s"),
    [
        ("basic", {"fast": 30}, 86_400),
        ("super", {"auto": 50, "fast": 140, "expert": 50, "grok_4_3": 50}, 7_200),
        (
            "heavy",
            {"auto": 150, "fast": 400, "expert": 150, "heavy": 20, "grok_4_3": 150},
            7_200,
        ),
    ],
)
def test_each_pool_starts_with_full_windows(pool, totals, window_s):
    rows = default_windows(pool)
    assert {row.mode: row.total for row in rows} == totals
    assert all(row.remaining == row.total for row in rows)
    assert all(row.window_s == window_s and not row.reset_at for row in rows)


def test_a_row_survives_the_way_through_memory():
    row = WindowRow("auto", 3, 50, 7200, NOW, "real", NOW + 5)
    assert Window(row).row() == row


def test_the_first_unit_starts_the_clock_and_the_second_does_not_move_it():
    fresh = window(10)
    fresh.reserve(NOW)
    fresh.reserve(NOW + 60)
    assert (fresh.remaining, fresh.reset_at) == (8, NOW + 7200)


def test_a_refund_gives_back_what_was_reserved_once():
    spent = window(5)
    spent.reserve(NOW)
    spent.refund()
    spent.refund()
    assert spent.remaining == 5


def test_a_kept_unit_is_not_given_back():
    spent = window(5)
    spent.reserve(NOW)
    spent.keep()
    spent.refund()
    assert (spent.remaining, spent.held) == (4, 0)


def test_an_empty_window_reserves_nothing():
    empty = window(0, reset_at=NOW + 5)
    empty.reserve(NOW)
    empty.refund()
    assert empty.remaining == 0


def test_a_window_is_full_from_its_reset_on():
    spent = window(0, reset_at=NOW, source="real")
    spent.renew(NOW - 1)
    assert spent.remaining == 0
    spent.renew(NOW)
    assert (spent.remaining, spent.reset_at, spent.source) == (10, 0.0, "default")


def test_a_unit_of_the_last_period_is_not_refunded_into_the_next():
    spent = window(5, reset_at=NOW + 10)
    spent.reserve(NOW)
    spent.renew(NOW + 10)
    spent.refund()
    assert spent.remaining == 10


def test_reserving_from_an_expired_window_renews_it_first():
    spent = window(1, reset_at=NOW - 1)
    spent.reserve(NOW)
    assert (spent.remaining, spent.reset_at) == (9, NOW + 7200)


@pytest.mark.parametrize(
    ("reset_at", "retry_after_s", "pause_s"),
    [
        (0.0, None, 900),
        (0.0, 120, 120),
        (0.0, 3600, 3600),
        (0.0, 0, 1),
        (NOW - 5, None, 900),
        (NOW + 300, None, 300),
        (NOW + 7200, None, 900),
        (NOW + 7200, 60, 60),
        (NOW + 60, 7200, 60),
    ],
)
def test_a_429_empties_and_cools(reset_at, retry_after_s, pause_s):
    limited = window(5, reset_at=reset_at)
    limited.exhaust(NOW, retry_after_s)
    assert (limited.remaining, limited.source) == (0, "estimated")
    assert limited.cooling_until == NOW + pause_s
    assert limited.blocked_until(NOW, by_quota=True) == NOW + pause_s
    assert limited.blocked_until(NOW, by_quota=False) == NOW + pause_s
    assert limited.blocked_until(NOW + pause_s, by_quota=True) == 0.0
    assert limited.remaining == 10


def test_a_refund_after_a_429_changes_nothing():
    limited = window(5)
    limited.reserve(NOW)
    limited.exhaust(NOW)
    limited.refund()
    assert limited.remaining == 0


STEPS = st.tuples(
    st.sampled_from(["reserve", "keep", "refund", "exhaust", "renew"]),
    st.integers(0, 4000),
)


@given(st.integers(0, 4), st.lists(STEPS))
def test_what_is_left_and_held_never_exceeds_the_total(remaining, steps):
    any_window, now = window(remaining, 4), NOW
    for step, later_s in steps:
        now += later_s
        if step in {"keep", "refund"}:
            getattr(any_window, step)()
        else:
            getattr(any_window, step)(now)
        assert any_window.remaining >= 0
        assert any_window.held >= 0
        assert any_window.remaining + any_window.held <= 4


def test_an_empty_window_is_blocked_until_its_reset():
    empty = window(0, reset_at=NOW + 50)
    assert empty.blocked_until(NOW, by_quota=True) == NOW + 50
    assert empty.blocked_until(NOW, by_quota=False) == 0.0


def test_an_empty_window_of_unknown_reset_waits_one_window_from_when_it_was_seen():
    empty = window(0)
    assert empty.blocked_until(NOW, by_quota=True) == NOW + 7200
    assert empty.blocked_until(NOW + 60, by_quota=True) == NOW + 7200


@pytest.mark.parametrize(
    ("remaining", "total", "used"), [(10, 10, 0), (5, 10, 0.5), (0, 8, 1), (9, 8, 0)]
)
def test_the_used_fraction(remaining, total, used):
    assert window(remaining, total).used() == used


def test_the_used_fraction_adds_without_error():
    used = window(1, 3).used()
    assert (used / 2 + 255.0) - 255.0 == used / 2


def test_a_row_of_the_same_period_does_not_give_spent_units_back():
    spent = window(5, reset_at=NOW + 10)
    spent.merge(WindowRow("fast", 9, 10, 7200, NOW + 10.2, "real"), NOW)
    assert (spent.remaining, spent.source) == (5, "real")
    spent.merge(WindowRow("fast", 2, 10, 7200, NOW + 10), NOW)
    assert spent.remaining == 2


def test_a_row_of_another_period_counts_less_what_is_in_flight():
    spent = window(5, reset_at=NOW + 10)
    spent.reserve(NOW)
    spent.merge(WindowRow("fast", 40, 50, 3600, NOW + 3600, "real"), NOW)
    assert (spent.remaining, spent.plan.total, spent.reset_at) == (39, 50, NOW + 3600)


def test_default_windows_given_anew_start_their_clock_only_with_calls_in_flight():
    idle, busy = window(5, reset_at=NOW + 10), window(5, reset_at=NOW + 10)
    busy.reserve(NOW)
    for one in (idle, busy):
        one.merge(WindowRow("fast", 10, 10, 7200), NOW)
    assert (idle.remaining, idle.reset_at) == (10, 0.0)
    assert (busy.remaining, busy.reset_at) == (9, NOW + 7200)
