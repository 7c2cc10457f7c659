"""System checks: what is not shared where Redis is the store."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning

PER_NODE = (
    "ACCOUNT_STORAGE=redis: accounts and configuration are shared through Redis. All "
    "else is kept by each node for itself: console users, sessions, jobs, named API "
    "keys, model routes, proxy nodes, files and the request log."
)
HINT = "Set DATABASE_URL to a PostgreSQL or MySQL server to share these, too."


def check_shared(
    app_configs: Sequence[AppConfig] | None, **kwargs: object
) -> list[CheckMessage]:
    if not settings.SHARED_STORE:
        return []
    return [Warning(PER_NODE, hint=HINT, id="replica.W001")]
