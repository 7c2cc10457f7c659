"""What is left of windows in Redis, copied into the tables behind the requests."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import redis

from accounts.claims import eras, telling
from accounts.claims.base import Key
from accounts.claims.moves import locked_windows
from accounts.quotas import SAME_PERIOD_S
from accounts.rows import WindowRow
from accounts.store.changes import locked
from accounts.store.uses import save_windows
from grokgateway.jobs.outbox import Sink
from grokgateway.replica import writing

Windows = dict[Key, WindowRow]


def save_copies(told: Sequence[telling.Told]) -> None:
    """Bring windows up to date that this process has moved units of.

    Several processes copy the same window, in any order. So a copy is read only once
    account and window are locked: who writes last has read last. What Redis does not
    know, is away with, or does not rule any more was no more than when it was moved.
    """
    present = reached()  # a server that is away must not cost a lock
    with writing():
        stored = lock((account, row.mode) for account, row in told)
        known: Windows = {}
        if present and not eras.in_tables():
            known = from_redis(list(stored))
        for account, row in told:
            key = (account, row.mode)
            if key in stored and key not in known:
                stored[key] = lower(stored[key], row)
        save_windows((account, row) for (account, _), row in (stored | known).items())


def reached() -> bool:
    try:
        with telling.client() as asked:
            return bool(asked.ping())
    except (redis.RedisError, OSError):
        return False


def from_redis(keys: Sequence[Key]) -> Windows:
    with telling.client() as asked:
        return {(one, row.mode): row for one, row in telling.ask(asked, keys)}


def lower(stored: WindowRow, moved: WindowRow) -> WindowRow:
    """What is left where `moved` was left after a move of ours."""
    began = not stored.reset_at or stored.reset_at <= moved.reset_at - SAME_PERIOD_S
    if began and moved.reset_at:
        left = min(moved.remaining, moved.total)
        if not stored.reset_at:
            left = min(left, stored.remaining)
        return replace(stored, remaining=left, reset_at=moved.reset_at)
    if abs(stored.reset_at - moved.reset_at) < SAME_PERIOD_S:
        return replace(stored, remaining=min(stored.remaining, moved.remaining))
    return stored  # of a later period


def lock(keys: Iterable[Key]) -> Windows:
    """Those of the windows that exist, their accounts locked first."""
    wanted = set(keys)
    ids = list(locked().filter(pk__in={one for one, _ in wanted}).values_list("pk"))
    modes = {mode for _, mode in wanted}
    found = locked_windows([pk for (pk,) in ids], modes)
    return {key: row for key, row in found.items() if key in wanted}


COPIES = Sink("claims", save_copies)
