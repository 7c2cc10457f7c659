"""What an account has left beside its modes: pictures, films, credits of the week."""

import struct
import time
from datetime import UTC, datetime, timedelta

from gateway.sandbox.accounts import MEDIA, Account
from gateway.sandbox.answers import send_error, send_json
from gateway.sandbox.calls import Call
from gateway.sandbox.doors import admit
from gateway.sandbox.forms import refused
from gateway.sandbox.operations import admit_grpc, send_grpc
from gateway.sandbox.state import State

QUOTA = "/rest/media/imagine/quota_info"
CREDITS = "/grok_api_v2.GrokBuildBilling/GetGrokCreditsConfig"
WEEK = timedelta(days=7)
IMAGINE = 5  # the product that all is used for


async def quota(state: State, call: Call) -> None:
    account = await admit(state, call)
    if account is None or await refused(state, call, "quota", "new"):
        return
    if call.body != b"{}":
        await send_error(call.send, "malformed")
        return
    await send_json(call.send, {kind: left(account, kind) for kind in MEDIA})


def left(account: Account, kind: str) -> dict[str, object] | None:
    window = account.media.get(kind)
    if window is None:
        return None
    now = time.monotonic()
    window.renew(now)
    if window.remaining > 0:
        return {
            "available": True,
            "remainingQueries": window.remaining,
            "windowSizeSeconds": window.length_s,
        }
    rest_s = window.length_s - (now - (window.opened_at or now))
    again = datetime.now(UTC) + timedelta(seconds=rest_s)
    return {"available": False, "nextAvailableAt": again.isoformat()}


async def credits_used(state: State, call: Call) -> None:
    """Of a week that began at its Monday; a basic account has whole seconds only."""
    account = await admit_grpc(state, call)
    if account is None or await refused(state, call, "quota", "new"):
        return
    await send_grpc(call, 0, config_of(account))


def config_of(account: Account) -> bytes:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begins = int((today - timedelta(days=today.weekday())).timestamp())
    nanos = 0 if account.tier == "basic" else 500_000_000
    ends = begins + int(WEEK.total_seconds())
    parts = [told(4, instant(begins, nanos)), told(5, instant(ends, nanos))]
    if account.used_percent is not None:
        share = struct.pack("<f", account.used_percent)
        parts.insert(0, b"\x0d" + share)
        parts.append(told(7, b"\x08" + varint(IMAGINE) + b"\x15" + share))
    return told(1, b"".join(parts))


def instant(seconds: int, nanos: int) -> bytes:
    return b"\x08" + varint(seconds) + (b"\x10" + varint(nanos) if nanos else b"")


def told(number: int, message: bytes) -> bytes:
    """A message as a field of another."""
    return varint(number << 3 | 2) + varint(len(message)) + message


def varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*found, number))
