"""Everything that is sealed, sealed anew with the first key; one batch at a time.

A row is written only if it still holds what was read, so the gateway may run meanwhile,
and who is interrupted goes on where it was: rows of the first key are passed over.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Model

from accounts.credentials import sealed_for
from accounts.drafts import previews
from accounts.models import Account, ImportPart
from gateway import idempotency
from gateway.capture_tables import Capture
from gateway.captures import store as captures
from gateway.egress_tables import ClearanceBundle, EgressNode
from gateway.exits import manual
from gateway.exits import store as exits
from gateway.models import IdempotencyRecord, StoredResponse
from gateway.stored import sealing
from grokgateway import config, crypto
from grokgateway.replica import writing

SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Column:
    """`context` takes the values of `needs`, and says what the text belongs to."""

    kind: str
    model: type[Model]
    field: str
    needs: tuple[str, ...]
    context: Callable[..., str]
    rows: int = 20  # at once: some texts are large


COLUMNS = (
    Column(
        "accounts", Account, "token_ciphertext", ("public_id",), sealed_for, rows=500
    ),
    Column("imports", ImportPart, "sealed", ("draft__public_id",), previews.context),
    Column("responses", StoredResponse, "sealed", ("public_id",), sealing.context),
    Column("captures", Capture, "sealed", ("public_id",), captures.context),
    Column(
        *("replies", IdempotencyRecord, "reply", ("owner", "request_hash")),
        idempotency.context,
    ),
    Column("proxies", EgressNode, "url_ciphertext", ("name",), exits.address_context),
    Column("proxy cookies", EgressNode, "manual_ciphertext", ("name",), manual.context),
    Column(
        *("clearances", ClearanceBundle, "cookies_ciphertext", ("key",)),
        exits.cookies_context,
    ),
)


@dataclass(slots=True)
class Tally:
    """What became of all texts of a kind; nothing can read the `unreadable` ones."""

    kind: str
    current: int = 0
    resealed: int = 0
    unreadable: int = 0
    changed_meanwhile: int = 0


def rotate(*, dry_run: bool = False) -> Iterator[Tally]:
    """One tally a kind, when it is done; a dry run counts and writes nothing."""
    for column in COLUMNS:
        tally = Tally(column.kind)
        last: int | None = 0
        while last is not None:
            last = batch(column, last, tally, dry_run=dry_run)
        yield tally
    tally = Tally(SETTINGS)
    config.reseal(Turn(tally), dry_run=dry_run)
    yield tally


@dataclass(frozen=True, slots=True)
class Turn:
    """A sealed text in, the same under the first key out; None if it stays."""

    tally: Tally

    def __call__(self, sealed: bytes, context: str) -> bytes | None:
        ring = crypto.ring()
        if ring.is_current(sealed):
            self.tally.current += 1
            return None
        try:
            plain = ring.open(sealed, context=context)
        except crypto.Undecipherable:
            self.tally.unreadable += 1
            return None
        self.tally.resealed += 1
        return ring.seal(plain, context=context)


@writing()
def batch(column: Column, last: int, tally: Tally, *, dry_run: bool) -> int | None:
    """The id to go on after; None at the end."""
    there = column.model._default_manager.filter(pk__gt=last)
    there = there.exclude(**{column.field: None}).order_by("pk")
    found = list(there.values_list("pk", column.field, *column.needs)[: column.rows])
    turn = Turn(tally)
    for pk, sealed, *needs in found:
        new = turn(bytes(sealed), column.context(*needs))
        if new is not None and not dry_run and not replaced(column, pk, sealed, new):
            tally.resealed -= 1
            tally.changed_meanwhile += 1
    return found[-1][0] if len(found) == column.rows else None


def replaced(column: Column, pk: int, old: bytes, new: bytes) -> bool:
    same = column.model._default_manager.filter(pk=pk, **{column.field: bytes(old)})
    return bool(same.update(**{column.field: new}))
