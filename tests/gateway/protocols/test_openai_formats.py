import pytest

from gateway.conversation.requests import Format
from gateway.errors import GatewayError, Kind
from gateway.protocols.openai_formats import read_format

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
TEXT = '{"type":"object","properties":{"a":{"type":"string"}}}'
NAMED = {"name": "thing", "schema": SCHEMA, "strict": True}


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, None),
        ({"type": "text"}, None),
        ({"type": "json_object"}, Format()),
        ({"type": "json_schema", **NAMED}, Format(TEXT, "thing", strict=True)),
        (
            {"type": "json_schema", "json_schema": {**NAMED, "strict": None}},
            Format(TEXT, "thing"),
        ),
    ],
)
def test_what_is_read(value, wanted):
    assert read_format(value, "text.format") == wanted


@pytest.mark.parametrize(
    ("value", "kind", "place"),
    [
        ("json", Kind.INVALID_TYPE, ""),
        ({}, Kind.MISSING, ".type"),
        ({"type": "yaml"}, Kind.INVALID_VALUE, ".type"),
        ({"type": "json_schema"}, Kind.MISSING, ".schema"),
        ({"type": "json_schema", "schema": []}, Kind.INVALID_TYPE, ".schema"),
        ({"type": "json_schema", "schema": {}}, Kind.MISSING, ".name"),
        ({"type": "json_schema", "schema": {}, "name": ""}, Kind.MISSING, ".name"),
        (
            {"type": "json_schema", **NAMED, "strict": "yes"},
            Kind.INVALID_TYPE,
            ".strict",
        ),
        (
            {"type": "json_schema", "json_schema": {"name": "x"}},
            Kind.MISSING,
            ".json_schema.schema",
        ),
    ],
)
def test_errors_name_the_place(value, kind, place):
    with pytest.raises(GatewayError) as caught:
        read_format(value, "text.format")
    assert (caught.value.kind, caught.value.param) == (kind, "text.format" + place)
