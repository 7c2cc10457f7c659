"""System checks of the stores: what works, but not for long or not on several hosts."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.db import Error, connection

from accounts.claims import membership

LIMITS = {
    "postgresql": (
        "SELECT current_setting('max_connections')::int"
        " - current_setting('superuser_reserved_connections')::int"
    ),
    "mysql": "SELECT @@max_connections",
}


def check_stores(
    app_configs: Sequence[AppConfig] | None, **kwargs: object
) -> list[CheckMessage]:
    """By what the database tells, if it can be asked."""
    try:
        return [*too_many_connections(), *hosts_without_redis()]
    except Error:
        return []
    finally:
        if not connection.in_atomic_block:
            connection.close()


def too_many_connections() -> list[CheckMessage]:
    statement = LIMITS.get(connection.vendor)
    if statement is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement)
        limit = int(cursor.fetchone()[0])
    pool, workers = settings.SQL_POOL, settings.SERVER_WORKERS
    wanted = workers * (pool.size + pool.overflow)
    if wanted <= limit:
        return []
    return [
        Warning(
            f"{workers} workers with pools of {pool.size + pool.overflow} may want "
            f"{wanted} connections; the database server allows {limit}, for all hosts.",
            hint="Lower ACCOUNT_SQL_POOL_SIZE and ACCOUNT_SQL_MAX_OVERFLOW, or raise "
            "the server's max_connections.",
            id="grokgateway.W001",
        )
    ]


def hosts_without_redis() -> list[CheckMessage]:
    if settings.REDIS_URL or not membership.elsewhere():
        return []
    return [
        Warning(
            "Other hosts, or other containers, serve from this database, and there is "
            "no REDIS_URL.",
            hint="Every claim of an account is a step of the database then, and "
            "changes are seen by polling or by PostgreSQL's notices. Set REDIS_URL "
            "on all of them.",
            id="grokgateway.W002",
        )
    ]
