"""The document of the operators' API: ninja's, with what its routes leave unsaid."""

from copy import deepcopy

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from gateway.complaints import Complaining
from gateway.openapi import Json, described

FAILURE = "ErrorEnvelope"
TEXT: Json = {"type": "string"}
ENVELOPE: Json = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "code"],
            "properties": {
                "message": TEXT,
                "type": TEXT,
                "code": TEXT,
                "param": TEXT,
            },
        }
    },
}
REFUSED: Json = {"type": "object", "required": ["detail"], "properties": {}}
OBJECT: Json = {"content": {"application/json": {"schema": {"type": "object"}}}}
KEYS: Json = {
    "console-key": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
}


class Operators(Complaining):
    """A NinjaAPI that draws the complete document."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: Json | None = None
    ) -> OpenAPISchema:
        if path_prefix is None:
            path_prefix = self.get_root_path(path_params or {})
        return Drawing(self, path_prefix)


class Drawing(OpenAPISchema):
    def __init__(self, api: NinjaAPI, path_prefix: str) -> None:
        super().__init__(api, path_prefix)
        self["servers"] = [{"url": "/"}]

    def get_components(self) -> Json:
        schemas = dict(sorted({**self.schemas, FAILURE: ENVELOPE}.items()))
        return {"schemas": schemas, "securitySchemes": KEYS}

    def operation_details(self, operation: Operation) -> Json:
        details: Json = deepcopy(super().operation_details(operation))
        details["security"] = [{key: []} for key in KEYS]
        responses = details["responses"]
        responses[200] = OBJECT | responses[200]
        responses[401] = {"content": {"application/json": {"schema": REFUSED}}}
        if "requestBody" in details:
            responses[413] = {"content": {"text/plain": {"schema": TEXT}}}
        described(responses, failing(operation, details), FAILURE)
        return details


def failing(operation: Operation, details: Json) -> set[int]:
    """What follows from the shape of a call alone; the rest stands with its route."""
    statuses = {500}
    if details["parameters"] or "requestBody" in details:
        statuses.add(400)
    if any(field["in"] == "path" for field in details["parameters"]):
        statuses.add(404)
    if operation.methods != ["GET"]:
        statuses.add(503)
    return statuses
