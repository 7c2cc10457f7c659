import pytest

from gateway.egress import home
from gateway.egress.home import Home
from grokgateway import config


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    """The defaults and no way out of another test: captures cover what both hold."""
    monkeypatch.setattr(home, "HOME", Home())
    with config.override({}):
        yield
