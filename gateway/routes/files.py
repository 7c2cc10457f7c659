"""`GET|HEAD /v1/files/image` and `/v1/files/video`: kept files, without a key."""

from django.http import HttpRequest
from ninja import Router

from gateway import openapi
from gateway.delivery import FileResponse
from gateway.errors import GatewayError
from gateway.errors import Kind as Failure
from gateway.openapi import Json
from media import serving
from media.errors import BadId, UnknownFile
from media.models import Kind
from media.ranges import Conditions

router = Router(tags=["files"])
METHODS = ["GET", "HEAD"]
TEXT: Json = {"type": "string"}


def asked(media: str) -> Json:
    """What the entry of a file says: `expires` and `signature` are of signed links."""
    fields = openapi.asks(id=TEXT, expires=TEXT, signature=TEXT)
    return fields | openapi.file_of(media)


@router.api_operation(
    METHODS, "/files/image", summary="A kept image", openapi_extra=asked("image/*")
)
async def image(request: HttpRequest) -> FileResponse:
    return await kept(request, Kind.IMAGE)


@router.api_operation(
    METHODS, "/files/video", summary="A kept video", openapi_extra=asked("video/*")
)
async def video(request: HttpRequest) -> FileResponse:
    return await kept(request, Kind.VIDEO)


async def kept(request: HttpRequest, kind: Kind) -> FileResponse:
    headers = request.raw_headers  # type: ignore[attr-defined] # entry.Request
    asked = Conditions.of(str(request.method), headers)
    query = request.META.get("QUERY_STRING", "")
    try:
        return FileResponse(await serving.answer(kind, query, asked))
    except BadId as exc:
        raise GatewayError(Failure.INVALID_VALUE, str(exc), param="id") from exc
    except UnknownFile as exc:
        raise GatewayError(Failure.FILE_NOT_FOUND, str(exc)) from exc
