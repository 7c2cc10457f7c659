"""Every member of every body with a value of every wrong type."""

from collections.abc import Iterator
from typing import Any

import pytest

from gateway import catalog
from gateway.entry import Entry
from tests.gateway.endpoints import (
    ANSWERED,
    CATALOG,
    READ,
    Json,
    changed,
    label,
    places,
)
from tests.gateway.ground import END, said

SAMPLES: dict[str, Any] = {
    "null": None,
    "boolean": True,
    "integer": 7,
    "number": 1.5,
    "string": "odd",
    "array": [[]],
    "object": {"odd": {"type": 3}},
}
ODD = [None, True, 2**63, -1.5, "odd", "", [], {}, [None], {"type": 3}]
OTHERS = {"image_config", "video_config"}  # not looked at for models that speak
OLDER = {"functions", "function_call"}  # not looked at where there are tools
GOOD = said('{"a":"b"}') + END

answered = pytest.mark.parametrize("endpoint", ANSWERED, ids=label)
read = pytest.mark.parametrize("endpoint", READ, ids=label)
# One for each dialect's way to read, and those that need no answer where they exist.
CHEAPEST = [one for one in ANSWERED if not one.asks or "chat" in one.path]
cheapest = pytest.mark.parametrize("endpoint", CHEAPEST, ids=label)


@pytest.fixture
def app(stage, monkeypatch):
    stage.add(*[f"a{number}" for number in range(8)])
    monkeypatch.setattr(catalog.HOME, "catalog", CATALOG)
    return Entry()


def types_of(schema: Json, definitions: Json) -> set[str]:
    """The JSON types that a schema admits; none where it says nothing of them."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    inner = schema.get("anyOf", []) or schema.get("allOf", [])
    found = {kind for one in inner for kind in types_of(one, definitions)}
    given = schema.get("type", [])
    found |= {given} if isinstance(given, str) else set(given)
    return found | ({"integer"} if "number" in found else set())


def members(
    schema: Json, definitions: Json, path: tuple[Any, ...] = ()
) -> Iterator[tuple[Any, ...]]:
    """The path and the types of every member that the schema knows, at any depth."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    for inner in schema.get("anyOf", []):
        yield from members(inner, definitions, path)
    for name, inner in schema.get("properties", {}).items():
        yield (*path, name), types_of(inner, definitions)
        yield from members(inner, definitions, (*path, name))
    if "items" in schema:
        yield (*path, 0), types_of(schema["items"], definitions)
        yield from members(schema["items"], definitions, (*path, 0))


def wrong(endpoint) -> Iterator[tuple[Any, ...]]:
    """Documents with one value of a type that the schema does not admit there."""
    schema = endpoint.model.model_json_schema()
    for path, allowed in members(schema, schema.get("$defs", {})):
        for name, value in SAMPLES.items():
            if path[0] not in OTHERS and name not in {"null", *allowed} and allowed:
                document = changed(endpoint.document, path, value)
                if path[0] in OLDER:
                    del document["tools"], document["tool_choice"]
                yield path, document


@read
def test_the_good_request_names_every_member(endpoint):
    schema = endpoint.model.model_json_schema()
    known = {path for path, _ in members(schema, schema.get("$defs", {}))}
    top = {path[0] for path in known if len(path) == 1}
    assert top <= set(endpoint.document)


@answered
async def test_the_good_request_is_good(app, stage, endpoint):
    stage.upstream.will(GOOD, GOOD)
    asking = await endpoint.request().through(app)
    assert asking.status == 200, asking.content


@read
async def test_a_wrong_type_is_refused_with_its_place(app, stage, endpoint):
    cases = list(wrong(endpoint))
    assert len(cases) > 10
    for path, document in cases:
        asking = await endpoint.request(document).through(app)
        at = ".".join(str(part) for part in path)
        status, code = endpoint.error(asking)
        assert status == 400, (at, asking.content)
        if endpoint.anthropic:
            assert asking.json["error"]["message"].startswith(f"{at}: ")
        else:
            assert (code, asking.json["error"]["param"]) == ("invalid_type", at)
    assert stage.upstream.asked == []


@cheapest
async def test_whatever_stands_at_any_place_is_understood_or_refused(
    app, stage, endpoint
):
    """Also where the schema says nothing, down to the last member of a block."""
    count = 0
    for path in places(endpoint.document):
        for value in ODD:
            stage.upstream.replies[:] = []
            stage.upstream.will(GOOD, GOOD)
            document = changed(endpoint.document, path, value)
            asking = await endpoint.request(document).through(app)
            assert asking.status in {200, 400, 404}, (path, value, asking.content)
            if asking.status != 200:
                endpoint.error(asking)
                count += 1
    assert count > 100


@cheapest
async def test_null_means_not_sent(app, stage, endpoint):
    required = set(endpoint.model.model_json_schema().get("required", []))
    plain = {**endpoint.document, "stream": False}
    for name in endpoint.document.keys() - {"stream"}:
        stage.upstream.replies[:] = []
        stage.upstream.will(*[GOOD] * 4)
        without = {k: v for k, v in plain.items() if k != name}
        absent = await endpoint.request(without).through(app)
        null = await endpoint.request({**plain, name: None}).through(app)
        assert null.status == absent.status, name
        assert name not in required or null.status == 400, name
