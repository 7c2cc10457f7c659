"""The taskiq broker of this installation; building one opens no connection."""

import functools
import os
import socket

from django.conf import settings
from taskiq import AsyncBroker, InMemoryBroker
from taskiq_redis import RedisStreamBroker

LONGEST_TASK_S = 3 * 3600  # a longer one would be delivered again while it runs
STREAM = "g2:jobs"
GROUP = "g2"
STREAM_LIMIT = 1_000  # word of work, of which any is as good as another
RECLAIM_LOCK_S = 60.0
TICK_EVERY_S = 5


@functools.cache
def current() -> AsyncBroker:
    return build(settings.REDIS_URL)


def build(redis_url: str) -> AsyncBroker:
    if not redis_url:
        return InMemoryBroker(await_inplace=False)
    broker: AsyncBroker = RedisStreamBroker(
        redis_url,
        queue_name=STREAM,
        consumer_group_name=GROUP,
        consumer_name=f"{socket.gethostname()}-{os.getpid()}",
        consumer_id="0",  # the default would skip what was sent before the first start
        maxlen=STREAM_LIMIT,
        idle_timeout=LONGEST_TASK_S * 1000,
        unacknowledged_lock_timeout=RECLAIM_LOCK_S,
    )
    schedule = [{"interval": TICK_EVERY_S}]
    broker.register_task(tick, task_name="jobs.tick", schedule=schedule)
    return broker


async def tick() -> None:
    """Do nothing: only a read that returns a message looks for abandoned ones."""
