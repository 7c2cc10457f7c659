"""GET /api/auth/session: who the cookies belong to."""

from gateway.sandbox.answers import send_json
from gateway.sandbox.calls import Call
from gateway.sandbox.doors import identify, struck
from gateway.sandbox.state import State

DEAD = {"blocked": "blocked", "expired": "unauthenticated"}


async def session(state: State, call: Call) -> None:
    """A dead account is told by its status here, ids and all."""
    account = await identify(state, call)
    if account is None:
        return
    fault = state.settings.fault or account.fault
    if fault not in DEAD and await struck(state, call, account):
        return
    user_id = account.user_id()
    await send_json(
        call.send,
        {
            "status": DEAD.get(fault or "", "authenticated"),
            "session": {
                "userId": user_id,
                "email": f"{user_id[:8]}@example.org",
                "organizationId": "org-1",
            },
        },
    )
