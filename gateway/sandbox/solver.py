"""POST /v1: a solver of challenges as FlareSolverr's users know it (12.5).

It gives the clearance that the guard takes now, and the browser that goes with it.
"""

import asyncio

import orjson

from gateway.sandbox.answers import send_json, send_whole
from gateway.sandbox.calls import Call, gone
from gateway.sandbox.state import State

PATH = "/v1"
SLOW_S = 3.0
AGENT = (
    "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)


async def solve(state: State, call: Call) -> None:
    fault, wanted = state.settings.solver, wanted_of(call.body)
    if fault == "slow":
        await asyncio.sleep(SLOW_S)
    if fault == "hang":
        await gone(call)
    elif fault == "garbage":
        await send_whole(call.send, 200, b"<html>\xff\x00", b"text/html")
    elif fault == "error" or not wanted:
        told = "Error solving the challenge." if wanted else "Request is not valid."
        await send_json(call.send, {"status": "error", "message": told}, 500)
    else:
        await send_json(call.send, solved(state, wanted))


def wanted_of(body: bytes) -> str:
    """The address to be opened; empty for what is no question to a solver."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(asked, dict) or asked.get("cmd") != "request.get":
        return ""
    return str(asked.get("url", ""))


def solved(state: State, wanted: str) -> dict[str, object]:
    """The cookie is for every host, as the sandbox is all of upstream's."""
    cookie = {"name": "cf_clearance", "value": state.settings.clearance, "domain": ""}
    return {
        "status": "ok",
        "message": "Challenge solved!",
        "solution": {
            "url": wanted,
            "status": 200,
            "userAgent": state.settings.clearance_agent or AGENT,
            "cookies": [cookie],
            "response": "<html></html>",
        },
    }
