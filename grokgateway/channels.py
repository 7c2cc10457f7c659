"""The channel layer over Redis, for sockets that live longer than an outage of it."""

import asyncio
import logging

from channels_redis.core import RedisChannelLayer
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
AGAIN_S = 1.0


class ChannelLayer(RedisChannelLayer):  # type: ignore[misc] # channels_redis has no types
    """Every open socket waits for messages here: an error would end the socket."""

    async def receive(self, channel: str) -> dict[str, object]:
        while True:
            try:
                message: dict[str, object] = await super().receive(channel)
            except (RedisError, OSError) as error:
                logger.warning(
                    "The channel layer is away: %s",
                    type(error).__name__,
                )
                await asyncio.sleep(AGAIN_S)
            else:
                return message
