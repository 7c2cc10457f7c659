"""Pages of stored objects: how many, in which order, and as JSON."""

from django.http import HttpResponse

from gateway import openapi
from gateway.protocols import fields, sse
from gateway.protocols.base import Json

PAGE_LIMIT, PAGE_DEFAULT = 100, 20
LIMIT: Json = {"type": "integer", "minimum": 1, "maximum": PAGE_LIMIT}
ORDER: Json = {"type": "string", "enum": ["asc", "desc"]}
ASKED = openapi.asks(limit=LIMIT, order=ORDER, after={"type": "string"})


def limit_of(given: str | None) -> int:
    if given is None:
        return PAGE_DEFAULT
    if not given.isascii() or not given.isdigit():
        raise fields.wrong_type("limit", "must be a whole number")
    limit = int(given[:9])
    if not 1 <= limit <= PAGE_LIMIT:
        raise fields.invalid("limit", f"must be between 1 and {PAGE_LIMIT}")
    return limit


def order_of(given: str | None) -> str:
    order = given or "desc"
    if order not in {"asc", "desc"}:
        raise fields.invalid("order", "must be asc or desc")
    return order


def json_response(body: Json) -> HttpResponse:
    return HttpResponse(sse.dumps(body), content_type="application/json")
