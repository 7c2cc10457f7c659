"""Requests for pictures: wire models and neutral form (public-api 6.1, 6.2).

Everything is checked here, before an account is asked. Edits come as forms or as JSON;
both are read by the same functions, for a form is an object whose values are texts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from gateway.conversation.drawing import Drawing
from gateway.conversation.requests import (
    Attachment,
    Conversation,
    Message,
    Options,
    Role,
    Text,
)
from gateway.protocols import fields
from gateway.protocols.fields import STRICT, RawJson

DEFAULT_SIZE = "1024x1024"
RATIOS: Mapping[str, str] = {
    "1280x720": "16:9",
    "720x1280": "9:16",
    "1792x1024": "3:2",
    "1024x1792": "2:3",
    "1024x1024": "1:1",
    "1536x1024": "3:2",
    "1024x1536": "2:3",
    "auto": "1:1",
    **{ratio: ratio for ratio in ("16:9", "9:16", "3:2", "2:3", "1:1")},
}
EDIT_SIZES = (DEFAULT_SIZE, "auto")
FORMATS = ("url", "b64_json")
PROMPT_CHARS = 32_000
MOST_PREVIEWS = 3
MOST_LITE = 4
MOST_FULL = 10
MOST_EDITS = 2
IMAGES_USED = 5
IMAGES_TAKEN = 16
INTEGER = re.compile(r"[+-]?[0-9]{1,9}")

EXAMPLE: JsonValue = {
    "model": "grok-imagine-image",
    "prompt": "a lighthouse in fog",
    "n": 1,
    "size": "1792x1024",
    "response_format": "url",
}

Body = Mapping[str, RawJson]


class Request(BaseModel):
    """Body of `POST /v1/images/generations`; unknown members are ignored."""

    model_config = ConfigDict(**STRICT, json_schema_extra={"examples": [EXAMPLE]})
    model: Annotated[str, Field(min_length=1)]
    prompt: Annotated[str, Field(min_length=1, max_length=PROMPT_CHARS)]
    n: int | None = None
    size: str | None = None
    response_format: str | None = None
    stream: bool | None = None
    partial_images: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a model can do: pictures in one request, and the sizes it knows."""

    model: str
    most: int
    sizes: Sequence[str] = tuple(RATIOS)


@dataclass(frozen=True, slots=True)
class Order:
    """`truncated`: more pictures were sent than are looked at."""

    conversation: Conversation
    drawing: Drawing
    truncated: bool = False


def generation_limits(model: str, *, lite: bool) -> Limits:
    return Limits(model, MOST_LITE if lite else MOST_FULL)


def edit_limits(model: str) -> Limits:
    return Limits(model, MOST_EDITS, EDIT_SIZES)


def parse(request: Request, limits: Limits) -> Order:
    """Raises GatewayError for what the model cannot do."""
    prompt = read_prompt(request.prompt)
    body = request.model_dump(exclude_none=True)
    drawing = read_drawing(body, limits)
    return Order(asked(request.model, (Text(prompt),), body), drawing)


def parse_edit(body: Body, images: Sequence[Attachment], limits: Limits) -> Order:
    """`images` are the files of a form; those that JSON names are read here."""
    if body.get("mask") not in (None, ""):
        raise fields.unsupported("mask", "masks are not offered")
    prompt = read_prompt(body.get("prompt"))
    drawing = read_drawing(body, limits)
    sources = [*images, *named_images(body)]
    if not sources:
        raise fields.missing("image", "at least one image is required")
    if len(sources) > IMAGES_TAKEN:
        raise fields.invalid("image", f"at most {IMAGES_TAKEN} images are taken")
    parts: tuple[Text | Attachment, ...] = (Text(prompt), *sources[:IMAGES_USED])
    conversation = asked(limits.model, parts, body)
    return Order(conversation, drawing, truncated=len(sources) > IMAGES_USED)


def read_model(body: Body) -> str:
    value = body.get("model")
    if value in (None, ""):
        raise fields.missing("model", "is required")
    return fields.text(value, "model")


def read_prompt(value: RawJson) -> str:
    prompt = "" if value is None else fields.text(value, "prompt").strip()
    if not prompt:
        raise fields.missing("prompt", "must not be empty")
    if len(prompt) > PROMPT_CHARS:
        raise fields.invalid("prompt", f"may have {PROMPT_CHARS} characters")
    if "\0" in prompt:  # which PostgreSQL does not keep
        raise fields.invalid("prompt", "may not hold a NUL character")
    return prompt


def read_drawing(body: Body, limits: Limits, path: str = "") -> Drawing:
    """`path` leads to the members, with its dot: `image_config.`."""
    n = whole(body, "n", path, 1)
    if not 1 <= n <= limits.most:
        told = f"must be between 1 and {limits.most} for model '{limits.model}'"
        raise fields.invalid(f"{path}n", told)
    size = choice(body, "size", path, limits.sizes)
    answered = choice(body, "response_format", path, FORMATS)
    stream = flag(body, "stream", path)
    previews = whole(body, "partial_images", path, 0)
    if not 0 <= previews <= MOST_PREVIEWS:
        told = f"must be between 0 and {MOST_PREVIEWS}"
        raise fields.invalid(f"{path}partial_images", told)
    if stream and n != 1:
        raise fields.invalid(f"{path}n", "must be 1 in a stream")
    if previews and not stream:
        raise fields.invalid(f"{path}partial_images", "needs stream to be true")
    return Drawing(
        n=n,
        size=size,
        ratio=RATIOS[size],
        inline=stream or answered == "b64_json",
        linked=answered == "url" and (not stream or "response_format" in body),
        previews=previews,
    )


def chat_drawing(config: RawJson, limits: Limits) -> Drawing:
    """`image_config` of a chat request; other members of it are ignored."""
    given = {} if config is None else fields.record(config, "image_config")
    known = {name: given.get(name) for name in ("n", "size", "response_format")}
    return read_drawing(known, limits, "image_config.")


def named_images(body: Body) -> list[Attachment]:
    """`image` or `images`: an address, an object that has one, or a list of these."""
    found: list[Attachment] = []
    for name in ("image", "images", "image[]"):
        value = body.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, list):
            found.append(named_image(value, name))
            continue
        found.extend(
            named_image(one, f"{name}.{index}") for index, one in enumerate(value)
        )
    return found


def named_image(value: RawJson, path: str) -> Attachment:
    if not isinstance(value, dict):
        return fields.attachment(fields.text(value, path), "image", path)
    if value.get("file_id") is not None:
        told = "uploaded files are not offered; send data or a URL"
        raise fields.unsupported(f"{path}.file_id", told)
    name = "url" if value.get("url") is not None else "image_url"
    given, path = value.get(name), f"{path}.{name}"
    if isinstance(given, dict):
        given, path = given.get("url"), f"{path}.url"
    if given is None:
        raise fields.missing(path, "is required")
    return fields.attachment(fields.text(given, path), "image", path)


def asked(model: str, parts: tuple[Text | Attachment, ...], body: Body) -> Conversation:
    options = Options(stream=flag(body, "stream", ""))
    return Conversation(model, (Message(Role.USER, parts),), options)


def whole(body: Body, name: str, path: str, default: int) -> int:
    """An integer, or text that is one: forms have nothing else."""
    value = body.get(name)
    if value is None or value == "":
        return default
    if isinstance(value, str) and INTEGER.fullmatch(value.strip()):
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise fields.wrong_type(path + name, "must be an integer")
    return value


def flag(body: Body, name: str, path: str) -> bool:
    value = body.get(name)
    if value is None or value == "":
        return False
    if isinstance(value, str) and value.lower() in {"true", "false", "1", "0"}:
        return value.lower() in {"true", "1"}
    if not isinstance(value, bool):
        raise fields.wrong_type(path + name, "must be true or false")
    return value


def choice(body: Body, name: str, path: str, choices: Sequence[str]) -> str:
    """One of `choices`, the first where nothing was sent; sizes have their own."""
    value = body.get(name)
    if value is None or value == "":
        return DEFAULT_SIZE if DEFAULT_SIZE in choices else choices[0]
    if fields.text(value, path + name) not in choices:
        raise fields.invalid(path + name, f"must be one of {', '.join(choices)}")
    return str(value)
