"""Message contents of the OpenAI dialects, of chat and responses alike (3.1, 4.1)."""

import mimetypes
from collections.abc import Callable, Mapping

from gateway.conversation.requests import Attachment, Text
from gateway.protocols import fields
from gateway.protocols.fields import RawJson

TEXT_MEMBERS: Mapping[str, str] = {
    "text": "text",
    "input_text": "text",
    "output_text": "text",
    "refusal": "refusal",
}
AUDIO_TYPES: Mapping[str, str] = {"wav": "audio/wav", "mp3": "audio/mpeg"}
UNKNOWN_TYPE = "application/octet-stream"

Piece = Text | Attachment
Block = dict[str, RawJson]


def read_content(content: RawJson, path: str) -> tuple[Piece, ...]:
    """A string, null, or a list of blocks."""
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),)
    if not isinstance(content, list):
        raise fields.wrong_type(path, "must be text or a list of blocks")
    return tuple(
        read_block(block, f"{path}.{index}") for index, block in enumerate(content)
    )


def read_block(block: RawJson, path: str) -> Piece:
    known = fields.record(block, path)
    kind = fields.text_member(known, "type", path)
    if kind in TEXT_MEMBERS:
        return Text(fields.text_member(known, TEXT_MEMBERS[kind], path))
    read = ATTACHMENTS.get(kind)
    if read is None:
        raise fields.invalid(f"{path}.type", "is an unknown type of content block")
    return read(known, path)


def image(block: Block, path: str) -> Attachment:
    """`image_url` is a string or an object with a `url`."""
    given, path_given = block.get("image_url"), f"{path}.image_url"
    if given is None:
        refuse_stored(block, path)
        raise fields.missing(path_given, "is required")
    if isinstance(given, dict):
        given = fields.text_member(given, "url", path_given)
        path_given += ".url"
    return fields.attachment(fields.text(given, path_given), "image", path_given)


def file(block: Block, path: str) -> Attachment:
    """Members stand in `file` or in the block itself."""
    if block.get("file") is not None:
        path += ".file"
        block = fields.record(block["file"], path)
    name = fields.optional_text(block, "filename", path)
    if data := fields.optional_text(block, "file_data", path):
        if data[:5].lower() != "data:":
            media_type = mimetypes.guess_type(name)[0] or UNKNOWN_TYPE
            data = fields.data_uri(media_type, data)
        return fields.attachment(data, "file", f"{path}.file_data", name)
    if url := fields.optional_text(block, "file_url", path):
        return fields.attachment(url, "file", f"{path}.file_url", name)
    refuse_stored(block, path)
    raise fields.missing(f"{path}.file_data", "is required")


def audio(block: Block, path: str) -> Attachment:
    path += ".input_audio"
    if block.get("input_audio") is None:
        raise fields.missing(path, "is required")
    inner = fields.record(block["input_audio"], path)
    data = fields.text_member(inner, "data", path)
    kind = fields.text_member(inner, "format", path).lower()
    if kind not in AUDIO_TYPES:
        raise fields.invalid(f"{path}.format", "must be wav or mp3")
    source = fields.data_uri(AUDIO_TYPES[kind], data)
    return Attachment(source, "audio", f"audio.{kind}", f"{path}.data")


def refuse_stored(block: Block, path: str) -> None:
    if block.get("file_id") is not None:
        raise fields.unsupported(
            f"{path}.file_id", "uploaded files are not offered; send data or a URL"
        )


ATTACHMENTS: Mapping[str, Callable[[Block, str], Attachment]] = {
    "image_url": image,
    "input_image": image,
    "file": file,
    "input_file": file,
    "input_audio": audio,
}
