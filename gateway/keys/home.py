"""Where the process keeps its keys: the book is replaced whole, the ledger lives on."""

from gateway.keys.cards import KeyBook
from gateway.keys.ledger import Ledger
from gateway.keys.sharing import Sharing


class Home:
    def __init__(self) -> None:
        self.book: KeyBook | None = None
        self.ledger = Ledger()
        self.sharing: Sharing | None = None  # while this process serves


HOME = Home()


def book() -> KeyBook:
    if HOME.book is None:
        raise RuntimeError("named keys are read at start: call keys.store.load() first")
    return HOME.book


def ledger() -> Ledger:
    return HOME.ledger


def sharing() -> Sharing | None:
    return HOME.sharing


def share() -> None:
    """Keep to the limits together with other processes, from now on."""
    HOME.sharing = Sharing(HOME.ledger)


async def beat() -> None:
    """Twice a second in a process that serves."""
    if HOME.sharing is not None:
        await HOME.sharing.beat(book().limited())


async def leave() -> None:
    """Once the last request is over."""
    sharing, HOME.sharing = HOME.sharing, None
    if sharing is not None:
        await sharing.leave()
