"""What must hold before this process can serve (`/readyz`)."""

import asyncio
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts import credentials, directory
from gateway import catalog
from grokgateway import crypto
from grokgateway.jobs import batches
from media import jobs, threads

LIMIT_S = 3.0  # a database that is away would let its callers wait for long


@dataclass(frozen=True, slots=True)
class Stored:
    """What only the database can tell; nothing of it holds while that is away."""

    database: bool = False
    migrated: bool = False
    readable: bool = True
    neglected: bool = False


@dataclass(slots=True)
class Home:
    migrated: bool = False


HOME = Home()


async def checks() -> dict[str, bool]:
    """Each check by name and whether it holds."""
    keys = await threads.disk(keys_ready)
    try:
        async with asyncio.timeout(LIMIT_S):
            found = await threads.disk(stored, keys)
    except TimeoutError:
        found = Stored()
    return {
        "database": found.database,
        "migrations": found.migrated,
        "keys": keys and found.readable,
        "catalog": catalog.HOME.catalog is not None,
        "accounts": directory.current().loaded,
        "sync": directory.in_sync(),
        "copy": directory.in_step(),
        "claims": directory.may_claim(),
        "worker": directory.worked() or not found.neglected,
    }


def stored(keys: bool) -> Stored:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not migrated():
            return Stored(database=True)
        now = timezone.now()
        return Stored(
            database=True,
            migrated=True,
            readable=not keys or credentials.readable(),
            neglected=batches.neglected(now) or jobs.neglected(now),
        )
    except Error:
        return Stored()
    finally:
        connection.close()


def migrated() -> bool:
    """Once that is so it stays so: this code's migrations are not undone under it."""
    if not HOME.migrated:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        HOME.migrated = not plan
    return HOME.migrated


def keys_ready() -> bool:
    try:
        crypto.ring()
    except (ImproperlyConfigured, OSError, Error):
        return False
    finally:
        connection.close()
    return True
