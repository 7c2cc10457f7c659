import pytest

from gateway.egress import home
from gateway.egress.home import Home


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ways(monkeypatch, clock) -> Home:
    """A home of the test's own, on its clock."""
    fresh = Home(clock)
    monkeypatch.setattr(home, "HOME", fresh)
    return fresh
