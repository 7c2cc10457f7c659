"""Rows and directories as the tests of selection need them."""

from dataclasses import replace

import pytest

from accounts.directory import Directory, Rules, Wanted
from accounts.errors import NoAccountAvailable
from accounts.quotas import default_windows
from accounts.rows import AccountRow, WindowRow

NOW = 1_000_000.0
FAST = Wanted(("super",), ("fast",))


def make_row(number, pool="super", windows=None, **overrides):
    windows = default_windows(pool) if windows is None else windows
    row = AccountRow(
        number, f"acc_{number}", pool, "active", b"", windows=windows, revision=1
    )
    return replace(row, **overrides)


def fast(remaining, total=10, **overrides):
    return (WindowRow("fast", remaining, total, 7200, **overrides),)


def make_directory(*rows, **rules):
    accounts = Directory(Rules(**rules))
    accounts.apply(rows, NOW)
    return accounts


def refusal(accounts, wanted=FAST, now=NOW, excluded=frozenset()):
    with pytest.raises(NoAccountAvailable) as caught:
        accounts.claim(wanted, now, excluded)
    return caught.value.reason, caught.value.retry_after_s


def finish(accounts, claim, outcome, now=NOW, **how):
    entry, mode = claim
    change = accounts.settle(entry, mode, outcome, now, **how)
    accounts.release(entry, mode, now, refund=False)
    return change
