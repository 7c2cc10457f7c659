"""The forms in which upstream takes a file: one function for each (5.1, 13.5)."""

import asyncio
import secrets
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import chain

from gateway.conversation.slices import joined, slices
from gateway.errors import Kind, UpstreamFailure, UpstreamFault
from gateway.upstream import calls, failures
from gateway.upstream.asset_headers import form_headers, resource_headers
from gateway.upstream.fields import Json, decode, record, text
from gateway.upstream.headers import Login
from gateway.upstream.limits import Limits, Settings
from gateway.upstream.payloads import encode

V2_PATH = "/rest/app-chat/upload-file"
V3_PATH = "/http/upload-file-v2/direct"
EDIT_SOURCE = "IMAGINE_SELF_UPLOAD_FILE_SOURCE"
IN_THREAD_BYTES = 64 * 1024
NO_LINE_BREAKS = {ord("\r"): None, ord("\n"): None}
MAX_REPLY_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """What is uploaded: `content` is the bare base64 of its bytes."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file at upstream; `uri` is a path or URL, and may be empty."""

    id: str
    uri: str


@dataclass(frozen=True, slots=True)
class Upload:
    """One file on its way to one account; `edit`: as the source of an image edit."""

    login: Login
    file: File
    edit: bool


Form = Callable[[Upload, Settings, Limits], Awaitable[Uploaded]]


async def as_json(upload: Upload, settings: Settings, limits: Limits) -> Uploaded:
    headers = resource_headers(upload.login, settings)
    body = await built(json_body, upload)
    answer = await calls.post(V2_PATH, headers, body, settings, limits)
    reply = await read(answer)
    return known(reply, ("fileMetadataId", "fileId"))


async def as_form(upload: Upload, settings: Settings, limits: Limits) -> Uploaded:
    boundary = f"----WebKitFormBoundary{secrets.token_hex(8)}"
    headers = form_headers(upload.login, settings, boundary, edit=upload.edit)
    body = await built(lambda one: form_body(one, boundary), upload)
    answer = await calls.post(V3_PATH, headers, body, settings, limits)
    reply = await read(answer)
    if reply.get("terminalError"):
        raise UpstreamFailure(
            Kind.UPSTREAM_REJECTED,
            "Upstream refused an attachment.",
            fault=UpstreamFault.REJECTED,
        )
    file = {**record(reply.get("fileMetadata")), "uploadId": reply.get("uploadId")}
    # an edit refers to the metadata id, and would fail later on any other
    names = ("fileMetadataId", "fileId", "uploadId")
    return known(file, names[:1] if upload.edit else names)


FORMS: dict[str, Form] = {"v2": as_json, "v3": as_form}


async def built(build: Callable[[Upload], bytes], upload: Upload) -> bytes:
    """Large bodies are put together off the event loop."""
    if len(upload.file.content) > IN_THREAD_BYTES:
        return await asyncio.to_thread(build, upload)
    return build(upload)


def json_body(upload: Upload) -> bytes:
    """Base64 needs no escapes, so that it is not searched for any."""
    file = upload.file
    names = encode(file.name), encode(file.media_type)
    head = b'{"fileName":%b,"fileMimeType":%b,"content":"' % names
    content = file.content
    parts = slices(0, len(content))
    return joined(chain((head,), (content[part] for part in parts), (b'"}',)))


def form_body(upload: Upload, boundary: str) -> bytes:
    file = upload.file
    name = file.name.encode("utf-8", "replace").decode().translate(NO_LINE_BREAKS)
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    source = (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="file_source"\r\n\r\n'
        f"{EDIT_SOURCE}\r\n"
    )
    head = (
        f"{source if upload.edit else ''}--{boundary}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{quoted}"\r\n'
        f"Content-Type: {file.media_type}\r\n\r\n"
    )
    end = f"\r\n--{boundary}--\r\n"
    content = file.content
    parts = slices(0, len(content))
    decoded = (b64decode(content[part]) for part in parts)
    return joined(chain((head.encode(),), decoded, (end.encode(),)))


async def read(answer: calls.Answer) -> Json:
    reply = decode(await calls.whole(answer, MAX_REPLY_BYTES))
    if reply is None:
        raise failures.bad_payload()
    return reply


def known(reply: Json, names: tuple[str, ...]) -> Uploaded:
    identity = next((text(reply.get(name)) for name in names if reply.get(name)), "")
    if not identity:
        raise failures.bad_payload()
    return Uploaded(identity, text(reply.get("fileUri")))
