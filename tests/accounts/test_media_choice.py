"""Who has no pictures or films left is not chosen to make any."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.allowances import MediaLeft, media_kept, spent
from accounts.explaining import explain
from accounts.ready import COMPARE_ALL_UP_TO
from accounts.wishes import Wanted
from tests.accounts.directories import (
    FAST,
    NOW,
    fast,
    finish,
    make_directory,
    make_row,
    refusal,
)

FILMS = Wanted(("super",), ("fast",), media="video")
OTHER = Wanted(("super",), ("fast",), media="image")
LATER = NOW + 600
AT = datetime.fromtimestamp(NOW, UTC)


def out_until(number, until=LATER, kind="video", **more):
    return make_row(number, media=((kind, until),), **more)


def chosen(accounts, wanted=FILMS, now=NOW, **how):
    entry, mode = accounts.claim(wanted, now, **how)
    accounts.release(entry, mode, now, refund=True)
    return entry.id


def test_another_account_is_chosen():
    accounts = make_directory(out_until(1), make_row(2))
    assert {chosen(accounts) for _ in range(5)} == {2}
    assert chosen(accounts, OTHER) == 1
    assert chosen(accounts, FAST) == 1


def test_a_session_does_not_hold_on_to_it():
    accounts = make_directory(out_until(1), make_row(2))
    assert chosen(accounts, prefer=1) == 2
    assert chosen(accounts, FAST, prefer=1) == 1


def test_it_is_chosen_again_when_there_is_more():
    accounts = make_directory(out_until(1))
    assert refusal(accounts, FILMS) == ("quota_exhausted", 600)
    assert chosen(accounts, now=LATER) == 1


def test_the_first_that_has_more_is_waited_for():
    accounts = make_directory(out_until(1), out_until(2, NOW + 90), make_row(3))
    assert refusal(accounts, FILMS, excluded={3}) == ("quota_exhausted", 90)


def test_who_is_busy_will_be_free_sooner_than_there_is_more():
    accounts = make_directory(out_until(1), make_row(2), max_inflight=1)
    accounts.claim(FILMS, NOW)
    assert refusal(accounts, FILMS) == ("saturated", 1)


def test_whichever_comes_first_is_told():
    spent = fast(0, reset_at=NOW + 30)
    accounts = make_directory(out_until(1), make_row(2, windows=spent))
    assert refusal(accounts, FILMS) == ("quota_exhausted", 30)
    later = fast(0, reset_at=NOW + 900)
    accounts = make_directory(out_until(1), make_row(2, windows=later))
    assert refusal(accounts, FILMS) == ("quota_exhausted", 600)


def test_one_of_many_that_has_some_is_found():
    rows = [out_until(n) for n in range(1, 3 * COMPARE_ALL_UP_TO)]
    accounts = make_directory(*rows, make_row(9999))
    assert {chosen(accounts) for _ in range(20)} == {9999}


@pytest.mark.parametrize("by_quota", [True, False])
def test_whatever_the_strategy(by_quota):
    accounts = make_directory(out_until(1), make_row(2), by_quota=by_quota)
    assert {chosen(accounts) for _ in range(20)} == {2}


def test_news_from_elsewhere_count_at_once():
    accounts = make_directory(make_row(1), make_row(2))
    accounts.apply([out_until(1, revision=2)], NOW)
    assert {chosen(accounts) for _ in range(5)} == {2}
    accounts.apply([make_row(1, revision=3, media=(("video", 0.0),))], NOW)
    assert chosen(accounts) == 1


def test_what_befalls_the_account_leaves_it_known():
    accounts = make_directory(out_until(1), make_row(2))
    finish(accounts, accounts.claim(FAST, NOW), "success")
    assert {chosen(accounts) for _ in range(5)} == {2}


def test_why_it_is_not_chosen_is_told():
    shelf = explain([out_until(1), make_row(2)], FILMS, NOW).shelves[0]
    assert dict(shelf.states) == {"media_spent": 1, "ready": 1}
    assert shelf.recovers_at == LATER
    assert [one.public_id for one in shelf.best] == ["acc_2"]


@pytest.mark.parametrize(
    ("left", "until"),
    [
        (MediaLeft(True, 3, 600, None), 0.0),
        (MediaLeft(True, 3, 600, AT + timedelta(seconds=9)), 0.0),
        (MediaLeft(True, 0, 600, None), NOW + 600),
        (MediaLeft(False, 0, 0, AT + timedelta(seconds=9)), NOW + 9),
        (MediaLeft(False, 0, 600, AT - timedelta(seconds=9)), NOW + 600),
        (MediaLeft(False, 0, 0, None), NOW + 3600),
    ],
)
def test_until_when_it_is_spent(left, until):
    assert spent(media_kept({"video": left}, AT)) == (("video", until),)


def test_accounts_that_have_some_of_everything_share_one_object():
    left = {kind: MediaLeft(True, 3, 600, None) for kind in ("video", "image")}
    rows = [spent(media_kept(left, AT + timedelta(days=day))) for day in range(3)]
    assert rows[0] == (("image", 0.0), ("video", 0.0))
    assert rows[0] is rows[1] is rows[2]
