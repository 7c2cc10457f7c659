"""The Anthropic shape of the model list, and its pages (public-api 2.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.errors import GatewayError
from gateway.protocols import fields
from gateway.protocols.base import Card, Json

MAX_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of the list is wanted; without a limit, all that is left of it."""

    limit: int | None = None
    before_id: str = ""
    after_id: str = ""


def page(query: Mapping[str, str]) -> Page:
    """From the query parameters; an empty one counts as not sent."""
    limit = query.get("limit") or None
    if limit is not None:
        digits = limit.isascii() and limit.isdigit() and len(limit) <= len("1000")
        if not (digits and 1 <= int(limit) <= MAX_LIMIT):
            raise fields.invalid("limit", f"must be a number from 1 to {MAX_LIMIT}")
    return Page(
        None if limit is None else int(limit),
        query.get("before_id", ""),
        query.get("after_id", ""),
    )


def card_body(card: Card, created: int) -> Json:
    made = datetime.fromtimestamp(created, UTC).replace(tzinfo=None)
    return {
        "type": "model",
        "id": card.id,
        "display_name": card.display_name,
        "created_at": f"{made.isoformat()}Z",
        "lifecycle": "active",
    }


def listing(cards: Sequence[Card], created: int, wanted: Page) -> Json:
    """`has_more` looks in the direction in which the caller is paging."""
    ids = [card.id for card in cards]
    start = position(ids, wanted.after_id, "after_id") + 1 if wanted.after_id else 0
    end = len(ids)
    if wanted.before_id:
        end = position(ids, wanted.before_id, "before_id")
    part = cards[start:end]
    shown = part
    if wanted.limit is not None:
        shown = part[-wanted.limit :] if wanted.before_id else part[: wanted.limit]
    return {
        "data": [card_body(card, created) for card in shown],
        "has_more": len(shown) < len(part),
        "first_id": shown[0].id if shown else None,
        "last_id": shown[-1].id if shown else None,
    }


def position(ids: list[str], wanted: str, name: str) -> int:
    if wanted not in ids:
        raise unknown(name)
    return ids.index(wanted)


def unknown(name: str) -> GatewayError:
    return fields.invalid(name, "is not the id of a listed model")
