"""The named keys as the request path sees them: an immutable book in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.keys import identity


@dataclass(frozen=True, slots=True)
class Limits:
    """None means no limit. Minutes slide, days are those of UTC."""

    requests_per_min: int | None = None
    concurrent: int | None = None
    requests_per_day: int | None = None
    tokens_per_day: int | None = None

    @property
    def any(self) -> bool:
        return self != Limits()


@dataclass(frozen=True, slots=True)
class Capturing:
    """Failures of which requests are captured, until when (Unix s)."""

    until: float
    keep_words: bool = False
    prefix: str = ""  # of the request's id


@dataclass(frozen=True, slots=True)
class KeyCard:
    """One key; empty `models` and `pools` mean all of them. `expires_at` is Unix s."""

    id: int
    fingerprint: str
    enabled: bool = True
    expires_at: float | None = None
    models: frozenset[str] = frozenset()
    pools: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    capturing: Capturing | None = None

    def expired(self, now: float) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class KeyBook:
    """All keys, also those that no longer open anything, by their keyed hash.

    `capturing` says whether any request may have to be captured; `wishes` are for
    requests with any key.
    """

    def __init__(
        self, cards: Mapping[str, KeyCard], wishes: Sequence[Capturing] = ()
    ) -> None:
        self._cards = dict(cards)
        self.wishes = tuple(wishes)
        self.capturing = bool(wishes) or any(
            card.capturing for card in self._cards.values()
        )

    def __len__(self) -> int:
        return len(self._cards)

    def limited(self) -> list[KeyCard]:
        return [card for card in self._cards.values() if card.limits.any]

    def ids(self) -> set[int]:
        return {card.id for card in self._cards.values()}

    def find(self, presented: str) -> KeyCard | None:
        """The card of a key as presented. The hash is keyed, so time tells nothing."""
        if not self._cards or not identity.FORM.match(presented):
            return None
        return self._cards.get(identity.hashed(presented))
