"""`/v1/videos`: jobs that film, their state and their files (public-api 6.4)."""

from django.http import HttpRequest, HttpResponse
from django.urls import register_converter
from ninja import Router

from gateway import idempotency, openapi, videos
from gateway.auth import caller_of
from gateway.delivery import FileResponse
from gateway.protocols import openai_videos
from gateway.protocols.openai_videos import Job
from gateway.routes import forms
from gateway.routes.paging import ASKED, json_response, limit_of, order_of
from gateway.videos import Wish
from media.ranges import Conditions

router = Router(tags=["videos"])
POLL_AFTER = ("openai-poll-after-ms", "2000")
WORKING = ("queued", "in_progress")
METHODS = ["GET", "HEAD"]
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["prompt"],
                    "properties": {
                        "model": {"type": "string", "default": openai_videos.MODEL},
                        "prompt": {"type": "string"},
                        "seconds": {"type": "string"},
                        "size": {"type": "string"},
                        "resolution_name": {"type": "string"},
                        "preset": {"type": "string"},
                        "input_reference": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                        },
                    },
                }
            }
        },
    }
}
VARIANT = openapi.asks(variant={"type": "string", "enum": ["video", "thumbnail"]})
CONTENT = openapi.file_of("video/*", "image/*")
CONTENT["responses"] |= openapi.fails(409)["responses"]


class VideoName:
    """Of a stored video; names of operations that are not offered are none."""

    regex = "(?!(?:edits|extensions|characters)$)[^/]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(VideoName, "video")


@router.post(
    "/videos",
    summary="Make a video",
    response={200: openai_videos.Video},
    openapi_extra=FORM | openapi.fails(409),
)
async def create(request: HttpRequest) -> HttpResponse:
    journal = request.journal  # type: ignore[attr-defined] # entry.Request
    form = await forms.read(request)
    order = openai_videos.parse(form.values, form.named(openai_videos.REFERENCE))
    journal.model = order.model
    key = request.headers.get(idempotency.HEADER, "")
    return shown(await videos.create(Wish(order, caller_of(request), journal, key)))


@router.get(
    "/videos",
    summary="List videos",
    response={200: openai_videos.VideoList},
    openapi_extra=ASKED | openapi.fails(400),
)
async def index(request: HttpRequest) -> HttpResponse:
    limit, after = limit_of(request.GET.get("limit")), request.GET.get("after", "")
    newest_first = order_of(request.GET.get("order")) == "desc"
    owner = caller_of(request).fingerprint
    found = await videos.listed(owner, after, limit, newest_first=newest_first)
    return json_response(openai_videos.listing(found.jobs, has_more=found.has_more))


@router.get(
    "/videos/{video:video_id}",
    summary="Retrieve a video",
    response={200: openai_videos.Video},
    openapi_extra=openapi.fails(400),
)
async def retrieve(request: HttpRequest, video_id: str) -> HttpResponse:
    return shown(await videos.find(caller_of(request).fingerprint, video_id))


@router.delete(
    "/videos/{video:video_id}",
    summary="Delete a video",
    response={200: openai_videos.Deleted},
    openapi_extra=openapi.fails(400),
)
async def delete(request: HttpRequest, video_id: str) -> HttpResponse:
    await videos.remove(caller_of(request).fingerprint, video_id)
    return json_response(openai_videos.deleted(video_id))


@router.api_operation(
    METHODS,
    "/videos/{video:video_id}/content",
    summary="Download a video",
    openapi_extra=VARIANT | CONTENT,
)
async def content(request: HttpRequest, video_id: str) -> FileResponse:
    headers = request.raw_headers  # type: ignore[attr-defined] # entry.Request
    variant = request.GET.get("variant") or "video"
    asked = Conditions.of(str(request.method), headers)
    owner = caller_of(request).fingerprint
    return FileResponse(await videos.content(owner, video_id, variant, asked))


def shown(job: Job) -> HttpResponse:
    """The job; one that is not done says when to look again."""
    response = json_response(openai_videos.document(job))
    if job.status in WORKING:
        response[POLL_AFTER[0]] = POLL_AFTER[1]
    return response
