"""A limit on how many pass at once."""

import asyncio

from gateway.upstream.gates import Gate


class Visits:
    """Visitors of one gate, each staying until told to go."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.inside: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.doors: dict[str, asyncio.Event] = {}

    async def come(self, name: str, limit: int) -> None:
        self.doors[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(name, limit))
        await settled()

    async def go(self, name: str) -> None:
        self.doors[name].set()
        await settled()

    async def give_up(self, *names: str) -> None:
        for name in names:
            self.tasks[name].cancel()
        await settled()

    async def _visit(self, name: str, limit: int) -> None:
        async with self.gate.entered(limit):
            self.inside.append(name)
            try:
                await self.doors[name].wait()
            finally:
                self.inside.remove(name)

    async def end(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_first_come_first_served():
    visits = Visits()
    for name in "abcd":
        await visits.come(name, 2)
    assert visits.inside == ["a", "b"]
    await visits.go("a")
    assert visits.inside == ["b", "c"]
    await visits.go("b")
    assert visits.inside == ["c", "d"]
    await visits.end()


async def test_a_higher_limit_counts_at_once_for_those_who_wait():
    visits = Visits()
    for name in "abc":
        await visits.come(name, 1)
    await visits.come("d", 3)
    assert visits.inside == ["a", "b", "c"]
    await visits.end()


async def test_a_lower_limit_lets_nobody_in_until_it_is_met():
    visits = Visits()
    for name in "abc":
        await visits.come(name, 3)
    await visits.come("d", 1)
    await visits.go("a")
    await visits.go("b")
    assert visits.inside == ["c"]
    await visits.go("c")
    assert visits.inside == ["d"]
    await visits.end()


async def test_who_gives_up_takes_no_place():
    visits = Visits()
    for name in "abcde":
        await visits.come(name, 1)
    await visits.give_up("b")
    visits.doors["a"].set()
    await visits.give_up("c")
    assert visits.inside == ["d"]
    await visits.give_up("d", "e")
    await visits.come("f", 1)
    assert visits.inside == ["f"]
    await visits.end()


async def test_a_place_given_at_the_moment_of_giving_up_is_passed_on():
    visits = Visits()
    for name in "abc":
        await visits.come(name, 1)
    visits.doors["a"].set()
    await asyncio.sleep(0)  # a leaves and b is let in, but has not run yet
    await visits.give_up("b")
    assert visits.inside == ["c"]
    await visits.end()


async def test_a_waiting_one_may_leave_while_a_place_comes_free():
    visits = Visits()
    for name in "abc":
        await visits.come(name, 1)
    visits.tasks["b"].cancel()  # not run yet when a goes
    await visits.go("a")
    assert visits.inside == ["c"]
    await visits.end()
