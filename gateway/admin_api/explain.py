"""`GET /admin/api/explain`: what would happen to a request for a model now."""

from django.http import HttpRequest
from ninja import Router

from gateway import explaining
from gateway.admin_api.errors import Refused
from gateway.errors import GatewayError

router = Router(tags=["status"])


@router.get("/explain", summary="Who would serve a request, who not, and why")
def explain(request: HttpRequest, model: str) -> dict[str, object]:
    try:
        return explaining.explain(model)
    except GatewayError as error:
        raise Refused(404, "model_not_found", error.message, param="model") from error
