"""Asking a model to sum a conversation up, so that a shorter one can go on from it."""

from dataclasses import replace

from gateway.conversation.requests import (
    Conversation,
    Message,
    Options,
    Role,
    Text,
    Tools,
)

ASK = (
    "Write a summary of this whole conversation for the one who will go on with it and "
    "will see nothing else of it. Keep what was asked for and why, what was decided, "
    "names of files, identifiers, commands and figures that still matter, what was "
    "tried and how it ended, and what is left to do. Write plain text, no preamble, "
    "and call no tools."
)


def summarising(conversation: Conversation) -> Conversation:
    """The same conversation, with the wish for a summary as its last word."""
    wish = Message(Role.USER, (Text(ASK),))
    return replace(
        conversation,
        messages=(*conversation.messages, wish),
        options=Options(reasoning=False),
        tools=Tools(),
    )
