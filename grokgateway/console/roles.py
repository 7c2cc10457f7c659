"""Two groups that every installation has; set anew by `migrate`.

An operator does the daily work without users and secrets; a viewer reads. Whoever needs
another choice makes a group of their own.
"""

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

OPERATOR, VIEWER = "operator", "viewer"
APPS = ("accounts", "config", "gateway", "jobs", "media", "webui")
SECRETS = ("reveal_token", "export_accounts", "reveal_config")


def permissions(role: str) -> QuerySet[Permission]:
    ours = Permission.objects.filter(content_type__app_label__in=APPS)
    if role == VIEWER:
        return ours.filter(codename__startswith="view_")
    return ours.exclude(Q(codename__in=SECRETS))


def establish(**_signal: object) -> None:
    for role in (OPERATOR, VIEWER):
        group, _made = Group.objects.get_or_create(name=role)
        group.permissions.set(permissions(role))
