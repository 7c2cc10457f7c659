"""The NinjaAPI of each dialect: its routers, and every error in its own words."""

import logging
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from gateway import auth, bodies, http, openapi
from gateway.admission import Admission
from gateway.complaints import Complaining, forget
from gateway.errors import GatewayError, Kind
from gateway.openapi import Document
from gateway.protocols import anthropic_errors, openai_errors
from gateway.routes import (
    chat,
    files,
    health,
    images,
    messages,
    models,
    responses,
    stored_responses,
    videos,
)

logger = logging.getLogger(__name__)

MISSING_TYPES = ("missing", "string_too_short", "too_short")
VALUE_TYPES = (
    "literal_error",
    "enum",
    "greater_than_equal",
    "less_than_equal",
    "greater_than",
    "less_than",
    "string_too_long",
    "too_long",
    "finite_number",
    "string_pattern_mismatch",
    "value_error",
)
BODY_DEPTH = 2  # "body" and the argument's name come first in every location


class JsonParser(Parser):
    """Reads a JSON object, or says in our words why it cannot."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:  # ninja's own type
        content_type = request.headers.get("Content-Type", "")
        return bodies.json_object(content_type, request.body)


async def authenticate(request: HttpRequest) -> auth.Caller:
    """Whom the entry has found, or finds now for a request without a body."""
    admission: Admission = request.admission  # type: ignore[attr-defined] # entry.Request
    return admission.caller()


def on_gateway_error(request: HttpRequest, error: GatewayError) -> HttpResponse:
    journal = request.journal  # type: ignore[attr-defined] # entry.Request
    journal.error_code = str(error.kind)
    if journal.tape is not None:
        journal.tape.ended(error)
    dialect = request.dialect  # type: ignore[attr-defined] # entry.Request
    return http.error_response(error, journal.request_id, dialect)


def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    forget(error)
    return on_gateway_error(request, validation_error(error.errors[0]))


def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    cause = error.__cause__
    if not isinstance(cause, GatewayError):
        cause = GatewayError(Kind.INVALID_JSON, str(error))
    return on_gateway_error(request, cause)


def on_exception(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("request failed", exc_info=error)
    return on_gateway_error(
        request, GatewayError(Kind.INTERNAL, "The gateway failed; see its log.")
    )


def validation_error(detail: Mapping[str, Any]) -> GatewayError:  # pydantic's own type
    """The first complaint of the schema, as a row of the error table."""
    location = detail["loc"][BODY_DEPTH:]
    if not location:
        return bodies.invalid_json()
    param = ".".join(str(part) for part in location)
    kind = Kind.INVALID_TYPE
    if detail["type"] in MISSING_TYPES:
        kind = Kind.MISSING
    elif detail["type"] in VALUE_TYPES:
        kind = Kind.INVALID_VALUE
    return GatewayError(kind, f"{param}: {detail['msg']}", param=param)


def api(title: str, namespace: str) -> NinjaAPI:
    """A NinjaAPI that answers every error in the dialect of its caller."""
    made = Complaining(
        title=title,
        description="Send the key as a bearer token or as x-api-key.",
        urls_namespace=namespace,
        docs_url=None,
        openapi_url=None,
        parser=JsonParser(),
    )
    made.exception_handler(GatewayError)(on_gateway_error)
    made.exception_handler(ValidationError)(on_invalid)
    made.exception_handler(HttpError)(on_http_error)
    made.exception_handler(Exception)(on_exception)
    return made


openai = api("Grok Gateway", "openai")
openai.add_router("", health.router)
openai.add_router("/v1", files.router)
openai.add_router("/v1", models.router, auth=authenticate)
openai.add_router("/v1", chat.router, auth=authenticate)
openai.add_router("/v1", images.router, auth=authenticate)
openai.add_router("/v1", videos.router, auth=authenticate)
openai.add_router("/v1", responses.router, auth=authenticate)
openai.add_router("/v1", stored_responses.router, auth=authenticate)

anthropic = api("Grok Gateway, Anthropic dialect", "anthropic")
anthropic.add_router("/v1", messages.router, auth=authenticate)

DOCUMENTS = (
    Document(
        openai, "/v1/openapi.json", "v1.json", "OpenAI", openai_errors.ErrorEnvelope
    ),
    Document(
        anthropic,
        "/v1/openapi-anthropic.json",
        "v1-anthropic.json",
        "Anthropic",
        anthropic_errors.ErrorEnvelope,
    ),
)
openapi.publish(openai, DOCUMENTS)
