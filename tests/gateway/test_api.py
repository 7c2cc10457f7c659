"""Errors of the schema and of the framework as rows of the error table."""

import orjson
import pytest
from django.http import HttpRequest
from ninja.errors import HttpError

from gateway import api, bodies, http
from gateway.entry import Entry
from gateway.errors import GatewayError, Kind
from gateway.recorder import Journal
from tests.gateway.asgi import post
from tests.gateway.ground import MODEL

SAID = [{"role": "user", "content": "hi"}]
MISSING = "missing_required_parameter"
TYPE = "invalid_type"
VALUE = "invalid_value"
UNSUPPORTED = "unsupported_parameter"

BODIES = [
    ({"model": None}, MISSING, "model"),
    ({"model": ""}, MISSING, "model"),
    ({"model": 3}, TYPE, "model"),
    ({"messages": None}, MISSING, "messages"),
    ({"messages": []}, MISSING, "messages"),
    ({"messages": "hi"}, TYPE, "messages"),
    ({"messages": ["hi"]}, TYPE, "messages.0"),
    ({"messages": [*SAID, {"content": "x"}]}, MISSING, "messages.1.role"),
    ({"messages": [{"role": "wizard", "content": "x"}]}, VALUE, "messages.0.role"),
    ({"messages": [{"role": "user", "content": 5}]}, TYPE, "messages.0.content"),
    ({"messages": [{"role": "user", "content": ""}]}, MISSING, "messages"),
    (
        {"messages": [{"role": "user", "content": [{"type": "dance"}]}]},
        VALUE,
        "messages.0.content.0.type",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
        MISSING,
        "messages.0.content.0.text",
    ),
    ({"stream": "yes"}, TYPE, "stream"),
    ({"stream": 1}, TYPE, "stream"),
    ({"stream_options": {"include_usage": "x"}}, TYPE, "stream_options.include_usage"),
    ({"temperature": "hot"}, TYPE, "temperature"),
    ({"temperature": 2.1}, VALUE, "temperature"),
    ({"temperature": -1}, VALUE, "temperature"),
    ({"top_p": 1.5}, VALUE, "top_p"),
    ({"reasoning_effort": "wild"}, VALUE, "reasoning_effort"),
    ({"reasoning": {"effort": "wild"}}, VALUE, "reasoning.effort"),
    ({"max_tokens": 0}, VALUE, "max_tokens"),
    ({"max_tokens": 1.5}, TYPE, "max_tokens"),
    ({"n": 2}, UNSUPPORTED, "n"),
    ({"n": "1"}, TYPE, "n"),
    ({"stop": 5}, TYPE, "stop"),
    ({"stop": ["a"] * 5}, VALUE, "stop"),
    ({"stop": [""]}, VALUE, "stop"),
    ({"tools": [{}]}, MISSING, "tools.0.type"),
    ({"tools": {}}, TYPE, "tools"),
    ({"response_format": {"type": "xml"}}, VALUE, "response_format.type"),
    ({"messages": [{"role": None, "content": "x"}]}, MISSING, "messages.0.role"),
    ({"messages": [{"role": 3, "content": "x"}]}, TYPE, "messages.0.role"),
    ({"messages": [None]}, TYPE, "messages.0"),
    ({"reasoning_effort": 3}, TYPE, "reasoning_effort"),
]


def request_with(changes):
    document = {"model": MODEL, "messages": SAID, **changes}
    return {name: value for name, value in document.items() if value is not None}


@pytest.mark.parametrize(("changes", "code", "param"), BODIES)
async def test_the_place_and_kind_of_a_mistake(stage, changes, code, param):
    stage.add("a")
    asking = await post(request_with(changes)).through(Entry())
    found = asking.json["error"]
    assert (asking.status, found["code"], found["param"]) == (400, code, param)
    assert found["type"] == "invalid_request_error"
    assert found["message"]
    assert stage.upstream.asked == []


@pytest.mark.parametrize("name", ["model", "messages"])
async def test_null_means_not_sent(stage, name):
    document = {"model": MODEL, "messages": SAID, name: None}
    found = (await post(document).through(Entry())).json["error"]
    assert found["param"] == name
    assert found["code"] == MISSING


def mistake(kind, *location, text="says pydantic"):
    return {"type": kind, "loc": ("body", "payload", *location), "msg": text}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        *((kind, Kind.MISSING) for kind in api.MISSING_TYPES),
        *((kind, Kind.INVALID_VALUE) for kind in api.VALUE_TYPES),
        *(
            (f"{kind}_type", Kind.INVALID_TYPE)
            for kind in ("string", "int", "float", "bool", "list", "dict")
        ),
        ("model_type", Kind.INVALID_TYPE),
        ("model_attributes_type", Kind.INVALID_TYPE),
        ("int_from_float", Kind.INVALID_TYPE),
        ("something_new", Kind.INVALID_TYPE),
    ],
)
def test_kinds(kind, expected):
    error = api.validation_error(mistake(kind, "messages", 0, "role"))
    assert (error.kind, error.param) == (expected, "messages.0.role")
    assert error.message == "messages.0.role: says pydantic"


def test_a_mistake_about_the_body_itself():
    assert api.validation_error(mistake("missing")).kind is Kind.INVALID_JSON


class Asking(HttpRequest):
    def __init__(self):
        super().__init__()
        self.journal = Journal("req_1", "/v1/test")
        self.dialect = http.OPENAI


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (GatewayError(Kind.UNSUPPORTED_MEDIA_TYPE, "no"), "unsupported_media_type"),
        (ValueError("odd"), "invalid_json"),
        (None, "invalid_json"),
    ],
)
def test_errors_of_the_framework(cause, code):
    error = HttpError(400, "Cannot parse")
    error.__cause__ = cause
    asking = Asking()
    response = api.on_http_error(asking, error)
    assert orjson.loads(response.content)["error"]["code"] == code
    assert asking.journal.error_code == code


def test_the_unexpected_is_logged_and_not_shown(caplog):
    response = api.on_exception(Asking(), RuntimeError("secret detail"))
    assert response.status_code == 500
    assert b"secret detail" not in response.content
    assert "secret detail" in caplog.text


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/v1/chat/completions", {"messages": SAID * 70_000}),
        ("/v1/responses", {"input": SAID * 70_000}),
    ],
)
async def test_a_body_of_countless_values_is_too_large(path, document, stage):
    asking = await post({"model": MODEL, **document}, path).through(Entry())
    assert (asking.status, asking.code) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"a": [0] * 199_998}, False),
        ({"a": [0] * 200_000}, True),
        ({"a": [{"b": [{}] * 1000}] * 300}, True),
        ({"a": {str(n): n for n in range(200_000)}}, True),
        ({"a": "[{" * 500_000}, False),
    ],
)
def test_what_is_crowded(body, refused):
    assert bodies.crowded(body) is refused
