"""A place in the store's history, and this node's own."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.apps import apps

if TYPE_CHECKING:
    from grokgateway.replica.models import Position


@dataclass(frozen=True, slots=True)
class Place:
    """A change by its number; the mark tells two with the same number apart."""

    seq: int = 0
    mark: str = ""


NOWHERE = Place()


def positions() -> "type[Position]":
    """Looked up: this package is imported before any model may be."""
    return apps.get_model("replica", "Position")


def read() -> Place:
    found = positions().objects.values_list("seq", "mark").first()
    return Place(*found) if found else NOWHERE


def write(place: Place) -> None:
    values = {"seq": place.seq, "mark": place.mark}
    if not positions().objects.filter(pk=1).update(**values):
        positions().objects.create(**values)


def forget() -> None:
    positions().objects.all().delete()
