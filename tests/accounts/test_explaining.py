from accounts.explaining import explain
from accounts.quotas import default_windows
from accounts.rows import AccountRow, WindowRow
from accounts.wishes import Wanted

NOW = 1_000_000.0
WANTED = Wanted(("super", "heavy"), ("auto", "fast"))


def account(number, pool="super", status="active", windows=None, **more):
    return AccountRow(
        id=number,
        public_id=f"acc_{number}",
        pool=pool,
        status=status,
        ciphertext=b"",
        windows=default_windows(pool) if windows is None else windows,
        **more,
    )


def window(remaining, reset_at=0.0, **more):
    return WindowRow("auto", remaining, 50, 7200, reset_at, **more)


def first(*rows):
    return explain(rows, WANTED, NOW).shelves[0]


def test_the_order_in_which_shelves_are_tried():
    shelves = explain([], WANTED, NOW).shelves
    assert [(s.mode, s.pool) for s in shelves] == [
        ("auto", "super"),
        ("auto", "heavy"),
        ("fast", "super"),
        ("fast", "heavy"),
    ]


def test_the_freshest_account_comes_first():
    rows = [
        account(1, windows=(window(20),)),
        account(2, windows=(window(50),), last_use_at=5.0),
        account(3, windows=(window(50),)),
    ]
    shelf = first(*rows)
    assert [one.public_id for one in shelf.best] == ["acc_3", "acc_2", "acc_1"]
    assert (shelf.ready, shelf.units) == (3, 120)


def test_every_reason_is_told():
    shelf = first(
        account(1, status="disabled"),
        account(2, status="expired"),
        account(3, status="cooling", cooling_until=NOW + 60),
        account(4, windows=(window(0, NOW + 30),)),
        account(5, windows=(window(9, cooling_until=NOW + 90),)),
        account(6, windows=()),
        account(7, "heavy"),
    )
    assert shelf.states == {
        "disabled": 1,
        "expired": 1,
        "cooling": 1,
        "quota_exhausted": 1,
        "mode_cooling": 1,
        "mode_missing": 1,
    }
    assert shelf.recovers_at == NOW + 30


def test_a_window_past_its_reset_counts_as_full():
    shelf = first(account(1, windows=(window(0, NOW - 1),)))
    assert (shelf.ready, shelf.units) == (1, 50)


def test_the_next_mode_serves_when_the_first_is_used_up():
    rows = [account(1, windows=(window(0, NOW + 30), WindowRow("fast", 3, 140, 7200)))]
    found = explain(rows, WANTED, NOW)
    assert found.chosen is not None
    assert (found.chosen.mode, found.units, found.recovers_at) == ("fast", 3, 0.0)


def test_when_nobody_is_left_the_earliest_recovery_is_told():
    rows = [account(n, windows=(window(0, NOW + 10 * n),)) for n in (3, 2, 4)]
    found = explain(rows, WANTED, NOW)
    assert found.chosen is None
    assert found.recovers_at == NOW + 20
