"""Which requests get a tape, and what becomes of it; only failures are kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.captures import store
from gateway.captures.store import Taken
from gateway.keys.cards import Capturing, KeyBook, KeyCard
from gateway.recorder import STATUS_CLIENT_GONE, Journal
from gateway.tape import Tape
from grokgateway import __version__
from grokgateway.jobs import outbox

ENDPOINTS = frozenset({"/v1/chat/completions", "/v1/responses", "/v1/messages"})
MOST_TAPES = 8  # of a process at once


@dataclass(slots=True)
class Home:
    """How many requests of this process have a tape now."""

    running: int = 0


HOME = Home()


def begin(
    journal: Journal,
    book: KeyBook,
    card: KeyCard | None,
    presented: Iterable[str],
    now: float,
) -> None:
    """Give the request a tape if one is wanted, and there are not too many."""
    if journal.endpoint.rstrip("/") not in ENDPOINTS:
        return
    wanted = wish(book, card, journal.request_id, now)
    if wanted is None or HOME.running >= MOST_TAPES:
        return
    HOME.running += 1
    journal.tape = Tape(keep_words=wanted.keep_words, secrets=set(presented))


def wish(
    book: KeyBook, card: KeyCard | None, request_id: str, now: float
) -> Capturing | None:
    wishes: list[Capturing] = [*book.wishes]
    if card is not None and card.capturing is not None:
        wishes.append(card.capturing)
    for one in wishes:
        if now < one.until and request_id.startswith(one.prefix):
            return one
    return None


def finish(journal: Journal) -> None:
    """Hand a failure's tape to the write-behind; never waits."""
    tape, journal.tape = journal.tape, None
    if tape is None:
        return
    HOME.running -= 1
    if not tape.told or not worth_keeping(journal, tape):
        return
    row = Taken(
        tape=tape,
        request_id=journal.request_id,
        made_at=journal.started_at,
        key=journal.key,
        endpoint=journal.endpoint,
        model=journal.model,
        status=journal.status,
        error_code=journal.error_code,
        about=about(journal, journal.started_at),
    )
    outbox.current().put(store.CAPTURES, row)


def worth_keeping(journal: Journal, tape: Tape) -> bool:
    """A failure, or an answer in which upstream said what nobody knows."""
    if journal.status == STATUS_CLIENT_GONE:
        return False
    return bool(journal.error_code) or journal.status >= 400 or tape.odd


def about(journal: Journal, started_at: datetime) -> dict[str, object]:
    """What a reader of the file wants to know first; no names of accounts or keys."""
    told = ("mode", "reason", "at_ms", "took_ms")
    return {
        "gateway": __version__,
        "at": started_at.isoformat(timespec="seconds"),
        "endpoint": journal.endpoint,
        "streamed": journal.streamed,
        "status": journal.status,
        "error_code": journal.error_code,
        "attempts": [
            {name: one[name] for name in told if name in one} for one in journal.told()
        ],
    }
