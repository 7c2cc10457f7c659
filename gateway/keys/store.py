"""The rows of named keys: made, read into the book, and their usage added up.

Whoever changes a row calls `load` once it is committed; other processes read the rows
anew every few seconds.
"""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import DataError, IntegrityError, transaction
from django.db.models import F

from gateway.capture_tables import CaptureWish
from gateway.keys import home, identity, shares
from gateway.keys.cards import Capturing, KeyBook, KeyCard, Limits
from gateway.keys.ledger import Use
from gateway.keys.meters import Amount
from gateway.models import ApiKey, KeyUsage
from grokgateway.jobs.outbox import Sink

logger = logging.getLogger(__name__)

UNSTORABLE = (IntegrityError, DataError)
USAGE_KEPT = timedelta(days=400)
EPOCH = date(1970, 1, 1)


def create(row: ApiKey) -> str:
    """Save a new row with a new key, and return that key: nobody can a second time."""
    key = identity.new_key()
    row.key_hash = identity.hashed(key)
    row.fingerprint = identity.owner(key)
    row.hint = identity.masked(key)
    row.save(force_insert=True)
    transaction.on_commit(load)
    return key


@transaction.atomic
def switch(rows: Iterable[ApiKey], *, enabled: bool) -> None:
    ids = [row.pk for row in rows]
    ApiKey.objects.filter(pk__in=ids).update(enabled=enabled)
    transaction.on_commit(load)


def load() -> None:
    """Read keys and today's usage into memory; also called now and then."""
    ledger = home.ledger()
    today = ledger.moment().day
    with ledger.storing:
        rows = {row.key_hash: card_of(row) for row in ApiKey.objects.all()}
        book = KeyBook(rows, wishes(time.time()))
        ledger.read(today, stored(today), book.ids())
        home.HOME.book = book


def wishes(now: float) -> list[Capturing]:
    """What is to be captured of any key's requests."""
    alive = CaptureWish.objects.filter(until__gt=datetime.fromtimestamp(now, UTC))
    return [
        Capturing(row.until.timestamp(), row.keep_words, row.prefix) for row in alive
    ]


def rows_exist() -> bool:
    """Whether there are keys that nothing would find under another key ring."""
    return ApiKey.objects.exists()


def card_of(row: ApiKey) -> KeyCard:
    return KeyCard(
        id=row.pk,
        fingerprint=row.fingerprint,
        enabled=row.enabled,
        expires_at=row.expires_at.timestamp() if row.expires_at else None,
        models=frozenset(row.allowed_models),
        pools=frozenset(row.allowed_pools),
        limits=Limits(
            requests_per_min=row.requests_per_min,
            concurrent=row.concurrent,
            requests_per_day=row.requests_per_day,
            tokens_per_day=row.tokens_per_day,
        ),
        capturing=capturing(row, time.time()),
    )


def capturing(row: ApiKey, now: float) -> Capturing | None:
    """None also once it has expired."""
    until = row.capture_until.timestamp() if row.capture_until else 0.0
    return Capturing(until, row.capture_words) if until > now else None


def stored(day: int) -> dict[int, Amount]:
    return {
        row.key_id: Amount(row.requests, row.prompt_tokens + row.completion_tokens)
        for row in KeyUsage.objects.filter(day=date_of(day))
    }


def date_of(day: int) -> date:
    return EPOCH + timedelta(days=day)


@dataclass(slots=True)
class Sum:
    """All uses of one key on one day within a batch."""

    requests: int = 0
    failed: int = 0
    refused: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    last_used_at: float = 0.0

    def add(self, use: Use) -> None:
        self.requests += use.requests
        self.failed += use.failed
        self.refused += use.refused
        self.prompt_tokens += use.prompt_tokens
        self.completion_tokens += use.completion_tokens
        self.last_used_at = max(self.last_used_at, use.at)

    @property
    def amount(self) -> Amount:
        return Amount(self.requests, self.prompt_tokens + self.completion_tokens)

    @property
    def counts(self) -> dict[str, int]:
        return {
            "requests": self.requests,
            "failed": self.failed,
            "refused": self.refused,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
        }


Sums = Mapping[tuple[int, int], Sum]


def save_uses(uses: Sequence[Use]) -> None:
    """Add to the stored counters; uses of a key that is gone are dropped."""
    sums: dict[tuple[int, int], Sum] = {}
    for use in uses:
        sums.setdefault((use.key_id, use.day), Sum()).add(use)
    ledger = home.ledger()
    with ledger.storing:
        try:
            save_sums(sums)
        except UNSTORABLE:
            sums = save_singly(sums)
        ledger.wrote({place: total.amount for place, total in sums.items()})


def save_singly(sums: Sums) -> dict[tuple[int, int], Sum]:
    """Store all but what the database refuses, which no repetition would cure."""
    saved: dict[tuple[int, int], Sum] = {}
    with transaction.atomic():
        for place, total in sums.items():
            try:
                save_sums({place: total})
            except UNSTORABLE as refusal:
                name = type(refusal).__name__
                logger.warning("The use of key %d was dropped: %s", place[0], name)
            else:
                saved[place] = total
    return saved


@transaction.atomic
def save_sums(sums: Sums) -> None:
    wanted = {key_id for key_id, _ in sums}
    known = set(ApiKey.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    member = home.ledger().member
    for (key_id, day), total in sorted(sums.items()):  # all writers in one order
        if key_id in known:
            used_at = datetime.fromtimestamp(total.last_used_at, UTC)
            row = ApiKey.objects.filter(pk=key_id).exclude(last_used_at__gt=used_at)
            row.update(last_used_at=used_at)
            add_to_day(key_id, date_of(day), total)
            if member:
                shares.stored(member, key_id, day, total.amount)


def add_to_day(key_id: int, day: date, total: Sum) -> None:
    if not any(total.counts.values()):
        return
    row, made = KeyUsage.objects.get_or_create(
        key_id=key_id, day=day, defaults=total.counts
    )
    if not made:
        added = {name: F(name) + count for name, count in total.counts.items()}
        KeyUsage.objects.filter(pk=row.pk).update(**added)


def purge(now: datetime) -> int:
    """Delete usage that is older than it is kept; returns the number of rows."""
    shares.purge()
    old = KeyUsage.objects.filter(day__lt=(now - USAGE_KEPT).date())
    return old.delete()[0]


USES = Sink("use of API keys", save_uses)
