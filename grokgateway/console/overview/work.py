"""Panel: jobs that run or ran lately."""

from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest

from grokgateway.console.jobs import words
from grokgateway.console.panels import Panel
from grokgateway.jobs import batches
from grokgateway.jobs.models import BatchJob

SHOWN = 6


def panel(request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("jobs.view_batchjob"):
        return None
    open_first = Case(
        When(status__in=batches.OPEN, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    jobs = list(BatchJob.objects.order_by(open_first, "-created_at", "-id")[:SHOWN])
    if not jobs:
        return None
    named = [(job, words.title(job)) for job in jobs]
    return Panel("console/overview/work.html", {"jobs": named}, name="work")
