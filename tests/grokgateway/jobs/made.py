"""Jobs as tests need them, without a worker."""

from datetime import timedelta

from django.utils import timezone

from grokgateway.jobs import batches
from grokgateway.jobs.batches import Outcome, Target
from grokgateway.jobs.models import BatchJob

OWNER = "test"


def job_of(count=3, kind="refresh", **options):
    targets = [Target(f"t{n}", f"T{n}") for n in range(count)]
    return batches.create(kind, targets, **options)


def begun(job, ago_s=10):
    """Claimed so many seconds ago."""
    batches.claim(OWNER, [job.kind], timezone.now())
    at = timezone.now() - timedelta(seconds=ago_s)
    BatchJob.objects.filter(pk=job.pk).update(started_at=at)
    job.refresh_from_db()
    return job


def worked(job, ok=0, errors=()):
    """The next items are done, or fail of these errors."""
    left = batches.waiting(job.pk, 0, ok + len(errors))
    ends = [*[""] * ok, *errors]
    pairs = zip(left, ends, strict=True)
    outcomes = [Outcome(item.pk, {} if e else {"n": 1}, error=e) for item, e in pairs]
    batches.save(job.pk, OWNER, outcomes)
    job.refresh_from_db()
    return job


def over(job, error=""):
    batches.finish(job.pk, OWNER, timezone.now(), error)
    job.refresh_from_db()
    return job
