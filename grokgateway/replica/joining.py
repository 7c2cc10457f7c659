"""How a node comes to the store's latest state, whatever happened to either."""

import logging
import secrets

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from grokgateway.replica import copying, places, tables
from grokgateway.replica.errors import Unfit
from grokgateway.replica.places import NOWHERE, Place
from grokgateway.replica.server import PAGE_ROWS, Gap, Head, Server

logger = logging.getLogger(__name__)
ROUNDS = 5
FILLED_WITHIN_S = 120.0  # by another node, with a million rows
OTHER_KEYS = (
    "The Redis of ACCOUNT_STORAGE=redis was filled by nodes with other credential "
    "keys. Give all nodes the same CREDENTIAL_KEYS."
)
NEWER = (
    "A newer version of the gateway has written to the Redis of "
    "ACCOUNT_STORAGE=redis. Update this node."
)
OWN_ROWS = (
    "This node's database has accounts of its own that are not in the Redis of "
    "ACCOUNT_STORAGE=redis, and would lose them. Export them, start with an empty "
    "DATA_DIR, and import them."
)


def catch_up(server: Server) -> bool:
    """Tells whether anything was new. Raises `Away` or `Unfit`; no transaction here."""
    moved = False
    for _ in range(ROUNDS):
        head, here = server.head(), places.read()
        if head is None or head.place.seq < here.seq:
            fill(server)
        elif head.place == here and head.layout == tables.layout().text:
            break
        else:
            approach(server, head, here)
        moved = True
    return moved


def approach(server: Server, head: Head, here: Place) -> None:
    refuse_strangers(head)
    theirs, ours = tables.layout_of(head.layout), tables.layout()
    if theirs.version > ours.version:
        raise Unfit(NEWER)
    if here == NOWHERE and rows_exist():
        raise Unfit(OWN_ROWS)
    try:
        copying.follow(server, theirs.columns)
    except Gap:
        copying.hydrate(server)
    if theirs != ours:
        fill(server)


def refuse_strangers(head: Head) -> None:
    if head.keys != print_of_keys():
        raise Unfit(OTHER_KEYS)


def print_of_keys() -> str:
    """Equal where the same keys are; the key that makes it is not replaced."""
    ring = import_string(settings.CONFIG_CIPHER)()
    return str(ring.fingerprint("store", purpose="replica"))


def rows_exist() -> bool:
    """Rows that no change of the store has brought."""
    with connection.cursor() as cursor:
        for name, table in tables.shared().items():
            if table.counter:
                continue
            cursor.execute(f'SELECT 1 FROM "{name}" LIMIT 1')  # noqa: S608 - a name of the model
            if cursor.fetchone():
                return True
    return False


def fill(server: Server) -> None:
    """Make this copy the store's content: it is empty, behind, or of an older layout.

    Redis may have lost what it had; whoever knows most then has the last word.
    """
    with server.lease(FILLED_WITHIN_S) as token, copying.copying():
        head, here = server.head(), places.read()
        layout = tables.layout().text
        before = head.place if head else NOWHERE
        if head and head.layout == layout and before.seq >= here.seq:
            return  # another was faster
        if here != NOWHERE and before.seq < here.seq:
            logger.error(
                "Redis has lost accounts and settings (%d, known here: %d). They are "
                "restored from this node's copy. Let Redis keep its data: appendonly.",
                *(before.seq, here.seq),
            )
        place = Place(max(before.seq, here.seq) + 1, secrets.token_hex(8))
        for table in tables.shared().values():
            stage(server, token, table)
        head = Head(place, layout, print_of_keys())
        server.finish(token, head, copying.given_ids())
        places.write(place)


def stage(server: Server, token: str, table: tables.Table) -> None:
    server.stage(token, table.name, {})
    with connection.cursor() as cursor:
        cursor.execute(table.selection)
        while found := cursor.fetchmany(PAGE_ROWS):
            rows = {str(key): text for key, text in found}
            server.stage(token, table.name, rows)
