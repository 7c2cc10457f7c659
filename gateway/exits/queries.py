"""Queries from asynchronous code that leave no connection behind."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")


async def apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run in the thread of queries, and leave no connection behind."""
    return await sync_to_async(closing(work))(*args, **kwargs)


def closing(work: Callable[P, T]) -> Callable[P, T]:
    def worked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        finally:
            close_old_connections()

    return worked
