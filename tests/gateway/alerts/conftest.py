import pytest

from grokgateway import config


@pytest.fixture(autouse=True)
def shipped_settings():
    with config.override({}):
        yield
