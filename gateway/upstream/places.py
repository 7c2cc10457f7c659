"""A place among the calls of one kind about files, and the time one may take."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from gateway.errors import UpstreamFailure
from gateway.upstream import failures, pool
from gateway.upstream.limits import Limits, Settings


@asynccontextmanager
async def passing(
    kind: Literal["upload", "list", "delete"], settings: Settings
) -> AsyncIterator[Limits]:
    """The time covers the wait for a place too.

    Such calls cost no turn: a failure says that nothing was spent.
    """
    seconds = float(settings.number(f"asset.{kind}_timeout"))
    gate = pool.current().gate(kind)
    try:
        async with (
            asyncio.timeout(seconds),
            gate.entered(settings.number(f"batch.asset_{kind}_concurrency")),
        ):
            yield Limits(seconds, seconds)
    except TimeoutError as exc:
        failure = failures.timed_out(silent=False)
        failure.sent = False
        raise failure from exc
    except UpstreamFailure as failure:
        failure.sent = False
        raise
