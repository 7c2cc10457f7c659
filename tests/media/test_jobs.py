from datetime import UTC, datetime, timedelta

import pytest

from media import jobs
from media.models import Asset, Kind, Source, State, VideoJob

pytestmark = pytest.mark.django_db
NOW = datetime(2030, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def queued(**values):
    defaults = {"model": "m", "prompt": "p", "seconds": 6, "size": "720x1280"}
    number = VideoJob.objects.count()
    return VideoJob.objects.create(
        public_id=f"video_{number:032x}", **{**defaults, **values}
    )


def claim(now=NOW):
    job = jobs.claim(now)
    assert job is not None
    return job


def test_the_oldest_that_waits_is_claimed():
    first, second = queued(), queued()
    job = claim()
    assert job == first
    assert (job.status, job.progress, job.attempt) == (State.IN_PROGRESS, 1, 1)
    assert (job.started_at, job.lease_until) == (NOW, NOW + jobs.LEASE)
    assert claim() == second
    assert jobs.claim(NOW) is None


def test_a_job_of_a_dead_worker_is_taken_over_with_what_it_had():
    queued()
    dead = claim()
    jobs.mark_sent(dead, "acc_1", NOW)
    jobs.add_post(dead, {"segment": 0, "post_id": "p0"})
    jobs.renew(dead, NOW, progress=40)
    later = NOW + jobs.LEASE
    assert jobs.claim(later - timedelta(seconds=1)) is None
    job = claim(later)
    assert (job.sent_at, job.account, job.attempt) == (NOW, "acc_1", 2)
    sent_at = NOW.isoformat()
    assert job.posts == [{"segment": 0, "post_id": "p0", "sent_at": sent_at}]
    assert (job.progress, job.started_at) == (40, NOW)
    with pytest.raises(jobs.ClaimLost):
        jobs.renew(dead, later)
    with pytest.raises(jobs.ClaimLost):
        jobs.fail(dead, "x", "x", later)


def test_renewal_lengthens_the_claim_and_progress_never_falls():
    queued()
    job = claim()
    for told, shown in ((30, 30), (20, 30), (100, 99), (-5, 99)):
        jobs.renew(job, NOW + timedelta(minutes=4), progress=told)
        assert job.progress == shown
    assert jobs.claim(NOW + jobs.LEASE) is None


def test_a_job_can_be_given_back_only_before_it_was_sent():
    queued()
    jobs.give_back(claim())
    job = claim()
    assert job.attempt == 2
    jobs.mark_sent(job, "acc_1", NOW)
    with pytest.raises(jobs.ClaimLost):
        jobs.give_back(job)


def test_a_worker_known_to_be_gone_is_not_waited_for():
    queued()
    first, second = "a" * jobs.WORKER_CHARS, "b" * jobs.WORKER_CHARS
    job = jobs.claim(NOW, first)
    assert job is not None
    assert len(job.claim_token) == jobs.TOKEN_CHARS
    assert jobs.claim(NOW, second, lambda name: name == second) is None
    again = jobs.claim(NOW, second, lambda name: name == first)
    assert again is not None
    assert (again.pk, again.attempt) == (job.pk, 2)
    with pytest.raises(jobs.ClaimLost):
        jobs.renew(job, NOW)


def test_a_segment_under_way_is_told_from_those_that_are_finished():
    queued()
    job = claim()
    assert not jobs.is_in_flight(job)
    for number in range(2):
        jobs.mark_sent(job, "acc_1", NOW + timedelta(minutes=number))
        assert jobs.is_in_flight(job)
        jobs.add_post(job, {"post_id": f"p{number}"})
        assert not jobs.is_in_flight(job)


def test_a_refused_call_leaves_the_job_as_if_it_had_not_been_sent():
    queued()
    job = claim()
    jobs.mark_sent(job, "acc_1", NOW)
    jobs.unmark_sent(job)
    jobs.give_back(job)


def test_a_worker_that_stops_leaves_its_job_to_the_next_at_once():
    queued()
    job = claim()
    jobs.let_go(job, NOW)
    assert VideoJob.objects.get().status == State.QUEUED
    job = claim()
    jobs.mark_sent(job, "acc_1", NOW)
    jobs.let_go(job, NOW)
    again = claim()
    assert jobs.is_in_flight(again)
    jobs.let_go(job, NOW)
    jobs.renew(again, NOW)


def test_a_postponed_job_waits_for_its_time():
    queued()
    job = claim()
    jobs.postpone(job, NOW + timedelta(seconds=30))
    assert jobs.claim(NOW + timedelta(seconds=29)) is None
    again = claim(NOW + timedelta(seconds=30))
    assert (again.attempt, again.started_at) == (1, NOW)
    jobs.mark_sent(again, "acc_1", NOW)
    with pytest.raises(jobs.ClaimLost):
        jobs.postpone(again, NOW)


def test_a_failed_job_can_be_made_again_from_its_beginning():
    queued()
    job = claim()
    jobs.mark_sent(job, "acc_1", NOW)
    jobs.add_post(job, {"post_id": "p"})
    jobs.fail(job, "x", "y", NOW)
    assert jobs.retry(VideoJob.objects.all()) == 1
    again = claim()
    assert (again.attempt, again.posts, again.sent_at) == (1, [], None)
    assert (again.error_code, again.completed_at) == ("", None)
    assert jobs.retry(VideoJob.objects.all()) == 0


def test_completion_names_the_file():
    asset = Asset.objects.create(
        kind=Kind.VIDEO,
        public_id="a" * 32,
        name="videos/a.mp4",
        mime="video/mp4",
        size=1,
        source=Source.VIDEO_JOB,
    )
    queued()
    job = claim()
    jobs.complete(job, asset, NOW, NOW + DAY)
    assert (job.status, job.progress, job.asset) == (State.COMPLETED, 100, asset)
    assert (job.completed_at, job.expires_at) == (NOW, NOW + DAY)
    assert (job.claim_token, job.lease_until) == ("", None)
    assert jobs.claim(NOW + DAY) is None


def test_failure_keeps_code_and_message():
    queued()
    job = claim()
    jobs.fail(job, "interrupted", "x" * 1000, NOW)
    assert (job.status, job.error_code) == (State.FAILED, "interrupted")
    assert len(job.error_message) == jobs.ERROR_MAX_CHARS
    with pytest.raises(jobs.ClaimLost):
        jobs.renew(job, NOW)


def test_cancelling_ends_what_is_open_and_its_claim():
    queued(), queued()
    running = claim()
    ended = claim()
    jobs.fail(ended, "x", "x", NOW)
    queued()
    assert jobs.cancel(VideoJob.objects.all(), NOW) == 2
    running.refresh_from_db()
    assert (running.status, running.error_code) == (State.FAILED, jobs.CANCELLED)
    ended.refresh_from_db()
    assert ended.error_code == "x"


def test_a_deleted_job_is_lost_to_its_worker():
    queued()
    job = claim()
    VideoJob.objects.filter(pk=job.pk).delete()
    with pytest.raises(jobs.ClaimLost):
        jobs.renew(job, NOW)


def test_the_queue_counts_those_that_wait():
    queued(), queued()
    claim()
    assert jobs.queued_count() == 1
