"""POST /rest/rate-limits: what an account's window of one mode has left."""

import time

import orjson

from gateway.sandbox.answers import send_error, send_json
from gateway.sandbox.calls import Call
from gateway.sandbox.doors import admit
from gateway.sandbox.state import State


async def rate_limits(state: State, call: Call) -> None:
    account = await admit(state, call)
    if account is None:
        return
    mode = asked_mode(call.body)
    if mode is None:
        await send_error(call.send, "malformed")
        return
    window = account.windows.get(mode)
    if window is None:
        await send_error(call.send, "unsupported")
        return
    window.renew(time.monotonic())
    await send_json(
        call.send,
        {
            "windowSizeSeconds": window.length_s,
            "remainingQueries": window.remaining,
            "totalQueries": window.total,
            "lowEffortRateLimits": None,
            "highEffortRateLimits": None,
        },
    )


def asked_mode(body: bytes) -> str | None:
    try:
        mode = orjson.loads(body)["modelName"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return mode if isinstance(mode, str) else None
