"""Neutral values to the JSON that upstream's REST calls take (3.1, 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import orjson

from gateway.upstream.limits import Settings

# Our mode names that differ from upstream's.
MODE_IDS = {"grok_4_3": "grok-420-computer-use-sa"}
# Modes that the gateway form of chats does not have.
REST_ONLY = frozenset({"grok_4_3"})

SCREEN = {
    "darkModeEnabled": False,
    "devicePixelRatio": 2,
    "screenHeight": 1329,
    "screenWidth": 2056,
    "viewportHeight": 1083,
    "viewportWidth": 2056,
}
TOOL_OVERRIDES = {
    "gmailSearch": False,
    "googleCalendarSearch": False,
    "outlookSearch": False,
    "outlookCalendarSearch": False,
    "googleDriveSearch": False,
}


@dataclass(frozen=True, slots=True)
class Turn:
    """What is asked; `attachments` are ids of uploaded files."""

    prompt: str
    mode: str
    attachments: Sequence[str] = ()


def chat_payload(
    prompt: str, mode: str, settings: Settings, attachments: Sequence[str] = ()
) -> bytes:
    """The body of one turn; `attachments` are ids of uploaded files."""
    rest = constant_part(
        settings.flag("features.temporary"),
        settings.flag("features.memory"),
        settings.text("features.custom_instruction"),
    )
    return b'{"message":%b,"modeId":%b,"fileAttachments":%b,%b' % (
        encode(prompt),
        orjson.dumps(mode_id(mode)),
        orjson.dumps(list(attachments)),
        rest,
    )


def rate_limits_payload(mode: str) -> bytes:
    return orjson.dumps({"modelName": mode_id(mode)})


def mode_id(mode: str) -> str:
    return MODE_IDS.get(mode, mode)


def encode(text: str) -> bytes:
    """A JSON string; surrogate halves that found no partner become U+FFFD."""
    try:
        return orjson.dumps(text)
    except TypeError:
        paired = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return orjson.dumps(paired)


@lru_cache(maxsize=16)
def constant_part(temporary: bool, memory: bool, instruction: str) -> bytes:
    """What follows the parts that vary per request, with the closing brace."""
    fields: dict[str, object] = {
        "imageAttachments": [],
        "collectionIds": [],
        "connectors": [],
        "temporary": temporary,
        "disableMemory": not memory,
        "disableSearch": False,
        "disableSelfHarmShortCircuit": False,
        "disableTextFollowUps": False,
        "enableImageGeneration": True,
        "enableImageStreaming": True,
        "enableSideBySide": True,
        "forceConcise": False,
        "forceSideBySide": False,
        "isAsyncChat": False,
        "searchAllConnectors": False,
        "returnImageBytes": False,
        "returnRawGrokInXaiRequest": False,
        "imageGenerationCount": 2,
        "sendFinalMetadata": True,
        "deviceEnvInfo": SCREEN,
        "responseMetadata": {},
        "toolOverrides": TOOL_OVERRIDES,
    }
    if instruction.strip():
        fields["customPersonality"] = instruction
    return orjson.dumps(fields)[1:]
