"""Bodies that may be a form as well as JSON, read into one shape."""

import asyncio
from base64 import b64encode
from dataclasses import dataclass

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from gateway import bodies
from gateway.conversation.requests import Attachment
from gateway.errors import GatewayError, Kind
from gateway.protocols.fields import RawJson, data_uri

MULTIPART = "multipart/form-data"
OCTETS = "application/octet-stream"
LIST_MARK = "[]"


@dataclass(frozen=True, slots=True)
class Form:
    """`files` by their part's name, the marks of a list taken off; in their order.

    A file in `values` is one whose part says all there is to say: that it was sent.
    """

    values: dict[str, RawJson]
    files: tuple[tuple[str, Attachment], ...] = ()

    def named(self, name: str) -> tuple[Attachment, ...]:
        return tuple(file for part, file in self.files if part == name)


async def read(request: HttpRequest) -> Form:
    """Raises GatewayError."""
    content_type = request.headers.get("Content-Type", "")
    if bodies.media_type(content_type) != MULTIPART:
        return Form(bodies.json_object(content_type, request.body))
    try:
        return await asyncio.to_thread(form_of, request)
    except (MultiPartParserError, SuspiciousOperation) as exc:
        raise GatewayError(Kind.INVALID_VALUE, "The form cannot be read.") from exc


def form_of(request: HttpRequest) -> Form:
    """Reads the body, which may lie on disk."""
    values: dict[str, RawJson] = dict(request.POST.items())
    files: list[tuple[str, Attachment]] = []
    for part, uploads in request.FILES.lists():
        name = part.removesuffix(LIST_MARK)
        files += [(name, attached(name, one)) for one in uploads]
    return Form(values, tuple(files))


def attached(part: str, upload: "UploadedFile[bytes]") -> Attachment:
    content = b64encode(upload.read()).decode()
    source = data_uri(upload.content_type or OCTETS, content)
    return Attachment(source, "image", upload.name or "", part)
