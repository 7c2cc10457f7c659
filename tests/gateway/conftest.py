from collections.abc import Iterator

import pytest

from tests.gateway.ground import Ground, ground


@pytest.fixture
def stage(monkeypatch) -> Iterator[Ground]:
    with ground(monkeypatch.setattr) as made:
        yield made
