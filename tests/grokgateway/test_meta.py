"""`/meta` and `/meta/update` (accounts.md 9; decisions 56)."""

import pytest

from grokgateway import __version__, config

pytestmark = pytest.mark.django_db


def test_the_version_is_told_to_anybody(client):
    answer = client.get("/meta")
    assert answer.json() == {"version": __version__}
    assert answer["cache-control"] == "no-store"


@pytest.mark.parametrize("asked", ["/meta/update", "/meta/update?force=1"])
def test_updates_are_not_looked_for_unless_wanted(client, asked):
    told = client.get(asked).json()
    assert (told["status"], told["update_available"]) == ("off", None)
    assert "app.check_updates" in told["message"]


def test_where_wanted_it_is_said_that_nobody_can_be_asked(client):
    with config.override({"app.check_updates": True}):
        told = client.get("/meta/update").json()
    assert (told["status"], told["latest"]) == ("unavailable", None)
