"""Files of one account at upstream: uploaded, listed, removed, read (5, 13.5).

Whatever fails here costs no turn: a failure says that nothing was spent.
"""

from collections.abc import Sequence
from urllib.parse import quote

from gateway.upstream import calls, dialects, failures, pool
from gateway.upstream.asset_headers import files_headers
from gateway.upstream.channel import ForeignHost, Hosts
from gateway.upstream.downloads import Download, open_asset
from gateway.upstream.headers import Login
from gateway.upstream.limits import Settings
from gateway.upstream.listing import Asset, listed
from gateway.upstream.places import passing
from gateway.upstream.together import together
from gateway.upstream.uploads import FORMS, File, Upload, Uploaded

__all__ = [
    "Asset",
    "Download",
    "File",
    "Uploaded",
    "content_url",
    "delete",
    "listed",
    "open_asset",
    "upload",
    "upload_all",
]

METADATA_PATH = "/rest/assets-metadata/"
REMOVED = frozenset({200, 204})
AT_ONCE = 8


async def upload_all(
    login: Login, files: Sequence[File], settings: Settings
) -> tuple[str, ...]:
    """The ids of the uploaded files, in order, each once. Raises GatewayError."""
    different: list[File] = []
    for file in files:
        if file not in different:  # told apart without hashing megabytes
            different.append(file)
    if not different:
        return ()

    async def one(file: File) -> Uploaded:
        return await upload(login, file, settings)

    done = await together(one, different, AT_ONCE)
    return tuple(uploaded.id for uploaded in done)


async def upload(
    login: Login, file: File, settings: Settings, *, edit: bool = False
) -> Uploaded:
    """`edit` marks the source of an image edit. Raises UpstreamFailure."""

    async def by(form: str) -> Uploaded:
        async with passing("upload", settings) as limits:
            return await FORMS[form](Upload(login, file, edit), settings, limits)

    return await dialects.spoken("upload", login, settings, by)


async def delete(login: Login, asset_id: str, settings: Settings) -> None:
    """Raises UpstreamFailure, also for an id that upstream does not know."""
    async with passing("delete", settings) as limits:
        channel = pool.current().channel(settings)
        target = channel.hosts.base(METADATA_PATH + quote(asset_id, safe=""))
        headers = files_headers(login, settings)
        answer = await calls.send(
            "DELETE", target, headers, None, settings, limits, REMOVED
        )
        await calls.drain(answer)


def content_url(login: Login, uploaded: Uploaded, settings: Settings) -> str:
    """Where the file is, for requests that refer to it. Raises UpstreamFailure."""
    path = uploaded.uri
    if not path and login.user_id:
        path = f"users/{login.user_id}/{uploaded.id}/content"
    if not path:
        raise failures.bad_payload()
    try:
        return str(Hosts(settings).asset(path).url)
    except ForeignHost as exc:
        raise failures.bad_payload() from exc
