"""Reading of request members by hand, so that an error names the exact place.

Every function takes the dotted path of what it reads.
"""

from typing import Annotated, Any, Literal

import orjson
from pydantic import BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from gateway.conversation.requests import Attachment
from gateway.errors import GatewayError, Kind

STRICT = ConfigDict(strict=True, extra="ignore")
MAX_STOPS = 4
MOST_STOPS = 256  # each is looked for in every piece of an answer

RawJson = Any  # as the caller sent it; read by the functions below


def given_text(value: RawJson) -> RawJson:
    """Before a choice of texts: null is not sent, a wrong type is no wrong choice."""
    if value is None:
        raise PydanticCustomError("missing", "Field required")
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "Input should be a valid string")
    return value


Effort = Annotated[
    Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"],
    BeforeValidator(given_text),
]


def record(value: RawJson, path: str) -> dict[str, RawJson]:
    if not isinstance(value, dict):
        raise wrong_type(path, "must be an object")
    return value


def items(value: RawJson, path: str) -> list[RawJson]:
    if not isinstance(value, list):
        raise wrong_type(path, "must be a list")
    return value


def text(value: RawJson, path: str) -> str:
    if not isinstance(value, str):
        raise wrong_type(path, "must be a string")
    return value


def text_member(block: dict[str, RawJson], name: str, path: str) -> str:
    """A string that must be there; it may be empty."""
    value = block.get(name)
    if value is None:
        raise missing(f"{path}.{name}", "is required")
    return text(value, f"{path}.{name}")


def optional_text(block: dict[str, RawJson], name: str, path: str) -> str:
    """Empty where it is absent or null."""
    value = block.get(name)
    return "" if value is None else text(value, f"{path}.{name}")


def stop_texts(value: RawJson, path: str, limit: int = MAX_STOPS) -> tuple[str, ...]:
    """A string or a list of strings, none of them empty."""
    if value is None:
        return ()
    texts = [value] if isinstance(value, str) else items(value, path)
    stops = tuple(text(one, f"{path}.{index}") for index, one in enumerate(texts))
    if not all(stops):
        raise invalid(path, "must not hold an empty string")
    if len(stops) > limit:
        raise invalid(path, f"takes at most {limit} strings")
    return stops


def json_text(value: RawJson, path: str) -> str:
    """Compact JSON of what only travels through."""
    try:
        return orjson.dumps(value).decode()
    except TypeError as exc:
        raise invalid(path, "is nested too deeply or holds broken text") from exc


def data_uri(media_type: str, content: str) -> str:
    return f"data:{media_type};base64,{content}"


def attachment(source: str, kind: str, path: str, name: str = "") -> Attachment:
    """`source` must be a data URI or an http(s) URL; more is checked when fetched."""
    head = source[:8].lower()
    if not head.startswith(("data:", "http://", "https://")):
        raise GatewayError(
            Kind.INVALID_ATTACHMENT,
            f"{path}: must be an http(s) URL or a base64 data URI",
            param=path,
        )
    return Attachment(source, kind, name, path)


def missing(path: str, told: str) -> GatewayError:
    return GatewayError(Kind.MISSING, f"{path}: {told}", param=path)


def wrong_type(path: str, told: str) -> GatewayError:
    return GatewayError(Kind.INVALID_TYPE, f"{path}: {told}", param=path)


def invalid(path: str, told: str) -> GatewayError:
    return GatewayError(Kind.INVALID_VALUE, f"{path}: {told}", param=path)


def unsupported(path: str, told: str) -> GatewayError:
    return GatewayError(Kind.UNSUPPORTED, f"{path}: {told}", param=path)
