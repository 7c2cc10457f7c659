"""Who is on the sockets of this process, so that all can be told when it ends."""

import asyncio
from typing import Protocol

CLOSE_S = 2.0


class Guest(Protocol):
    async def finish(self) -> None: ...


class Floor:
    def __init__(self) -> None:
        self._guests: set[Guest] = set()

    def join(self, guest: Guest) -> None:
        self._guests.add(guest)

    def leave(self, guest: Guest) -> None:
        self._guests.discard(guest)

    async def close(self) -> None:
        """Turns may end meanwhile, but not for long."""
        going = [asyncio.ensure_future(guest.finish()) for guest in self._guests]
        if going:
            _done, late = await asyncio.wait(going, timeout=CLOSE_S)
            for task in late:
                task.cancel()


class Home:
    def __init__(self) -> None:
        self.floor = Floor()


HOME = Home()


def current() -> Floor:
    return HOME.floor
