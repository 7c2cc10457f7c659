"""What kind of file an attachment is, and which are taken (upstream-protocol 5.1).

Images are known by their first bytes alone, whatever is claimed. All else goes by the
claimed type, and by the name where the claim says nothing.
"""

import re

SNIFFED_BYTES = 16
GENERIC = "application/octet-stream"
SAYING_NOTHING = frozenset(
    {"", GENERIC, "binary/octet-stream", "application/x-download", "application/binary"}
)
TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
OFFICE = "application/vnd.openxmlformats-officedocument."
BY_SUFFIX = {
    "pdf": "application/pdf",
    "json": "application/json",
    "xml": "application/xml",
    "rtf": "application/rtf",
    "doc": "application/msword",
    "docx": f"{OFFICE}wordprocessingml.document",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": f"{OFFICE}presentationml.presentation",
    "xls": "application/vnd.ms-excel",
    "xlsx": f"{OFFICE}spreadsheetml.sheet",
    "txt": "text/plain",
    "csv": "text/csv",
    "md": "text/markdown",
    "html": "text/html",
    "htm": "text/html",
}
DOCUMENTS = frozenset(
    {
        *BY_SUFFIX.values(),
        *("application/csv", "text/json", "text/rtf", "text/xml", "text/x-markdown"),
    }
)
AUDIO = frozenset({"audio/wav", "audio/x-wav", "audio/wave", "audio/mpeg", "audio/mp3"})
TAKEN = (
    "png, jpeg, webp and gif images and pdf, json, xml, rtf, doc(x), ppt(x), xls(x), "
    "txt, csv, md and html documents are taken"
)
NAME_CHARS = 200
DEFAULT_NAME = "file"


class Unreadable(Exception):
    """An attachment that cannot be used; the message follows its place in a request."""


def settled(claim: str, name: str, kind: str, start: bytes) -> str:
    """The type a file is passed on with. `kind` is what the caller takes it for.

    Raises Unreadable for kinds that are not taken.
    """
    found = image_type(start)
    if found:
        return found
    claimed = claim.strip().lower()
    if claimed in SAYING_NOTHING:
        claimed = told_by_name(name, start)
    if kind == "image" and claimed.startswith(("image/", "text/", GENERIC)):
        raise Unreadable("is no image that can be read; png, jpeg, webp or gif are")
    if claimed in DOCUMENTS or (kind == "audio" and claimed in AUDIO):
        return claimed
    if claimed.startswith("text/") and TYPE.fullmatch(claimed):
        return "text/plain"  # as unknown kinds of text are to be read (RFC 2046, 4.1.4)
    shown = claimed if TYPE.fullmatch(claimed) else "unknown"
    raise Unreadable(f"is of a type that is not taken ({shown[:100]}): {TAKEN}")


def image_type(start: bytes) -> str:
    """By the first `SNIFFED_BYTES`; empty for what is none of these images."""
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "image/webp"
    return ""


def told_by_name(name: str, start: bytes) -> str:
    if start.startswith(b"%PDF-"):
        return BY_SUFFIX["pdf"]
    _, dot, suffix = name.lower().rpartition(".")
    return BY_SUFFIX.get(suffix, GENERIC) if dot else GENERIC


def default_name(media_type: str) -> str:
    """`file.<subtype>`, the name of a file that came without one."""
    _, slash, subtype = media_type.partition("/")
    return f"{DEFAULT_NAME}.{subtype}" if slash else f"{DEFAULT_NAME}.bin"


def clean_name(name: str) -> str:
    """The last part of a path, printable and not too long; its suffix stays."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(char for char in last if char.isprintable()).strip()
    stem, dot, suffix = shown.rpartition(".")
    if len(shown) > NAME_CHARS and dot and len(suffix) < NAME_CHARS // 2:
        return f"{stem[: NAME_CHARS - len(suffix) - 1]}.{suffix}"
    return shown[:NAME_CHARS]
