import pytest

from gateway.sandbox.app import Sandbox


@pytest.fixture
def sandbox():
    return Sandbox()
