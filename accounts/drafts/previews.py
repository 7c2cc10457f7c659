"""What an import would do, found out without changing an account."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import orjson
from django.db import transaction
from django.utils import timezone

from accounts import imports
from accounts.documents import Entry, Parsed
from accounts.models import Account, ImportDraft, ImportPart
from accounts.store.values import chunks
from accounts.tokens import Credential
from grokgateway import crypto
from grokgateway.jobs.batches import OPEN
from grokgateway.jobs.models import BatchJob

ADDED, RESTORED, TAGGED = "added", "restored", "tagged"
PRESENT, REPEATED, UNREADABLE = "present", "repeated", "unreadable"
KINDS = (ADDED, RESTORED, TAGGED, PRESENT, REPEATED, UNREADABLE)
SAMPLES = 20
REJECTED_KEPT = 20_000
SECRETS_KEPT = timedelta(hours=2)
DRAFTS_KEPT = timedelta(days=30)
State = tuple[bool, list[str]]  # deleted, tags


@transaction.atomic
def prepare(parsed: Parsed, *, by: str, refresh: bool = False) -> ImportDraft:
    """Keep what was read, sealed, with what would become of it."""
    wanted = imports.merged(parsed.entries)
    kinds = sorted_out(wanted)
    counts = {kind: len(kinds.get(kind, ())) for kind in KINDS}
    counts[REPEATED] = len(parsed.entries) - len(wanted)
    counts[UNREADABLE] = len(parsed.rejected)
    try:
        pools = sorted({entry.pool for entry in parsed.entries})
        would_go = len(imports.missing_ids(parsed))
    except imports.UnclearPools:
        pools, would_go = [], 0
    draft = ImportDraft.objects.create(
        public_id=secrets.token_hex(16),
        at=timezone.now(),
        actor=by[:150],
        refresh=refresh,
        counts=counts,
        samples={kind: shown(entries[:SAMPLES]) for kind, entries in kinds.items()},
        rejected=[[r.place, r.reason, r.masked] for r in parsed.rejected][
            :REJECTED_KEPT
        ],
        pools=pools,
        would_go=would_go,
    )
    ImportPart.objects.bulk_create(
        (
            ImportPart(draft=draft, number=number, sealed=sealed(draft, entries))
            for number, entries in enumerate(chunks(wanted.values()))
        ),
        batch_size=20,
    )
    return draft


def sorted_out(wanted: Mapping[str, Entry]) -> dict[str, list[Entry]]:
    """Entries by what an import would do with them."""
    kinds: dict[str, list[Entry]] = {}
    for chunk in chunks(wanted):
        found = Account.objects.filter(token_hash__in=chunk)
        stored = {
            hashed: (deleted_at is not None, list(tags))
            for hashed, deleted_at, tags in found.values_list(
                "token_hash", "deleted_at", "tags"
            )
        }
        for hashed in chunk:
            entry = wanted[hashed]
            kinds.setdefault(kind_of(entry, stored.get(hashed)), []).append(entry)
    return kinds


def kind_of(entry: Entry, state: State | None) -> str:
    if state is None:
        return ADDED
    deleted, tags = state
    if deleted:
        return RESTORED
    return PRESENT if set(entry.tags) <= set(tags) else TAGGED


def shown(entries: Iterable[Entry]) -> list[list[str]]:
    return [
        [entry.place, crypto.mask(entry.credential.token), entry.pool]
        for entry in entries
    ]


def sealed(draft: ImportDraft, entries: Iterable[Entry]) -> bytes:
    rows = [
        [e.place, e.credential.token, e.credential.user_id, e.pool, e.tags, e.node]
        for e in entries
    ]
    return crypto.ring().seal(orjson.dumps(rows), context=context(draft.public_id))


def opened(part: ImportPart) -> list[Entry]:
    """Raises `crypto.Undecipherable`."""
    wanted = context(part.draft.public_id)
    plain = crypto.ring().open(bytes(part.sealed), context=wanted)
    return [
        Entry(place, Credential(token, user_id), pool, tuple(tags), *node)
        for place, token, user_id, pool, tags, *node in orjson.loads(plain)
    ]


def context(draft_id: str) -> str:
    return f"import:{draft_id}"


def missing_ids(draft: ImportDraft) -> list[int]:
    """Who would go now if the pools were replaced; raises `UnclearPools`."""
    entries = [e for part in draft.parts.order_by("number") for e in opened(part)]
    return imports.missing_ids(Parsed(entries))


def find(public_id: str) -> ImportDraft | None:
    return ImportDraft.objects.filter(public_id=public_id).first()


def discard(draft: ImportDraft) -> None:
    """Forget an import that was not started."""
    ImportDraft.objects.filter(pk=draft.pk, job="").delete()


def purge(now: datetime) -> None:
    """Drop the secrets of imports nobody went on with, and old imports."""
    waiting = ImportPart.objects.filter(draft__job="")
    waiting.filter(draft__at__lt=now - SECRETS_KEPT).delete()
    begun = ImportDraft.objects.exclude(job="").filter(parts__isnull=False)
    for draft in begun.distinct():
        if not BatchJob.objects.filter(public_id=draft.job, status__in=OPEN).exists():
            draft.parts.all().delete()
    ImportDraft.objects.filter(at__lt=now - DRAFTS_KEPT).delete()
