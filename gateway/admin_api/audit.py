"""What scripts and operators did by `/admin/api`, in Django's own log."""

import logging

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest

from gateway.admin_api import access

logger = logging.getLogger(__name__)

REPR_MAX_CHARS = 200
BUILT_IN = "admin"  # whom the console key stands for


def note(request: HttpRequest, model: type[Model], subject: str, told: str) -> None:
    """`told` is plain words without any secret.

    A script counts as the built-in operator, once there is one; it is in the log of
    the process in any case.
    """
    by = access.actor(request)
    logger.info("%s: %s, by %s", subject, told, by)
    user_id = request.user.pk or built_in()
    if user_id is not None:
        LogEntry.objects.create(
            user_id=user_id,
            content_type=ContentType.objects.get_for_model(model),
            object_repr=subject[:REPR_MAX_CHARS],
            action_flag=CHANGE,
            change_message=f"{told}, by {by}",
        )


def built_in() -> int | None:
    users = get_user_model().objects.filter(username=BUILT_IN)
    return users.values_list("pk", flat=True).first()
