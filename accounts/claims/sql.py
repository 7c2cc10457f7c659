"""Claims in the tables, on SQLite, PostgreSQL and MariaDB alike.

Every claim locks the load row of its accounts first and in one order; their windows,
which the tables of accounts hold anyway, are what nobody has in hand.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import Error, connection, transaction

from accounts.claims import membership, moves
from accounts.claims.base import (
    Back,
    Grant,
    Key,
    Me,
    Peer,
    Rates,
    Unreachable,
    Want,
)

Result = TypeVar("Result")
TRIES = 3  # a deadlock, or a busy SQLite file, is worth another try


class SqlStore:
    """One thread and one connection of its own, so that no request waits for another.

    Steps are taken one after the other.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "claims")

    async def join(
        self, me: Me, slots: Mapping[int, int], *, alone: bool
    ) -> list[Peer]:
        return await self.run(lambda: membership.join(me, slots, alone=alone))

    async def renew(self, me: Me, notes: Mapping[str, object]) -> list[Peer]:
        return await self.run(lambda: membership.renew(me, notes))

    async def peers(self, me: Me) -> list[Peer]:
        return await self.run(membership.peers)

    async def open(self, me: Me, slots: Mapping[int, int]) -> None:
        await self.run(lambda: membership.open_up(me, slots))

    async def move(
        self, me: Me, backs: Sequence[Back], wants: Sequence[Want], rates: Rates
    ) -> list[Grant]:
        return await self.run(lambda: moves.move(me, backs, wants, rates))

    async def leave(self, me: Me, backs: Sequence[Back]) -> None:
        def step() -> None:
            moves.move(me, backs, (), Rates(1, 0, by_quota=True))
            membership.bury([me.id])

        await self.run(step)

    async def look(self, me: Me) -> None:
        """There is nothing else to take claims from."""

    async def follow(self, me: Me, held: Mapping[Key, int]) -> list[Peer] | None:
        return await self.peers(me)

    async def aclose(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, close)
        self._thread.shutdown(wait=False)

    async def run(self, step: Callable[[], Result]) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, attempted, step)


def close() -> None:
    connection.close()  # the one of the thread this runs in


def attempted(step: Callable[[], Result]) -> Result:
    """The step in one transaction; what the database refuses is tried again."""
    for tried in range(TRIES):
        try:
            with transaction.atomic():
                return step()
        except Error as error:
            connection.close()
            if tried == TRIES - 1:
                raise Unreachable(type(error).__name__) from error
    raise AssertionError("unreachable")
