"""What users said, at rest: packed and encrypted for the one response it belongs to."""

import base64
import binascii
import zlib
from dataclasses import dataclass

import orjson

from gateway.protocols import sse
from gateway.protocols.base import Json
from grokgateway import crypto

PACK_ABOVE_BYTES = 2048
PACK_LEVEL = 1
PLAIN, PACKED = b"\0", b"\1"
BLOB_PREFIX = "ggc1."
BLOB_CONTEXT = "compaction"


@dataclass(frozen=True, slots=True)
class Document:
    """A final response object and its input items."""

    response: Json
    input: list[Json]

    @property
    def items(self) -> list[Json]:
        """Everything that was said in this turn, by either side."""
        return [*self.input, *self.response["output"]]


def sealed(document: Document) -> bytes:
    body = sse.dumps({"response": document.response, "input": document.input})
    return crypto.ring().seal(packed(body), context=context(document.response["id"]))


def opened(ciphertext: bytes, response_id: str) -> Document:
    """Raise `crypto.Undecipherable`."""
    plain = crypto.ring().open(ciphertext, context=context(response_id))
    body = orjson.loads(unpacked(plain))
    return Document(body["response"], body["input"])


def context(response_id: str) -> str:
    return f"response:{response_id}"


def blob(summary: str) -> str:
    """A summary that travels through the caller's hands and opens only here."""
    ciphertext = crypto.ring().seal(packed(summary.encode()), context=BLOB_CONTEXT)
    return BLOB_PREFIX + base64.urlsafe_b64encode(ciphertext).decode()


def summary(blob: str) -> str:
    """The text of one of our blobs; empty for what is not ours or is damaged."""
    if not blob.startswith(BLOB_PREFIX):
        return ""
    try:
        ciphertext = base64.urlsafe_b64decode(blob.removeprefix(BLOB_PREFIX))
        return unpacked(crypto.ring().open(ciphertext, context=BLOB_CONTEXT)).decode()
    except (binascii.Error, ValueError, crypto.Undecipherable):
        return ""


def packed(body: bytes) -> bytes:
    if len(body) <= PACK_ABOVE_BYTES:
        return PLAIN + body
    return PACKED + zlib.compress(body, PACK_LEVEL)


def unpacked(plain: bytes) -> bytes:
    if plain[:1] == PLAIN:
        return plain[1:]
    return zlib.decompress(plain[1:])
