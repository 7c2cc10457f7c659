import pytest
from django.utils.translation import override

from gateway import catalog
from gateway.egress import home
from gateway.egress.home import Home
from gateway.exits.solving import SharedSolver
from gateway.upstream import greetings, pool


@pytest.fixture(autouse=True)
def english():
    """Whatever another test's visitor spoke."""
    with override("en"):
        yield


@pytest.fixture
def ways(monkeypatch) -> Home:
    fresh = Home()
    fresh.solver = SharedSolver()
    monkeypatch.setattr(home, "HOME", fresh)
    pool.HOME.forget()
    return fresh


@pytest.fixture
def models(transactional_db):
    catalog.synchronise()
    yield
    catalog.HOME.catalog = None


@pytest.fixture
def deaf(monkeypatch):
    """Nothing is heard of our own TLS, which would take sockets."""

    async def heard(_profile):
        return None

    monkeypatch.setattr(greetings, "heard", heard)
