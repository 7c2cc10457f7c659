"""`POST /webui/api/uploads`: one file, to be named in a message or a run."""

from dataclasses import asdict

from asgiref.sync import sync_to_async
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError

from gateway.errors import GatewayError, Kind
from webui import uploads
from webui.access import endpoint, visitor_on
from webui.api.answers import json

FIELD = "file"


@endpoint
async def upload(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        told = f"{request.method} is not allowed here."
        raise GatewayError(Kind.METHOD_NOT_ALLOWED, told, allow="POST")
    sent = await sync_to_async(file_of)(request)
    kept = await uploads.keep(visitor_on(request), sent)
    return json(asdict(kept), status=201)


def file_of(request: HttpRequest) -> "UploadedFile[bytes]":
    """Reads the body, which may lie on disk. Raises GatewayError."""
    try:
        sent = request.FILES.get(FIELD)
    except (MultiPartParserError, SuspiciousOperation) as exc:
        raise GatewayError(Kind.INVALID_VALUE, "The form cannot be read.") from exc
    if not isinstance(sent, UploadedFile):
        told = f"{FIELD}: a file is required, in a multipart form"
        raise GatewayError(Kind.MISSING, told, param=FIELD)
    return sent
