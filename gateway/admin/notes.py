"""Who did what to the ways out, in Django's own log."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest

from gateway.egress_tables import EgressNode


def note(request: HttpRequest, subject: str, told: str) -> None:
    LogEntry.objects.create(
        user_id=request.user.pk or 0,
        content_type=ContentType.objects.get_for_model(EgressNode),
        object_repr=subject[:200],
        action_flag=CHANGE,
        change_message=told,
    )
