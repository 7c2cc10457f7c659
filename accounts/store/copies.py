"""What is left of windows in Redis, copied into the tables behind the requests."""

from collections.abc import Sequence

from accounts.claims import telling
from accounts.models import QuotaWindow
from accounts.store.changes import locked
from accounts.store.uses import save_windows
from grokgateway.jobs.outbox import Sink
from grokgateway.replica import writing


def save_copies(keys: Sequence[telling.Key]) -> None:
    """Bring windows up to date that this process has moved units of.

    Several processes copy the same window, in any order. So a copy is read only once
    its account is locked: who writes last has read last.
    """
    with telling.client() as asked:
        asked.ping()  # a server that is away must not cost a lock
        with writing():
            save_windows(telling.ask(asked, lock(keys)))


def lock(keys: Sequence[telling.Key]) -> list[telling.Key]:
    """Those of the windows that exist, each once, their accounts locked."""
    ids = list(locked().filter(pk__in={one for one, _ in keys}).values_list("pk"))
    windows = QuotaWindow.objects.filter(account_id__in=[pk for (pk,) in ids])
    wanted = set(keys)
    found = windows.values_list("account_id", "mode")
    return sorted((pk, mode) for pk, mode in found if (pk, mode) in wanted)


COPIES = Sink("claims", save_copies)
