import asyncio
import time

import pytest

from gateway import catalog, pictures
from gateway.catalog import Catalog
from grokgateway import config
from tests.gateway.ground import ground
from tests.gateway.pictures_web import ROUTES
from webui.access import Visitor
from webui.imagine.runs import Sitting


class Upstream:
    """What each round draws, in their order: events, an error, or a wait for ever."""

    def __init__(self):
        self.rounds = []
        self.works = []
        self.left = 0  # rounds that were cut off

    async def make(self, work, _login):
        self.works.append(work)
        try:
            for step in self.rounds.pop(0):
                if isinstance(step, Exception):
                    raise step
                if step is ...:
                    await asyncio.Event().wait()
                yield step
        except asyncio.CancelledError:
            self.left += 1
            raise


@pytest.fixture
def stage(monkeypatch):
    with ground(monkeypatch.setattr) as made:
        yield made


@pytest.fixture
def upstream(stage, monkeypatch, settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "media": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
    }
    monkeypatch.setattr(catalog.HOME, "catalog", Catalog(ROUTES))
    stage.add("a", "b")
    made = Upstream()
    monkeypatch.setitem(pictures.MAKERS, "image", made.make)
    monkeypatch.setitem(pictures.MAKERS, "image_edit", made.make)
    with config.override({"cache.local.min_free_mb": 0}):
        yield made


class Client:
    """One socket's other end."""

    def __init__(self, visitor, welcome=True, clock=time.monotonic):
        self.said = []
        self.news = asyncio.Event()
        self.welcome = welcome
        self.broken = False
        self.sitting = Sitting(visitor, self.hear, self.is_welcome, clock)

    async def hear(self, frame):
        if self.broken:
            raise RuntimeError("the socket is gone")
        self.said.append(frame)
        self.news.set()

    async def is_welcome(self):
        return self.welcome

    async def until(self, **members):
        """The first frame with these members."""
        async with asyncio.timeout(10):
            while True:
                for frame in self.said:
                    if members.items() <= frame.items():
                        return frame
                self.news.clear()
                await self.news.wait()

    def of(self, kind):
        return [frame for frame in self.said if frame["type"] == kind]


@pytest.fixture
def client():
    def made(name="me", **options):
        return Client(Visitor("open", name, f"address of {name}"), **options)

    return made
