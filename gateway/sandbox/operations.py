"""What an account may change about itself: terms, birth date, adult content (10)."""

import orjson

from gateway.sandbox.accounts import Account
from gateway.sandbox.answers import send_error, send_json, send_whole
from gateway.sandbox.calls import Call
from gateway.sandbox.doors import admit, find, struck
from gateway.sandbox.forms import refused
from gateway.sandbox.state import State

TERMS_SET = "/rest/auth/set-tos-accepted"
TERMS = "/auth_mgmt.AuthManagement/SetTosAcceptedVersion"
CONTROLS = "/auth_mgmt.AuthManagement/UpdateUserFeatureControls"
GRPC = b"application/grpc-web+proto"
INVALID_ARGUMENT = 3
TERMS_MESSAGE = bytes.fromhex("00000000021001")
CONTROLS_START = bytes.fromhex("00000000200a0210")
CONTROLS_END = bytes.fromhex("121a0a18") + b"always_show_nsfw_content"


async def accept_terms(state: State, call: Call) -> None:
    account = await admit_grpc(state, call)
    if account is None:
        return
    good = call.body == TERMS_MESSAGE
    account.terms_accepted = account.terms_accepted or good
    await send_grpc(call, 0 if good else INVALID_ARGUMENT)


async def set_terms(state: State, call: Call) -> None:
    """The later service's second step."""
    account = await admit(state, call)
    if account is None or await refused(state, call, "terms", "new"):
        return
    try:
        version = orjson.loads(call.body)["tosVersion"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        version = None
    if not isinstance(version, int):
        await send_error(call.send, "malformed")
        return
    account.terms_version = version
    await send_json(call.send, {})


async def change_controls(state: State, call: Call) -> None:
    account = await admit_grpc(state, call)
    if account is None:
        return
    body = call.body
    good = body.startswith(CONTROLS_START) and body.endswith(CONTROLS_END)
    if good:
        account.adult_content = body[len(CONTROLS_START)] == 1
    await send_grpc(call, 0 if good else INVALID_ARGUMENT)


async def set_birth_date(state: State, call: Call) -> None:
    """Once only; afterwards the service says that it cannot be changed."""
    account = await admit(state, call)
    if account is None:
        return
    try:
        born = orjson.loads(call.body)["birthDate"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        await send_error(call.send, "malformed")
        return
    if account.birth_date:
        told = "Limit [WKE=account:birth-date-change-limit-reached]"
        await send_json(call.send, {"code": 8, "message": told}, 429)
        return
    account.birth_date = str(born)
    await send_whole(call.send, 200, b"")


async def admit_grpc(state: State, call: Call) -> Account | None:
    account = find(state, call)
    if account is None:
        await send_error(call.send, "expired")
        return None
    account.endpoints[call.path] += 1
    return None if await struck(state, call, account) else account


async def send_grpc(call: Call, status: int, message: bytes = b"") -> None:
    trailer = f"grpc-status:{status}\r\n".encode()
    told = b"\0" + len(message).to_bytes(4, "big") + message
    body = told + b"\x80" + len(trailer).to_bytes(4, "big") + trailer
    await send_whole(call.send, 200, body, GRPC)
