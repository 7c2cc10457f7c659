"""Media posts: what upstream wants to exist before it edits or films (7, 8.1)."""

from dataclasses import dataclass

from gateway.errors import UpstreamFailure
from gateway.upstream import calls, failures
from gateway.upstream.fields import decode, record, text
from gateway.upstream.generation import said, unspent, written
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.limits import Limits, Settings

PATH = "/rest/media/post/create"
PAGE = "/imagine"
IMAGE = "MEDIA_POST_TYPE_IMAGE"
VIDEO = "MEDIA_POST_TYPE_VIDEO"
REPLY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Post:
    """`prompt` is upstream's wording of it, empty if it gives none."""

    id: str
    prompt: str


async def create(
    login: Login,
    media_type: str,
    settings: Settings,
    *,
    prompt: str = "",
    media_url: str = "",
) -> Post:
    """Raises UpstreamFailure; a post alone costs nothing."""
    seconds = float(settings.number("video.timeout"))
    fields: dict[str, object] = {"mediaType": media_type}
    if media_url:
        fields["mediaUrl"] = media_url
    if prompt:
        fields["prompt"] = said(prompt)
    try:
        answer = await calls.post(
            PATH,
            json_headers(login, settings, PAGE),
            written(fields),
            settings,
            Limits(seconds, seconds),
        )
        return read(await calls.whole(answer, REPLY_BYTES))
    except UpstreamFailure as failure:
        raise unspent(failure) from failure.__cause__


def read(body: bytes) -> Post:
    post = record(record(decode(body)).get("post"))
    identity = text(post.get("id"))
    if not identity:
        raise failures.bad_payload()
    original, own = text(post.get("originalPrompt")), text(post.get("prompt"))
    return Post(identity, original if original.strip() else own)
