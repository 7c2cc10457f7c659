"""Who did what to many accounts, or saw a secret, in Django's own log."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest

from accounts.models import Account

REPR_MAX_CHARS = 200


def note(
    request: HttpRequest, subject: str, told: str, account: Account | None = None
) -> None:
    """`told` is plain words without any secret."""
    LogEntry.objects.create(
        user_id=request.user.pk or 0,
        content_type=ContentType.objects.get_for_model(Account),
        object_id=str(account.pk) if account else None,
        object_repr=subject[:REPR_MAX_CHARS],
        action_flag=CHANGE,
        change_message=told,
    )
