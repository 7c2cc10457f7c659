"""`GET /webui/api/verify` and `/webui/api/models`."""

from django.http import HttpRequest, HttpResponse

from accounts import directory
from gateway import catalog
from gateway.catalog import SERVED_CAPABILITIES, Route
from webui.access import endpoint, visitor_on
from webui.api.answers import json

Entry = dict[str, object]


@endpoint
async def verify(request: HttpRequest) -> HttpResponse:
    return json({"status": "success", "visitor": visitor_on(request).kind})


@endpoint
async def models(_request: HttpRequest) -> HttpResponse:
    """All models of the kinds that are offered, with whether they answer now."""
    usable = directory.current().serveable()
    found = [
        entry(route, available=route.serveable(usable))
        for route in catalog.current().routes()
        if route.capability in SERVED_CAPABILITIES
    ]
    return json({"object": "list", "data": found})


def entry(route: Route, *, available: bool) -> Entry:
    return {
        "id": route.name,
        "object": "model",
        "name": route.display_name,
        "capability": route.capability,
        "tier": tier(route),
        "available": available,
    }


def tier(route: Route) -> str:
    """The lowest tier of accounts that serves it."""
    order = ("basic", "super", "heavy")
    return min(route.pools, key=order.index)
