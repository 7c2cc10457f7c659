"""`GET /v1/models` and `/v1/models/{id}`, in the shape of the caller's dialect."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from accounts import directory
from gateway import catalog, http
from gateway.auth import caller_of
from gateway.protocols import anthropic_models, openai_models, sse
from gateway.protocols.base import Card

router = Router(tags=["models"])


@router.get(
    "/models",
    summary="List the models that can be served now",
    response={200: openai_models.ModelList},
)
async def list_models(request: HttpRequest) -> HttpResponse:
    cards = offered(request)
    if speaks_anthropic(request):
        page = anthropic_models.page(request.GET.dict())
        body = anthropic_models.listing(cards, catalog.CREATED, page)
    else:
        body = openai_models.listing(cards, catalog.CREATED)
    return HttpResponse(sse.dumps(body), content_type="application/json")


@router.get(
    "/models/{path:name}",
    summary="Describe one model",
    response={200: openai_models.Model},
)
async def retrieve_model(request: HttpRequest, name: str) -> HttpResponse:
    shape = anthropic_models if speaks_anthropic(request) else openai_models
    for card in offered(request):
        if card.id == name:
            body = shape.card_body(card, catalog.CREATED)
            return HttpResponse(sse.dumps(body), content_type="application/json")
    raise catalog.unknown_model(name)


def offered(request: HttpRequest) -> list[Card]:
    """What can be served now and to this caller; the rest does not exist for it."""
    caller = caller_of(request)
    usable = caller.within_reach(directory.current().serveable())
    return [
        Card(route.name, route.display_name)
        for route in catalog.current().listed(usable)
        if caller.may_use(route.name)
    ]


def speaks_anthropic(request: HttpRequest) -> bool:
    return request.dialect is http.ANTHROPIC  # type: ignore[attr-defined] # entry.Request
