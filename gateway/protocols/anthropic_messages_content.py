"""Content blocks of the messages dialect to neutral parts, in order (public-api 5.1).

What a block may be depends on who speaks. Blocks that are not known there are passed
over: newer clients send kinds that do not exist yet.
"""

from collections.abc import Callable, Iterator, Mapping

from gateway.conversation.requests import (
    Attachment,
    Part,
    PastCall,
    PastResult,
    Role,
    Text,
)
from gateway.conversation.sources import without_tail
from gateway.protocols import fields
from gateway.protocols.fields import RawJson

BILLING = "x-anthropic-billing-header:"

Block = dict[str, RawJson]
Piece = Text | Attachment
Reader = Callable[[Block, str], Iterator[Part]]
PieceReader = Callable[[Block, str], Iterator[Piece]]


def read_system(system: RawJson, path: str) -> tuple[Part, ...]:
    """A client's note about its billing is no instruction."""
    if isinstance(system, str):
        return (Text(system),)
    parts = read_content(system, Role.SYSTEM, path)
    return tuple(
        part
        for part in parts
        if not (isinstance(part, Text) and part.text.startswith(BILLING))
    )


def read_content(content: RawJson, role: Role, path: str) -> tuple[Part, ...]:
    """A string or a list of blocks."""
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    known = READERS[role]
    return tuple(
        part
        for block, kind, at in blocks(content, path)
        if kind in known
        for part in known[kind](block, at)
    )


def read_pieces(
    content: RawJson, known: Mapping[str, PieceReader], path: str
) -> tuple[Piece, ...]:
    """What stands inside another block; absent is empty."""
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),)
    return tuple(
        piece
        for block, kind, at in blocks(content, path)
        if kind in known
        for piece in known[kind](block, at)
    )


def blocks(content: RawJson, path: str) -> Iterator[tuple[Block, str, str]]:
    """Each block with its type and its path."""
    if not isinstance(content, list):
        raise fields.wrong_type(path, "must be text or a list of blocks")
    for index, value in enumerate(content):
        at = f"{path}.{index}"
        block = fields.record(value, at)
        yield block, fields.text_member(block, "type", at), at


def text(block: Block, path: str) -> Iterator[Piece]:
    yield Text(fields.text_member(block, "text", path))


def own_text(block: Block, path: str) -> Iterator[Piece]:
    """An earlier answer, without the list of sources that we put under it."""
    yield Text(without_tail(fields.text_member(block, "text", path)))


def image(block: Block, path: str) -> Iterator[Piece]:
    source, kind, at = source_of(block, path)
    yield attached(source, kind, at, "image")


def document(block: Block, path: str) -> Iterator[Piece]:
    title = fields.optional_text(block, "title", path)
    source, kind, at = source_of(block, path)
    if kind == "text":
        yield Text(titled(title, fields.text_member(source, "data", at)))
    elif kind == "content":
        if title:
            yield Text(title)
        yield from read_pieces(source.get("content"), INLINE, f"{at}.content")
    else:
        yield attached(source, kind, at, "file", title)


def search_result(block: Block, path: str) -> Iterator[Piece]:
    """Title, source and text, as one text."""
    head = [fields.optional_text(block, name, path) for name in ("title", "source")]
    inner = read_pieces(block.get("content"), INLINE, f"{path}.content")
    texts = [piece.text for piece in inner if isinstance(piece, Text)]
    yield Text("\n".join(line for line in (*head, *texts) if line))


def tool_reference(block: Block, path: str) -> Iterator[Piece]:
    yield Text(f"Tool found: {fields.text_member(block, 'tool_name', path)}")


def tool_use(block: Block, path: str) -> Iterator[Part]:
    arguments = block.get("input")
    if arguments is None:
        arguments = {}
    at = f"{path}.input"
    yield PastCall(
        fields.text_member(block, "id", path),
        fields.text_member(block, "name", path),
        fields.json_text(fields.record(arguments, at), at),
    )


def tool_result(block: Block, path: str) -> Iterator[Part]:
    failed = block.get("is_error")
    if failed is not None and not isinstance(failed, bool):
        raise fields.wrong_type(f"{path}.is_error", "must be a boolean")
    yield PastResult(
        fields.text_member(block, "tool_use_id", path),
        read_pieces(block.get("content"), RETURNED, f"{path}.content"),
        failed=bool(failed),
    )


def source_of(block: Block, path: str) -> tuple[Block, str, str]:
    at = f"{path}.source"
    if block.get("source") is None:
        raise fields.missing(at, "is required")
    source = fields.record(block["source"], at)
    return source, fields.text_member(source, "type", at), at


def attached(
    source: Block, kind: str, path: str, what: str, name: str = ""
) -> Attachment:
    if kind == "base64":
        media_type = fields.text_member(source, "media_type", path)
        data = fields.text_member(source, "data", path)
        uri = fields.data_uri(media_type, data)
        return fields.attachment(uri, what, f"{path}.data", name)
    if kind == "url":
        url = fields.text_member(source, "url", path)
        return fields.attachment(url, what, f"{path}.url", name)
    if kind == "file":
        told = "uploaded files are not offered; send base64 data or a URL"
        raise fields.unsupported(f"{path}.type", told)
    raise fields.invalid(f"{path}.type", "is not a known kind of source")


def titled(title: str, body: str) -> str:
    return f"{title}\n{body}" if title else body


INLINE: Mapping[str, PieceReader] = {"text": text, "image": image}
SAID: Mapping[str, PieceReader] = {
    **INLINE,
    "document": document,
    "search_result": search_result,
}
RETURNED: Mapping[str, PieceReader] = {**SAID, "tool_reference": tool_reference}
READERS: Mapping[Role, Mapping[str, Reader]] = {
    Role.SYSTEM: {"text": text},
    Role.USER: {**SAID, "tool_result": tool_result},
    Role.ASSISTANT: {"text": own_text, "tool_use": tool_use},
}
