"""Video jobs for those who ask for them: made, told of, listed, shown, removed.

What is asked for is checked before a job exists; the work itself is the studio's.
"""

import asyncio
from dataclasses import dataclass
from secrets import token_hex

from django.utils import timezone

from gateway import asking, catalog, films, idempotency, studio
from gateway.auth import Caller
from gateway.conversation.events import Usage
from gateway.errors import GatewayError, Kind
from gateway.protocols import fields
from gateway.protocols.openai_videos import Job, Order
from gateway.recorder import Journal
from gateway.reels import kept_inputs
from grokgateway import config
from media import orders, serving, store, threads
from media.errors import UnknownFile
from media.models import State, VideoJob
from media.ranges import Conditions
from media.serving import Serving

RETRY_AFTER_S = 30
RUNNING = (State.QUEUED, State.IN_PROGRESS)
SUFFIXES = {"video": "mp4", "thumbnail": "jpg"}


@dataclass(frozen=True, slots=True)
class Wish:
    """An order with the request it came with."""

    order: Order
    caller: Caller
    journal: Journal
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    jobs: list[Job]
    has_more: bool


async def create(wish: Wish) -> Job:
    """A job that waits, or the one that the idempotency key has made before."""
    settings, order, caller = config.current(), wish.order, wish.caller
    route = catalog.current().route_for(order.model, "video")
    caller.permit(route.name, route.pools)
    references = order.filming.references
    films.refuse_unfilmable(order.filming, settings, references=len(references))
    request_hash = await asyncio.to_thread(idempotency.hash_of, order)
    if known := await made_before(wish, request_hash):
        return told(known)
    limit = settings.number("video.queue_limit")
    job = job_of(wish, request_hash)
    try:
        await threads.disk(orders.refuse_when_full, limit)
        job.inputs = await kept_inputs(references, settings, caller.fingerprint)
        job = await threads.disk(orders.add, job, limit, timezone.now())
    except orders.QueueFull as exc:
        waiting = "Too many videos wait to be made; try again later."
        error = GatewayError(Kind.RATE_LIMITED, waiting, retry_after_s=RETRY_AFTER_S)
        raise error from exc
    except orders.KeyReused as exc:
        raise idempotency.conflict() from exc
    wish.journal.usage = Usage(await asking.prompt_tokens(order.prompt), 0, 0)
    studio.current().wake()
    return told(job)


async def made_before(wish: Wish, request_hash: str) -> VideoJob | None:
    key = wish.idempotency_key
    if not key:
        return None
    idempotency.refuse_long(key)
    owner = wish.caller.fingerprint
    try:
        return await threads.disk(
            orders.repeated, owner, key, request_hash, timezone.now()
        )
    except orders.KeyReused as exc:
        raise idempotency.conflict() from exc


def job_of(wish: Wish, request_hash: str) -> VideoJob:
    filming = wish.order.filming
    return VideoJob(
        public_id=f"video_{token_hex(16)}",
        owner=wish.caller.fingerprint,
        idempotency_key=wish.idempotency_key or None,
        request_hash=request_hash,
        model=wish.order.model,
        prompt=wish.order.prompt,
        seconds=filming.seconds,
        size=filming.size,
        resolution=filming.resolution,
        preset=filming.preset,
        pools=sorted(wish.caller.pools),
        usage_recorded=True,
    )


async def find(owner: str, video_id: str) -> Job:
    return told(await row_of(owner, video_id))


async def listed(owner: str, after: str, limit: int, *, newest_first: bool) -> Listing:
    try:
        page = await threads.disk(
            orders.page, owner, after, limit, timezone.now(), newest_first=newest_first
        )
    except orders.UnknownJob as exc:
        raise fields.invalid("after", "is not a video of this key") from exc
    return Listing([told(job) for job in page.jobs], page.has_more)


async def remove(owner: str, video_id: str) -> None:
    """Its work ends, its files go."""
    refuse_malformed(video_id)
    try:
        files = await threads.disk(orders.remove, owner, video_id, timezone.now())
    except orders.UnknownJob as exc:
        raise unknown() from exc
    for file in files:
        await store.delete(file)


async def content(
    owner: str, video_id: str, variant: str, asked: Conditions
) -> Serving:
    """The file itself, once the job is completed."""
    if variant == "spritesheet":
        raise fields.unsupported("variant", "spritesheets are not offered")
    if variant not in SUFFIXES:
        raise fields.invalid("variant", "must be video or thumbnail")
    job = await row_of(owner, video_id)
    if job.status in RUNNING:
        raise GatewayError(Kind.VIDEO_NOT_READY, "The video is not ready yet.")
    if job.status == State.FAILED:
        raise GatewayError(
            Kind.VIDEO_FAILED, job.error_message, code=job.error_code, param="video_id"
        )
    asset = job.asset if variant == "video" else job.thumbnail
    if asset is None:
        raise gone()
    name = f"{job.public_id}.{SUFFIXES[variant]}"
    try:
        return await serving.of(asset, asked, f'attachment; filename="{name}"')
    except UnknownFile as exc:
        raise gone() from exc


async def row_of(owner: str, video_id: str) -> VideoJob:
    refuse_malformed(video_id)
    try:
        return await threads.disk(orders.find, owner, video_id, timezone.now())
    except orders.UnknownJob as exc:
        raise unknown() from exc


def refuse_malformed(video_id: str) -> None:
    if not orders.PUBLIC_ID.fullmatch(video_id):
        raise fields.invalid("video_id", "is no id of a video")


def told(job: VideoJob) -> Job:
    """A row as its document tells it."""
    first = job.posts[0]["post_id"] if len(job.posts) > 1 else None
    return Job(
        id=job.public_id,
        created_at=int(job.created_at.timestamp()),
        status=job.status,
        model=job.model,
        progress=job.progress,
        prompt=job.prompt,
        seconds=job.seconds,
        size=job.size,
        quality=job.quality,
        error_code=job.error_code,
        error_message=job.error_message,
        completed_at=int(job.completed_at.timestamp()) if job.completed_at else None,
        expires_at=int(job.expires_at.timestamp()) if job.expires_at else None,
        remixed_from=first,
    )


def unknown() -> GatewayError:
    told = "No such video, or it is no longer kept."
    return GatewayError(Kind.VIDEO_NOT_FOUND, told, param="video_id")


def gone() -> GatewayError:
    return GatewayError(Kind.FILE_NOT_FOUND, "The file is no longer kept.")
