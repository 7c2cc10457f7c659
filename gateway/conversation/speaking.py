"""With what voice a caller wants to talk, and in which room; in neutral form."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.errors import GatewayError, Kind

VOICES = ("ara", "eve", "leo", "rex", "sal", "gork")
ASSISTANT, CUSTOM = "assistant", "custom"
ADULT = ("unhinged", "sexy")
PERSONALITIES = (
    *(ASSISTANT, CUSTOM, "therapist", "storyteller", "kids_story_time", "meditation"),
    *ADULT,
)
SLOWEST, FASTEST = 0.5, 2.0
MOST_INSTRUCTION_CHARS = 4_000


@dataclass(frozen=True, slots=True)
class Speaking:
    """An `instruction` takes the place of the personality."""

    voice: str = VOICES[0]
    personality: str = ASSISTANT
    speed: float = 1.0
    instruction: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """Where a session is held; `token` lets one in, so it is shown to nobody else."""

    token: str
    url: str
    participant: str = ""
    name: str = ""

    def __repr__(self) -> str:
        return "Room(...)"


def personalities(*, adult: bool) -> tuple[str, ...]:
    """Those on offer, in the order they are shown."""
    return tuple(one for one in PERSONALITIES if adult or one not in ADULT)


def read(fields: Mapping[str, object], *, adult: bool) -> Speaking:
    """What a request names, the rest as usual. Raises GatewayError."""
    personality = chosen(fields, "personality", personalities(adult=adult), ASSISTANT)
    instruction = text(fields, "instruction").strip()
    if len(instruction) > MOST_INSTRUCTION_CHARS:
        told = f"instruction: has more than {MOST_INSTRUCTION_CHARS} characters"
        raise GatewayError(Kind.INVALID_VALUE, told, param="instruction")
    if personality == CUSTOM and not instruction:
        told = "instruction: the personality 'custom' needs one"
        raise GatewayError(Kind.MISSING, told, param="instruction")
    voice = chosen(fields, "voice", VOICES, VOICES[0])
    return Speaking(voice, personality, speed(fields), instruction)


def chosen(
    fields: Mapping[str, object], name: str, choices: tuple[str, ...], usual: str
) -> str:
    value = text(fields, name).strip().lower() or usual
    if value not in choices:
        told = f"{name}: must be one of {', '.join(choices)}"
        raise GatewayError(Kind.INVALID_VALUE, told, param=name)
    return value


def text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise GatewayError(Kind.INVALID_TYPE, f"{name}: must be a text", param=name)
    return value


def speed(fields: Mapping[str, object]) -> float:
    value = fields.get("speed")
    if value is None:
        return 1.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        told = "speed: must be a number"
        raise GatewayError(Kind.INVALID_TYPE, told, param="speed")
    if not SLOWEST <= value <= FASTEST:
        told = f"speed: must be from {SLOWEST} to {FASTEST}"
        raise GatewayError(Kind.INVALID_VALUE, told, param="speed")
    return float(value)
