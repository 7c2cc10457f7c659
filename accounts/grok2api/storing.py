"""Old accounts into our tables, in chunks that can be repeated."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils import timezone

from accounts.credentials import public_id, seal, token_hash
from accounts.grok2api.old import OldAccount
from accounts.models import Account, QuotaWindow, TierSource
from accounts.store import take_revision
from accounts.store.changes import locked
from accounts.store.values import chunks, moment, window_of
from grokgateway.replica import writing


class Conflict(StrEnum):
    """What happens to an account that is here already."""

    SKIP = "skip"
    UPDATE = "update"


@dataclass(slots=True)
class Stored:
    added: int = 0
    updated: int = 0
    skipped: int = 0


def store(
    accounts: Iterable[OldAccount], on_conflict: Conflict, *, dry_run: bool = False
) -> Stored:
    """Write, or with `dry_run` only count what would be written."""
    stored = Stored()
    for chunk in chunks(accounts):
        wanted = {token_hash(one.credential.token): one for one in chunk}
        if dry_run:
            hashes = Account.objects.filter(token_hash__in=list(wanted))
            known = set(hashes.values_list("token_hash", flat=True))
            tally(stored, wanted.keys(), known, on_conflict)
        else:
            save(wanted, on_conflict, stored)
    return stored


def tally(
    stored: Stored, wanted: Iterable[str], known: set[str], on_conflict: Conflict
) -> None:
    for hashed in wanted:
        if hashed not in known:
            stored.added += 1
        elif on_conflict is Conflict.UPDATE:
            stored.updated += 1
        else:
            stored.skipped += 1


@writing()
def save(wanted: dict[str, OldAccount], on_conflict: Conflict, stored: Stored) -> None:
    revision = take_revision()
    known = {a.token_hash: a for a in locked().filter(token_hash__in=list(wanted))}
    tally(stored, wanted, set(known), on_conflict)
    new = [
        filled(Account(), h, o, revision) for h, o in wanted.items() if h not in known
    ]
    Account.objects.bulk_create(new)
    changed: list[Account] = []
    if on_conflict is Conflict.UPDATE:
        changed = [filled(a, h, wanted[h], revision) for h, a in known.items()]
        for account in changed:
            account.save()
    written = {account.token_hash for account in (*new, *changed)}
    save_windows({h: wanted[h] for h in written})


def filled(account: Account, hashed: str, old: OldAccount, revision: int) -> Account:
    """The row with everything the old account knew."""
    now = timezone.now()
    account.public_id = identity = public_id(hashed)
    account.token_hash = hashed
    account.token_ciphertext = seal(old.credential.token, identity)
    account.user_id = old.credential.user_id or account.user_id
    account.pool = old.pool
    account.tier_source = TierSource.IMPORTED
    account.status = old.status
    account.state_reason = old.state_reason
    account.tags = list(old.tags)
    account.use_count = old.use_count
    account.fail_count = old.fail_count
    account.sync_count = old.sync_count
    account.last_use_at = moment(old.last_use_at)
    account.last_fail_at = moment(old.last_fail_at)
    account.last_sync_at = moment(old.last_sync_at)
    account.last_fail_reason = old.last_fail_reason
    account.cooling_until = moment(old.cooling_until)
    account.deleted_at = moment(old.deleted_at)
    account.created_at = moment(old.created_at) or now
    account.updated_at = now
    account.revision = revision
    return account


def save_windows(written: dict[str, OldAccount]) -> None:
    """Not every database returns the ids of a bulk insert, so they are read back."""
    rows: Sequence[tuple[int, str]] = list(
        Account.objects.filter(token_hash__in=list(written)).values_list(
            "pk", "token_hash"
        )
    )
    QuotaWindow.objects.filter(account_id__in=[pk for pk, _ in rows]).delete()
    QuotaWindow.objects.bulk_create(
        window_of(pk, window)
        for pk, hashed in rows
        for window in written[hashed].windows
    )
