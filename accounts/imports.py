"""Bulk import: upserts in chunks, and what a replacing import would take away.

A live account keeps everything but gains tags; a deleted one comes back with its
counters and default windows.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils import timezone

from accounts import restorepoints
from accounts.claims import telling
from accounts.credentials import public_id, seal, token_hash
from accounts.documents import AUTO, Entry, Parsed, Rejected
from accounts.models import Account, Pool, RestorePoint, Status, TierSource
from accounts.store import reset_windows, soft_delete, take_revision
from accounts.store.changes import CLEARED, give_windows, locked, record
from accounts.store.values import chunks
from accounts.tokens import clean_tags
from grokgateway.jobs import bulk
from grokgateway.replica import writing

NEW_COLUMNS = (
    *("public_id", "token_hash", "token_ciphertext", "user_id"),
    *("pool", "tier_source", "tags", "node"),
)
REPLACED = "replaced_by_import"
RESTORED = "imported_again"


class UnclearPools(ValueError):
    """A replacing import must say which pool each account is in."""


@dataclass(slots=True)
class Report:
    added: int = 0
    restored: int = 0
    tagged: int = 0
    unchanged: int = 0
    deleted: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    undo: str = ""  # id of the restore point


@dataclass(frozen=True, slots=True)
class Step:
    """One chunk's transaction."""

    revision: int
    at: datetime


def add(parsed: Parsed, by: str = "") -> Report:
    """Import all readable entries; the report counts every line once."""
    return importing(parsed, (), "import", by)


def replace_pools(parsed: Parsed, missing: Collection[int], by: str = "") -> Report:
    """Import, then take out the accounts that `missing_ids` had named."""
    return importing(parsed, missing, "replace-import", by)


def importing(parsed: Parsed, missing: Collection[int], action: str, by: str) -> Report:
    point = restorepoints.begin(action, by)
    wanted = merged(parsed.entries)
    report = Report(
        unchanged=len(parsed.entries) - len(wanted), rejected=list(parsed.rejected)
    )
    now = timezone.now()
    for chunk in chunks(wanted.items()):
        upsert(dict(chunk), now, report, point)
    for ids in chunks(missing):
        with writing():
            take_revision()
            restorepoints.keep(point, list(locked().filter(pk__in=ids)))
            report.deleted += soft_delete(ids, REPLACED, by)
    finished = restorepoints.finish(point)
    report.undo = finished.public_id if finished else ""
    return report


def missing_ids(parsed: Parsed) -> list[int]:
    """Return the live accounts of the named pools that the document lacks.

    Only pools with a readable entry are named. Raise `UnclearPools` for `auto`.
    """
    named = {entry.pool for entry in parsed.entries}
    if AUTO in named:
        raise UnclearPools("name the pool of every account to replace a pool")
    kept = {token_hash(entry.credential.token) for entry in parsed.entries}
    live = Account.objects.filter(deleted_at=None, pool__in=named).order_by("id")
    hashes = live.values_list("pk", "token_hash").iterator()
    return [pk for pk, hashed in hashes if hashed not in kept]


def known_hashes(hashes: Iterable[str]) -> set[str]:
    """Those of `hashes` that belong to an account, deleted ones included."""
    found: set[str] = set()
    for chunk in chunks(hashes):
        accounts = Account.objects.filter(token_hash__in=chunk)
        found.update(accounts.values_list("token_hash", flat=True))
    return found


def merged(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Join repetitions of a token by its hash: first pool, all tags."""
    found: dict[str, Entry] = {}
    for entry in entries:
        hashed = token_hash(entry.credential.token)
        first = found.setdefault(hashed, entry)
        if first is not entry:
            tags = clean_tags((*first.tags, *entry.tags))
            found[hashed] = replace(first, tags=tags)
    return found


@writing()
def upsert(
    wanted: dict[str, Entry], at: datetime, report: Report, point: RestorePoint
) -> None:
    """Write one chunk. Taking the revision first makes concurrent imports queue up."""
    step = Step(take_revision(), at)
    stored = {
        account.token_hash: account
        for account in locked().filter(token_hash__in=list(wanted))
    }
    new = {hashed: entry for hashed, entry in wanted.items() if hashed not in stored}
    dead = [account for account in stored.values() if account.deleted_at]
    live = [account for account in stored.values() if not account.deleted_at]
    tagged = [a for a in live if with_tags(a, wanted[a.token_hash]) != a.tags]
    restorepoints.keep(point, [*dead, *tagged])
    restorepoints.keep_new(point, create(new, step))
    revive(dead, wanted, step)
    retag(tagged, wanted, step)
    report.added += len(new)
    report.restored += len(dead)
    report.tagged += len(tagged)
    report.unchanged += len(live) - len(tagged)


def create(new: dict[str, Entry], step: Step) -> list[int]:
    """Returns the ids of the new accounts."""
    sample = Account(created_at=step.at, updated_at=step.at, revision=step.revision)
    rows = [account_row(hashed, entry) for hashed, entry in new.items()]
    bulk.insert_like(sample, NEW_COLUMNS, rows)
    # not every database returns the ids of a bulk insert
    stored = Account.objects.filter(token_hash__in=list(new))
    pools = dict(stored.values_list("pk", "pool"))
    give_windows(pools)
    return list(pools)


def account_row(hashed: str, entry: Entry) -> bulk.Row:
    """The columns in which new accounts differ."""
    identity = public_id(hashed)
    unknown = entry.pool == AUTO
    return (
        identity,
        hashed,
        seal(entry.credential.token, identity),
        entry.credential.user_id,
        Pool.BASIC if unknown else entry.pool,
        TierSource.AUTO if unknown else TierSource.IMPORTED,
        list(entry.tags),
        entry.node,
    )


def revive(dead: Sequence[Account], wanted: dict[str, Entry], step: Step) -> None:
    """Bring deleted accounts back; a pool the document names replaces the stored."""
    record(dead, Status.ACTIVE, reason=RESTORED, by="", at=step.at)
    for account in dead:
        entry = wanted[account.token_hash]
        values = dict(CLEARED)
        if entry.pool != AUTO:
            account.pool = entry.pool
            values["pool"] = entry.pool
            values["tier_source"] = TierSource.IMPORTED
        if entry.credential.user_id:
            values["user_id"] = entry.credential.user_id
        if entry.node:
            values["node"] = entry.node
        Account.objects.filter(pk=account.pk).update(
            **values,
            tags=with_tags(account, entry),
            revision=step.revision,
            updated_at=step.at,
        )
    reset_windows({account.pk: account.pool for account in dead})
    telling.bar(dict.fromkeys((account.pk for account in dead), 0.0))


def retag(tagged: Sequence[Account], wanted: dict[str, Entry], step: Step) -> None:
    """Store the joined tags, with one statement for all accounts that end up equal."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for account in tagged:
        tags = tuple(with_tags(account, wanted[account.token_hash]))
        groups.setdefault(tags, []).append(account.pk)
    for tags, ids in groups.items():
        Account.objects.filter(pk__in=ids).update(
            tags=list(tags), revision=step.revision, updated_at=step.at
        )


def with_tags(account: Account, entry: Entry) -> list[str]:
    return list(clean_tags((*account.tags, *entry.tags)))
