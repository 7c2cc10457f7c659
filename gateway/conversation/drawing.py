"""What pictures a caller wants, neutrally; its words stand in the conversation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.conversation.requests import Attachment, Conversation, Message, Role, Text
from gateway.errors import GatewayError, Kind

MOST_REFERENCES = 5
SHOWN = re.compile(r"!\[[^\]\[]*\]\(<?([^\s()<>]+)>?\)")


@dataclass(frozen=True, slots=True)
class Drawing:
    """`size` as the caller named it, `ratio` as upstream does.

    `inline` asks for the bytes rather than an address, `linked` for an address;
    `previews` is how many unfinished pictures may be shown on the way. `watched`: each
    picture's progress and fate are told, too, and all are kept here, whatever links are
    given else. `adult` false asks for none of that content even where it is allowed.
    """

    n: int = 1
    size: str = "1024x1024"
    ratio: str = "1:1"
    inline: bool = False
    linked: bool = True
    previews: int = 0
    watched: bool = False
    adult: bool = True


def prompt_of(conversation: Conversation) -> str:
    """The texts of the last user message. Raises GatewayError if there are none."""
    message = asked(conversation)
    parts = message.parts if message else ()
    prompt = "\n".join(part.text for part in parts if isinstance(part, Text)).strip()
    if not prompt:
        told = "messages: the last user message holds no text to draw from"
        raise GatewayError(Kind.MISSING, told, param="messages")
    return prompt


def references_of(
    conversation: Conversation, most: int = MOST_REFERENCES
) -> Sequence[Attachment]:
    """The pictures of the last user message, else those of the latest that has any.

    Those that an assistant showed as Markdown count, too.

    Raises GatewayError if no message has one.
    """
    for message in reversed(conversation.messages):
        found = pictures_in(message)
        if message.role is Role.ASSISTANT:
            found += pictures_shown(message)
        if found:
            return found[:most]
    told = "messages: at least one image is required"
    raise GatewayError(Kind.MISSING, told, param="messages")


def asked(conversation: Conversation) -> Message | None:
    users = (one for one in reversed(conversation.messages) if one.role is Role.USER)
    return next(users, None)


def pictures_in(message: Message) -> list[Attachment]:
    parts = (part for part in message.parts if isinstance(part, Attachment))
    return [part for part in parts if part.kind == "image"]


def pictures_shown(message: Message) -> list[Attachment]:
    """The Markdown images of an assistant's text, each once."""
    texts = (part.text for part in message.parts if isinstance(part, Text))
    found = dict.fromkeys(url for text in texts for url in SHOWN.findall(text))
    return [Attachment(url, "image", path="messages") for url in found]
