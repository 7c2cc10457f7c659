"""The wished form of an answer, in either OpenAI dialect (public-api 3.6)."""

from gateway.conversation.requests import Format
from gateway.protocols import fields
from gateway.protocols.fields import RawJson


def read_format(value: RawJson, path: str) -> Format | None:
    """`response_format` of chat (nested) or `text.format` of responses (flat)."""
    if value is None:
        return None
    wanted = fields.record(value, path)
    kind = fields.text_member(wanted, "type", path)
    if kind == "text":
        return None
    if kind == "json_object":
        return Format()
    if kind != "json_schema":
        told = "must be one of text, json_object, json_schema"
        raise fields.invalid(f"{path}.type", told)
    inner, path = definition(wanted, path)
    if inner.get("schema") is None:
        raise fields.missing(f"{path}.schema", "is required")
    schema = fields.record(inner["schema"], f"{path}.schema")
    name = fields.text_member(inner, "name", path)
    if not name:
        raise fields.missing(f"{path}.name", "must not be empty")
    strict = inner.get("strict")
    if strict is not None and not isinstance(strict, bool):
        raise fields.wrong_type(f"{path}.strict", "must be a boolean")
    return Format(fields.json_text(schema, f"{path}.schema"), name, bool(strict))


def definition(wanted: dict[str, RawJson], path: str) -> tuple[dict[str, RawJson], str]:
    """What describes the schema, and where it stands."""
    nested = wanted.get("json_schema")
    if nested is None:
        return wanted, path
    path += ".json_schema"
    return fields.record(nested, path), path
