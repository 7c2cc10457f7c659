"""The control API under /_sandbox/: counters, recordings, settings."""

from dataclasses import asdict
from urllib.parse import parse_qs, parse_qsl

import orjson

from gateway.sandbox.accounts import Account
from gateway.sandbox.answers import send_json
from gateway.sandbox.calls import Call
from gateway.sandbox.settings import BadSetting
from gateway.sandbox.state import State


async def stats(state: State, call: Call) -> None:
    await send_json(
        call.send,
        {
            "accounts": {one.name: counts(one) for one in state.accounts.seen()},
            "endpoints": dict(state.endpoints),
            "total": state.endpoints.total(),
            "open_streams": state.open_streams,
            "closed_early": state.closed_early,
            "peers": sorted(set(state.peers)),  # the ports that calls came from
        },
    )


def counts(account: Account) -> dict[str, object]:
    return {
        "endpoints": dict(account.endpoints),
        "modes": dict(account.modes),
        "files": {"kept": len(account.files), "uploaded": account.files.uploaded},
        "media": {kind: w.remaining for kind, w in account.media.items()},
        "remaining": {mode: w.remaining for mode, w in account.windows.items()},
    }


async def requests(state: State, call: Call) -> None:
    last = parse_qs(call.query).get("last", ["1"])[0]
    count = int(last) if last.isdecimal() else 1
    found = list(state.requests)[-count:] if count else []
    await send_json(call.send, {"requests": [asdict(one) for one in found]})


async def reset(state: State, call: Call) -> None:
    state.forget()
    await send_json(call.send, {"status": "ok"})


async def change_settings(state: State, call: Call) -> None:
    """Settings come as a JSON object, in the query string, or both."""
    try:
        body = orjson.loads(call.body or b"{}")
        if not isinstance(body, dict):
            raise BadSetting("a JSON object is wanted")
        state.settings.change([*parse_qsl(call.query), *body.items()])
    except (BadSetting, orjson.JSONDecodeError) as exc:
        await send_json(call.send, {"error": str(exc)}, 400)
        return
    await send_json(call.send, asdict(state.settings))
