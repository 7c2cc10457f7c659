"""What one request did, noted as it goes and written once, after its last byte."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import DataError, IntegrityError, transaction

from gateway import tallies
from gateway.conversation.events import Usage
from gateway.models import RequestRecord
from gateway.tape import Tape
from grokgateway import redaction
from grokgateway.jobs import bulk, outbox

logger = logging.getLogger(__name__)

STATUS_CLIENT_GONE = 499
STATUS_FAILED = 500
UNSTORABLE = (IntegrityError, DataError, ValueError)
COLUMNS = (
    "request_id",
    "started_at",
    "key",
    "endpoint",
    "model",
    "account",
    "attempts",
    "status",
    "error_code",
    "streamed",
    "first_token_ms",
    "total_ms",
    "prompt_tokens",
    "completion_tokens",
    "sent_bytes",
)


@dataclass(slots=True)
class Attempt:
    """One account asked; `grounds` say why it was, `asked` is when it was leased."""

    account: str
    mode: str
    reason: str = "cut"  # until it succeeds or fails
    grounds: Mapping[str, object] = field(default_factory=dict)
    asked: float = field(default_factory=time.perf_counter)


@dataclass(slots=True)
class Journal:
    """One request's notes; times are `time.perf_counter()` seconds.

    `tape` is there only where what is said and heard is to be captured.
    """

    request_id: str
    endpoint: str
    model: str = ""
    key: str = ""
    streamed: bool = False
    arrived: float = field(default_factory=time.perf_counter)
    began: float = field(default_factory=time.perf_counter)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    attempts: list[Attempt] = field(default_factory=list)
    leased: float | None = None
    asked: float | None = None
    first_event: float | None = None
    first_byte: float | None = None
    input_tokens: int = 0  # known before the answer is
    usage: Usage | None = None
    sent_bytes: int = 0
    status: int = 0
    error_code: str = ""
    tape: Tape | None = None

    def attempt(
        self, account: str, mode: str, grounds: Mapping[str, object] | None = None
    ) -> Attempt:
        """Note that an account is being asked, from now on."""
        made = Attempt(account, mode, grounds=grounds or {})
        self.asked = made.asked
        self.first_event = None
        self.attempts.append(made)
        return made

    def told(self) -> list[dict[str, object]]:
        """The attempts as they are stored, each with its begin and length in ms."""
        begins = [one.asked for one in self.attempts]
        ends = [*begins[1:], time.perf_counter()]
        return [
            {
                "account": one.account,
                "mode": one.mode,
                "reason": one.reason,
                "at_ms": round((one.asked - self.began) * 1000),
                "took_ms": round((end - one.asked) * 1000),
                **one.grounds,
            }
            for one, end in zip(self.attempts, ends, strict=False)
        ]

    def heard(self) -> None:
        """Upstream has said something; the first time counts."""
        if self.first_event is None:
            self.first_event = time.perf_counter()

    def server_timing(self) -> str:
        """Header value: where the time to the first event went, in ms."""
        now = time.perf_counter()
        asked = self.asked or now
        leased = self.leased or asked
        first = self.first_event or now
        choose_ms = (asked - leased) * 1000
        upstream_ms = (first - asked) * 1000
        own_ms = (now - self.began) * 1000 - choose_ms - upstream_ms
        return (
            f"queue;dur={(self.began - self.arrived) * 1000:.2f}, "
            f"choose;dur={choose_ms:.2f}, upstream;dur={upstream_ms:.2f}, "
            f"own;dur={max(0.0, own_ms):.2f}"
        )

    def elapsed_ms(self) -> float:
        return (time.perf_counter() - self.began) * 1000


def record(journal: Journal) -> None:
    """Hand the finished notes to the write-behind; never waits."""
    first = journal.first_byte
    if journal.status >= STATUS_FAILED:
        logger.info(
            "request %s failed with %d %s; asked: %s",
            journal.request_id,
            journal.status,
            journal.error_code,
            ", ".join(f"{one.account} {one.reason}" for one in journal.attempts),
        )
    outbox.current().put(
        RECORDS,
        (
            journal.request_id,
            journal.started_at,
            journal.key,
            storable(endpoint_of(journal), 64),
            storable(journal.model, 128),
            journal.attempts[-1].account if journal.attempts else "",
            journal.told(),
            journal.status,
            journal.error_code,
            journal.streamed,
            None if first is None else (first - journal.began) * 1000,
            journal.elapsed_ms(),
            journal.usage.prompt_tokens if journal.usage else 0,
            journal.usage.completion_tokens if journal.usage else 0,
            journal.sent_bytes,
        ),
    )


def endpoint_of(journal: Journal) -> str:
    """The path; one that led nowhere may hold a key that was put there by mistake."""
    if journal.status < 400:
        return journal.endpoint
    return redaction.current().text(journal.endpoint)


def storable(text: str, most_chars: int) -> str:
    """What any database keeps of a text that a caller sent."""
    return text.replace("\0", "")[:most_chars]


def save_records(rows: Sequence[bulk.Row]) -> None:
    """Store all but what the database refuses, which no repetition would cure."""
    try:
        insert(rows)
    except UNSTORABLE:
        with transaction.atomic():
            save_singly(rows)


def save_singly(rows: Sequence[bulk.Row]) -> None:
    for row in rows:
        try:
            insert([row])
        except UNSTORABLE as refusal:
            logger.warning("A request record was dropped: %s", type(refusal).__name__)


@transaction.atomic
def insert(rows: Sequence[bulk.Row]) -> None:
    bulk.insert(RequestRecord, COLUMNS, rows)
    tallies.add(seen(row) for row in rows)


def seen(row: bulk.Row) -> tallies.Seen:
    """A model's name counts once an account was asked: before, it may be anything."""
    named = dict(zip(COLUMNS, row, strict=True))
    return tallies.Seen(
        at=named["started_at"],
        model=named["model"] if named["attempts"] else "",
        status=named["status"],
        first_token_ms=named["first_token_ms"],
        prompt_tokens=named["prompt_tokens"],
        completion_tokens=named["completion_tokens"],
    )


def purge(days: int, now: datetime) -> int:
    """Delete records older than `days`; 0 keeps everything. Returns the count."""
    if days <= 0:
        return 0
    old = RequestRecord.objects.filter(started_at__lt=now - timedelta(days=days))
    return old.delete()[0]


RECORDS = outbox.Sink("request records", save_records)
