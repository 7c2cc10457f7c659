"""`GET /admin/api/explain`: what would happen to a request for a model now."""

from django.http import HttpRequest
from ninja import Router

from gateway import explaining
from gateway.admin_api.errors import Refused
from gateway.errors import GatewayError
from gateway.openapi import fails

router = Router(tags=["status"])


@router.get(
    "/explain",
    summary="Who would serve a request, who not, and why",
    openapi_extra=fails(404),
)
def explain(request: HttpRequest, model: str, key: str = "") -> dict[str, object]:
    """`key`: the name or id of a named key, to see what it would be answered."""
    try:
        return explaining.explain(model, key)
    except explaining.UnknownKey as error:
        told = "There is no such key."
        raise Refused(404, "key_not_found", told, param="key") from error
    except GatewayError as error:
        raise Refused(404, "model_not_found", error.message, param="model") from error
