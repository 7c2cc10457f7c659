"""The catalogue of models as shipped."""

from pathlib import Path

from gateway.shipped_models import SHIPPED_MODELS, ShippedModel
from grokgateway.reference.tables import code, document, table

ABOUT = (
    "As shipped; the console adds, renames, disables and re-tiers them. `GET "
    "/v1/models` lists what the accounts at hand can serve. A model of a tier is "
    "served by accounts of that tier or above; those marked *best first* ask the "
    "highest tier first."
)
HEAD = ("Model", "Does", "Mode upstream", "From tier", "")
DOES = {
    "chat": "chat, responses, messages",
    "image": "images, also in a chat",
    "image_edit": "edits of images, also in a chat",
    "video": "films, also in a chat",
}


def page(_root: Path) -> str:
    return document("Models", ABOUT, table(HEAD, map(row, SHIPPED_MODELS)))


def row(model: ShippedModel) -> tuple[str, ...]:
    order = "best first" if model.prefer_best else ""
    does = DOES[model.capability]
    return code(model.name), does, code(model.mode), model.tier, order
