"""JSON answers of the Web UI's API."""

import orjson
from django.http import HttpResponse


def json(body: object, status: int = 200) -> HttpResponse:
    return HttpResponse(
        orjson.dumps(body), status=status, content_type="application/json"
    )
