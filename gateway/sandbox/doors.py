"""Who may pass: the cookies of a call, and the faults an account's name asks for."""

import asyncio
import base64
import binascii
import time
from functools import lru_cache

from gateway.sandbox.accounts import Account
from gateway.sandbox.answers import send_challenge, send_error
from gateway.sandbox.calls import Call, abort, gone
from gateway.sandbox.settings import STATUS_FAULTS
from gateway.sandbox.state import State

SLOW_S = 0.5
FORMS = frozenset({"/http/upload-file-v2/direct"})
UNGUARDED = frozenset({"/cdn-cgi/trace", "/v1"})
SIGNED_BYTES = 70
UNSIGNED_START = b"e:TypeError: Cannot read properties of "


@lru_cache(maxsize=8192)
def cookies(header: bytes) -> dict[str, str]:
    """The first of each name counts."""
    jar: dict[str, str] = {}
    for part in header.decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        jar.setdefault(name, value)
    return jar


async def admit(state: State, call: Call) -> Account | None:
    """The account behind the cookies; None if the call was answered here."""
    account = await identify(state, call)
    if account is None or not await struck(state, call, account):
        return account
    return None


async def identify(state: State, call: Call) -> Account | None:
    """Like `admit`, but whatever is wrong with the account does not strike."""
    if state.settings.latency_ms:
        await asyncio.sleep(state.settings.latency_ms / 1000)
    if call.method == "POST" and not well_typed(call):
        await send_error(call.send, "not_json")
        return None
    account = find(state, call)
    if account is None:
        await send_error(call.send, "expired")
        return None
    account.endpoints[call.label] += 1
    if state.settings.strict_statsig and must_sign(call) and not signed(call):
        await send_error(call.send, "antibot")
        return None
    return account


def well_typed(call: Call) -> bool:
    content_type = call.headers.get(b"content-type", b"")
    wanted = b"multipart/form-data" if call.path in FORMS else b"application/json"
    return content_type.partition(b";")[0].strip().lower() == wanted


def must_sign(call: Call) -> bool:
    return call.method == "POST" and call.path not in FORMS


def find(state: State, call: Call) -> Account | None:
    jar = cookies(call.headers.get(b"cookie", b""))
    token = jar.get("sso", "")
    if token != jar.get("sso-rw"):
        return None
    allow_any = state.settings.allow_any
    return state.accounts.find(token, time.monotonic(), allow_any=allow_any)


def signed(call: Call) -> bool:
    """Either form of the anti-bot value: the error line, or 70 signed bytes."""
    text = call.headers.get(b"x-statsig-id", b"")
    try:
        value = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return False
    return len(value) == SIGNED_BYTES or value.startswith(UNSIGNED_START)


async def struck(state: State, call: Call, account: Account) -> bool:
    """Do what is wrong with everyone or with this account; True if that answered."""
    fault = state.settings.fault or account.fault
    match fault:
        case None | "empty":
            return False
        case "slow":
            await asyncio.sleep(SLOW_S)
            return False
        case "challenged" if cleared(state, call):
            return False
        case "challenge" | "challenged":
            await send_challenge(call.send)
        case "hang":
            await gone(call)
        case "reset":
            await abort(call)
        case _:
            await send_error(call.send, STATUS_FAULTS.get(fault, fault))
    return True


def cleared(state: State, call: Call) -> bool:
    settings = state.settings
    jar = cookies(call.headers.get(b"cookie", b""))
    agent = call.headers.get(b"user-agent", b"").decode("latin-1")
    fits = settings.clearance_agent in {"", agent}
    return fits and jar.get("cf_clearance") == settings.clearance


async def stopped(state: State, call: Call) -> bool:
    """Whether the guard before everything sent the call away."""
    if not state.settings.guarded or call.path in UNGUARDED or cleared(state, call):
        return False
    await send_challenge(call.send)
    return True
