"""The file of a capture: JSON that people can read, and a tape again from it.

`VERSION` rises when an older `replay` could no longer read what is written.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import orjson

from gateway.conversation.requests import Format, Tool, ToolChoice, Tools
from gateway.conversation.shaping import Shape
from gateway.errors import Kind
from gateway.tape import (
    Again,
    Alive,
    Asked,
    Attached,
    Begun,
    Closed,
    Ended,
    Failed,
    Heard,
    Opened,
    Recipe,
    Shown,
    Step,
    Tape,
)

FORMAT = "grok-gateway-capture"
VERSION = 1
MOST_BYTES = 64 * 1024 * 1024
KINDS: Mapping[str, type[Step]] = {
    kind.__name__.lower(): kind
    for kind in (
        *(Begun, Again, Asked, Attached, Heard, Closed, Failed, Shown, Opened, Alive),
        Ended,
    )
}

Json = dict[str, Any]  # the file's own shape


class Unreadable(Exception):
    """Not a capture, a damaged one, or one of a newer gateway."""


@dataclass(frozen=True, slots=True)
class Capture:
    """`about` is for people; `sent` is what a replay has to give.

    `faithful`: what was said in truth, gone through again before anything was covered,
    gave the very bytes that were sent. `alike`: covered it goes the same way.
    """

    request_id: str
    about: Mapping[str, object]
    tape: Tape
    sent: bytes
    faithful: bool
    alike: bool


def dumped(capture: Capture) -> bytes:
    tape = capture.tape
    body: Json = {
        "format": FORMAT,
        "version": VERSION,
        "request_id": capture.request_id,
        "about": dict(capture.about),
        "words": "kept" if tape.keep_words else "covered",
        "faithful": capture.faithful,
        "alike": capture.alike,
        "odd": tape.odd,
        "cut": tape.cut,
        "completed_at": tape.completed_at,
        "recipe": asdict(tape.recipe) if tape.recipe else None,
        "shape": asdict(tape.shape),
        "steps": [step_body(step) for step in tape.steps],
        "sent": written(capture.sent),
    }
    return orjson.dumps(body, option=orjson.OPT_INDENT_2)


def step_body(step: Step) -> Json:
    body = {name: value_body(getattr(step, name)) for name in step.__slots__}
    return {"step": type(step).__name__.lower(), **body}


def value_body(value: object) -> object:
    return written(value) if isinstance(value, bytes) else value


def written(data: bytes) -> str | Json:
    """As text where it is text, so that a person can read it."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def loaded(raw: bytes) -> Capture:
    """Raises Unreadable."""
    body = body_of(raw)
    try:
        shape = shape_of(body["shape"])
        steps = list(map(step_of, body["steps"]))
        told = body["recipe"]
        tape = Tape(body["words"] == "kept", Recipe(**told), shape, steps)
        tape.completed_at = float(body["completed_at"])
        tape.odd, tape.cut = bool(body["odd"]), bool(body["cut"])
        about, sent = dict(body["about"]), read(body["sent"])
        kept = str(body["request_id"]), about, tape, sent
        return Capture(*kept, bool(body["faithful"]), bool(body["alike"]))
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise Unreadable(f"This capture is damaged: {type(exc).__name__}.") from exc


def body_of(raw: bytes) -> Json:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as exc:
        raise Unreadable("This is not JSON.") from exc
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise Unreadable("This is JSON, but not a capture.")
    version = body.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise Unreadable(
            f"This capture has version {version}, and this gateway reads up to "
            f"{VERSION}: use a newer one."
        )
    return body


def step_of(body: Json) -> Step:
    kind = KINDS[body["step"]]
    values = {name: value for name, value in body.items() if name != "step"}
    for name in ("data", "body"):
        if name in values:
            values[name] = read(values[name])
    repair = REPAIRS.get(kind)
    return kind(**(repair(values) if repair else values))


def failed(values: Json) -> Json:
    return {**values, "headers": tuple(tuple(pair) for pair in values["headers"])}


def shown(values: Json) -> Json:
    return {"pictures": tuple(values["pictures"])}


def ended(values: Json) -> Json:
    return {**values, "kind": Kind(values["kind"])}


REPAIRS: Mapping[type[Step], Callable[[Json], Json]] = {
    Failed: failed,
    Shown: shown,
    Ended: ended,
}


def read(value: str | Json) -> bytes:
    if isinstance(value, str):
        return value.encode()
    try:
        return base64.b64decode(value["base64"], validate=True)
    except binascii.Error as exc:
        raise ValueError("not base64") from exc


def shape_of(body: Json) -> Shape:
    """Members that a later gateway has added have their defaults."""
    known = {one.name for one in fields(Shape)}
    shape = Shape(**{name: value for name, value in body.items() if name in known})
    tools, wanted = body["tools"], body["format"]
    return replace(
        shape,
        stop=tuple(shape.stop),
        tools=Tools(
            tuple(Tool(**tool) for tool in tools["offered"]),
            ToolChoice(tools["choice"]),
            tools["only"],
            tools["parallel"],
        ),
        format=None if wanted is None else Format(**wanted),
    )
