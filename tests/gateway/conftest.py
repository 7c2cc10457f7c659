from collections.abc import Iterator

import httpx
import pytest

from gateway import reels, shooting
from gateway.upstream import pool
from grokgateway import config
from tests.gateway.filming import Host
from tests.gateway.ground import Ground, ground


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
