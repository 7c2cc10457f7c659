"""An examination as a batch job of one item, done by whichever process works jobs."""

from collections.abc import Mapping

from gateway.doctor import examining, records
from gateway.doctor.asking import Asked, Unknown
from gateway.doctor_tables import Examination
from gateway.exits.queries import apart
from grokgateway.jobs import batches
from grokgateway.jobs.batch_runner import ItemFailed, Params, Result, Work
from grokgateway.jobs.batches import Target
from grokgateway.jobs.models import BatchItem, BatchJob

KIND = "doctor"


def begin(asked: Asked, by: str, reason: str = "") -> tuple[Examination, BatchJob]:
    row = records.open_one(asked, by, reason)
    label = ", ".join(filter(None, (asked.node, asked.account, asked.model)))
    target = Target(row.public_id, label)
    job = batches.create(KIND, [target], by=by, concurrency=1, scope=reason)
    return row, job


def runs(row: Examination) -> bool:
    """Whether anything will still come of it."""
    items = BatchItem.objects.filter(target=row.public_id, job__kind=KIND)
    return items.filter(job__status__in=batches.OPEN).exists()


async def examine(target: str, params: Params) -> Result:
    """A fault that is found is a result; only what cannot be looked at fails."""
    row = await apart(records.found, target)
    if row is None:
        raise ItemFailed("the examination is gone")
    try:
        report = await examining.examine(Asked.of(row.asked))
    except Unknown as reason:
        raise ItemFailed(str(reason)) from reason
    await apart(records.close, target, report)
    guilty = [f"{one.check} ({one.at})" for one in report.guilty]
    return {"sound": report.sound} | ({"guilty": guilty[0]} if guilty else {})


WORKS: Mapping[str, Work] = {KIND: examine}
