"""Errors of the admin API: one envelope for all but a refused key."""

import logging
from collections.abc import Mapping, Sequence

from django.db import DataError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from gateway.complaints import forget
from grokgateway import replica

logger = logging.getLogger(__name__)


class Refused(Exception):
    """A request that cannot be done; `code` is for programs, `message` for people."""

    def __init__(
        self, status: int, code: str, message: str, *, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param


def invalid(message: str, param: str | None = None) -> Refused:
    return Refused(400, "invalid_value", message, param=param)


def envelope(refused: Refused) -> HttpResponse:
    error: dict[str, str | None] = {
        "message": refused.message,
        "type": "invalid_request_error" if refused.status < 500 else "server_error",
        "code": refused.code,
    }
    if refused.param is not None:
        error["param"] = refused.param
    return JsonResponse({"error": error}, status=refused.status)


@csrf_exempt
def unknown(request: HttpRequest, path: str = "") -> HttpResponse:
    """For addresses below the API's that are none of it."""
    told = "There is no such path; /admin/api/openapi.json lists them."
    return envelope(Refused(404, "not_found", told))


def register(api: NinjaAPI) -> None:
    @api.exception_handler(Refused)
    def on_refused(request: HttpRequest, refused: Refused) -> HttpResponse:
        return envelope(refused)

    @api.exception_handler(ValidationError)
    def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        forget(error)
        return envelope(first_of(error.errors))

    @api.exception_handler(AuthenticationError)
    def on_unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        body = {"detail": "Send the console key as 'Authorization: Bearer KEY'."}
        response = JsonResponse(body, status=401)
        response["WWW-Authenticate"] = "Bearer"
        return response

    @api.exception_handler(HttpError)
    def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
        code = "invalid_json" if error.status_code == 400 else "error"
        return envelope(Refused(error.status_code, code, str(error)))

    @api.exception_handler(replica.Refused)
    def on_no_store(request: HttpRequest, error: replica.Refused) -> HttpResponse:
        return envelope(Refused(503, "store_unavailable", str(error)))

    @api.exception_handler(DataError)
    def on_unstorable(request: HttpRequest, error: DataError) -> HttpResponse:
        """PostgreSQL keeps no NUL characters, and asks of none either."""
        return envelope(invalid("The request holds a value that cannot be stored."))

    @api.exception_handler(Exception)
    def on_exception(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.error("request failed", exc_info=error)
        told = "The gateway failed; see its log."
        return envelope(Refused(500, "internal_error", told))


def first_of(errors: Sequence[Mapping[str, object]]) -> Refused:
    location = errors[0].get("loc") or ()
    parts = [str(part) for part in location] if isinstance(location, tuple) else []
    named = ".".join(part for part in parts[1:] if part not in {"payload", "body"})
    told = str(errors[0].get("msg", "invalid"))
    return invalid(f"{named}: {told}" if named else told, named or None)
