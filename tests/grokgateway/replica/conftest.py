import pytest

from grokgateway import config
from tests.grokgateway.replica.nodes import Nodes
from tests.neighbours import fresh_store


@pytest.fixture
def store(settings):
    """An empty Redis that keeps accounts and configuration."""
    with fresh_store("redis") as variables:
        settings.REDIS_URL = settings.SHARED_STORE = variables["REDIS_URL"]
        yield settings.SHARED_STORE
        settings.REDIS_URL = settings.SHARED_STORE = ""
    config.forget()


@pytest.fixture
def nodes(store, db, tmp_path):
    return Nodes(tmp_path)
