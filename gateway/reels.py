"""What a video job takes in and gives out: reference pictures, film and preview."""

import asyncio
import logging
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import timedelta

from accounts.models import Account
from gateway import refreshing
from gateway.attachments import File, obtain
from gateway.conversation.requests import Attachment
from gateway.errors import GatewayError, Kind, UpstreamFailure
from gateway.media_links import Resolver
from gateway.pictures import refuse_documents
from gateway.upstream.headers import Login
from grokgateway.config import Snapshot
from media import jobs, store, threads
from media.errors import DiskLow, MediaError
from media.incoming import Origin
from media.models import Asset, Source
from media.models import Kind as MediaKind

logger = logging.getLogger(__name__)

INPUT_LIFE = timedelta(hours=24)
DOWNLOADS = 5
DOWNLOAD_PAUSE_S = 1.0


async def kept_inputs(
    references: Sequence[Attachment], settings: Snapshot, owner: str
) -> list[str]:
    """Put reference pictures away for a job; returns their ids. Raises GatewayError."""
    files = await obtain(references, settings)
    refuse_documents(references, files)
    origin = Origin(
        Source.INPUT, owner=owner, protect_for=INPUT_LIFE, expire_in=INPUT_LIFE
    )
    return [
        await kept_input(file, reference.path, origin)
        for file, reference in zip(files, references, strict=True)
    ]


async def kept_input(file: File, path: str, origin: Origin) -> str:
    try:
        data = await asyncio.to_thread(b64decode, file.content)
        asset = await store.save_bytes(MediaKind.IMAGE, data, origin)
    except DiskLow as exc:
        raise GatewayError(Kind.INTERNAL, str(exc)) from exc
    except MediaError as exc:
        told = f"{path}: {exc}"
        raise GatewayError(Kind.INVALID_ATTACHMENT, told, param=path) from exc
    return asset.public_id


async def fetched(resolver: Resolver, url: str) -> Asset:
    """Raises GatewayError, MediaError; what may pass is tried again."""
    for number in range(1, DOWNLOADS):
        try:
            return await resolver.keep(MediaKind.VIDEO, url)
        except UpstreamFailure as failure:
            logger.info("download %d of a video failed: %s", number, failure.message)
            await asyncio.sleep(number * DOWNLOAD_PAUSE_S)
    return await resolver.keep(MediaKind.VIDEO, url)


async def still_of(resolver: Resolver, url: str) -> Asset | None:
    """The preview picture; a film is complete without one."""
    if not url:
        return None
    try:
        return await resolver.keep(MediaKind.IMAGE, url)
    except (GatewayError, MediaError) as error:
        logger.info("the preview of a video is not kept: %s", error)
        return None


async def withdraw(film: Asset, still: Asset | None) -> None:
    """Remove what a job that is no longer ours has brought, unless its row names it."""
    if await threads.disk(jobs.names, film):
        return
    for one in (film, still):
        if one is not None:
            await store.delete(one)


async def inputs_of(ids: Sequence[str]) -> tuple[File, ...]:
    """The reference pictures of a job, read again. Raises GatewayError."""
    files: list[File] = []
    for number, public_id in enumerate(ids):
        asset = await store.find(MediaKind.IMAGE, public_id)
        if asset is None:
            told = "A reference image is no longer kept."
            raise GatewayError(Kind.VIDEO_FAILED, told)
        content = await asyncio.to_thread(b64encode, await store.read(asset))
        suffix = asset.name.rpartition(".")[2]
        files.append(File(f"reference-{number}.{suffix}", asset.mime, content))
    return tuple(files)


def login_of(public_id: str) -> Login | None:
    ids = Account.objects.filter(public_id=public_id).values_list("pk", flat=True)
    account_id = ids.first()
    candidate = refreshing.candidate_of(account_id) if account_id else None
    return candidate.login if candidate else None
