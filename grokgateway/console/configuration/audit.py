"""Who changed the configuration or saw its secrets, in Django's own log."""

from collections.abc import Iterable

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest

from grokgateway.config.models import ConfigOverride

REPR_MAX_CHARS = 200


def note(request: HttpRequest, told: str, keys: Iterable[str] = ()) -> None:
    """`told` is plain words, the keys are names: never a value."""
    subject = ", ".join(keys) or "configuration"
    LogEntry.objects.create(
        user_id=request.user.pk or 0,
        content_type=ContentType.objects.get_for_model(ConfigOverride),
        object_repr=subject[:REPR_MAX_CHARS],
        action_flag=CHANGE,
        change_message=told,
    )
