"""Files that messages name by the id of their upload, put in where they stand.

Past what a turn may have, the oldest are left out, as those of the API are.
"""

from collections.abc import Collection, Sequence

from gateway.errors import GatewayError, Kind
from gateway.protocols import fields
from gateway.protocols.fields import RawJson
from gateway.protocols.openai_chat_history import ChatMessage
from grokgateway import config
from webui import uploads
from webui.access import Visitor

REFERENCE = "file_ref"
GENERIC = "application/octet-stream"
Block = dict[str, RawJson]


async def resolved(
    visitor: Visitor, messages: Sequence[ChatMessage]
) -> list[ChatMessage]:
    """Raises GatewayError for a file that is gone, and for too much of them."""
    wanted = newest(messages, config.current().number("limits.attachments"))
    refuse_too_much(visitor, wanted)
    return [await one(visitor, message, wanted) for message in messages]


def newest(messages: Sequence[ChatMessage], most: int) -> list[str]:
    named = {
        fields.text_member(block, "id", f"messages.{index}.content"): None
        for index, message in enumerate(messages)
        for block in blocks(message)
        if is_reference(block)
    }
    return list(named)[-most:] if most > 0 else []


def blocks(message: ChatMessage) -> list[RawJson]:
    return message.content if isinstance(message.content, list) else []


def is_reference(block: RawJson) -> bool:
    return isinstance(block, dict) and block.get("type") == REFERENCE


def refuse_too_much(visitor: Visitor, wanted: Collection[str]) -> None:
    """By their sizes on disk, before any is read."""
    most_mb = config.current().number("limits.attachments_mb")
    size = sum(uploads.size_of(visitor, one) for one in wanted)
    if size > most_mb * uploads.MIB:
        told = f"Files may have {most_mb} MiB together."
        raise GatewayError(Kind.TOO_LARGE, told, param="messages")


async def one(
    visitor: Visitor, message: ChatMessage, wanted: Collection[str]
) -> ChatMessage:
    if not any(map(is_reference, blocks(message))):
        return message
    content = [
        await part_of(visitor, block) if is_reference(block) else block
        for block in blocks(message)
        if not is_reference(block) or block["id"] in wanted
    ]
    return message.model_copy(update={"content": content})


async def part_of(visitor: Visitor, block: Block) -> Block:
    """In the form of chat completions."""
    mime = fields.optional_text(block, "mime", "messages") or GENERIC
    source = await uploads.read(visitor, block["id"], mime)
    if mime.startswith("image/"):
        return {"type": "image_url", "image_url": {"url": source}}
    name = fields.optional_text(block, "name", "messages")
    return {"type": "file", "file": {"filename": name, "file_data": source}}
