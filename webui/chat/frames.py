"""What a page says on the chat socket, checked (console-webui 6.5)."""

from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gateway.errors import GatewayError, Kind
from gateway.protocols.fields import Effort, RawJson
from gateway.protocols.openai_chat_history import ChatMessage

Frame = dict[str, object]

MOST_BYTES = 256 * 1024
SYSTEM_CHARS = 64 * 1024
ID = Annotated[str, Field(min_length=1, max_length=64)]
KINDS = {
    "missing": Kind.MISSING,
    "string_type": Kind.INVALID_TYPE,
    "list_type": Kind.INVALID_TYPE,
    "model_type": Kind.INVALID_TYPE,
}


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Options(Strict):
    """What the page chose; the members that a kind of model does not know stay out."""

    effort: Effort | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    system: Annotated[str, Field(max_length=SYSTEM_CHARS)] | None = None
    web_search: Literal[True] | None = None
    image_config: RawJson = None
    video_config: RawJson = None


class Start(Strict):
    type: Literal["start"]
    id: ID
    model: Annotated[str, Field(min_length=1, max_length=128)]
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    options: Options = Options()


class Stop(Strict):
    type: Literal["stop"]
    id: ID


Said = Annotated[Start | Stop, Field(discriminator="type")]
SAID: TypeAdapter[Start | Stop] = TypeAdapter(Said)


class BadFrame(Exception):
    """A message of another form; `frame` is the answer to it."""

    def __init__(self, turn_id: str, error: GatewayError) -> None:
        super().__init__(error.message)
        self.frame = failure(turn_id, error)


def read(text: str) -> Start | Stop:
    """Raises BadFrame."""
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "replace")) > MOST_BYTES:
        told = f"A message may have {MOST_BYTES // 1024} kB; shorten the conversation."
        raise BadFrame("", GatewayError(Kind.TOO_LARGE, told))
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        told = "A message must be one valid JSON object."
        raise BadFrame("", GatewayError(Kind.INVALID_JSON, told)) from exc
    try:
        return SAID.validate_python(given)
    except ValidationError as exc:
        raise BadFrame(named(given), complaint(exc)) from exc


def named(given: object) -> str:
    """The turn a bad message means, so that its page can tell which one failed."""
    found = given.get("id") if isinstance(given, dict) else None
    return found[:64] if isinstance(found, str) else ""


def complaint(error: ValidationError) -> GatewayError:
    """The first one; every place begins with the kind of message."""
    first = error.errors(include_url=False, include_input=False)[0]
    param = ".".join(str(part) for part in first["loc"][1:]) or "type"
    kind = KINDS.get(first["type"], Kind.INVALID_VALUE)
    return GatewayError(kind, f"{param}: {first['msg']}", param=param)


def failure(turn_id: str, error: GatewayError) -> Frame:
    frame: Frame = {
        "type": "error",
        "id": turn_id,
        "code": error.code,
        "message": error.message,
    }
    if error.retry_after_s is not None:
        frame["retry_after"] = error.retry_after_s
    return frame
