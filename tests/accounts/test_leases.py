import asyncio
import logging
import time
from dataclasses import replace

import pytest

from accounts import directory
from accounts.credentials import seal
from accounts.directory import Directory
from accounts.errors import NoAccountAvailable
from accounts.leases import Blame, Outcome, Wanted, lease
from accounts.models import Account
from accounts.rows import AccountRow, WindowRow
from grokgateway import config, crypto
from grokgateway.jobs import outbox
from tests.factories import make_account, make_token

FAST = Wanted(("super",), ("fast",))


def make_row(number, **overrides):
    public_id = f"acc_{number}"
    row = AccountRow(
        number,
        public_id,
        "super",
        "active",
        seal(f"token-{number}", public_id),
        user_id=f"user-{number}",
        windows=(WindowRow("fast", 10, 10, 7200),),
        revision=1,
    )
    return replace(row, **overrides)


@pytest.fixture
def accounts(monkeypatch):
    """Two accounts, at most two calls each, with nothing stored."""
    accounts = Directory()
    accounts.apply([make_row(1), make_row(2)], time.time())
    monkeypatch.setattr(directory.HOME, "directory", accounts)
    monkeypatch.setattr(directory.HOME, "member", None)
    with config.override(
        {"account.selection.max_inflight": 2, "account.refresh.enabled": True}
    ):
        yield accounts


@pytest.fixture(autouse=True)
def uses(monkeypatch):
    """What leases leave behind."""
    rows = []

    class Recorder(outbox.Outbox):
        def put(self, sink, row):
            rows.append(row)
            super().put(sink, row)

    recorder = Recorder()
    monkeypatch.setattr(outbox, "current", lambda: recorder)
    return rows


def remaining(accounts, number=1):
    return accounts.entry(number).windows[0].remaining


def inflight(accounts):
    return [accounts.entry(number).inflight for number in (1, 2)]


async def fail(outcome, *, blame=None, exclude=frozenset(), **how):
    async with lease(FAST, exclude=exclude, blame=blame, request_id="req_1") as held:
        held.mark_sent()
        held.settle(outcome, **how)
    return held.account_id


async def test_a_lease_hands_over_what_a_call_needs(accounts):
    async with lease(FAST, request_id="req_1") as held:
        assert held.account_id == 1
        assert (held.public_id, held.pool, held.mode) == ("acc_1", "super", "fast")
        assert (held.cookie_token(), held.user_id) == ("token-1", "user-1")
        assert inflight(accounts) == [1, 0]
    assert inflight(accounts) == [0, 0]


async def test_a_success_keeps_the_unit(accounts, uses):
    async with lease(FAST) as held:
        held.settle(Outcome.SUCCESS)
    assert remaining(accounts) == 9
    assert [(use.account_id, use.succeeded, use.fail_reason) for use in uses] == [
        (1, True, "")
    ]
    assert uses[0].window.remaining == 9
    assert uses[0].row is None


@pytest.mark.parametrize("outcome", [None, Outcome.NEUTRAL, Outcome.FORBIDDEN])
@pytest.mark.parametrize(("sent", "left"), [(False, 10), (True, 9)])
async def test_what_was_not_charged_is_given_back(accounts, outcome, sent, left):
    async with lease(FAST) as held:
        if sent:
            held.mark_sent()
        if outcome:
            held.settle(outcome)
    assert remaining(accounts) == left


@pytest.mark.parametrize(("sent", "left"), [(True, 9), (False, 10)])
async def test_a_cancelled_call_frees_its_slot(accounts, sent, left):
    begun = asyncio.Event()

    async def call():
        async with lease(FAST) as held:
            if sent:
                held.mark_sent()
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    await begun.wait()
    assert inflight(accounts) == [1, 0]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert inflight(accounts) == [0, 0]
    assert remaining(accounts) == left


async def test_an_error_inside_frees_the_slot_and_passes_on(accounts):
    with pytest.raises(ValueError, match="boom"):
        async with lease(FAST):
            raise ValueError("boom")
    assert inflight(accounts) == [0, 0]


async def test_releasing_twice_is_harmless(accounts, uses):
    held = lease(FAST)
    async with held, lease(FAST, exclude={2}) as other:
        assert other.account_id == held.account_id
        await held.__aexit__(None, None, None)
        await held.__aexit__(None, None, None)
        assert inflight(accounts) == [1, 0]
    assert inflight(accounts) == [0, 0]
    assert len(uses) == 2


async def test_the_first_word_on_how_it_ended_counts(accounts, uses):
    async with lease(FAST) as held:
        held.settle(Outcome.SUCCESS)
        held.settle(Outcome.CREDENTIAL)
    assert accounts.entry(1).row.status == "active"
    assert [use.succeeded for use in uses] == [True]


async def test_nothing_is_settled_outside_the_block(accounts):
    held = lease(FAST)
    with pytest.raises(RuntimeError):
        _ = held.account_id
    with pytest.raises(RuntimeError):
        held.settle(Outcome.SUCCESS)
    async with held:
        pass
    with pytest.raises(RuntimeError):
        held.settle(Outcome.SUCCESS)


@pytest.mark.parametrize("by_quota", [True, False])
async def test_limit_and_strategy_come_from_the_configuration(accounts, by_quota):
    changed = {
        "account.selection.max_inflight": 1,
        "account.refresh.enabled": by_quota,
    }
    with config.override(changed):
        async with lease(FAST), lease(FAST):
            assert accounts.rules == directory.Rules(1, by_quota)
            assert inflight(accounts) == [1, 1]
            with pytest.raises(NoAccountAvailable) as caught:
                await lease(FAST).__aenter__()
    assert caught.value.reason == "saturated"
    assert inflight(accounts) == [0, 0]


async def test_a_saturated_account_is_lent_again_once_it_is_given_back(accounts):
    with config.override({"account.selection.max_inflight": 1}):
        async with lease(FAST, exclude={2}):
            with pytest.raises(NoAccountAvailable) as caught:
                await lease(FAST, exclude={2}).__aenter__()
        async with lease(FAST, exclude={2}) as held:
            assert held.account_id == 1
    assert (caught.value.reason, caught.value.retry_after_s) == ("saturated", 1)


async def test_excluded_accounts_are_not_lent(accounts):
    async with lease(FAST, exclude={1}) as held:
        assert held.account_id == 2


async def test_an_undecipherable_account_is_left_out_and_the_next_one_lent(
    accounts, uses, caplog
):
    accounts.apply([make_row(1, ciphertext=b"junk", revision=2)], time.time())
    with caplog.at_level(logging.WARNING, "accounts"):
        async with lease(FAST) as held:
            assert held.account_id == 2
    assert accounts.entry(1).row.status == "disabled"
    assert inflight(accounts) == [0, 0]
    assert "acc_1" in caplog.text
    assert "undecipherable" in caplog.text


async def test_with_no_readable_account_left_there_is_none(accounts):
    rows = [make_row(number, ciphertext=b"junk", revision=2) for number in (1, 2)]
    accounts.apply(rows, time.time())
    with pytest.raises(NoAccountAvailable) as caught:
        await lease(FAST).__aenter__()
    assert caught.value.reason == "no_accounts"


async def test_missing_keys_free_what_was_claimed(accounts, monkeypatch):
    def no_ring():
        raise crypto.KeysMissing

    monkeypatch.setattr(crypto, "ring", no_ring)
    with pytest.raises(crypto.KeysMissing):
        await lease(FAST).__aenter__()
    assert inflight(accounts) == [0, 0]
    assert remaining(accounts) == 10


async def test_a_429_leaves_its_window_and_no_change_of_status(accounts, uses):
    await fail(Outcome.RATE_LIMITED, retry_after_s=60)
    assert (remaining(accounts), uses[0].window.remaining) == (0, 0)
    assert uses[0].window.cooling_until == pytest.approx(time.time() + 60, abs=5)
    assert (uses[0].succeeded, uses[0].fail_reason) == (False, "rate_limited")
    assert (uses[0].row, uses[0].changes) == (None, ())


async def test_a_dead_credential_leaves_state_and_history(accounts, uses):
    await fail(Outcome.CREDENTIAL)
    assert (uses[0].row.status, uses[0].row.windows[0].remaining) == ("expired", 9)
    (change,) = uses[0].changes
    assert (change.from_status, change.to_status) == ("active", "expired")
    assert (change.reason, change.request_id) == ("invalid_credentials", "req_1")


async def test_one_request_lowers_one_account_at_most(accounts, uses):
    blame = Blame()
    await fail(Outcome.FORBIDDEN, blame=blame)
    await fail(Outcome.FORBIDDEN, blame=blame, exclude={1})
    assert [len(accounts.entry(number).row.strikes) for number in (1, 2)] == [1, 0]
    assert [use.succeeded for use in uses] == [False, False]
    assert accounts.entry(2).fail_rate(time.time()) > 0.9


async def test_a_dead_credential_always_counts(accounts):
    blame = Blame()
    await fail(Outcome.FORBIDDEN, blame=blame, exclude={2})
    await fail(Outcome.CREDENTIAL, blame=blame, exclude={1})
    assert (accounts.entry(2).row.status, remaining(accounts, 2)) == ("expired", 9)


async def test_a_second_429_of_one_request_only_makes_the_account_rest(accounts):
    blame = Blame()
    await fail(Outcome.RATE_LIMITED, blame=blame, exclude={2})
    await fail(Outcome.RATE_LIMITED, blame=blame, exclude={1}, retry_after_s=900)
    assert [remaining(accounts, number) for number in (1, 2)] == [0, 9]
    rest_s = accounts.entry(2).windows[0].cooling_until - time.time()
    assert 50 < rest_s <= 60


async def test_one_request_strikes_an_account_once_only(accounts):
    blame = Blame()
    for _ in range(3):
        await fail(Outcome.FORBIDDEN, blame=blame, exclude={2})
    assert len(accounts.entry(1).row.strikes) == 1


def test_own_faults_do_not_use_up_the_blame():
    blame = Blame()
    own = (Outcome.CREDENTIAL, Outcome.SUCCESS, Outcome.NEUTRAL)
    assert not any(blame.harmless(1, outcome) for outcome in own)
    assert not blame.harmless(2, Outcome.SERVER)
    assert blame.harmless(2, Outcome.FORBIDDEN)
    assert blame.harmless(1, Outcome.RATE_LIMITED)


@pytest.mark.parametrize("outcome", [Outcome.CHALLENGED, Outcome.NEUTRAL])
async def test_a_challenge_is_no_failure_of_the_account(accounts, uses, outcome):
    await fail(outcome)
    assert [use.succeeded for use in uses] == [None]
    assert accounts.entry(1).fail_rate(time.time()) == 0


async def test_without_a_common_blame_each_lease_judges_alone(accounts):
    await fail(Outcome.FORBIDDEN, exclude={2})
    await fail(Outcome.FORBIDDEN, exclude={1})
    assert [len(accounts.entry(number).row.strikes) for number in (1, 2)] == [1, 1]


async def test_150_calls_at_once_spread_over_ten_accounts(accounts):
    accounts.apply(
        [make_row(n, windows=(WindowRow("fast", 99, 99, 7200),)) for n in range(3, 11)],
        time.time(),
    )
    for number in (1, 2):
        window = (WindowRow("fast", 99, 99, 7200),)
        accounts.apply([make_row(number, windows=window, revision=2)], time.time())
    all_in, open_leases = asyncio.Event(), []

    async def call():
        async with lease(FAST) as held:
            open_leases.append(held.account_id)
            if len(open_leases) == 150:
                all_in.set()
            await all_in.wait()
            held.settle(Outcome.SUCCESS)

    with config.override({"account.selection.max_inflight": 16}):
        await asyncio.gather(*[call() for _ in range(150)])
    assert all(13 <= open_leases.count(number) <= 17 for number in range(1, 11))
    assert all(accounts.entry(number).inflight == 0 for number in range(1, 11))


@pytest.mark.django_db
def test_what_a_lease_leaves_behind_reaches_the_tables(monkeypatch):
    token = make_token()
    account = make_account(token=token, pool="super")
    monkeypatch.setattr(directory.HOME, "directory", Directory())
    directory.load()

    async def call(outcome):
        async with lease(FAST, request_id="req_1") as held:
            assert held.cookie_token() == token
            held.mark_sent()
            held.settle(outcome)

    with config.override({}):
        asyncio.run(call(Outcome.SUCCESS))
        asyncio.run(call(Outcome.CREDENTIAL))
    outbox.current().flush_sync()
    stored = Account.objects.get(pk=account.pk)
    assert (stored.status, stored.use_count, stored.fail_count) == ("expired", 1, 1)
    assert stored.windows.get(mode="fast").remaining == 138
    assert stored.events.get().reason == "invalid_credentials"


@pytest.mark.parametrize(
    ("prefer", "by_quota", "chosen", "left"),
    [(None, True, "quota", 9), (2, True, "session", 9), (None, False, "random", None)],
)
async def test_a_lease_tells_why_it_was_this_account(
    accounts, prefer, by_quota, chosen, left
):
    with config.override({"account.refresh.enabled": by_quota}):
        async with lease(FAST, exclude={1}, prefer=prefer) as held:
            assert held.grounds() == {
                "pool": "super",
                "chosen": chosen,
                "left": left,
                "inflight": 1,
            }
