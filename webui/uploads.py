"""Files that visitors send ahead of a message: kept for an hour, each for its sender.

They lie in a folder that all workers of a host share. A visitor's oldest files make
room for new ones, so that nobody fills the disk.
"""

import asyncio
import logging
import re
import secrets
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from gateway.conversation import file_types
from gateway.conversation.file_types import Unreadable
from gateway.errors import GatewayError, Kind
from grokgateway import config
from webui.access import Visitor

logger = logging.getLogger(__name__)

MIB = 1024 * 1024
LIFE_S = 3600
TIDY_S = 300
FILES_EACH = 64
ROOM_EACH = 4  # times what one turn may take
ROOM_ALL_BYTES = 2048 * MIB
ID = re.compile(r"[0-9a-f]{32}")
GONE = "upload_gone"


@dataclass(frozen=True, slots=True)
class Kept:
    id: str
    name: str
    mime: str
    size: int


def folder() -> Path:
    return Path(settings.DATA_DIR) / "uploads"


def own_folder(visitor: Visitor) -> Path:
    return folder() / sha256(visitor.id.encode()).hexdigest()[:32]


async def keep(visitor: Visitor, upload: "UploadedFile[bytes]") -> Kept:
    """Raises GatewayError for a file that no turn would take."""
    return await asyncio.to_thread(keep_now, visitor, upload)


async def read(visitor: Visitor, upload_id: str, mime: str) -> str:
    """As a data URI. Raises GatewayError when it is gone."""
    return await asyncio.to_thread(read_now, visitor, upload_id, mime)


def size_of(visitor: Visitor, upload_id: str) -> int:
    """Raises GatewayError when it is gone."""
    try:
        return path_of(visitor, upload_id).stat().st_size
    except OSError as exc:
        raise gone() from exc


def keep_now(visitor: Visitor, upload: "UploadedFile[bytes]") -> Kept:
    size = upload.size or 0
    name = file_types.clean_name(upload.name or "")
    mime = checked(upload, name)
    own = own_folder(visitor)
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_room(own, size)
    kept_id = secrets.token_hex(16)
    partial = own / f".{kept_id}"
    try:
        with partial.open("wb") as file:
            for chunk in upload.chunks():
                file.write(chunk)
        partial.rename(own / kept_id)
    finally:
        partial.unlink(missing_ok=True)
    return Kept(kept_id, name or file_types.default_name(mime), mime, size)


def checked(upload: "UploadedFile[bytes]", name: str) -> str:
    """The type it is passed on with. Raises GatewayError."""
    most = config.current().number("limits.file_mb")
    if (upload.size or 0) > most * MIB:
        told = f"The file is too large: one may have {most} MiB."
        raise GatewayError(Kind.TOO_LARGE, told)
    if not upload.size:
        raise GatewayError(Kind.INVALID_ATTACHMENT, "The file holds no data.")
    claim = upload.content_type or ""
    taken_for = "audio" if claim.startswith("audio/") else "file"
    start = upload.read(file_types.SNIFFED_BYTES)
    upload.seek(0)
    try:
        return file_types.settled(claim, name, taken_for, start)
    except Unreadable as exc:
        raise GatewayError(Kind.INVALID_ATTACHMENT, f"The file {exc}.") from exc


def make_room(own: Path, size: int) -> None:
    """One's own oldest files go first; raises GatewayError if others fill the disk."""
    most = config.current().number("limits.attachments_mb") * MIB * ROOM_EACH
    files = sorted(entries(own), key=lambda one: one[1])
    held = sum(one[2] for one in files)
    while files and (held + size > most or len(files) >= FILES_EACH):
        path, _at, freed = files.pop(0)
        path.unlink(missing_ok=True)
        held -= freed
    if size + sum(one[2] for one in all_entries()) > ROOM_ALL_BYTES:
        told = "There is no room for files now. Try again in a few minutes."
        raise GatewayError(Kind.RATE_LIMITED, told, retry_after_s=TIDY_S)


def read_now(visitor: Visitor, upload_id: str, mime: str) -> str:
    path = path_of(visitor, upload_id)
    try:
        content = path.read_bytes()
        path.touch()
    except OSError as exc:
        raise gone() from exc
    return f"data:{mime};base64,{b64encode(content).decode()}"


def path_of(visitor: Visitor, upload_id: str) -> Path:
    if not ID.fullmatch(upload_id):
        raise gone()
    return own_folder(visitor) / upload_id


def gone() -> GatewayError:
    told = "A file is no longer here: uploads are kept for an hour. Send it again."
    return GatewayError(Kind.FILE_NOT_FOUND, told, param="messages", code=GONE)


async def tidy() -> None:
    await asyncio.to_thread(tidy_now, time.time())


def tidy_now(now: float) -> None:
    """Remove what nobody has used for an hour, and the folders that are left empty."""
    for path, at, _size in list(all_entries()):
        if at < now - LIFE_S:
            path.unlink(missing_ok=True)
    for own in folder().glob("*"):
        try:
            own.rmdir()
        except OSError:
            logger.debug("upload folder %s is in use", own.name)


def all_entries() -> Iterator[tuple[Path, float, int]]:
    for own in folder().glob("*"):
        yield from entries(own)


def entries(own: Path) -> Iterator[tuple[Path, float, int]]:
    """Each file with when it was used last and its size; others may remove some."""
    for path in own.glob("*"):
        try:
            known = path.stat()
        except OSError:
            continue
        yield path, known.st_mtime, known.st_size
