"""Stored secrets of the configuration and of its history under another key."""

import base64
import binascii
from collections.abc import Callable, Mapping

from grokgateway.config import rows
from grokgateway.config.rows import Change
from grokgateway.config.sealing import Stored, context_of
from grokgateway.replica import writing

Turn = Callable[[bytes, str], bytes | None]  # sealed text and its context


@writing()
def reseal(turn: Turn, *, dry_run: bool = False) -> None:
    """`turn` returns the text to store, or None to leave it. Savers wait meanwhile."""
    rows.locked_revision()
    for row in rows.overrides().objects.all():
        new = turned(row.key, row.value, turn)
        if new is not None and not dry_run:
            rows.overrides().objects.filter(pk=row.pk).update(value=new)
    for entry in rows.histories().objects.all():
        changes = {
            name: turned_change(name, change, turn)
            for name, change in entry.changes.items()
        }
        if changes != entry.changes and not dry_run:
            rows.histories().objects.filter(pk=entry.pk).update(changes=changes)


def turned_change(name: str, change: Mapping[str, Stored | None], turn: Turn) -> Change:
    return {
        when: (stored and turned(name, stored, turn)) or stored
        for when, stored in change.items()
    }


def turned(name: str, stored: Stored, turn: Turn) -> Stored | None:
    if "sealed" not in stored:
        return None
    try:
        sealed = base64.b64decode(str(stored["sealed"]), validate=True)
    except binascii.Error:
        sealed = b""
    new = turn(sealed, context_of(name))
    return None if new is None else {"sealed": base64.b64encode(new).decode("ascii")}
