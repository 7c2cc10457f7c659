from collections import Counter
from dataclasses import replace

import pytest

from accounts.directory import Rules, Wanted
from accounts.rows import WindowRow
from accounts.standing import Outcome
from tests.accounts.directories import (
    FAST,
    NOW,
    fast,
    finish,
    make_directory,
    make_row,
    refusal,
)


def use(accounts, outcome, now=NOW, **how):
    return finish(accounts, accounts.claim(FAST, now), outcome, now, **how)


@pytest.mark.parametrize("by_quota", [True, False])
def test_150_calls_over_ten_equal_accounts_spread_evenly(by_quota):
    rows = [make_row(number) for number in range(10)]
    accounts = make_directory(*rows, max_inflight=16, by_quota=by_quota)
    claims = [accounts.claim(FAST, NOW + n / 1000) for n in range(150)]
    spread = Counter(entry.id for entry, _ in claims)
    assert sum(spread.values()) == 150
    assert max(spread.values()) <= 16
    if by_quota:
        assert all(13 <= spread[number] <= 17 for number in range(10))


def test_one_account_with_more_quota_does_not_take_all():
    rows = [make_row(number, windows=fast(40, 140)) for number in range(9)]
    accounts = make_directory(*rows, make_row(9), max_inflight=16)
    spread = Counter(accounts.claim(FAST, NOW)[0].id for _ in range(150))
    assert all(13 <= spread[number] <= 17 for number in range(10))


@pytest.mark.parametrize("by_quota", [True, False])
@pytest.mark.parametrize("count", [3, 100])
def test_no_account_serves_more_than_its_limit(by_quota, count):
    rows = [make_row(number) for number in range(count)]
    accounts = make_directory(*rows, max_inflight=4, by_quota=by_quota)
    claims = [accounts.claim(FAST, NOW) for _ in range(4 * count)]
    assert set(Counter(entry.id for entry, _ in claims).values()) == {4}
    assert refusal(accounts) == ("saturated", 1)
    accounts.release(*claims[0], NOW, refund=False)
    assert accounts.claim(FAST, NOW)[0] is claims[0][0]


def test_the_limit_holds_over_all_modes_of_an_account():
    accounts = make_directory(make_row(1), max_inflight=1)
    accounts.claim(FAST, NOW)
    assert refusal(accounts, Wanted(("super",), ("auto",))) == ("saturated", 1)


def test_every_pool_is_tried_for_a_mode_before_the_next_mode():
    accounts = make_directory(make_row(1, "basic"), make_row(2, "super"))
    wanted = Wanted(("basic", "super"), ("auto", "fast"))
    entry, mode = accounts.claim(wanted, NOW)
    assert (entry.id, mode) == (2, "auto")
    entry, mode = accounts.claim(wanted, NOW, {2})
    assert (entry.id, mode) == (1, "fast")


def test_excluded_accounts_are_not_chosen_in_whatever_pool():
    accounts = make_directory(make_row(1, "basic"), make_row(2), make_row(3))
    wanted = Wanted(("basic", "super"), ("fast",))
    assert accounts.claim(wanted, NOW, {1, 2, 99})[0].id == 3
    assert refusal(accounts, wanted, excluded={1, 2, 3}) == ("saturated", 1)


def test_preferred_tags_win_where_someone_has_them():
    accounts = make_directory(make_row(1), make_row(2, tags=frozenset({"nsfw"})))
    wanted = replace(FAST, tags=frozenset({"nsfw"}))
    assert [accounts.claim(wanted, NOW)[0].id for _ in range(3)] == [2, 2, 2]


@pytest.mark.parametrize(
    "row",
    [
        make_row(1, status="disabled"),
        make_row(1, status="expired"),
        make_row(1, deleted=True),
        make_row(1, "basic"),
        make_row(1, windows=fast(0, 0)),
    ],
)
def test_without_a_usable_account_of_pool_and_mode_there_is_none(row):
    accounts = make_directory(row)
    assert refusal(accounts) == ("no_accounts", 1)
    assert ("super", "fast") not in accounts.serveable()


def test_an_unknown_pool_or_mode_has_no_accounts():
    accounts = make_directory(make_row(1))
    assert refusal(accounts, Wanted(("gold",), ("fast",)))[0] == "no_accounts"
    assert refusal(accounts, Wanted(("super",), ("slow",)))[0] == "no_accounts"


def test_a_spent_account_comes_back_when_its_window_resets():
    accounts = make_directory(make_row(1, windows=fast(1, reset_at=NOW + 90.5)))
    use(accounts, Outcome.SUCCESS)
    assert refusal(accounts) == ("quota_exhausted", 91)
    assert refusal(accounts, now=NOW + 90) == ("quota_exhausted", 1)
    entry, _ = accounts.claim(FAST, NOW + 91)
    assert entry.windows[0].remaining == 9


def test_exactly_what_remains_is_given_out():
    accounts = make_directory(make_row(1, windows=fast(5)), max_inflight=100)
    for _ in range(5):
        accounts.claim(FAST, NOW)
    assert refusal(accounts) == ("quota_exhausted", 7200)


def test_a_refunded_unit_can_be_claimed_again():
    accounts = make_directory(make_row(1, windows=fast(1)))
    for _ in range(5):
        accounts.release(*accounts.claim(FAST, NOW), NOW, refund=True)
    use(accounts, Outcome.NEUTRAL)
    assert refusal(accounts)[0] == "quota_exhausted"


def test_at_random_known_quota_is_ignored():
    accounts = make_directory(make_row(1, windows=fast(0)), by_quota=False)
    assert accounts.claim(FAST, NOW)[0].id == 1


def test_the_refusal_names_the_earliest_recovery_of_all_wanted_pairs():
    accounts = make_directory(
        make_row(1, windows=fast(0, reset_at=NOW + 500)),
        make_row(2, "basic", fast(0, reset_at=NOW + 60)),
        make_row(3, windows=fast(5), status="cooling", cooling_until=NOW + 30),
    )
    assert refusal(accounts) == ("cooling", 30)
    assert refusal(accounts, Wanted(("basic", "super"), ("fast",))) == ("cooling", 30)
    assert refusal(accounts, Wanted(("basic",), ("fast",))) == ("quota_exhausted", 60)


def test_a_cooling_account_without_quota_comes_back_when_both_are_over():
    row = make_row(
        1,
        windows=fast(0, reset_at=NOW + 100),
        status="cooling",
        cooling_until=NOW + 30,
    )
    assert refusal(make_directory(row)) == ("cooling", 100)


def test_a_429_cools_the_mode_and_leaves_the_others():
    accounts = make_directory(make_row(1))
    assert use(accounts, Outcome.RATE_LIMITED, retry_after_s=120) is None
    assert refusal(accounts) == ("cooling", 120)
    assert accounts.claim(Wanted(("super",), ("auto",)), NOW)[0].id == 1
    assert accounts.claim(FAST, NOW + 120)[0].id == 1


def test_a_429_cools_at_random_too():
    accounts = make_directory(make_row(1), by_quota=False)
    use(accounts, Outcome.RATE_LIMITED)
    assert refusal(accounts) == ("cooling", 900)


def test_an_account_that_is_lost_is_neither_chosen_nor_counted():
    accounts = make_directory(make_row(1))
    change = use(accounts, Outcome.CREDENTIAL, request_id="req_1")
    assert (change.to_status, change.request_id) == ("expired", "req_1")
    assert refusal(accounts) == ("no_accounts", 1)
    assert accounts.serveable() == frozenset()
    assert accounts.counts()["expired"] == len(accounts) == 1


def test_five_server_faults_cool_the_whole_account_until_it_succeeds_again():
    accounts = make_directory(make_row(1))
    changes = [use(accounts, Outcome.SERVER) for _ in range(5)]
    assert [change and change.to_status for change in changes] == [
        *[None] * 4,
        "cooling",
    ]
    assert refusal(accounts, Wanted(("super",), ("auto",))) == ("cooling", 60)
    assert ("super", "fast") in accounts.serveable()
    assert use(accounts, Outcome.SUCCESS, NOW + 60).to_status == "active"
    assert accounts.counts()["cooling"] == 0


def test_a_harmless_fault_is_remembered_but_lowers_nothing():
    accounts = make_directory(make_row(1))
    for _ in range(9):
        assert use(accounts, Outcome.FORBIDDEN, harmless=True) is None
    entry = accounts.entry(1)
    assert entry.row.strikes == ()
    assert entry.fail_rate(NOW) == pytest.approx(9)


def test_a_large_return_from_the_heap_is_spread_over_claims():
    rows = [make_row(n, windows=fast(0, reset_at=NOW + 9)) for n in range(1000)]
    accounts = make_directory(*rows)
    accounts.claim(FAST, NOW + 9)
    shelf = accounts.entry(1).windows[0].shelf
    assert shelf.parked == 1000 - 64
    for _ in range(20):
        accounts.claim(FAST, NOW + 9)
    assert shelf.parked == 0


def test_who_is_due_is_found_behind_excluded_and_busy_accounts():
    auto = WindowRow("auto", 5, 5, 7200)
    due = (*fast(0, reset_at=NOW + 9), auto)
    rows = [make_row(number, windows=due) for number in range(100)]
    ready = make_row(1000, windows=fast(5))
    accounts = make_directory(*rows, ready, max_inflight=1)
    others = frozenset(range(64, 100))
    for _ in range(64):
        accounts.claim(Wanted(("super",), ("auto",)), NOW, others)
    assert accounts.claim(FAST, NOW + 9, {1000})[0].id == 64


def test_an_older_or_equal_row_changes_nothing():
    accounts = make_directory(make_row(1, windows=fast(5), revision=7))
    accounts.claim(FAST, NOW)
    accounts.apply([make_row(1, windows=fast(10), revision=7, status="disabled")], NOW)
    entry = accounts.entry(1)
    assert (entry.row.status, entry.windows[0].remaining) == ("active", 4)


def test_a_newer_row_keeps_calls_in_flight_and_what_they_reserved():
    accounts = make_directory(make_row(1, windows=fast(5)))
    entry, mode = accounts.claim(FAST, NOW)
    accounts.apply([make_row(1, windows=fast(10), revision=2)], NOW)
    assert accounts.entry(1) is entry
    assert (entry.inflight, entry.windows[0].remaining) == (1, 9)
    accounts.release(entry, mode, NOW, refund=True)
    assert (entry.inflight, entry.windows[0].remaining) == (0, 10)


def test_an_edited_tag_does_not_give_spent_units_back():
    accounts = make_directory(make_row(1, windows=fast(5, reset_at=NOW + 60)))
    use(accounts, Outcome.SUCCESS)
    edited = make_row(
        1, windows=fast(5, reset_at=NOW + 60), revision=2, tags=frozenset({"nsfw"})
    )
    accounts.apply([edited], NOW)
    entry = accounts.entry(1)
    assert (entry.row.tags, entry.windows[0].remaining) == ({"nsfw"}, 4)


def test_an_operator_disables_and_restores():
    accounts = make_directory(make_row(1))
    accounts.apply([make_row(1, status="disabled", revision=2)], NOW)
    assert refusal(accounts) == ("no_accounts", 1)
    accounts.apply([make_row(1, revision=3)], NOW)
    assert accounts.claim(FAST, NOW)[0].id == 1
    assert accounts.counts() == {
        "active": 1,
        "cooling": 0,
        "expired": 0,
        "disabled": 0,
    }


def test_a_restored_account_is_not_cooling_any_more():
    accounts = make_directory(make_row(1))
    use(accounts, Outcome.RATE_LIMITED)
    accounts.apply([make_row(1, revision=2)], NOW)
    assert accounts.claim(FAST, NOW)[0].id == 1


def test_another_process_says_that_a_mode_is_cooling():
    accounts = make_directory(make_row(1, windows=fast(5)))
    cooling = fast(5, cooling_until=NOW + 40)
    accounts.apply([make_row(1, windows=cooling, revision=2)], NOW)
    assert refusal(accounts) == ("cooling", 40)


def test_an_account_moves_to_another_pool():
    accounts = make_directory(make_row(1, "basic"))
    accounts.apply([make_row(1, "super", revision=2)], NOW)
    assert refusal(accounts, Wanted(("basic",), ("fast",)))[0] == "no_accounts"
    assert accounts.claim(FAST, NOW)[0].id == 1
    assert {pool for pool, _ in accounts.serveable()} == {"super"}


def test_an_account_deleted_with_a_call_in_flight_does_not_come_back():
    accounts = make_directory(make_row(1))
    entry, mode = accounts.claim(FAST, NOW)
    accounts.apply([make_row(1, revision=2, deleted=True)], NOW)
    assert (len(accounts), refusal(accounts)) == (0, ("no_accounts", 1))
    finish(accounts, (entry, mode), Outcome.SERVER)
    assert accounts.entry(1) is None
    assert (len(accounts), refusal(accounts)) == (0, ("no_accounts", 1))


def test_an_account_restored_while_its_call_lasts_keeps_the_count():
    accounts = make_directory(make_row(1))
    entry, mode = accounts.claim(FAST, NOW)
    accounts.apply([make_row(1, revision=2, deleted=True)], NOW)
    accounts.apply([make_row(1, revision=3)], NOW)
    assert accounts.entry(1).inflight == 1
    accounts.release(entry, mode, NOW, refund=False)
    assert accounts.entry(1).inflight == 0


def test_an_idle_account_that_is_deleted_leaves_at_once():
    accounts = make_directory(make_row(1))
    accounts.apply([make_row(1, revision=2, deleted=True)], NOW)
    assert accounts.entry(1) is None


def test_a_mode_that_vanishes_while_in_use_is_released_quietly():
    accounts = make_directory(make_row(1))
    claim = accounts.claim(FAST, NOW)
    auto = WindowRow("auto", 5, 5, 7200)
    accounts.apply([make_row(1, windows=(auto,), revision=2)], NOW)
    finish(accounts, claim, Outcome.RATE_LIMITED)
    assert accounts.entry(1).inflight == 0
    assert accounts.serveable() == {("super", "auto")}


def test_changed_rules_apply_to_all_at_once():
    accounts = make_directory(make_row(1, windows=fast(1)), max_inflight=1)
    accounts.claim(FAST, NOW)
    assert refusal(accounts)[0] == "quota_exhausted"
    accounts.follow(Rules(max_inflight=1, by_quota=False), NOW)
    assert refusal(accounts)[0] == "saturated"
    accounts.follow(Rules(max_inflight=2, by_quota=False), NOW)
    assert accounts.claim(FAST, NOW)[0].id == 1
