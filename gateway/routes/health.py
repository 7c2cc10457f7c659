"""Probes for machines: alive, ready, and who we are."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from ninja import Router

from gateway import openapi, readiness
from gateway.protocols import sse

router = Router(tags=["health"])
METHODS = ["GET", "HEAD"]
ALIVE = {"responses": {200: openapi.answers("status")}}
FOUND = openapi.answers("status", "checks")
READY = {"responses": {200: FOUND, 503: FOUND}}


@router.api_operation(METHODS, "/health", summary="Alive", openapi_extra=ALIVE)
async def health(request: HttpRequest) -> HttpResponse:
    return json_response({"status": "ok"})


@router.api_operation(METHODS, "/readyz", summary="Ready to serve", openapi_extra=READY)
async def readyz(request: HttpRequest) -> HttpResponse:
    checks = await readiness.checks()
    ready = all(checks.values())
    words = {name: "ok" if good else "failing" for name, good in checks.items()}
    body = {"status": "ok" if ready else "unavailable", "checks": words}
    return json_response(body, status=200 if ready else 503)


@router.api_operation(["HEAD"], "/", summary="Base URL probe")
async def root(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def json_response(body: Mapping[str, object], status: int = 200) -> HttpResponse:
    return HttpResponse(sse.dumps(body), status=status, content_type="application/json")
