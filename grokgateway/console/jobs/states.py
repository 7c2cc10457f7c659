"""`/admin/jobs/{id}.json`: a job's state for pages that have no socket."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from grokgateway.console.jobs import words
from grokgateway.jobs import batches, figures
from grokgateway.jobs.models import BatchJob

MINE = "mine"
MINE_MAX = 50


def show(request: HttpRequest, name: str) -> HttpResponse:
    """One job, or under `mine` a list of one's own that have not ended."""
    if not words.may_see(request.user):
        raise PermissionDenied
    now = timezone.now()
    if name == MINE:
        own = BatchJob.objects.filter(
            started_by=request.user.get_username(), status__in=batches.OPEN
        )
        found = [figures.state(job, now) for job in own.order_by("-pk")[:MINE_MAX]]
        return told({"jobs": found})
    job = batches.counters(name)
    if job is None:
        raise Http404
    return told(figures.state(job, now))


def told(body: dict[str, object]) -> HttpResponse:
    return JsonResponse(body, headers={"Cache-Control": "no-store"})
