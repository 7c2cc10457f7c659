import pytest
from django.test import TestCase

from grokgateway.jobs import retries
from grokgateway.jobs.models import BatchJob
from grokgateway.jobs.retries import NothingToRetry
from tests.grokgateway.jobs.made import begun, job_of, over, worked


class RetryTests(TestCase):
    def test_only_what_failed_is_tried_again_as_it_was_asked(self):
        asked = {"params": {"enabled": True}, "concurrency": 7, "scope": "all 5"}
        job = job_of(5, "nsfw", by="op", **asked)
        over(worked(begun(job), ok=3, errors=["timeout", "gone"]))
        again = retries.again(job, "other")
        found = list(again.items.order_by("pk").values_list("target", "label", "state"))
        assert found == [("t3", "T3", "waiting"), ("t4", "T4", "waiting")]
        assert (again.kind, again.started_by, again.total) == ("nsfw", "other", 2)
        assert (again.params, again.concurrency, again.scope) == tuple(asked.values())
        assert list(job.retries.all()) == [again]

    def test_a_job_that_runs_cannot_be_tried_again(self):
        job = worked(begun(job_of(2)), errors=["gone"])
        with pytest.raises(NothingToRetry):
            retries.again(job, "op")

    def test_where_nothing_failed_there_is_nothing_to_try(self):
        job = over(worked(begun(job_of(1)), ok=1))
        with pytest.raises(NothingToRetry):
            retries.again(job, "op")
        assert BatchJob.objects.count() == 1

    def test_a_retry_outlives_the_job_it_came_from(self):
        job = over(worked(begun(job_of(1)), errors=["gone"]))
        again = retries.again(job, "op")
        job.items.all().delete()
        BatchJob.objects.filter(pk=job.pk).delete()
        again.refresh_from_db()
        assert again.retry_of is None
