"""What passes between a purse and the directory that spends from it."""

from collections.abc import Iterable, Iterator

from accounts import standing
from accounts.claims.base import Grant
from accounts.claims.purse import Purse
from accounts.ready import Entry, Stock
from accounts.roster import Directory
from accounts.rows import Use


def share(directory: Directory, purse: Purse, now: float) -> None:
    """From now on only what is in the purse may be spent."""
    directory.purse = purse
    for shelf in directory.shelves():
        shelf.lay_all()
    for slots in purse.slots.values():
        directory.place(slots.entry.windows, now)


def in_flight(entries: Iterable[Entry], now: float) -> Iterator[Use]:
    """Units that calls under way have taken, for tables that others spend from."""
    for entry in entries:
        for stock in entry.windows:
            if stock.held:
                window, revision = stock.row(), entry.row.revision
                yield Use(entry.id, now, None, window=window, revision=revision)


def receive(
    directory: Directory, grants: Iterable[tuple[Stock, Grant]], now: float
) -> None:
    """Put what was granted into the purse; its accounts become ready."""
    purse = directory.purse
    if purse is None:
        return
    for stock, grant in grants:
        purse.receive(stock, grant, now)
        directory.place(stock.entry.windows, now)


def ask_again(directory: Directory, now: float) -> None:
    """Let requests ask for what was spent or in others' hands a while ago."""
    purse = directory.purse
    if purse is None:
        return
    directory.place(purse.no_longer_busy(), now)
    for stock in purse.ask_again(now):
        entry = stock.entry
        parked = max(stock.cooling_until, entry.row.cooling_until) > now
        if standing.usable(entry.row) and not parked and stock.place < 0:
            stock.shelf.lay(stock)
