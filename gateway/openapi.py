"""The OpenAPI document of each dialect, and a page that shows them (decisions 54).

What ninja draws from routes and models is completed here, once for all routes: errors,
keys, and names that stay apart where two modules use the same one.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from pydantic import BaseModel

from gateway.errors import GatewayError, Kind
from grokgateway import config

Tree = Any  # any JSON, as pydantic and ninja draw it
Json = dict[Any, Any]  # likewise; status codes are numbers

PAGE = "/v1/docs"
REFERENCE = "#/components/schemas/"
ERRORS = (401, 403, 404, 500)
ERRORS_OF_BODIES = (400, 413, 415)
ERRORS_OF_TURNS = (429, 502, 503, 504)
KEYS: Json = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Document:
    """One API as a document: where it is served, and its snapshot in docs/openapi."""

    api: NinjaAPI
    path: str
    file: str
    label: str
    envelope: type[BaseModel]

    def body(self) -> Json:
        return dict(Drawing(self.api, self.envelope))


class Drawing(OpenAPISchema):
    """Ninja's document, with what its routes leave unsaid."""

    def __init__(self, api: NinjaAPI, envelope: type[BaseModel]) -> None:
        self._failure = envelope.__name__
        shape = envelope.model_json_schema(ref_template=REFERENCE + "{model}")
        self._envelopes: Json = {**shape.pop("$defs", {}), self._failure: shape}
        self._as_drawn: Json = {}
        super().__init__(api, path_prefix="")
        self["servers"] = [{"url": "/"}]

    def get_components(self) -> Json:
        schemas = {**self.schemas, **self._envelopes}
        return {"schemas": dict(sorted(schemas.items())), "securitySchemes": KEYS}

    def methods(self, operations: list[Operation]) -> Json:
        """One entry for each method, its id told apart from its sibling's."""
        drawn: Json = {}
        for operation in operations:
            if not operation.include_in_schema:
                continue
            details = self.operation_details(operation)
            for method in operation.methods:
                name = details["operationId"]
                if method != operation.methods[0]:
                    name += f"_{method.lower()}"
                drawn[method.lower()] = {**details, "operationId": name}
        return drawn

    def operation_details(self, operation: Operation) -> Json:
        known, self.schemas = self.schemas, {}
        drawn: Json = super().operation_details(operation)
        own, self.schemas = self.schemas, known
        group = (operation.tags or [""])[0]
        view = operation.view_func.__name__
        names = {
            name: self._free(name, body, group.title(), view.title().replace("_", ""))
            for name, body in own.items()
        }
        self._as_drawn.update({names[name]: own[name] for name in own})
        for name, body in own.items():
            self.schemas[names[name]] = renamed({**body, "title": names[name]}, names)
        details: Json = renamed(drawn, names)
        details["operationId"] = f"{group}_{view}"
        if operation.auth_callbacks:
            details.setdefault("security", [{key: []} for key in KEYS])
        self._add_errors(details, guarded=bool(operation.auth_callbacks))
        return details

    def _free(self, name: str, body: Json, group: str, view: str) -> str:
        """The first name that no other schema has; one of a request tells whose."""
        choices = [name, group + name, group + view + name]
        if name == "Request":
            del choices[0]
        known = self._as_drawn
        return next((c for c in choices if known.get(c, body) == body), choices[-1])

    def _add_errors(self, details: Json, *, guarded: bool) -> None:
        statuses = list(ERRORS) if guarded else []
        if "requestBody" in details:
            statuses += [*ERRORS_OF_BODIES, *ERRORS_OF_TURNS]
        described(details["responses"], statuses, self._failure)


def described(responses: Json, statuses: Iterable[int], envelope: str) -> None:
    """Fill in these statuses, and what routes name without a word of description."""
    for status in sorted({*statuses, *responses}):
        content = responses.setdefault(status, {})
        content.setdefault("description", HTTPStatus(status).phrase)
        if status >= HTTPStatus.BAD_REQUEST:
            schema = {"$ref": REFERENCE + envelope}
            content.setdefault("content", {"application/json": {"schema": schema}})


def renamed(value: Tree, names: dict[str, str]) -> Tree:
    """The same JSON with its references led to the new names."""
    if isinstance(value, dict):
        return {
            key: reference(inner, names) if key == "$ref" else renamed(inner, names)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [renamed(inner, names) for inner in value]
    return value


def reference(target: str, names: dict[str, str]) -> str:
    name = target.removeprefix(REFERENCE)
    return REFERENCE + names.get(name, name)


def streamed(example: str) -> Json:
    """What a route that can answer with a stream adds to its entry."""
    content = {"text/event-stream": {"example": example}}
    return {"responses": {200: {"content": content}}}


def fails(*statuses: int) -> Json:
    """What a route adds to its entry that may be answered so; the rest is filled in."""
    return {"responses": {status: {} for status in statuses}}


def asks(**schemas: Json) -> Json:
    """The same for fields of the query that a route reads by itself."""
    fields = [
        {"in": "query", "name": name, "required": False, "schema": schema}
        for name, schema in schemas.items()
    ]
    return {"parameters": fields}


def answers(*names: str) -> Json:
    """The same for JSON of texts, or of objects of texts, as probes get it."""
    properties = {name: {"type": ["string", "object"]} for name in names}
    schema = {"type": "object", "required": list(names), "properties": properties}
    return {"content": {"application/json": {"schema": schema}}}


def file_of(*media: str) -> Json:
    """The same for a kept file, sent whole, in part, or not at all if it is known."""
    content = {one: {"schema": {"type": "string", "format": "binary"}} for one in media}
    empty: Json = {"content": {}}
    sent = {200: {"content": content}, 206: {"content": content}, 304: {}, 416: empty}
    return {"responses": {**sent, 400: {}, 404: {}}}


def publish(api: NinjaAPI, documents: Sequence[Document]) -> None:
    """Serve every document from its own API, and from `api` the page that shows all."""
    for document in documents:
        serve(document)

    @api.get(PAGE, include_in_schema=False)
    async def page(request: HttpRequest) -> HttpResponse:
        refuse_unless_enabled()
        chosen = chosen_of(documents, request.GET.get("document"))
        context = {"documents": documents, "chosen": chosen, "page": PAGE}
        html = get_template("gateway/docs.html").render(context)
        return HttpResponse(html, headers={"Content-Security-Policy": POLICY})


def serve(document: Document) -> None:
    @document.api.get(document.path, include_in_schema=False)
    async def drawn(request: HttpRequest) -> HttpResponse:
        refuse_unless_enabled()
        return HttpResponse(text(document), content_type="application/json")


def chosen_of(documents: Iterable[Document], label: str | None) -> Document:
    known = {document.label.lower(): document for document in documents}
    return known.get(label or "", next(iter(known.values())))


def text(document: Document) -> str:
    return json.dumps(document.body(), ensure_ascii=False, indent=2) + "\n"


def refuse_unless_enabled() -> None:
    if not config.current().flag("app.docs_enabled"):
        raise GatewayError(
            Kind.UNKNOWN_URL, "The documentation is switched off (app.docs_enabled)."
        )
