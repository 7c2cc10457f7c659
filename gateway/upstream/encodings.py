"""Content-Encoding, undone piece by piece as it arrives."""

import zlib
from collections.abc import Callable, Iterator

import brotli
import httpx
import zstandard

Decode = Callable[[bytes], bytes]
PIECE_BYTES = 64 * 1024


def decoder_for(encoding: str) -> Decode | None:
    """None for an unencoded body; raises httpx.DecodingError for what we cannot read.

    The decoder raises httpx.DecodingError on bad data and hands out all it can.
    """
    names = [name.strip().lower() for name in encoding.split(",")]
    names = [name for name in names if name not in {"", "identity"}]
    if not names:
        return None
    if len(names) > 1 or names[0] not in DECODERS:
        raise httpx.DecodingError("unknown content encoding")
    return guarded(DECODERS[names[0]]())


def guarded(decode: Decode) -> Decode:
    def checked(data: bytes) -> bytes:
        try:
            return decode(data)
        except (zlib.error, brotli.error, zstandard.ZstdError) as exc:
            raise httpx.DecodingError("corrupt content encoding") from exc

    return checked


def gzip() -> Decode:
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress


def brotli_stream() -> Decode:
    decode: Decode = brotli.Decompressor().process
    return decode


def zstd() -> Decode:
    return zstandard.ZstdDecompressor().decompressobj().decompress


class Unzip:
    """gzip in pieces of limited size, for senders who may mean harm."""

    def __init__(self) -> None:
        self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def complete(self) -> bool:
        return self._unpack.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Raises zlib.error for what is no gzip."""
        while data:
            if self._unpack.eof:  # another member follows
                self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
            piece = self._unpack.decompress(data, PIECE_BYTES)
            yield piece
            while len(piece) == PIECE_BYTES and not self._unpack.unconsumed_tail:
                piece = self._unpack.decompress(b"", PIECE_BYTES)
                yield piece
            data = self._unpack.unconsumed_tail or self._unpack.unused_data


class Deflate:
    """`deflate` is zlib by the book and raw in the wild: the first bytes decide."""

    def __init__(self) -> None:
        self._first = b""
        self._decode: Decode | None = None

    def __call__(self, data: bytes) -> bytes:
        if self._decode is None:
            self._first += data
            if len(self._first) < 2:
                return b""
            wrapped = int.from_bytes(self._first[:2]) % 31 == 0
            wrapped = wrapped and self._first[0] & 0x0F == zlib.DEFLATED
            bits = zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS
            self._decode = zlib.decompressobj(bits).decompress
            data, self._first = self._first, b""
        return self._decode(data)


DECODERS: dict[str, Callable[[], Decode]] = {
    "gzip": gzip,
    "x-gzip": gzip,
    "deflate": Deflate,
    "br": brotli_stream,
    "zstd": zstd,
}
