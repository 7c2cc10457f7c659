"""The one way to change what is shared, and the one way to see what others changed."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from grokgateway.replica import capture, copying, joining, places, tables
from grokgateway.replica.capture import Door
from grokgateway.replica.errors import Away, Refused
from grokgateway.replica.server import Server, server_of

logger = logging.getLogger(__name__)


@contextmanager
def writing() -> Iterator[None]:
    """A transaction on accounts or configuration; inside another one, a part of it.

    Where Redis is the store: nobody else writes meanwhile, the copy is at the latest
    state, and what was written is in Redis before it is committed here. Raises `Away`
    or `Busy`, and then nothing was changed.
    """
    if not settings.SHARED_STORE or (connection.in_atomic_block and nested()):
        with transaction.atomic():
            yield
        return
    server = current()
    capture.install()
    joining.catch_up(server)
    with server.lease() as token:
        joining.catch_up(server)
        with transaction.atomic():
            capture.turn(Door.OPEN)
            yield
            publish(server, token)
            capture.turn(Door.SHUT)


def nested() -> bool:
    if not capture.is_open():
        raise RuntimeError("writing() must be outside of any other transaction")
    return True


def publish(server: Server, token: str) -> None:
    changes = capture.changes()
    if not changes:
        return
    touched = {change.table for change in changes}
    ids = {n: i for n, i in copying.given_ids().items() if n in touched}
    layout = tables.layout().text
    place = server.publish(token, places.read(), layout, ids, changes)
    places.write(place)


def current() -> Server:
    return server_of(settings.SHARED_STORE, os.getpid())


def join() -> None:
    """At start: come to the latest state, or go on with what is known.

    Raises `Unfit`, and `Away` where nothing is known yet.
    """
    if not apps.is_installed("grokgateway.replica"):
        return
    if not settings.SHARED_STORE:
        if connection.vendor == "sqlite" and places.read() != places.NOWHERE:
            places.forget()  # from now on the copy goes its own way
        return
    try:
        joining.catch_up(current())
    except Away as error:
        if places.read() == places.NOWHERE:
            raise
        current().noted(error)


def in_step(patience_s: float) -> bool:
    """Whether the copy was at the store's latest state not longer ago than that."""
    return not settings.SHARED_STORE or current().followed(patience_s)


def follow() -> bool:
    """Apply what others changed; tells whether there was anything.

    While it cannot be, this is logged once, and what is known stands.
    """
    if not settings.SHARED_STORE or connection.in_atomic_block:
        return False
    server = current()
    try:
        moved = joining.catch_up(server)
    except Refused as error:
        server.noted(error)
        return False
    server.noted(None)
    return moved
