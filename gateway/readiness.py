"""What must hold before this process can serve (`/readyz`)."""

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from accounts import directory
from gateway import catalog
from grokgateway import crypto


async def checks() -> dict[str, bool]:
    """Each check by name and whether it holds."""
    database = await sync_to_async(database_ready)()
    return {
        "database": database,
        "migrations": database and await sync_to_async(migrated)(),
        "keys": await sync_to_async(keys_ready)(),
        "catalog": catalog.HOME.catalog is not None,
        "accounts": directory.current().loaded,
    }


def database_ready() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    finally:
        connection.close()
    return True


def migrated() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return False
    finally:
        connection.close()


def keys_ready() -> bool:
    try:
        crypto.ring()
    except (ImproperlyConfigured, OSError, Error):
        return False
    return True
