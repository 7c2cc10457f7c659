"""Ask upstream how many pictures and films an account has left (13.6)."""

from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.errors import UpstreamFailure
from gateway.upstream import calls, failures
from gateway.upstream.fields import Json, decode, number, record, text
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.limits import Limits, Settings

PATH = "/rest/media/imagine/quota_info"
PAGE = "/imagine"
LIMITS = Limits(idle_s=20.0, total_s=20.0)
MAX_BODY_BYTES = 64 * 1024
KINDS = {
    "image": "image",
    "imagePro": "image_pro",
    "imageEdit": "image_edit",
    "video": "video",
    "video720p": "video_720p",
}


@dataclass(frozen=True, slots=True)
class MediaReading:
    """What is left of one kind; `next_at` is when there is more of it, if told."""

    available: bool
    remaining: int
    window_s: int
    next_at: datetime | None


async def fetch(login: Login, settings: Settings) -> dict[str, MediaReading]:
    """By kind; one that upstream does not count is left out. Raises UpstreamFailure."""
    headers = json_headers(login, settings, PAGE)
    try:
        answer = await calls.post(PATH, headers, b"{}", settings, LIMITS)
        return parse(await calls.whole(answer, MAX_BODY_BYTES))
    except UpstreamFailure as failure:
        failure.sent = False
        raise


def parse(body: bytes) -> dict[str, MediaReading]:
    document = decode(body)
    if document is None or not KINDS.keys() <= document.keys():
        raise failures.bad_payload()
    told = {KINDS[name]: document[name] for name in KINDS}
    return {kind: reading(record(one)) for kind, one in told.items() if one is not None}


def reading(told: Json) -> MediaReading:
    """Where something is available, how much of it must be told."""
    available = told.get("available")
    remaining = number(told.get("remainingQueries"))
    window_s = number(told.get("windowSizeSeconds"))
    known = remaining is not None and window_s is not None
    if not isinstance(available, bool) or (available and not known):
        raise failures.bad_payload()
    next_at = moment(text(told.get("nextAvailableAt")))
    return MediaReading(
        available, max(0, remaining or 0), max(0, window_s or 0), next_at
    )


def moment(told: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(told)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
