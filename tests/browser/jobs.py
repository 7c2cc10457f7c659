"""Jobs for pages in a browser; run inside a gateway, `python manage.py shell -c ...`.

Nobody works on those that are begun here: their lease lies far ahead.
"""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Account
from grokgateway.jobs import batches
from grokgateway.jobs.batches import Outcome, Target
from grokgateway.jobs.models import BatchJob
from tests.browser import NAME

OWNER = "test"
ERRORS = (
    "timeout",
    "timeout",
    "no key reads its credential",
    "timeout",
    "upstream answered 403",
)


def begin(total: int, kind: str = "refresh", by: str = NAME) -> None:
    """A job that runs, of the accounts there are and made-up ones; prints its id."""
    now = timezone.now()
    named = Account.objects.values_list("public_id", flat=True)[:total]
    targets = [
        Target(public_id, f"sandbox-...{n:08d}") for n, public_id in enumerate(named)
    ]
    targets += [Target(f"gone-{n}", f"gone-{n}") for n in range(total - len(targets))]
    job = batches.create(
        kind,
        targets,
        params={"enabled": False},
        by=by,
        scope=f"all {total} matching tier: basic, status: active",
    )
    BatchJob.objects.filter(pk=job.pk).update(
        status="running",
        owner=OWNER,
        lease_until=now + timedelta(days=1),
        started_at=now - timedelta(seconds=20),
    )
    print(job.public_id)  # noqa: T201 - this is how the test learns it


def work(public_id: str, ok: int = 0, failed: int = 0) -> None:
    job = BatchJob.objects.get(public_id=public_id)
    errors = [ERRORS[n % len(ERRORS)] for n in range(failed)]
    ends = [*[""] * ok, *errors]
    items = batches.waiting(job.pk, 0, len(ends))
    outcomes = [
        Outcome(item.pk, {} if error else {"refreshed": 1, "pool": "basic"}, error)
        for item, error in zip(items, ends, strict=True)
    ]
    batches.save(job.pk, OWNER, outcomes)


def finish(public_id: str, error: str = "") -> None:
    job = BatchJob.objects.get(public_id=public_id)
    batches.finish(job.pk, OWNER, timezone.now(), error)
