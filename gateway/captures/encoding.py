"""The encoder of an answer, made again from its recipe."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from gateway import seals
from gateway.conversation.fold import Completion
from gateway.errors import GatewayError
from gateway.protocols import anthropic_messages, openai_chat, openai_responses
from gateway.protocols.anthropic_messages_blocks import Head as MessageHead
from gateway.protocols.base import Encoder, Failure, Json, Stamp
from gateway.protocols.openai_responses_body import Head as ResponseHead
from gateway.tape import Recipe


@dataclass(frozen=True, slots=True)
class Seals:
    """How opaque parts are made: by this installation, or as anybody can."""

    reasoning: Callable[[str], str]
    thinking: Callable[[str], str]


def plain(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


OWN = Seals(seals.reasoning, seals.thinking)
PLAIN = Seals(plain, plain)


class Encoding:
    """`input_tokens` are asked for where a stream tells them at its beginning."""

    def __init__(self, recipe: Recipe, seals: Seals, completed_at: float) -> None:
        self.input_tokens = 0
        self._recipe = recipe
        self._stamp = Stamp(recipe.id, recipe.created, recipe.model)
        self._seals = seals
        self._completed_at = completed_at

    def encoder(self) -> Encoder:
        match self._recipe.protocol:
            case "openai_chat":
                usage = self._recipe.include_usage
                return openai_chat.Encoder(self._stamp, include_usage=usage)
            case "openai_responses":
                return openai_responses.Encoder(self._response_head())
        return anthropic_messages.Encoder(self._message_head())

    def reply(self, completion: Completion) -> Json:
        match self._recipe.protocol:
            case "openai_chat":
                return openai_chat.reply(self._stamp, completion)
            case "openai_responses":
                return openai_responses.reply(self._response_head(), completion)
        return anthropic_messages.reply(self._message_head(), completion)

    def failure(self, error: GatewayError, request_id: str) -> Failure:
        if self._recipe.protocol == "anthropic_messages":
            return anthropic_messages.failure(error, request_id)
        return openai_chat.failure(error, request_id)

    def _response_head(self) -> ResponseHead:
        return ResponseHead(
            self._stamp,
            dict(self._recipe.echo),
            self._seals.reasoning if self._recipe.sealed else None,
            clock=lambda: self._completed_at,
        )

    def _message_head(self) -> MessageHead:
        return MessageHead(
            self._stamp,
            self._seals.thinking,
            lambda: self.input_tokens,
            self._recipe.search,
            self._recipe.search_forced,
        )
