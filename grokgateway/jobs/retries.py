"""A second try of what failed in a job: a job of its own, each knows the other."""

from grokgateway.jobs import batches
from grokgateway.jobs.batches import Target
from grokgateway.jobs.models import BatchItem, BatchJob, ItemState


class NothingToRetry(ValueError):
    """The job still runs, or no item of it failed."""


def again(job: BatchJob, by: str) -> BatchJob:
    """A job over the failed items, as they were asked for; raises `NothingToRetry`."""
    failed = BatchItem.objects.filter(job=job, state=ItemState.FAILED).order_by("pk")
    if job.status in batches.OPEN or not failed.exists():
        raise NothingToRetry
    pairs = failed.values_list("target", "label").iterator(chunk_size=1000)
    return batches.create(
        job.kind,
        (Target(target, label) for target, label in pairs),
        params=job.params,
        by=by,
        concurrency=job.concurrency,
        scope=job.scope,
        retry_of=job,
    )
