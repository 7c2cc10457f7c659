"""Frames of the wall's socket, without I/O (console-webui 3.3, 6.5).

What the page of grok2api sends and reads is here as it was; `mode` and its limits, a
reference picture, `round` and the signed local address are ours.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from gateway.errors import GatewayError, Kind

RATIOS = ("2:3", "3:2", "1:1", "16:9", "9:16")
QUALITIES = ("speed", "quality")
MODES = ("once", "continuous")
MOST = 6
MOST_EDITS = 2  # upstream makes pairs of a reference
PROMPT_CHARS = 32_000
ROUNDS, MOST_ROUNDS = 10, 100
MINUTES, MOST_MINUTES = 30, 240
MESSAGE_CHARS = 128 * 1024
ID_CHARS = 64

Frame = dict[str, object]
Given = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Start:
    """`rounds` is 1 unless the mode is continuous; then it and `minutes` are limits.

    `upload` or `picture` is the id of a reference: a file that was sent before, or one
    of the wall.
    """

    prompt: str
    ratio: str = RATIOS[0]
    quality: str = QUALITIES[0]
    count: int = MOST
    adult: bool = True
    blob: bool = False
    continuous: bool = False
    rounds: int = 1
    minutes: int = MINUTES
    upload: str = ""
    picture: str = ""

    @property
    def refers(self) -> bool:
        return bool(self.upload or self.picture)


@dataclass(frozen=True, slots=True)
class Stop:
    pass


def parse(text: str) -> Start | Stop:
    """Raises GatewayError for what is neither."""
    if len(text) > MESSAGE_CHARS:
        raise GatewayError(Kind.TOO_LARGE, "The message is too long.")
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        raise GatewayError(Kind.INVALID_JSON, "The message is no JSON.") from exc
    kind = given.get("type") if isinstance(given, dict) else None
    if kind == "start":
        return started(given)
    if kind == "stop":
        return Stop()
    raise wrong("type", 'must be "start" or "stop"')


def started(given: Given) -> Start:
    prompt = given.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise GatewayError(Kind.MISSING, "prompt: must not be empty", param="prompt")
    if len(prompt) > PROMPT_CHARS or "\0" in prompt:
        raise wrong("prompt", f"may have {PROMPT_CHARS} characters, and no NUL")
    upload, picture = id_of(given, "reference"), id_of(given, "picture")
    if upload and picture:
        raise wrong("picture", "only one reference is taken")
    most = MOST_EDITS if upload or picture else MOST
    continuous = choice(given, "mode", MODES) == "continuous"
    return Start(
        prompt=prompt.strip(),
        ratio=choice(given, "aspect_ratio", RATIOS),
        quality=choice(given, "quality", QUALITIES),
        count=whole(given, "count", most, most),
        adult=flag(given, "nsfw", default=True),
        blob=flag(given, "blob", default=False),
        continuous=continuous,
        rounds=whole(given, "rounds", ROUNDS, MOST_ROUNDS) if continuous else 1,
        minutes=whole(given, "minutes", MINUTES, MOST_MINUTES),
        upload=upload,
        picture=picture,
    )


def choice(given: Given, name: str, choices: Sequence[str]) -> str:
    value = given.get(name)
    if value is None:
        return choices[0]
    if not isinstance(value, str) or value not in choices:
        raise wrong(name, f"must be one of {', '.join(choices)}")
    return value


def whole(given: Given, name: str, default: int, most: int) -> int:
    value = given.get(name)
    if value is None:
        return default
    number = isinstance(value, int) and not isinstance(value, bool)
    if not number or not 1 <= value <= most:  # type: ignore[operator] # an int by now
        raise wrong(name, f"must be a whole number from 1 to {most}")
    return int(value)  # type: ignore[call-overload,no-any-return] # likewise


def flag(given: Given, name: str, *, default: bool) -> bool:
    value = given.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise wrong(name, "must be true or false")
    return value


def id_of(given: Given, name: str) -> str:
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > ID_CHARS:
        raise wrong(name, "must be the id of a picture")
    return value


def wrong(name: str, told: str) -> GatewayError:
    return GatewayError(Kind.INVALID_VALUE, f"{name}: {told}", param=name)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a run a frame belongs; `round_id` is what the wall knows it by."""

    run_id: str
    number: int = 0
    round_id: str = ""

    def frame(self, kind: str, **more: object) -> Frame:
        said: Frame = {"type": kind, "run_id": self.run_id}
        if self.round_id:
            said |= {"round": self.number, "round_id": self.round_id}
        return said | more

    def tile(self, kind: str, order: int, **more: object) -> Frame:
        image_id = f"{self.round_id}-{order}"
        return self.frame(kind, image_id=image_id, order=order, **more)

    def failure(self, error: GatewayError) -> Frame:
        """One shape for all; `error` and `error_code` are the names of old pages."""
        said = self.frame(
            "error",
            code=error.code,
            message=error.message,
            error=error.message,
            error_code=error.code,
        )
        if error.param:
            said["param"] = error.param
        if error.retry_after_s is not None:
            said["retry_after"] = error.retry_after_s
        return said


def in_base64(data: bytes) -> str:
    return b64encode(data).decode()
