"""POST /rest/app-chat/upload-file, and the later form of it as multipart."""

import binascii
import re
from base64 import b64decode

import orjson

from gateway.sandbox.accounts import Account
from gateway.sandbox.answers import send_error, send_json
from gateway.sandbox.breaking import send_broken
from gateway.sandbox.calls import Call
from gateway.sandbox.doors import admit
from gateway.sandbox.files import File
from gateway.sandbox.forms import refused
from gateway.sandbox.state import State

FAULT = re.compile(rb"\[\[upload=([a-z_]+)\]\]")
Part = tuple[dict[str, str], bytes]


async def as_json(state: State, call: Call) -> None:
    account = await admit(state, call)
    if account is None or await refused(state, call, "upload", "old"):
        return
    file = kept(account, call.body)
    if file is None:
        await send_error(call.send, "malformed")
        return
    answer = {"fileMetadataId": file.id, "fileUri": file.path}
    await send_broken(call, fault_of(file), answer)


def fault_of(file: File) -> str:
    """A file may ask, somewhere in its bytes, that its upload goes wrong."""
    found = FAULT.search(file.content)
    return found[1].decode() if found else ""


def kept(account: Account, body: bytes) -> File | None:
    try:
        upload = orjson.loads(body)
        name, media_type = upload["fileName"], upload["fileMimeType"]
        content = b64decode(upload["content"], validate=True)
    except (orjson.JSONDecodeError, binascii.Error, KeyError, TypeError, ValueError):
        return None
    if not isinstance(name, str) or not isinstance(media_type, str) or not content:
        return None
    return account.files.keep(account.user_id(), name, media_type, content)


async def as_form(state: State, call: Call) -> None:
    """A file without content is taken and then refused, in a 200."""
    account = await admit(state, call)
    if account is None or await refused(state, call, "upload", "new"):
        return
    fields = {head.get("name", ""): (head, body) for head, body in parts(call)}
    if "file" not in fields:
        await send_error(call.send, "malformed")
        return
    head, content = fields["file"]
    if not content:
        await send_json(call.send, {"uploadId": "u-0", "terminalError": "EMPTY_FILE"})
        return
    name, media_type = head.get("filename", ""), head.get("content-type", "")
    file = account.files.keep(account.user_id(), name, media_type, content)
    metadata = {"fileMetadataId": file.id, "fileId": file.id, "fileUri": file.path}
    answer = {"uploadId": file.id, "terminalError": None, "fileMetadata": metadata}
    await send_broken(call, fault_of(file), answer)


def parts(call: Call) -> list[Part]:
    """Headers and parameters of each part in one mapping, and its content."""
    content_type = call.headers[b"content-type"].decode("latin-1")
    boundary = content_type.partition("boundary=")[2].strip('"')
    pieces = (b"\r\n" + call.body).split(b"\r\n--" + boundary.encode("latin-1"))
    found: list[Part] = []
    for piece in pieces[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        found.append((described(head.decode("utf-8", "replace")), content))
    return found


def described(head: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in head.strip().split("\r\n"):
        name, _, value = line.partition(":")
        first, *parameters = value.split(";")
        found[name.strip().lower()] = first.strip()
        for parameter in parameters:
            key, _, quoted = parameter.strip().partition("=")
            plain = quoted.removeprefix('"').removesuffix('"')
            found[key] = plain.replace('\\"', '"').replace("\\\\", "\\")
    return found
