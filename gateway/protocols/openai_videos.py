"""OpenAI film jobs: request in, the job as a document out (public-api 6.4).

Requests come as forms or as JSON and are read alike, before anything is spent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, JsonValue

from gateway.conversation.filming import SEGMENTS, Filming
from gateway.conversation.requests import Attachment
from gateway.protocols import fields
from gateway.protocols.base import Json
from gateway.protocols.fields import RawJson
from gateway.protocols.openai_images_request import (
    Body,
    choice,
    named_image,
    read_prompt,
    whole,
)

MODEL = "grok-imagine-video"
RATIOS: Mapping[str, str] = {
    "720x1280": "9:16",
    "1280x720": "16:9",
    "1024x1024": "1:1",
    "1024x1792": "9:16",
    "1792x1024": "16:9",
}
DEFAULT_SIZE = "720x1280"
RESOLUTIONS = ("720p", "480p")
PRESETS = ("custom", "fun", "normal", "spicy")
REFERENCES_USED = 7
REFERENCE = "input_reference"


EXAMPLE: JsonValue = {
    "id": "video_8f1d2c3b4a5968778695a4b3c2d1e0f9",
    "object": "video",
    "created_at": 1795300000,
    "status": "queued",
    "model": MODEL,
    "progress": 0,
    "prompt": "rain",
    "seconds": "6",
    "size": DEFAULT_SIZE,
    "quality": "standard",
    "error": None,
    "completed_at": None,
    "expires_at": None,
    "remixed_from_video_id": None,
}


class VideoError(BaseModel):
    code: str
    message: str


class Video(BaseModel):
    """A job's document, for the OpenAPI document; written by `document`."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
    id: str
    object: str
    created_at: int
    status: str
    model: str
    progress: int
    prompt: str
    seconds: str
    size: str
    quality: str
    error: VideoError | None
    completed_at: int | None
    expires_at: int | None
    remixed_from_video_id: str | None


class VideoList(BaseModel):
    """Likewise, of a page."""

    object: str
    data: list[Video]
    first_id: str | None
    last_id: str | None
    has_more: bool


class Deleted(BaseModel):
    """Likewise, of a deletion."""

    id: str
    object: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class Order:
    model: str
    prompt: str
    filming: Filming


@dataclass(frozen=True, slots=True)
class Job:
    """A film job as it is told; times are Unix seconds."""

    id: str
    created_at: int
    status: str
    model: str
    progress: int
    prompt: str
    seconds: int
    size: str
    quality: str = "standard"
    error_code: str = ""
    error_message: str = ""
    completed_at: int | None = None
    expires_at: int | None = None
    remixed_from: str | None = None


def parse(body: Body, files: Sequence[Attachment] = ()) -> Order:
    """`files` are those of a form. Raises GatewayError."""
    model = body.get("model")
    name = MODEL if model in (None, "") else fields.text(model, "model")
    prompt = read_prompt(body.get("prompt"))
    references = (*files, *named_references(body))[:REFERENCES_USED]
    return Order(name, prompt, read_filming(body, "", references))


def chat_filming(config: RawJson) -> Filming:
    """`video_config` of a chat request, whose references stand in its messages."""
    given = {} if config is None else fields.record(config, "video_config")
    return read_filming(given, "video_config.")


def read_filming(
    body: Body, path: str, references: tuple[Attachment, ...] = ()
) -> Filming:
    """`path` leads to the members, with its dot."""
    seconds = whole(body, "seconds", path, 6)
    if seconds not in SEGMENTS:
        told = f"must be one of {', '.join(map(str, SEGMENTS))}"
        raise fields.invalid(f"{path}seconds", told)
    size = choice({"size": DEFAULT_SIZE, **sent(body)}, "size", path, tuple(RATIOS))
    return Filming(
        seconds=seconds,
        size=size,
        ratio=RATIOS[size],
        resolution=choice(body, "resolution_name", path, RESOLUTIONS),
        preset=choice(body, "preset", path, PRESETS),
        references=references,
    )


def sent(body: Body) -> dict[str, RawJson]:
    return {name: value for name, value in body.items() if value not in (None, "")}


def named_references(body: Body) -> list[Attachment]:
    """An address, an object that has one, a list of these, or a part of a form."""
    found: list[Attachment] = []
    for part in ("file_id", "image_url"):
        name = f"{REFERENCE}[{part}]"
        if value := body.get(name):
            found.append(named_image({part: value}, REFERENCE))
    for name in (REFERENCE, f"{REFERENCE}[]"):
        value = body.get(name)
        if isinstance(value, list):
            found += [named_image(one, f"{name}.{n}") for n, one in enumerate(value)]
        elif value not in (None, ""):
            found.append(named_image(value, name))
    return found


def document(job: Job) -> Json:
    error: Json | None = None
    if job.error_code:
        error = {"code": job.error_code, "message": job.error_message}
    return {
        "id": job.id,
        "object": "video",
        "created_at": job.created_at,
        "status": job.status,
        "model": job.model,
        "progress": job.progress,
        "prompt": job.prompt,
        "seconds": str(job.seconds),
        "size": job.size,
        "quality": job.quality,
        "error": error,
        "completed_at": job.completed_at,
        "expires_at": job.expires_at,
        "remixed_from_video_id": job.remixed_from,
    }


def listing(jobs: Sequence[Job], *, has_more: bool) -> Json:
    return {
        "object": "list",
        "data": [document(job) for job in jobs],
        "first_id": jobs[0].id if jobs else None,
        "last_id": jobs[-1].id if jobs else None,
        "has_more": has_more,
    }


def deleted(job_id: str) -> Json:
    return {"id": job_id, "object": "video.deleted", "deleted": True}
