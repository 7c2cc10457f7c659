import pytest

from gateway.conversation.drawing import references_of
from gateway.conversation.requests import (
    Attachment,
    Conversation,
    Message,
    Options,
    Role,
    Text,
)
from gateway.errors import GatewayError, Kind

LINK = "/v1/files/image?id=0123456789abcdef"


def sources(*messages):
    conversation = Conversation("m", tuple(messages), Options())
    return [one.source for one in references_of(conversation)]


def user(text="make it blue", *urls):
    return Message(Role.USER, (Text(text), *(Attachment(url, "image") for url in urls)))


def assistant(text):
    return Message(Role.ASSISTANT, (Text(text),))


def test_the_last_message_comes_before_earlier_ones():
    assert sources(user("x", "old"), assistant("ok"), user("y", "new")) == ["new"]
    assert sources(user("x", "old"), assistant("ok"), user("y")) == ["old"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"![image]({LINK})", [LINK]),
        ("Here:\n\n![image](https://a/1.jpg)\n\n![image](https://a/2.jpg)", 2),
        ("![](data:image/png;base64,aGk+/=)", ["data:image/png;base64,aGk+/="]),
        ("![a b](<https://a/1.jpg>) ![a b](https://a/1.jpg)", ["https://a/1.jpg"]),
    ],
)
def test_what_an_assistant_showed_can_be_changed(text, found):
    shown = sources(user("draw"), assistant(text), user())
    assert shown == found or len(shown) == found


def test_the_latest_turn_that_has_any_is_taken():
    shown = assistant(f"![image]({LINK})")
    assert sources(user("draw", "mine"), shown, user()) == [LINK]
    assert sources(shown, user("like this", "mine"), assistant("Hm."), user()) == [
        "mine"
    ]


@pytest.mark.parametrize(
    "text", ["[link](https://a/1.jpg)", "![image]", "![image]()", "![x](a b)"]
)
def test_what_is_no_image_is_none(text):
    with pytest.raises(GatewayError) as caught:
        sources(user("draw"), assistant(text), user(f"![image]({LINK})"))
    assert caught.value.kind is Kind.MISSING


def test_at_most_five_are_used():
    text = " ".join(f"![image](https://a/{number}.jpg)" for number in range(7))
    assert sources(user("draw"), assistant(text), user())[-1] == "https://a/4.jpg"
