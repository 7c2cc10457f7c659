"""Ask upstream what a paid account has used of its week (13.6)."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.errors import UpstreamFailure
from gateway.upstream import failures, operations
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.limits import Settings

PATH = "/grok_api_v2.GrokBuildBilling/GetGrokCreditsConfig"
PRODUCTS = {
    0: "third_party",
    1: "api",
    2: "build",
    3: "plugins",
    4: "chat",
    5: "imagine",
    6: "voice",
}
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MOST_VARINT_BYTES = 10
Value = int | bytes
UNTIL_YEAR_9999_S = 253_402_300_799


class BadMessage(ValueError):
    """Not what a message of this kind looks like."""


@dataclass(frozen=True, slots=True)
class Credits:
    """Percent used of all, and of it by each product; the period it counts for."""

    percent: float
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    products: Mapping[str, float] = field(default_factory=dict)


async def fetch(login: Login, settings: Settings) -> Credits | None:
    """None for an account without a paid pool. Raises UpstreamFailure."""
    base = settings.text("upstream.base_url").rstrip("/")
    headers = operations.unsigned(json_headers(login, settings))
    try:
        messages = await operations.grpc(base + PATH, headers, b"", settings)
        return parse(messages[0] if messages else b"")
    except BadMessage as exc:
        raise failures.bad_payload() from exc
    except UpstreamFailure as failure:
        failure.sent = False
        raise


def parse(message: bytes) -> Credits | None:
    """Raises BadMessage.

    Without a percentage the bounds of the period tell: those of a period that counts
    are not whole seconds.
    """
    percent: float | None = None
    bounds: dict[int, tuple[int, int]] = {}
    products: dict[str, float] = {}
    for number, value in fields(config_of(message)):
        if number == 1:
            percent = real(value)
        elif number in {4, 5}:
            bounds[number] = instant(value)
        elif number == 7:
            name, share = product(value)
            products[name] = share
    if percent is None:
        if not any(nanos for _, nanos in bounds.values()):
            return None
        percent = 0.0
    begins_at, ends_at = (moment(bounds.get(number)) for number in (4, 5))
    return Credits(percent, begins_at, ends_at, products)


def config_of(message: bytes) -> bytes:
    for number, value in fields(message):
        if number == 1 and isinstance(value, bytes):
            return value
    return b""


def product(value: Value) -> tuple[str, float]:
    code, share = 0, 0.0
    for number, part in fields(whole(value)):
        if number == 1 and isinstance(part, int):
            code = part
        elif number == 2:
            share = real(part)
    return PRODUCTS.get(code, f"product_{code}"), share


def instant(value: Value) -> tuple[int, int]:
    found = dict(fields(whole(value)))
    seconds, nanos = found.get(1, 0), found.get(2, 0)
    if not isinstance(seconds, int) or not isinstance(nanos, int):
        raise BadMessage("a moment is two numbers")
    return seconds, nanos


def moment(at: tuple[int, int] | None) -> datetime | None:
    if at is None or not 0 < at[0] < UNTIL_YEAR_9999_S:
        return None
    return datetime.fromtimestamp(at[0], UTC)


def real(value: Value) -> float:
    """A 32-bit float that makes sense as a percentage."""
    data = whole(value)
    if len(data) != 4:
        raise BadMessage("no float of 32 bits")
    found: float = struct.unpack("<f", data)[0]
    if not 0.0 <= found <= 1e6:  # nor one that is no number
        raise BadMessage("no percentage")
    return round(found, 2)


def whole(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise BadMessage("a number where bytes are due")
    return value


def fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """Number and value of each field; floats stay bytes. Raises BadMessage."""
    position = 0
    while position < len(message):
        key, position = varint(message, position)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, position = varint(message, position)
            yield number, value
            continue
        if kind == BYTES:
            size, position = varint(message, position)
        elif kind in {FIXED32, FIXED64}:
            size = 4 if kind == FIXED32 else 8
        else:
            raise BadMessage("an unknown kind of field")
        if position + size > len(message):
            raise BadMessage("a field is cut off")
        yield number, message[position : position + size]
        position += size


def varint(message: bytes, position: int) -> tuple[int, int]:
    found = 0
    for index in range(MOST_VARINT_BYTES):
        if position + index >= len(message):
            break
        byte = message[position + index]
        found |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return found, position + index + 1
    raise BadMessage("a number is cut off")
