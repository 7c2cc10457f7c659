"""The documents of the public API: as committed, sound, and served from this host."""

import json
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from jsonschema import Draft202012Validator
from ninja import NinjaAPI, Router
from pydantic import BaseModel

from gateway.admin_api.api import ADMIN_FILE, admin_text
from gateway.api import DOCUMENTS
from gateway.conversation.events import (
    Citation,
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    Source,
    TextDelta,
    ToolCall,
    Usage,
)
from gateway.conversation.fold import Completion
from gateway.entry import Entry
from gateway.errors import GatewayError, Kind
from gateway.openapi import PAGE, Drawing, text
from gateway.protocols import (
    anthropic_errors,
    openai_chat,
    openai_errors,
    openai_models,
    openai_responses,
    openai_responses_shapes,
)
from gateway.protocols.base import Card, Stamp
from gateway.protocols.openai_chat_shapes import COMPLETION, REQUESTS, ChatCompletion
from grokgateway import config
from tests.gateway.asgi import Exchange, envelope
from tests.gateway.protocols import responses_samples

SNAPSHOTS = Path(__file__).resolve().parents[2] / "docs" / "openapi"
RENEW = "run `make snapshot` (or manage.py openapi) and look at the difference"

V1 = text(DOCUMENTS[0])
documents = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one.label)


def walk(value):
    yield value
    for inner in value.values() if isinstance(value, dict) else ():
        yield from walk(inner)
    for inner in value if isinstance(value, list) else ():
        yield from walk(inner)


def operations(document):
    for path, methods in json.loads(text(document))["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_snapshot_of_the_operators_api_is_current():
    assert (SNAPSHOTS / ADMIN_FILE).read_text() == admin_text(), RENEW


@documents
def test_the_snapshot_is_current(document):
    assert (SNAPSHOTS / document.file).read_text() == text(document), RENEW


def test_the_command_writes_every_snapshot(tmp_path, capsys):
    call_command("openapi", write=tmp_path)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    public = {one.file: text(one) for one in DOCUMENTS}
    assert written == public | {ADMIN_FILE: admin_text()}
    assert set(written) == {path.name for path in SNAPSHOTS.iterdir()}


@documents
def test_every_reference_leads_to_a_schema(document):
    body = json.loads(text(document))
    known = body["components"]["schemas"]
    found = {
        one["$ref"] for one in walk(body) if isinstance(one, dict) and "$ref" in one
    }
    assert found
    assert {ref.removeprefix("#/components/schemas/") for ref in found} <= set(known)
    for schema in known.values():
        Draft202012Validator.check_schema(schema)


@documents
def test_operation_ids_are_unique(document):
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert sorted(ids) == sorted(set(ids))


@documents
def test_what_needs_a_key_says_so_and_how_it_is_refused(document):
    needing = {
        path for path, _, operation in operations(document) if "security" in operation
    }
    assert needing == {
        path
        for path, _, _ in operations(document)
        if path.startswith("/v1/") and not path.startswith("/v1/files/")
    }
    for path, _, operation in operations(document):
        assert ("401" in operation["responses"]) == (path in needing)
        if "requestBody" in operation:
            assert {"400", "413", "415", "429", "503"} <= set(operation["responses"])


def told(path, method="get", text=None):
    """Statuses of one entry, and where one of them tells what it holds."""
    answers = json.loads(text or V1)["paths"][path][method]["responses"]
    return {status: set(one.get("content", ())) for status, one in answers.items()}


JSON = {"application/json"}
FILE_ANSWERS = {"206", "304", "400", "404", "416"}


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_kept_file_comes_whole_or_in_part_or_is_known(method):
    image = told("/v1/files/image", method)
    assert image.keys() == FILE_ANSWERS | {"200"}
    assert image["200"] == image["206"] == {"image/*"}
    film = told("/v1/videos/{video_id}/content", method)
    assert film.keys() >= FILE_ANSWERS | {"200", "409"}
    assert film["200"] == {"video/*", "image/*"}
    assert film["409"] == JSON


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("get", "/readyz", {"503"}),
        ("post", "/v1/videos", {"409"}),
        ("post", "/v1/images/generations", {"409"}),
        ("post", "/v1/images/edits", {"409"}),
        ("get", "/v1/videos", {"400"}),
        ("get", "/v1/videos/{video_id}", {"400"}),
        ("delete", "/v1/videos/{video_id}", {"400"}),
        ("get", "/v1/responses/{response_id}", {"400"}),
        ("get", "/v1/responses/{response_id}/input_items", {"400"}),
        ("post", "/v1/responses/{response_id}/cancel", {"400"}),
    ],
)
def test_a_status_of_one_route_alone_stands_with_it(method, path, statuses):
    answers = told(path, method)
    assert statuses <= answers.keys()
    assert all(answers[status] == JSON for status in statuses)


def test_fields_that_a_route_reads_by_itself_are_named():
    def fields(path):
        entry = json.loads(V1)["paths"][path]["get"]
        return {one["name"] for one in entry["parameters"] if one["in"] == "query"}

    assert fields("/v1/videos") == {"limit", "order", "after"}
    assert fields("/v1/responses/{response_id}") == {"stream"}
    assert fields("/v1/files/image") == {"id", "expires", "signature"}


def test_pictures_may_come_as_events():
    assert told("/v1/images/edits", "post")["200"] == JSON | {"text/event-stream"}


def test_the_operators_document_tells_how_each_call_is_refused():
    drawn = admin_text()
    paths = json.loads(drawn)["paths"]
    for path, entries in paths.items():
        for method, entry in entries.items():
            answers = told(path, method, drawn)
            assert entry["security"]
            assert {"200", "401", "500"} <= answers.keys()
            assert ("413" in answers) == ("requestBody" in entry)
            assert ("503" in answers) == (method != "get" or path.endswith("/status"))
            if entry["parameters"] or "requestBody" in entry:
                assert "400" in answers
            if "{" in path:
                assert "404" in answers
    assert told("/admin/api/config", "post", drawn).keys() >= {"403", "409"}
    assert told("/admin/api/tokens/edit", "put", drawn)["409"] == JSON
    stream = told("/admin/api/batch/{task}/stream", "get", drawn)
    assert stream["200"] == {"text/event-stream"}
    assert told("/admin/api/tokens", "post", drawn)["413"] == {"text/plain"}


def schema_of(name):
    body = json.loads(text(DOCUMENTS[0]))
    return Draft202012Validator(
        {
            "$ref": f"#/components/schemas/{name}",
            "components": body["components"],
        }
    )


@pytest.mark.parametrize("example", REQUESTS)
def test_examples_of_requests_are_requests(example):
    schema_of("ChatRequest").validate(example)
    request = openai_chat.Request.model_validate(example)
    assert openai_chat.parse(request, stream=bool(request.stream))


def test_examples_of_answers_are_answers():
    schema_of("ChatCompletion").validate(COMPLETION)


@pytest.mark.parametrize("errors", [openai_errors, anthropic_errors])
def test_errors_are_as_the_document_says(errors):
    failure = errors.failure(GatewayError(Kind.MISSING, "x", param="y"), "req_1")
    for body in (errors.EXAMPLE, failure.body):
        shaped = errors.ErrorEnvelope.model_validate(body, strict=True)
        assert shaped.model_dump() == body


ANSWERS: list[list[Event]] = [
    [
        ReasoningDelta("Hm."),
        TextDelta("Hi."),
        Source("https://a.example", "A", "x_post"),
        Citation("https://a.example", "A", 0, 3),
        Finished(FinishReason.STOP, Usage(9, 8, 5, 2)),
    ],
    [
        ToolCall("f", "{}"),
        ToolCall("g", "{}", namespace="n"),
        ToolCall("h", "text", custom=True),
        Finished(FinishReason.TOOL_CALLS, Usage(1, 2, 0)),
    ],
    [Finished(FinishReason.LENGTH, Usage(1, 0, 0))],
]


@pytest.mark.parametrize("events", ANSWERS)
def test_an_answer_is_as_the_document_says(events):
    completion = Completion()
    completion.add(events)
    body = openai_chat.reply(Stamp("chatcmpl-1", 1, "m"), completion)
    shaped = ChatCompletion.model_validate(body, strict=True)
    assert shaped.model_dump(exclude_unset=True) == body
    schema_of("ChatCompletion").validate(body)


@pytest.mark.parametrize("name", responses_samples.ANSWERS)
def test_a_response_is_as_the_document_says(name):
    body = responses_samples.whole(responses_samples.ANSWERS[name])
    shaped = openai_responses_shapes.Response.model_validate(body, strict=True)
    assert shaped.model_dump(exclude_unset=True) == body
    schema_of("Response").validate(body)


def test_examples_of_responses_are_good():
    schema_of("Response").validate(openai_responses_shapes.RESPONSE)
    for example in openai_responses_shapes.REQUESTS:
        schema_of("ResponsesRequest").validate(example)
        request = openai_responses.Request.model_validate(example)
        assert openai_responses.parse(request)


def test_models_are_as_the_document_says():
    body = openai_models.listing([Card("m", "M")], 1)
    shaped = openai_models.ModelList.model_validate(body, strict=True)
    assert shaped.model_dump() == body
    schema_of("ModelList").validate(body)
    schema_of("Model").validate(openai_models.EXAMPLE)


@documents
async def test_it_is_served_without_a_key(stage, document):
    with config.override({"app.api_key": "sesame"}):
        asking = await Exchange("GET", document.path).through(Entry())
    assert asking.status == 200
    assert asking.content.decode() == text(document)
    assert asking.answered["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", [PAGE, *(one.path for one in DOCUMENTS)])
async def test_switched_off_it_is_not_there(stage, path):
    with config.override({"app.docs_enabled": False}):
        asking = await Exchange("GET", path).through(Entry())
    assert asking.status == 404
    assert asking.json["error"]


async def test_switched_off_it_says_which_switch(stage):
    with config.override({"app.docs_enabled": False}):
        asking = await Exchange("GET", PAGE).through(Entry())
    assert envelope(asking) == (404, "unknown_url")
    assert "app.docs_enabled" in asking.json["error"]["message"]


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        (b"", DOCUMENTS[0]),
        (b"document=nothing", DOCUMENTS[0]),
        *((f"document={one.label.lower()}".encode(), one) for one in DOCUMENTS),
    ],
)
async def test_the_page_shows_one_document_and_names_all(stage, query, chosen):
    asking = await Exchange("GET", PAGE, query=query).through(Entry())
    html = asking.content.decode()
    assert asking.answered["content-type"] == "text/html; charset=utf-8"
    assert f'data-url="{chosen.path}"' in html
    for document in DOCUMENTS:
        assert f"?document={document.label.lower()}" in html


async def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(stage):
    asking = await Exchange("GET", PAGE).through(Entry())
    html = asking.content.decode()
    sources = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert all(one.startswith(("/", "data:")) for one in sources), sources
    assert not re.search(r"<script[^>]*>[^<]", html)
    assert not re.search(r"\son\w+=", html)
    policy = asking.answered["content-security-policy"]
    assert "script-src 'self';" in policy
    static = [one.removeprefix("/static/") for one in sources if "/static/" in one]
    assert len(static) == 4
    assert [one for one in static if finders.find(one) is None] == []


class Shape(BaseModel):
    message: str


def two_of_a_name():
    """An API whose two routes use models of the same name."""

    def model(field):
        return type("Request", (BaseModel,), {"__annotations__": {field: str}})

    made = NinjaAPI(urls_namespace="two", docs_url=None, openapi_url=None)
    for tag, field in (("a", "left"), ("b", "right"), ("b", "other")):
        router = Router(tags=[tag])
        Request = model(field)  # noqa: N806 - a class

        def create(request, payload):
            return None

        create.__name__ = f"create_{field}"
        create.__annotations__ = {"payload": Request}
        router.post(f"/{field}")(create)
        made.add_router("", router)
    return made


def test_models_of_one_name_stay_apart():
    drawn = Drawing(two_of_a_name(), Shape)
    members = {
        name: list(schema["properties"])
        for name, schema in drawn["components"]["schemas"].items()
    }
    assert members == {
        "ARequest": ["left"],
        "BRequest": ["right"],
        "BCreateOtherRequest": ["other"],
        "Shape": ["message"],
    }
    content = drawn["paths"]["/other"]["post"]["requestBody"]["content"]
    assert content["application/json"]["schema"] == {
        "$ref": "#/components/schemas/BCreateOtherRequest"
    }
