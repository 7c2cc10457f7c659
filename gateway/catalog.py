"""Which models exist, who may serve them, and in what order; read from memory.

The rows are synchronised from the shipped catalogue after each migration. A value that
the operator changed differs from the one last shipped, and is left alone.
"""

from collections.abc import Iterable, Set
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction

from gateway.errors import GatewayError, Kind
from gateway.models import ModelRoute
from gateway.shipped_models import SHIPPED_MODELS, ShippedModel

CREATED = 1_773_014_400  # one constant for all models, so that lists can be compared
POOL_ORDER = {
    "basic": ("basic", "super", "heavy"),
    "super": ("super", "heavy"),
    "heavy": ("heavy",),
}
AUTO_FALLBACK = ("auto", "fast", "expert")
SERVED_CAPABILITIES = frozenset({"chat", "image", "image_edit", "video"})


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    display_name: str
    mode: str
    capability: str
    pools: tuple[str, ...]  # in the order in which they are tried

    def modes(self, *, auto_fallback: bool) -> tuple[str, ...]:
        """Modes to try, in order; the first is the model's own."""
        if auto_fallback and self.mode == "auto" and self.capability == "chat":
            return AUTO_FALLBACK
        return (self.mode,)

    def serveable(self, usable: Set[tuple[str, str]]) -> bool:
        """Whether some pool of this model has a usable account with its mode."""
        return any((pool, self.mode) in usable for pool in self.pools)


class Catalog:
    """The enabled routes by name, in catalogue order; immutable once built."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = {route.name: route for route in routes}

    def routes(self) -> Iterable[Route]:
        return self._routes.values()

    def route(self, model: str) -> Route:
        """The route of a model of any kind."""
        route = self._routes.get(model)
        if route is None:
            raise unknown_model(model)
        return route

    def chat_route(self, model: str) -> Route:
        """The route of a chat model; other kinds are refused with their own error."""
        return self.route_for(model, "chat")

    def route_for(self, model: str, *capabilities: str) -> Route:
        """The route of a model of one of these kinds, or the error for others."""
        route = self.route(model)
        if route.capability not in capabilities:
            raise GatewayError(
                Kind.UNSUPPORTED_MODEL,
                f"The model '{model}' cannot be used with this endpoint.",
                param="model",
            )
        return route

    def listed(self, usable: Set[tuple[str, str]]) -> list[Route]:
        """What can be served now, of the kinds that are offered."""
        return [
            route
            for route in self._routes.values()
            if route.capability in SERVED_CAPABILITIES and route.serveable(usable)
        ]


class Home:
    """Where the process keeps its catalogue; replaced whole, never changed."""

    def __init__(self) -> None:
        self.catalog: Catalog | None = None


HOME = Home()


def current() -> Catalog:
    if HOME.catalog is None:
        raise RuntimeError("the catalogue is read at start: call catalog.load() first")
    return HOME.catalog


def load() -> Catalog:
    """Read the rows; also called now and then to see the operator's edits."""
    rows = ModelRoute.objects.filter(enabled=True)
    HOME.catalog = Catalog(route_of(row) for row in rows)
    return HOME.catalog


def route_of(row: ModelRoute) -> Route:
    pools = POOL_ORDER[row.tier]
    return Route(
        name=row.name,
        display_name=row.display_name,
        mode=row.mode,
        capability=row.capability,
        pools=tuple(reversed(pools)) if row.prefer_best else pools,
    )


def unknown_model(model: str) -> GatewayError:
    return GatewayError(
        Kind.MODEL_NOT_FOUND,
        f"The model '{model[:128]}' does not exist or is not available.",
        param="model",
    )


def table_exists() -> bool:
    """False while the migrations of other apps run alone."""
    return ModelRoute._meta.db_table in connection.introspection.table_names()


@transaction.atomic
def synchronise(shipped: Iterable[ShippedModel] = SHIPPED_MODELS) -> None:
    """Bring the rows up to the shipped catalogue, keeping the operator's edits."""
    rows = {row.shipped_name: row for row in ModelRoute.objects.select_for_update()}
    names = set(ModelRoute.objects.values_list("name", flat=True))
    for position, model in enumerate(shipped, start=1):
        values: dict[str, Any] = {
            **asdict(model),
            "position": position,
        }  # column values
        row = rows.get(model.name)
        if row is not None:
            merge(row, values)
        elif model.name not in names:
            ModelRoute.objects.create(**values, shipped_name=model.name, shipped=values)


def merge(row: ModelRoute, values: dict[str, Any]) -> None:  # column values
    """Take each shipped value unless the operator changed that column."""
    if row.shipped == values:
        return
    for column, value in values.items():
        if getattr(row, column) == row.shipped.get(column):
            setattr(row, column, value)
    row.shipped = values
    row.save()
