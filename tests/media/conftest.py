import shutil
from contextlib import ExitStack

import pytest

from grokgateway import config

MIB = 1024 * 1024


@pytest.fixture
def files(settings, tmp_path):
    """The folder of kept files, empty."""
    folder = tmp_path / "files"
    settings.STORAGES = {
        **settings.STORAGES,
        "media": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder},
        },
    }
    return folder


@pytest.fixture
def elsewhere(settings):
    """A storage that has no paths, as a bucket has none."""
    settings.STORAGES = {
        **settings.STORAGES,
        "media": {"BACKEND": "tests.media.bucket.Bucket"},
    }


@pytest.fixture
def configured():
    """Set runtime keys until the test ends: `configured(image_max_mb=10)`."""
    with ExitStack() as stack:

        def configure(**keys):
            values = {f"cache.local.{name}": value for name, value in keys.items()}
            stack.enter_context(config.override(values))

        configure(min_free_mb=0)
        yield configure


@pytest.fixture
def free_space(monkeypatch):
    """Pretend that so many bytes are free on every disk."""

    def pretend(free):
        usage = shutil._ntuple_diskusage(free * 2, free, free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)

    return pretend
