"""How a failure of upstream is judged, asked again without a call."""

from collections.abc import Mapping
from datetime import UTC, datetime

from gateway.upstream import failures
from gateway.upstream.inband import StreamError

NEVER: frozenset[int] = frozenset()


def verdict_of_stream(error: StreamError) -> str:
    """The code of its cause."""
    return failures.of_stream(error, NEVER).cause


def verdict_of_response(status: int, headers: Mapping[str, str], body: bytes) -> str:
    now = datetime.now(UTC)
    return failures.of_response(status, headers, body, NEVER, now).cause
