import asyncio
from dataclasses import dataclass, field

import pytest

from gateway.egress import home
from gateway.egress.bundles import Place
from gateway.egress.home import Home
from gateway.egress.nodes import DIRECT_NODE
from gateway.upstream import solver
from gateway.upstream.solver import Solved, Unsolved


@pytest.fixture
def ways(monkeypatch) -> Home:
    fresh = Home()
    monkeypatch.setattr(home, "HOME", fresh)
    return fresh


@pytest.fixture
def place() -> Place:
    return Place(DIRECT_NODE, "https://grok.com", "http://127.0.0.1:1")


@dataclass
class Answers:
    """The solver's, instead of a network."""

    calls: list[Place] = field(default_factory=list)
    failing: bool = False
    pause_s: float = 0.0

    async def __call__(self, place: Place, timeout_s: float) -> Solved:
        self.calls.append(place)
        await asyncio.sleep(self.pause_s)
        if self.failing:
            raise Unsolved("the solver cannot be reached")
        return Solved(f"cf_clearance=c{len(self.calls)}", "Agent/1")


@pytest.fixture
def answers(monkeypatch) -> Answers:
    made = Answers()
    monkeypatch.setattr(solver, "solve", made)
    return made
