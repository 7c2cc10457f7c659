import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, close_old_connections

from grokgateway.jobs import leadership
from grokgateway.jobs.models import LeaderLease

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LIFE = timedelta(seconds=60)
LATER = NOW + LIFE


@pytest.mark.django_db
class TestClaims:
    def test_the_first_claim_wins(self):
        lease = leadership.claim("work", now=NOW)
        assert lease is not None
        assert (lease.name, lease.fence) == ("work", 1)
        assert leadership.claim("work", now=NOW) is None

    def test_works_do_not_share_a_lease(self):
        assert leadership.claim("work", now=NOW)
        assert leadership.claim("other", now=NOW)

    def test_a_lease_that_ran_out_goes_to_the_next_with_a_higher_fence(self):
        first = leadership.claim("work", now=NOW)
        assert leadership.claim("work", now=LATER - timedelta(seconds=1)) is None
        second = leadership.claim("work", now=LATER)
        assert first
        assert second
        assert second.fence == first.fence + 1

    def test_renewal_lengthens_it(self):
        lease = leadership.claim("work", now=NOW)
        assert lease
        assert leadership.renew(lease, now=NOW + timedelta(seconds=30))
        assert leadership.claim("work", now=LATER) is None
        assert leadership.claim("work", now=LATER + timedelta(seconds=30))

    def test_a_lost_lease_is_not_renewed(self):
        lease = leadership.claim("work", now=NOW)
        assert lease
        assert not leadership.renew(lease, now=LATER)
        assert leadership.claim("work", now=LATER)
        assert not leadership.renew(lease, now=LATER)
        assert not leadership.release(lease, now=LATER)
        assert leadership.claim("work", now=LATER) is None

    def test_a_released_lease_is_free_at_once(self):
        lease = leadership.claim("work", now=NOW)
        assert lease
        assert leadership.release(lease, now=NOW)
        following = leadership.claim("work", now=NOW)
        assert following
        assert following.fence == 2

    def test_a_lingering_lease_keeps_others_out_for_a_while(self):
        lease = leadership.claim("work", now=NOW)
        assert lease
        assert leadership.release(lease, linger=timedelta(seconds=5), now=NOW)
        assert leadership.claim("work", now=NOW + timedelta(seconds=4)) is None
        assert leadership.claim("work", now=NOW + timedelta(seconds=5))


@pytest.mark.django_db
def test_a_block_holds_the_lease_and_gives_it_back():
    with leadership.held("work") as lease:
        assert lease
        with leadership.held("work") as second:
            assert second is None
    with leadership.held("work") as again:
        assert again
        assert again.fence == lease.fence + 1


@pytest.mark.django_db
def test_a_failing_block_gives_the_lease_back():
    with pytest.raises(RuntimeError), leadership.held("work"):
        raise RuntimeError
    assert leadership.claim("work")


@pytest.mark.django_db(transaction=True)
def test_a_block_renews_while_it_runs():
    life = timedelta(seconds=0.3)
    renewed = threading.Event()
    with leadership.held("work", life=life) as lease:
        assert lease
        first = LeaderLease.objects.get(name="work").expires_at
        for _ in range(200):
            if LeaderLease.objects.get(name="work").expires_at > first:
                break
            renewed.wait(0.01)
        assert LeaderLease.objects.get(name="work").expires_at > first


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [False, True])
def test_of_many_claims_at_once_one_succeeds(known):
    if known:
        LeaderLease.objects.create(name="work", expires_at=NOW)
    barrier = threading.Barrier(8)

    def claim(_number):
        barrier.wait()
        try:
            return leadership.claim("work", now=NOW)
        finally:
            close_old_connections()

    with ThreadPoolExecutor(8) as executor:
        leases = [lease for lease in executor.map(claim, range(8)) if lease]
    assert len(leases) == 1


@pytest.mark.django_db
def test_renewing_ends_with_the_loss_of_the_lease(caplog):
    lease = leadership.claim("work", life=timedelta(0))
    assert lease
    leadership.keep_renewing(lease, timedelta(seconds=0.003), threading.Event())
    assert "lease work was lost" in caplog.text


@pytest.mark.django_db
def test_renewing_outlasts_an_outage_of_the_database(monkeypatch, caplog):
    done = threading.Event()
    answers = iter([OperationalError("away"), True])

    def renew(_lease, **_options):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        done.set()
        return answer

    monkeypatch.setattr(leadership, "renew", renew)
    lease = leadership.Lease("work", "me", 1)
    leadership.keep_renewing(lease, timedelta(seconds=0.003), done)
    assert "could not be renewed" in caplog.text
    assert next(answers, None) is None
