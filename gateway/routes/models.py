"""`GET /v1/models` and `/v1/models/{id}`."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from accounts import directory
from gateway import catalog
from gateway.auth import caller_of
from gateway.catalog import Route
from gateway.protocols import openai_models, sse

router = Router(tags=["models"])


@router.get("/models", summary="List the models that can be served now")
async def list_models(request: HttpRequest) -> HttpResponse:
    cards = [
        openai_models.Card(route.name, route.display_name) for route in offered(request)
    ]
    body = openai_models.listing(cards, catalog.CREATED)
    return HttpResponse(sse.dumps(body), content_type="application/json")


@router.get("/models/{path:name}", summary="Describe one model")
async def retrieve_model(request: HttpRequest, name: str) -> HttpResponse:
    for route in offered(request):
        if route.name == name:
            card = openai_models.Card(route.name, route.display_name)
            body = openai_models.card_body(card, catalog.CREATED)
            return HttpResponse(sse.dumps(body), content_type="application/json")
    raise catalog.unknown_model(name)


def offered(request: HttpRequest) -> list[Route]:
    """What can be served now and to this caller; the rest does not exist for it."""
    caller = caller_of(request)
    usable = caller.within_reach(directory.current().serveable())
    return [
        route
        for route in catalog.current().listed(usable)
        if caller.may_use(route.name)
    ]
