"""What a request for a voice session may say."""

import pytest

from gateway.conversation import speaking
from gateway.conversation.speaking import Speaking
from gateway.errors import GatewayError, Kind


def read(adult=False, **fields):
    return speaking.read(fields, adult=adult)


def test_what_is_not_said_is_as_usual():
    assert read() == Speaking("ara", "assistant", 1.0, "")
    nothing = dict.fromkeys(("voice", "personality", "speed", "instruction"))
    assert read(**nothing) == Speaking()


def test_all_that_can_be_said():
    wanted = read(voice="Leo", personality="storyteller", speed=2, instruction=" ")
    assert wanted == Speaking("leo", "storyteller", 2.0, "")


@pytest.mark.parametrize("voice", speaking.VOICES)
def test_voices(voice):
    assert read(voice=voice).voice == voice


@pytest.mark.parametrize("personality", ["unhinged", "sexy"])
def test_adult_personalities_must_be_allowed(personality):
    assert read(adult=True, personality=personality).personality == personality
    assert personality not in speaking.personalities(adult=False)
    with pytest.raises(GatewayError) as caught:
        read(personality=personality)
    assert caught.value.param == "personality"
    assert personality not in caught.value.message


@pytest.mark.parametrize(
    ("fields", "param", "kind"),
    [
        ({"voice": "bob"}, "voice", Kind.INVALID_VALUE),
        ({"voice": 5}, "voice", Kind.INVALID_TYPE),
        ({"personality": "poet"}, "personality", Kind.INVALID_VALUE),
        ({"personality": "custom"}, "instruction", Kind.MISSING),
        ({"personality": "custom", "instruction": " "}, "instruction", Kind.MISSING),
        ({"instruction": ["x"]}, "instruction", Kind.INVALID_TYPE),
        ({"instruction": "x" * 4001}, "instruction", Kind.INVALID_VALUE),
        ({"speed": 0.49}, "speed", Kind.INVALID_VALUE),
        ({"speed": 2.01}, "speed", Kind.INVALID_VALUE),
        ({"speed": float("nan")}, "speed", Kind.INVALID_VALUE),
        ({"speed": "1.0"}, "speed", Kind.INVALID_TYPE),
        ({"speed": True}, "speed", Kind.INVALID_TYPE),
    ],
)
def test_what_is_wrong_is_named(fields, param, kind):
    with pytest.raises(GatewayError) as caught:
        read(**fields)
    assert (caught.value.param, caught.value.kind) == (param, kind)
    assert caught.value.message.startswith(f"{param}: ")
