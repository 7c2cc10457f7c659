"""The breaker by itself, and what its opening does to accounts."""

from dataclasses import replace

import pytest

from accounts import verdicts
from accounts.breaker import PAUSES_S, Breaker, Mark, Tried
from accounts.errors import NoAccountAvailable, PoolPaused
from accounts.rows import AccountRow
from accounts.standing import Outcome
from accounts.verdicts import Call, Ending
from tests.accounts.directories import FAST, NOW, make_directory, make_row

ROW = AccountRow(1, "acc_1", "super", "active", b"")
EVERYBODY = (
    Outcome.RATE_LIMITED,
    Outcome.UNAUTHORIZED,
    Outcome.FORBIDDEN,
    Outcome.CHALLENGED,
    Outcome.SERVER,
)


def fail(breaker, *numbers, fault=Outcome.SERVER, at=NOW):
    for number in numbers:
        breaker.begin(number, at)
        breaker.end(at)
        opened = breaker.suspect(fault, number, Mark(at, at, ROW))
    return opened


def opened(fault=Outcome.SERVER):
    breaker = Breaker("chat", "fast")
    assert fail(breaker, 1, 2, 3, fault=fault)
    return breaker


def test_three_accounts_open_it():
    breaker = Breaker("chat", "fast")
    assert not fail(breaker, 1, 2)
    assert not fail(breaker, 1, 1, 2)
    assert fail(breaker, 3)
    state = breaker.state()
    assert (state.open, state.fault, state.accounts) == (True, "server_error", 3)
    assert (state.opened_at, state.opened_times) == (NOW, 1)


def test_a_fifth_of_those_tried_open_it():
    breaker = Breaker("chat", "fast")
    for number in range(16):
        breaker.begin(number, NOW)
    assert not fail(breaker, 0, 1, 2)
    assert fail(breaker, 3)


def test_accounts_tried_long_ago_do_not_count():
    breaker = Breaker("chat", "fast")
    for number in range(100):
        breaker.begin(number, NOW - 70)
    assert fail(breaker, 0, 1, 2)


def test_faults_more_than_a_minute_apart_do_not_add_up():
    breaker = Breaker("chat", "fast")
    assert not fail(breaker, 1, at=NOW - 61)
    assert not fail(breaker, 2, 3)
    assert fail(breaker, 4)


def test_different_faults_do_not_add_up():
    breaker = Breaker("chat", "fast")
    for number, fault in enumerate(EVERYBODY):
        assert not fail(breaker, number, fault=fault)


def test_an_account_that_answered_since_does_not_count():
    breaker = Breaker("chat", "fast")
    fail(breaker, 1, 2)
    breaker.answered(1, NOW - 5, NOW)
    assert not fail(breaker, 3)
    assert fail(breaker, 4)


def test_a_429_counts_only_while_nobody_is_answered():
    breaker = Breaker("chat", "fast")
    fail(breaker, 1, 2, fault=Outcome.RATE_LIMITED)
    breaker.answered(9, NOW - 5, NOW + 1)
    assert fail(breaker, 3, fault=Outcome.RATE_LIMITED)
    breaker = Breaker("chat", "fast")
    fail(breaker, 1, 2, fault=Outcome.RATE_LIMITED)
    breaker.answered(9, NOW + 1, NOW + 2)
    later = NOW + 3
    assert not fail(breaker, 3, 4, fault=Outcome.RATE_LIMITED, at=later)
    assert fail(breaker, 5, fault=Outcome.RATE_LIMITED, at=later)
    assert {one for one, _ in breaker.to_withdraw(Outcome.RATE_LIMITED)} == {3, 4, 5}


def test_one_probe_at_a_time_goes_through():
    breaker = opened()
    assert breaker.admits(NOW + 1)
    breaker.begin(4, NOW + 1)
    assert not breaker.admits(NOW + 2)
    assert breaker.state().probing
    assert breaker.retry_after_s(NOW + 2) == 1


def test_probes_that_fail_come_ever_later():
    breaker, now, pauses = opened(), NOW + 1, []
    for _ in range(6):
        breaker.begin(4, now)
        breaker.failed_again(Outcome.SERVER, now, now + 0.5)
        pauses.append(breaker.state().probe_at - now - 0.5)
        assert not breaker.admits(now + 0.5 + pauses[-1] - 0.1)
        assert breaker.retry_after_s(now + 0.5) == pauses[-1]
        now += 0.5 + pauses[-1]
        assert breaker.admits(now)
    assert pauses == [*PAUSES_S, 5, 5]


def test_a_probe_that_answers_closes_it():
    breaker = opened()
    breaker.begin(4, NOW + 1)
    assert breaker.answered(4, NOW + 1, NOW + 2)
    state = breaker.state()
    assert (state.open, state.closed_at) == (False, NOW + 2)
    assert breaker.admits(NOW + 2)
    assert not fail(breaker, 5, 6, at=NOW + 3)


def test_an_answer_to_an_older_call_does_not_close_it():
    breaker = opened()
    assert not breaker.answered(1, NOW - 1, NOW + 1)
    assert breaker.state().open


def test_a_probe_that_says_nothing_makes_way_for_the_next():
    breaker = opened()
    breaker.begin(4, NOW + 1)
    breaker.end(NOW + 1)
    assert breaker.admits(NOW + 1)
    breaker.begin(5, NOW + 2)
    assert not breaker.admits(NOW + 11)
    assert breaker.admits(NOW + 12)


def test_only_the_probe_decides_about_the_next():
    breaker = opened()
    breaker.begin(4, NOW + 1)
    breaker.failed_again(Outcome.SERVER, NOW - 1, NOW + 2)
    assert breaker.opening.failed_probes == 0


def test_another_fault_takes_over():
    breaker = opened()
    breaker.begin(4, NOW + 1)
    breaker.failed_again(Outcome.FORBIDDEN, NOW + 1, NOW + 2)
    assert breaker.state().fault == "forbidden"


def test_tried_accounts_are_counted_once_and_forgotten():
    tried = Tried()
    for at in range(0, 600, 2):
        for number in range(at % 7, 200, 7):
            tried.add(number, NOW + at)
    assert tried.count(NOW + 598) == 200
    for at in range(600, 720):
        tried.add(at % 3, NOW + at)
    assert tried.count(NOW + 719) == 3
    assert len(tried._steps) < 80


class Pool:
    """Accounts and the calls on them, ended as told."""

    def __init__(self, *rows):
        self.accounts = make_directory(*rows, max_inflight=99)
        self.now = NOW
        self.stored = []

    def begin(self, **wanted):
        self.now += 0.01
        entry, mode = self.accounts.claim(replace(FAST, **wanted), self.now)
        return Call(entry, wanted.get("operation", "chat"), mode, self.now, "req_1")

    def end(self, call, outcome, **how):
        self.now += 0.01
        ending = Ending(outcome, self.now, **how)
        settlement = verdicts.settle(self.accounts, call, ending)
        self.accounts.release(call.entry, call.mode, self.now, refund=False)
        breaker(self).end(call.began)
        self.stored += settlement.corrections

    def use(self, outcome, **wanted):
        self.end(self.begin(**wanted), outcome)

    def rows(self):
        return [self.accounts.entry(n).stored_form() for n in range(1, 6)]

    def refusal(self, **wanted):
        with pytest.raises(NoAccountAvailable) as caught:
            self.begin(**wanted)
        return caught.value


def breaker(pool):
    return pool.accounts.breakers.of("chat", "fast")


@pytest.fixture
def pool():
    return Pool(*[make_row(number) for number in range(1, 6)])


@pytest.mark.parametrize("fault", EVERYBODY)
def test_what_befalls_everybody_is_nobodys_fault(pool, fault):
    before = [(row.status, row.strikes, row.server_faults) for row in pool.rows()]
    calls = [pool.begin() for _ in range(30)]
    for call in calls:
        pool.end(call, fault)
    assert breaker(pool).state().open
    after = pool.rows()
    assert [(row.status, row.strikes, row.server_faults) for row in after] == before
    assert all(row.unauthorized_at == 0 for row in after)
    assert all(row.windows[1].cooling_until == 0 for row in after)
    pool.use(Outcome.SUCCESS)
    assert not breaker(pool).state().open
    for _ in range(30):
        pool.use(Outcome.SUCCESS)


def test_a_429_that_is_withdrawn_gives_its_units_back(pool):
    for _ in range(3):
        pool.use(Outcome.RATE_LIMITED)
    fast = [row.windows[1] for row in pool.rows()]
    assert [window.remaining for window in fast] == [139, 139, 139, 140, 140]
    assert sorted(use.window.remaining for use in pool.stored) == [139, 139, 139]
    assert all(use.row is None for use in pool.stored)


def test_a_status_that_is_withdrawn_leaves_its_history():
    doubted = [make_row(n, unauthorized_at=NOW - 9) for n in range(1, 6)]
    pool = Pool(*doubted)
    for _ in range(3):
        pool.use(Outcome.UNAUTHORIZED)
    assert {row.status for row in pool.rows()} == {"active"}
    assert {row.unauthorized_at for row in pool.rows()} == {NOW - 9}
    changes = [change for use in pool.stored for change in use.changes]
    assert [(c.from_status, c.to_status) for c in changes] == [
        ("expired", "active")
    ] * 3
    assert {c.reason for c in changes} == {"breaker opened: unauthorized"}
    assert all(use.row.status == "active" for use in pool.stored)


def test_older_strikes_stay():
    struck = [make_row(n, strikes=(NOW - 5000, NOW - 4000)) for n in range(1, 6)]
    pool = Pool(*struck)
    for _ in range(3):
        pool.use(Outcome.FORBIDDEN)
    rows = pool.rows()
    assert {row.status for row in rows} == {"active"}
    assert {row.strikes for row in rows} == {(NOW - 5000, NOW - 4000)}


def test_what_an_operator_decided_since_is_not_withdrawn(pool):
    pool.use(Outcome.FORBIDDEN)
    first = next(row for row in pool.rows() if row.strikes)
    disabled = replace(first, status="disabled", revision=2)
    pool.accounts.apply([disabled], pool.now)
    for _ in range(3):
        pool.use(Outcome.FORBIDDEN)
    assert breaker(pool).state().open
    assert pool.accounts.entry(first.id).row.status == "disabled"
    assert first.id not in {use.account_id for use in pool.stored}


def test_requests_are_told_the_fault_while_it_is_open(pool):
    for _ in range(3):
        pool.use(Outcome.SERVER)
    pool.use(Outcome.SERVER)
    refused = pool.refusal()
    assert isinstance(refused, PoolPaused)
    assert (refused.reason, refused.fault) == ("paused", Outcome.SERVER)
    assert refused.retry_after_s == 1


def test_other_operations_and_modes_go_on(pool):
    for _ in range(4):
        pool.use(Outcome.SERVER)
    assert pool.begin(operation="image")
    assert pool.begin(modes=("fast", "expert")).mode == "expert"


def test_harmless_faults_open_nothing(pool):
    for _ in range(9):
        pool.end(pool.begin(), Outcome.FORBIDDEN, harmless=True)
    assert not breaker(pool).state().open


def test_dead_credentials_open_nothing(pool):
    for _ in range(5):
        pool.use(Outcome.CREDENTIAL)
    assert not breaker(pool).state().open
    assert pool.refusal().reason == "no_accounts"


def test_accounts_that_run_out_one_by_one_open_nothing(pool):
    for _ in range(4):
        pool.use(Outcome.RATE_LIMITED)
        pool.use(Outcome.SUCCESS)
    assert not breaker(pool).state().open
    empty = [row for row in pool.rows() if not row.windows[1].remaining]
    assert len(empty) == 4
