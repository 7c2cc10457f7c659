"""The OpenAI shape of the model list (public-api 2.3)."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from gateway.protocols.base import Card, Json

EXAMPLE: JsonValue = {
    "id": "grok-4.20-auto",
    "object": "model",
    "created": 1773014400,
    "owned_by": "xai",
    "name": "Grok 4.20 Auto",
}


class Model(BaseModel):
    """A model, for the document of this dialect."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    name: str


class ModelList(BaseModel):
    object: Literal["list"]
    data: list[Model]


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
