"""What upstream sends that nobody here knows: new kinds, new fields, other types.

Memory is bounded in every direction, and whatever is found never breaks a stream. What
is kept of a frame is its shape: texts and numbers of people are taken out.
"""

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

import orjson

from gateway.upstream.fields import Json
from gateway.upstream.headers import Login

Kind = Literal["event", "field", "type"]

PER_STREAM = 8
MOST = 64
WITNESSES = 3
SAMPLE_BYTES = 2048
DEPTH = 6
ITEMS = 3
KEYS = 24
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,47}")
TELLING_KEYS = frozenset(
    {"type", "messageTag", "kind", "channel", "status", "cardType"}
)

TEXT: tuple[type, ...] = (str,)
TYPES: Mapping[str, tuple[type, ...]] = {
    "token": TEXT,
    "isThinking": (bool,),
    "messageTag": TEXT,
    "messageStepId": (int, str),
    "rolloutId": TEXT,
    "responseId": TEXT,
    "toolUsageCardId": TEXT,
    "toolUsageCard": (dict,),
    "webSearchResults": (dict, list),
    "xSearchResults": (dict, list),
    "citedWebSearchResults": (dict, list),
    "xposts": (dict, list),
    "citedXposts": (dict, list),
    "codeExecutionResult": (dict,),
    "cardAttachment": (dict,),
    "cardAttachments": (list,),
    "streamingImageGenerationResponse": (dict,),
    "streamingVideoGenerationResponse": (dict,),
    "userResponse": (dict,),
    "modelResponse": (dict,),
    "isSoftStop": (bool,),
    "finalMetadata": (dict,),
    "error": (dict, str),
}
KNOWN = frozenset(TYPES)
SESSION_EVENTS = frozenset(
    {
        *("session.created", "session.ended", "conversation.attached"),
        *("ping", "pong", "error", "response.created"),
    }
)


@dataclass(frozen=True, slots=True)
class Oddity:
    kind: Kind
    name: str


@dataclass(slots=True)
class Sighting:
    """`witnesses` are accounts, as digests; `streams` had it, of `of` since."""

    sample: str
    first_at: float
    last_at: float
    streams: int = 0
    of: int = 0
    witnesses: set[str] = field(default_factory=set)


class Noticed:
    """What one stream had of it."""

    def __init__(self) -> None:
        self.samples: dict[Oddity, str] = {}

    def response(self, frame: Json, response: Json) -> None:
        """A frame of the older stream."""
        strange = [key for key in response if key not in KNOWN]
        if strange:
            whole = len(strange) == len(response)
            kind: Kind = "event" if whole else "field"
            for key in strange:
                self._note(Oddity(kind, name_of("response", key)), frame)
        for key, value in response.items():
            expected = TYPES.get(key)
            if expected and value is not None and not isinstance(value, expected):
                name = name_of("response", key, type(value).__name__)
                self._note(Oddity("type", name), frame)

    def event(self, frame: Json, known: Iterable[str], parts: Iterable[str]) -> None:
        """A frame of the gateway, which knows events `known` and parts of chunks."""
        event = frame.get("event")
        if not isinstance(event, dict):
            self._note(Oddity("type", name_of("event", type(event).__name__)), frame)
            return
        kind = event.get("type")
        if not isinstance(kind, str):
            self._note(
                Oddity("type", name_of("event.type", type(kind).__name__)), frame
            )
        elif kind not in known and kind not in SESSION_EVENTS:
            self._note(Oddity("event", name_of(kind)), frame)
        chunk = event.get("chunk")
        for part in chunk if isinstance(chunk, dict) else ():
            if part not in parts:
                self._note(Oddity("field", name_of("chunk", part)), frame)

    def _note(self, oddity: Oddity, frame: Json) -> None:
        if oddity not in self.samples and len(self.samples) < PER_STREAM:
            self.samples[oddity] = sample_of(frame)


class Sentinel:
    """What this process saw and has not written down yet."""

    def __init__(self) -> None:
        self.streams = 0
        self._sightings: dict[Oddity, Sighting] = {}

    def report(self, login: Login, noticed: Noticed) -> None:
        """At the end of a stream."""
        self.streams += 1
        if not noticed.samples:
            return
        now = time.time()
        witness = blake2b(login.token.encode(), digest_size=8).hexdigest()
        for oddity, sample in noticed.samples.items():
            sighting = self._sightings.get(oddity)
            if sighting is None:
                if len(self._sightings) >= MOST:
                    continue
                sighting = self._sightings[oddity] = Sighting(sample, now, now)
            sighting.last_at = now
            sighting.streams += 1
            if len(sighting.witnesses) < WITNESSES:
                sighting.witnesses.add(witness)

    def taken(self) -> tuple[int, dict[Oddity, Sighting]]:
        """All of it, which is then somebody else's to keep."""
        streams, found = self.streams, self._sightings
        self.streams, self._sightings = 0, {}
        return streams, found


HOME = Sentinel()


def name_of(*parts: str) -> str:
    """A name for people and rows; what looks like no name of a program is not told."""
    return ":".join(part if NAME.fullmatch(part) else "odd" for part in parts)[:64]


def sample_of(frame: Json) -> str:
    """The shape of a frame as JSON that a decoder can be fed with."""
    shape = orjson.dumps(shape_of(frame, 0))
    return shape.decode() if len(shape) <= SAMPLE_BYTES else "{}"


def shape_of(value: object, depth: int, key: str = "") -> object:
    if isinstance(value, dict):
        if depth >= DEPTH:
            return {}
        pairs = list(value.items())[:KEYS]
        return {
            (name if NAME.fullmatch(name) else "odd"): shape_of(part, depth + 1, name)
            for name, part in pairs
        }
    if isinstance(value, list):
        return [shape_of(part, depth + 1, key) for part in value[:ITEMS]]
    if isinstance(value, str):
        telling = key in TELLING_KEYS and NAME.fullmatch(value)
        return value if telling else "text" if value else ""
    if isinstance(value, bool) or value is None:
        return value
    return 1 if value else 0
