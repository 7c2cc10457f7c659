"""Where the process keeps its keys: the book is replaced whole, the ledger lives on."""

from gateway.keys.cards import KeyBook
from gateway.keys.ledger import Ledger


class Home:
    def __init__(self) -> None:
        self.book: KeyBook | None = None
        self.ledger = Ledger()


HOME = Home()


def book() -> KeyBook:
    if HOME.book is None:
        raise RuntimeError("named keys are read at start: call keys.store.load() first")
    return HOME.book


def ledger() -> Ledger:
    return HOME.ledger
