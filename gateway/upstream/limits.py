"""What upstream code needs from the configuration, and the time limits it derives."""

import asyncio
from dataclasses import dataclass
from typing import Any

from gateway.egress.settings import Settings

__all__ = [
    "CONNECT_S",
    "ERROR_BODY_BYTES",
    "ERROR_BODY_S",
    "TOTAL_PER_IDLE",
    "Limits",
    "Settings",
    "chat_limits",
]

CONNECT_S = 10.0
TOTAL_PER_IDLE = 10
ERROR_BODY_S = 5.0
ERROR_BODY_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """`idle_s` limits a silence, also the one before the head; `total_s` the whole."""

    idle_s: float
    total_s: float
    connect_s: float = CONNECT_S

    def extensions(self) -> dict[str, Any]:  # Any: httpx's own type for extensions
        """Request extensions of the transport; the total counts from now."""
        deadline = asyncio.get_running_loop().time() + self.total_s
        return {
            "timeout": {"connect": self.connect_s, "read": self.idle_s},
            "deadline": deadline,
        }


def chat_limits(settings: Settings) -> Limits:
    idle_s = float(settings.number("chat.timeout"))
    return Limits(idle_s, idle_s * TOTAL_PER_IDLE)
