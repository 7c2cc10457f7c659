"""The key ring that the settings name; makes the first key when there is none."""

import asyncio
import functools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.module_loading import import_string

from grokgateway.crypto.keyfiles import CREDENTIAL_FILE, ensure_keys
from grokgateway.crypto.keyring import KeyRing

logger = logging.getLogger(__name__)
Made = tuple[list[bytes], bool]


def ring() -> KeyRing:
    """Return the ring of `settings.CREDENTIAL_KEYS`, else of the key file.

    The file is made at the first call of a new installation, which reads the database:
    a server calls this once before it takes requests.
    """
    if settings.CREDENTIAL_KEYS:
        return ring_of(tuple(settings.CREDENTIAL_KEYS))
    return stored_ring(settings.DATA_DIR, settings.CREDENTIAL_ROWS_EXIST)


@functools.lru_cache(maxsize=8)
def ring_of(keys: tuple[bytes, ...]) -> KeyRing:
    return KeyRing(keys)


@functools.lru_cache(maxsize=8)
def stored_ring(data_dir: Path, rows_exist: str) -> KeyRing:
    make = functools.partial(
        ensure_keys, data_dir, functools.partial(encrypted_rows_exist, rows_exist)
    )
    keys, made = outside_loop(make)
    if made:
        logger.warning(
            "A new key for stored credentials was made: %s. BACK THIS FILE UP NOW. "
            "Without it no stored account can be used again.",
            data_dir / CREDENTIAL_FILE,
        )
    return KeyRing(keys)


def outside_loop(run: Callable[[], Made]) -> Made:
    """Run in a thread of its own where a loop runs, since Django forbids queries."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run()
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(closing_connection, run).result()


def closing_connection(run: Callable[[], Made]) -> Made:
    try:
        return run()
    finally:
        connection.close()


def encrypted_rows_exist(rows_exist: str) -> bool:
    """Ask the app that owns the rows; before its first migration there are none."""
    ask: Callable[[], bool] = import_string(rows_exist)
    try:
        return ask()
    except DatabaseError:
        label = rows_exist.partition(".")[0]
        if any(
            n.startswith(f"{label}_") for n in connection.introspection.table_names()
        ):
            raise
        return False
