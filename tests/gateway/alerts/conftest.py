import pytest

from accounts import census
from accounts.census import Kept
from grokgateway import config


@pytest.fixture(autouse=True)
def shipped_settings(monkeypatch):
    """Nothing that earlier tests counted or changed."""
    monkeypatch.setattr(census, "HOME", Kept())
    with config.override({}):
        yield
