import json
import time

import pytest

from gateway.conversation.schemas import STEPS_LIMIT, checker_of, mismatch


def wrong(schema, value):
    return mismatch(json.dumps(schema), value)


CITY = {"type": "object", "properties": {"city": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        (CITY, {"city": 3}, "at city: 3 is not of type 'string'"),
        (CITY, [], "[] is not of type 'object'"),
        (CITY | {"required": ["city"]}, {}, "'city' is a required property"),
        (CITY | {"additionalProperties": False}, {"a": 1}, "'a' was unexpected"),
        ({"items": {"enum": ["a"]}}, ["a", "b"], "at 1: 'b' is not one of ['a']"),
        ({"uniqueItems": True}, [1, 1], "non-unique"),
        ({"$defs": {"n": {"type": "null"}}, "$ref": "#/$defs/n"}, 1, "not of type"),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "type": "null"},
            1,
            "not of type",
        ),
        (
            {"properties": {"t": {"prefixItems": [{"type": "null"}]}}},
            {"t": [1]},
            "at t.0",
        ),
    ],
)
def test_a_mismatch_is_told_in_one_line(schema, value, told):
    found = wrong(schema, value)
    assert told in found
    assert "\n" not in found


def test_a_long_value_does_not_make_a_long_line():
    assert len(wrong({"type": "null"}, "x\n" * 10_000)) < 250


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (CITY, {"city": "Oslo", "more": 1}),
        ({}, 1),
        ({"pattern": "^a$"}, "b"),
        ({"patternProperties": {"a": {}}, "additionalProperties": False}, {"b": 1}),
    ],
)
def test_what_fits_or_is_not_checked(schema, value):
    assert wrong(schema, value) == ""


@pytest.mark.parametrize(
    "schema",
    [
        '{"type":5}',
        '{"type":"any"}',
        '{"required":"city"}',
        '{"properties":[]}',
        '{"$ref":"#"}',
        '{"$ref":"#/nowhere"}',
        '{"$ref":"https://schemas.example/x.json"}',
        '{"$schema":5}',
        '{"$id":"http://["}',
        '{"multipleOf":0}',
        '{"items":[{"type":"string"}]}',
        "[" * 2000,
        "{",
        "3",
        "",
    ],
)
def test_a_schema_that_cannot_be_used_lets_everything_pass(schema):
    assert mismatch(schema, {"city": [1.5]}) == ""
    assert mismatch(schema, [1.5]) == ""


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"properties": {"a": {"pattern": "(x+x+)+y"}}}, {"a": "x" * 5000}),
        ({"patternProperties": {"(x+x+)+y": {}}}, {"x" * 5000: 1}),
        (
            {"patternProperties": {"(x+x+)+y": {}}, "unevaluatedProperties": False},
            {"x" * 5000: 1},
        ),
        ({"propertyNames": {"pattern": "(x+x+)+y"}}, {"x" * 5000: 1}),
        ({"uniqueItems": True}, [{"a": n} for n in range(20_000)]),
        ({"items": {"type": "null"}}, [1] * (STEPS_LIMIT + 1)),
        (
            {
                "$defs": {
                    f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2}
                    for n in range(50)
                }
                | {"d50": {}},
                "$ref": "#/$defs/d0",
            },
            1,
        ),
    ],
)
def test_no_schema_is_worth_much_work(schema, value):
    began = time.process_time()
    assert wrong(schema, value) == ""
    assert time.process_time() - began < 5


def test_a_schema_is_made_ready_once():
    assert checker_of(json.dumps(CITY)) is checker_of(json.dumps(CITY))


def test_a_very_long_schema_is_not_looked_at():
    schema = {"type": "null", "description": "x" * 100_000}
    assert wrong(schema, 1) == ""
