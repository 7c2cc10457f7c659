"""The document of the messages endpoints says what they take and give."""

import anthropic.types
import pytest

from gateway.protocols.anthropic_messages import Request, parse
from gateway.protocols.anthropic_messages_shapes import (
    MESSAGE,
    REQUESTS,
    STREAM,
    Message,
)
from tests.gateway.protocols.messages_samples import CASES, events_of, folded, whole


@pytest.mark.parametrize("example", REQUESTS)
def test_examples_of_requests_are_requests(example):
    request = Request.model_validate(example)
    assert parse(request, stream=bool(request.stream)).messages


def test_the_example_of_an_answer_is_one():
    anthropic.types.Message.model_validate(MESSAGE)
    shaped = Message.model_validate(MESSAGE, strict=True)
    assert shaped.model_dump(exclude_unset=True) == MESSAGE


def test_the_example_of_a_stream_is_one():
    message = folded(events_of(STREAM.encode()))
    shaped = Message.model_validate(message, strict=True)
    assert shaped.model_dump(exclude_unset=True) == message


@pytest.mark.parametrize("name", CASES)
def test_every_answer_is_as_the_document_says(name):
    body = whole(*CASES[name])
    shaped = Message.model_validate(body, strict=True)
    assert shaped.model_dump(exclude_unset=True) == body
