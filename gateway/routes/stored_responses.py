"""What can be done with a response that is stored (public-api 4.5)."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from ninja import Router

from gateway import openapi, stored
from gateway.auth import caller_of
from gateway.errors import GatewayError
from gateway.protocols import fields
from gateway.protocols.base import Json
from gateway.protocols.openai_responses_items import page
from gateway.protocols.openai_responses_shapes import Response
from gateway.routes.paging import ASKED, json_response, limit_of, order_of

router = Router(tags=["responses"])


@router.get(
    "/responses/{response_id}",
    summary="Retrieve a stored response",
    response={200: Response},
    openapi_extra=openapi.asks(stream={"type": "boolean"}) | openapi.fails(400),
)
async def retrieve(request: HttpRequest, response_id: str) -> HttpResponse:
    if request.GET.get("stream", "").lower() in {"true", "1"}:
        raise fields.unsupported("stream", "a stored response is not streamed again")
    document = await stored.find(caller_of(request).fingerprint, response_id)
    return json_response(document.response)


@router.delete("/responses/{response_id}", summary="Delete a stored response")
async def delete(request: HttpRequest, response_id: str) -> HttpResponse:
    await stored.remove(caller_of(request).fingerprint, response_id)
    return json_response({"id": response_id, "object": "response", "deleted": True})


@router.get(
    "/responses/{response_id}/input_items",
    summary="List a response's input",
    openapi_extra=ASKED | openapi.fails(400),
)
async def input_items(request: HttpRequest, response_id: str) -> HttpResponse:
    limit = limit_of(request.GET.get("limit"))
    newest_first = order_of(request.GET.get("order")) == "desc"
    document = await stored.find(caller_of(request).fingerprint, response_id)
    items = document.input[::-1] if newest_first else document.input
    return json_response(page(rest_after(items, request.GET.get("after")), limit))


@router.post(
    "/responses/{response_id}/cancel",
    summary="Cancel a response",
    openapi_extra=openapi.fails(400),
)
async def cancel(request: HttpRequest, response_id: str) -> HttpResponse:
    await stored.find(caller_of(request).fingerprint, response_id)
    raise fields.unsupported("background", "only background responses can be cancelled")


def rest_after(items: Sequence[Json], after: str | None) -> Sequence[Json]:
    """The items behind the one with this id; all of them if none is named."""
    if not after:
        return items
    for index, item in enumerate(items):
        if item.get("id") == after:
            return items[index + 1 :]
    raise no_such_item()


def no_such_item() -> GatewayError:
    return fields.invalid("after", "is not an item of this response")
