"""Several streams of one request as one, each told apart by its place."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Generic, TypeVar

from gateway.errors import GatewayError

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Told(Generic[Item]):
    """What the stream at `place` gave, or why it gives no more."""

    place: int
    item: Item | None = None
    error: GatewayError | None = None


async def merged(
    streams: Sequence[AsyncGenerator[Item, None]],
) -> AsyncGenerator[Told[Item], None]:
    """In order of arrival; ends with the last of them.

    A `GatewayError` ends its own stream alone, anything else all of them. Leaving early
    ends them too.
    """
    queue: asyncio.Queue[Told[Item] | asyncio.Task[None]] = asyncio.Queue()

    async def follow(place: int, stream: AsyncGenerator[Item, None]) -> None:
        try:
            async with aclosing(stream) as items:
                async for item in items:
                    queue.put_nowait(Told(place, item))
        except GatewayError as error:
            queue.put_nowait(Told(place, error=error))

    running = {
        asyncio.create_task(follow(place, stream))
        for place, stream in enumerate(streams)
    }
    for task in running:
        task.add_done_callback(queue.put_nowait)
    try:
        while running:
            told = await queue.get()
            if isinstance(told, Told):
                yield told
            else:
                running.discard(told)
                told.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
