"""The small routes: probes, models, and who may ask."""

import pytest

from gateway.entry import Entry
from grokgateway import config
from tests.gateway.asgi import Exchange, envelope
from tests.gateway.ground import MODEL


@pytest.fixture
def app(stage):
    stage.add("a", "b")
    return Entry()


async def test_health(app):
    asking = await Exchange("GET", "/health", client=("8.8.8.8", 1)).through(app)
    assert asking.json == {"status": "ok"}


async def test_names_are_percent_decoded_by_the_server(app):
    asking = await Exchange("GET", "/v1/models/modèle/ünknown").through(app)
    assert envelope(asking) == (404, "model_not_found")
    assert "modèle/ünknown" in asking.json["error"]["message"]


async def test_models(app):
    asking = await Exchange("GET", "/v1/models").through(app)
    assert asking.json == {
        "object": "list",
        "data": [
            {
                "id": MODEL,
                "object": "model",
                "created": 1773014400,
                "owned_by": "xai",
                "name": "Grok 4.20 Auto",
            },
            {
                "id": "grok-4.20-fast",
                "object": "model",
                "created": 1773014400,
                "owned_by": "xai",
                "name": "Grok 4.20 Fast",
            },
            {
                "id": "grok-imagine-video",
                "object": "model",
                "created": 1773014400,
                "owned_by": "xai",
                "name": "Video",
            },
        ],
    }
    one = await Exchange("GET", f"/v1/models/{MODEL}").through(app)
    assert one.json == asking.json["data"][0]


async def test_no_account_means_an_empty_list(stage):
    asking = await Exchange("GET", "/v1/models").through(Entry())
    assert (asking.status, asking.json) == (200, {"object": "list", "data": []})
    one = await Exchange("GET", f"/v1/models/{MODEL}").through(Entry())
    assert envelope(one) == (404, "model_not_found")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "bearer sesame"}, 200),
        ({"x-api-key": "sesame"}, 200),
        ({"Authorization": "Basic x", "x-api-key": "sesame"}, 200),
        ({"Authorization": "Bearer wröng"}, 401),
    ],
)
async def test_keys(app, headers, status):
    with config.override({"app.api_key": "sesame"}):
        asking = await Exchange("GET", "/v1/models", headers=headers).through(app)
    assert asking.status == status
    if status == 401:
        assert envelope(asking) == (401, "invalid_api_key")
        assert asking.answered["www-authenticate"] == "Bearer"


async def test_without_a_key_strangers_are_refused(app):
    asking = await Exchange("GET", "/v1/models", client=("8.8.8.8", 1)).through(app)
    assert envelope(asking) == (401, "invalid_api_key")
    assert "app.api_key" in asking.json["error"]["message"]
