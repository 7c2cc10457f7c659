from collections.abc import Iterator

import httpx
import pytest

from gateway import reels, shooting
from gateway.keys import home as keys
from gateway.upstream import pool
from grokgateway import config
from tests.gateway.filming import Host
from tests.gateway.ground import Ground, ground


@pytest.fixture
def no_keys_read(monkeypatch):
    """This process has read no named keys yet."""
    monkeypatch.setattr(keys.HOME, "book", None)
    monkeypatch.setattr(keys.HOME, "ledger", type(keys.HOME.ledger)())


@pytest.fixture
def console(admin_client, django_capture_on_commit_callbacks):
    """Posts as the superuser, and has what follows a commit done."""

    def post(path, data=None):
        with django_capture_on_commit_callbacks(execute=True):
            return admin_client.post(path, data or {})

    admin_client.does = post
    return admin_client


@pytest.fixture
def stage(monkeypatch) -> Iterator[Ground]:
    with ground(monkeypatch.setattr) as made:
        yield made


@pytest.fixture
def host(stage, settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "media": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
    }
    monkeypatch.setattr(reels, "DOWNLOAD_PAUSE_S", 0)
    monkeypatch.setattr(shooting, "BEAT_S", 0.01)
    stage.add("a", "b")
    made = Host()
    with config.override({"cache.local.min_free_mb": 0}):
        with pool.carried_by(httpx.MockTransport(made)):
            yield made
