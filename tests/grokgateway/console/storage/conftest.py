"""Nothing is saved, no variables, and an empty folder of kept files."""

import pytest

from grokgateway import config


@pytest.fixture(autouse=True)
def fresh(settings):
    settings.GROK_ENVIRON = {}
    config.forget()
    yield
    config.forget()


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    folder = tmp_path / "files"
    settings.STORAGES = {
        **settings.STORAGES,
        "media": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder},
        },
    }
    return folder
