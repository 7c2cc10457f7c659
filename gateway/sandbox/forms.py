"""Which generation's forms the service takes, as the control API says."""

from typing import Literal

from gateway.sandbox.answers import send_json
from gateway.sandbox.calls import Call
from gateway.sandbox.state import State

Operation = Literal["chat", "upload", "image_edit", "video", "quota", "terms"]
Generation = Literal["old", "new"]


async def refused(
    state: State, call: Call, operation: Operation, generation: Generation
) -> bool:
    """Whether the form is gone; then the call is answered here."""
    taken = getattr(state.settings, f"{operation}_forms")
    if taken in {"both", generation}:
        return False
    status = state.settings.gone_status
    await send_json(call.send, {"code": 5, "message": "Not Found"}, status)
    return True
