"""Each test starts with nothing loaded, no variables and no file."""

import pytest

from grokgateway import config


@pytest.fixture(autouse=True)
def fresh(settings, tmp_path):
    settings.GROK_ENVIRON = {}
    settings.CONFIG_LOCAL_PATH = tmp_path / "config.toml"
    config.forget()
    yield
    config.forget()


@pytest.fixture
def toml_file(settings):
    return settings.CONFIG_LOCAL_PATH
