"""The picture that a run starts from: a file that was sent, or one of the wall."""

from base64 import b64encode

from channels.db import database_sync_to_async

from gateway.conversation.file_types import GENERIC
from gateway.conversation.requests import Attachment
from gateway.errors import GatewayError, Kind
from media import store
from media.errors import UnknownFile
from media.models import Asset
from webui import uploads
from webui.access import Visitor
from webui.imagine import wall
from webui.imagine.frames import Start
from webui.imagine.wall import Viewer


def viewer_of(visitor: Visitor, *, everything: bool = False) -> Viewer:
    """Staff may look at all walls, and always delete and refer to what they see."""
    return Viewer(visitor.id, everything and visitor.kind == "staff")


async def read(visitor: Visitor, start: Start) -> Attachment | None:
    """Raises GatewayError for a picture that is not there for this visitor."""
    if start.picture:
        return await kept(visitor, start.picture)
    if start.upload:
        source = await uploads.read(visitor, start.upload, GENERIC)
        return Attachment(source, "image", path="reference")
    return None


async def kept(visitor: Visitor, public_id: str) -> Attachment:
    viewer = viewer_of(visitor, everything=True)
    asset: Asset | None = await database_sync_to_async(wall.picture)(viewer, public_id)
    if asset is None:
        raise missing()
    try:
        data = await store.read(asset)
    except UnknownFile as exc:
        raise missing() from exc
    source = f"data:{asset.mime};base64,{b64encode(data).decode()}"
    return Attachment(source, "image", path="picture")


def missing() -> GatewayError:
    told = "picture: is no longer on this wall"
    return GatewayError(Kind.FILE_NOT_FOUND, told, param="picture")
