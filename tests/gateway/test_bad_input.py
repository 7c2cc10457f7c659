"""What no endpoint takes, and how each says so in its caller's dialect (1.2, 1.3)."""

import gc
import re

import ninja.errors
import orjson
import pydantic
import pytest
from django.urls import URLPattern, URLResolver

from gateway import catalog, urls
from gateway.entry import Entry
from gateway.protocols import anthropic_messages, openai_chat
from grokgateway import config
from tests.gateway.asgi import Exchange
from tests.gateway.endpoints import (
    ANSWERED,
    CATALOG,
    ENDPOINTS,
    TAKING_JSON,
    label,
)
from tests.gateway.ground import END, said

COMPLAINTS = (ninja.errors.ValidationError, ninja.errors.ValidationErrorContext)
INVALID = "invalid_request_error"
DEEP = 100_000
DOCUMENTS = ("v1/openapi", "v1/docs")
METHODS = ("PUT", "PATCH", "TRACE", "DELETE", "POST", "GET")

every = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=label)
answered = pytest.mark.parametrize("endpoint", ANSWERED, ids=label)
taking_json = pytest.mark.parametrize("endpoint", TAKING_JSON, ids=label)


@pytest.fixture
def app(stage, monkeypatch):
    stage.add("a", "b")
    monkeypatch.setattr(catalog.HOME, "catalog", CATALOG)
    return Entry()


def kind(endpoint, openai, anthropic=INVALID):
    return anthropic if endpoint.anthropic else openai


def patterns(resolver):
    for entry in getattr(resolver, "url_patterns", resolver):
        if isinstance(entry, URLResolver):
            yield from patterns(entry)
        elif isinstance(entry, URLPattern):
            yield str(entry.pattern)


def test_no_endpoint_is_forgotten():
    """Each route of the API is met by some row of the list."""
    routes = {
        route
        for route in patterns(urls.urlpatterns)
        if route.startswith("v1/") and not route.startswith(DOCUMENTS)
    }
    assert routes
    paths = [one.path.removeprefix("/") for one in ENDPOINTS]
    for route in routes:
        wanted = re.compile(re.sub(r"<(\w+:)?\w+>", "[^/]+", route) + r"\Z")
        assert any(wanted.match(path) for path in paths), route


BODIES = {
    "nothing": b"",
    "half": b'{"model":',
    "words": b"hello",
    "list": b"[]",
    "text": b'"x"',
    "null": b"null",
    "number": b"1",
    "nan": b'{"model":NaN}',
    "two": b"{}{}",
    "not utf-8": b'{"model":"\xff"}',
    "half a surrogate": b'{"model":"\\ud800"}',
    "deep lists": b"[" * DEEP,
    "deep objects": b'{"a":' * DEEP,
    "deep and closed": b'{"messages":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "utf-16": '{"model":"x"}'.encode("utf-16"),
}


@taking_json
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_body_that_is_no_json_object(app, endpoint, body):
    asking = await endpoint.request(body=body).through(app)
    assert endpoint.error(asking) == (400, kind(endpoint, "invalid_json"))


MANY_FAULTS = 20_000


@pytest.mark.parametrize("request_of", [openai_chat, anthropic_messages])
def test_of_thousands_of_bad_messages_the_first_is_enough(request_of):
    """Each would become an object, of which a small body can hold very many."""
    body = {"model": "m", "messages": [{}] * MANY_FAULTS}
    with pytest.raises(pydantic.ValidationError) as caught:
        request_of.Request.model_validate(body)
    assert {fault["loc"][:2] for fault in caught.value.errors()} == {("messages", 0)}


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_what_was_wrong_with_a_body_is_forgotten_at_once(app, path):
    """Without a collection of garbage, whose turn may come after gigabytes."""
    (endpoint,) = (one for one in TAKING_JSON if one.path == path)
    gc.collect()
    gc.disable()
    try:
        asking = await endpoint.request(body=b'{"model": 1}').through(app)
        left = [one for one in gc.get_objects() if isinstance(one, COMPLAINTS)]
    finally:
        gc.enable()
    assert endpoint.error(asking)[0] == 400
    assert left == []


STRANGE = ["text/plain", "application/xml", "application/octet-stream", "nonsense"]
FORMS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]


@pytest.mark.parametrize(
    ("endpoint", "content_type"),
    [
        (one, content_type)
        for one in TAKING_JSON
        for content_type in (STRANGE if one.forms else STRANGE + FORMS)
    ],
)
async def test_a_type_that_is_not_json(app, endpoint, content_type):
    asking = await endpoint.request(
        body=b"model=x", headers={"Content-Type": content_type}
    ).through(app)
    assert endpoint.error(asking) == (415, kind(endpoint, "unsupported_media_type"))


@answered
@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=utf-8", "", "application/json;"],
)
async def test_any_way_to_say_json(app, stage, endpoint, content_type):
    stage.upstream.will(*[said('{"a":"b"}') + END] * 2)
    asking = await endpoint.request(headers={"Content-Type": content_type}).through(app)
    assert asking.status == 200, asking.content


@every
async def test_a_body_beyond_the_limit(app, endpoint):
    told = {"Content-Length": str(65 * 1024 * 1024)}
    asking = await endpoint.request(body=b"", headers=told).through(app)
    assert endpoint.error(asking) == (
        413,
        kind(endpoint, "request_too_large", "request_too_large"),
    )


@every
async def test_a_body_that_grows_beyond_the_limit_unannounced(app, endpoint):
    with config.override({"limits.json_body_mb": 1}):
        pieces = [b"x" * 1024 * 512] * 3
        asking = await endpoint.request(body=pieces).through(app)
    assert endpoint.error(asking) == (
        413,
        kind(endpoint, "request_too_large", "request_too_large"),
    )


def right(path):
    return {one.method for one in ENDPOINTS if one.path == path}


WRONG = [(one, m) for one in ENDPOINTS for m in METHODS if m not in right(one.path)]


@pytest.mark.parametrize(("endpoint", "method"), WRONG)
async def test_a_wrong_method(app, endpoint, method):
    asking = await endpoint.request(body=b"", method=method).through(app)
    assert endpoint.error(asking) == (405, kind(endpoint, "method_not_allowed"))
    allowed = set(asking.answered["allow"].split(", "))
    assert right(endpoint.path) <= allowed
    assert method not in allowed


BELOW = [one for one in ENDPOINTS if not one.path.startswith("/v1/models")]


@pytest.mark.parametrize("endpoint", BELOW, ids=label)
async def test_an_unknown_path_below(app, endpoint):
    path = f"{endpoint.path}/nothing/here"
    asking = await endpoint.request(path=path).through(app)
    told = kind(endpoint, "unknown_url", "not_found_error")
    assert endpoint.error(asking) == (404, told)


KEYED = [one for one in ENDPOINTS if not one.keyless]


@pytest.mark.parametrize("endpoint", KEYED, ids=label)
@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer no"}, {"x-api-key": "no"}]
)
async def test_a_missing_or_wrong_key(app, endpoint, headers):
    with config.override({"app.api_key": "sesame"}):
        asking = await endpoint.request(headers=headers).through(app)
    told = kind(endpoint, "invalid_api_key", "authentication_error")
    assert endpoint.error(asking) == (401, told)
    assert asking.answered["www-authenticate"] == "Bearer"


@every
async def test_a_preflight_needs_no_key_and_no_known_network(app, endpoint):
    with config.override({"app.api_key": "sesame"}):
        asking = await endpoint.request(
            body=b"",
            method="OPTIONS",
            client=("8.8.8.8", 1),
            headers={"Access-Control-Request-Headers": "x-api-key"},
        ).through(app)
    assert (asking.status, asking.content) == (204, b"")
    assert asking.answered["access-control-allow-origin"] == "*"
    assert asking.answered["access-control-allow-headers"] == "x-api-key"


NAMING = [one for one in TAKING_JSON if not one.path.endswith("/input_tokens")]


def suits(endpoint, model):
    """A chat takes models of every kind; films have a model of their own."""
    if endpoint.path == "/v1/chat/completions":
        return model == "grok-imagine-video"
    return endpoint.path == "/v1/videos" and model in {"grok-imagine-video", "", None}


@pytest.mark.parametrize("endpoint", NAMING, ids=label)
@pytest.mark.parametrize(
    ("model", "status", "code", "type_"),
    [
        ("grok-5", 404, "model_not_found", "not_found_error"),
        ("x" * 5000, 404, "model_not_found", "not_found_error"),
        ("grok-imagine-video", 400, "unsupported_model", INVALID),
        ("", 400, "missing_required_parameter", INVALID),
        (None, 400, "missing_required_parameter", INVALID),
        (3, 400, "invalid_type", INVALID),
    ],
)
async def test_a_wrong_model(app, endpoint, model, status, code, type_):
    if suits(endpoint, model):
        pytest.skip("the endpoint takes it")
    asking = await endpoint.request({**endpoint.document, "model": model}).through(app)
    assert endpoint.error(asking) == (status, kind(endpoint, code, type_))
    assert len(asking.content) < 1000
    if not endpoint.anthropic:
        assert asking.json["error"]["param"] == "model"


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1/audio/speech"])
async def test_unknown_urls_outside_of_any_endpoint(app, path):
    asking = await Exchange("POST", path, b"{").through(app)
    assert (asking.status, asking.code) == (404, "unknown_url")


@answered
@pytest.mark.parametrize("depth", [200, 300, 900])
@pytest.mark.parametrize("opened", [("[", "]"), ('{"a":', "}")], ids=["list", "object"])
async def test_nesting_that_json_allows_is_answered(
    app, stage, endpoint, depth, opened
):
    """Wherever it stands: understood, or refused, but never a crash."""
    begin, end = opened
    core = "1" if begin != "[" else ""
    deep = (begin * depth + core + end * depth).encode()
    for name in endpoint.document:
        stage.upstream.will(*[said("fine") + END] * 2)
        rest = {k: v for k, v in endpoint.document.items() if k != name}
        body = orjson.dumps(rest)[:-1] + f',"{name}":'.encode() + deep + b"}"
        asking = await endpoint.request(body=body).through(app)
        assert asking.status in {200, 400}, (name, asking.content)
        if asking.status == 400:
            endpoint.error(asking)
