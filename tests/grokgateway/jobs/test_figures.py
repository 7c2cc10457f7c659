from datetime import timedelta

from django.test import TestCase
from django.utils import timezone

from grokgateway.jobs import batches, figures
from tests.grokgateway.jobs.made import begun, job_of, over, worked


class FigureTests(TestCase):
    def test_a_job_that_waits_has_neither_rate_nor_end(self):
        job = job_of(3)
        found = figures.figures(job, timezone.now())
        assert (found.left, found.skipped, found.rate, found.eta_s) == (
            3,
            0,
            None,
            None,
        )

    def test_rate_and_time_to_go_come_from_what_was_done_so_far(self):
        job = worked(begun(job_of(10), ago_s=8), ok=3, errors=["timeout"])
        found = figures.figures(job, job.started_at + timedelta(seconds=8))
        assert (found.left, found.rate, found.eta_s) == (6, 0.5, 12)

    def test_nothing_is_guessed_in_the_first_second(self):
        job = worked(begun(job_of(10), ago_s=0), ok=3)
        at = job.started_at + timedelta(seconds=0.5)
        assert figures.figures(job, at).rate is None

    def test_what_was_left_at_the_end_was_skipped(self):
        job = worked(begun(job_of(5)), ok=2)
        batches.cancel(job.public_id, timezone.now())
        found = figures.figures(over(job), timezone.now())
        assert (found.left, found.skipped, found.eta_s) == (0, 3, None)
        assert figures.state(job, timezone.now())["skipped"] == 3

    def test_the_start_is_noted_once(self):
        job = begun(job_of(2), ago_s=60)
        batches.put_back(job.pk, "test")
        batches.claim("next", ["refresh"], timezone.now())
        first = job.started_at
        job.refresh_from_db()
        assert job.started_at == first

    def test_errors_are_grouped_the_most_frequent_first(self):
        job = worked(begun(job_of(6)), ok=1, errors=["gone", "timeout", "timeout"])
        assert figures.errors(job) == [("timeout", 2), ("gone", 1)]
        assert figures.errors(job, limit=1) == [("timeout", 2)]
