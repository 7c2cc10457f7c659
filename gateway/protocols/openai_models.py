"""The OpenAI shape of the model list (public-api 2.3)."""

from collections.abc import Iterable

from gateway.protocols.base import Card, Json


def card_body(card: Card, created: int) -> Json:
    return {
        "id": card.id,
        "object": "model",
        "created": created,
        "owned_by": "xai",
        "name": card.display_name,
    }


def listing(cards: Iterable[Card], created: int) -> Json:
    return {"object": "list", "data": [card_body(card, created) for card in cards]}
