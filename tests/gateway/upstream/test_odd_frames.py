"""Frames whose fields hold what nobody expects."""

from contextlib import suppress

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.conversation.events import TextDelta
from gateway.upstream.decoder import ChatDecoder, StreamError

FIELDS = [
    *("token", "isThinking", "messageTag", "messageStepId", "rolloutId"),
    *("toolUsageCardId", "toolUsageCard", "codeExecutionResult"),
    *("webSearchResults", "xSearchResults", "citedXposts"),
    *("cardAttachment", "cardAttachments", "modelResponse"),
    *("isSoftStop", "finalMetadata", "userResponse", "error"),
]
INNER_FIELDS = [
    *("message", "partial", "generatedImageUrls", "cardAttachmentsJson", "xposts"),
    *("streamErrors", "jsonData", "results", "id", "url", "image", "image_chunk"),
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats()
    | st.text(max_size=5)
)
values = st.recursive(
    scalars | st.sampled_from(["final", "header", "tool_usage_card", "- a b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(INNER_FIELDS), inner, max_size=3)
    ),
    max_leaves=6,
)
responses = st.lists(st.dictionaries(st.sampled_from(FIELDS), values), max_size=6)


@settings(max_examples=100)
@given(responses, st.booleans())
def test_they_never_break_a_stream(contents, summary):
    decoder = ChatDecoder("https://assets.example", summary)
    with suppress(StreamError):
        for content in contents:
            decoder.feed(orjson.dumps({"result": {"response": content}}) + b"\n")
        decoder.close()
    assert decoder.ended


@pytest.mark.parametrize(
    "frame",
    [
        {"result": []},
        {"result": {"response": {"token": {"a": 1}}}},
        {"result": {"response": {"token": ["x"]}}},
        {"result": {"response": {"token": "x", "messageTag": ["final"]}}},
        {"result": {"response": {"cardAttachment": {"jsonData": "{"}}}},
        {"result": {"response": {"modelResponse": "odd"}}},
        {"result": {"response": {"streamingVideoGenerationResponse": {"progress": 1}}}},
    ],
)
def test_they_give_no_events(frame):
    decoder = ChatDecoder("https://assets.example", False)
    assert decoder.feed(orjson.dumps(frame)) == []
    assert decoder.close() == []


@pytest.mark.parametrize("start", [b"", b"data: "])
def test_a_body_that_ends_inside_a_frame_is_an_error(start):
    decoder = ChatDecoder("https://assets.example", summary=False)
    whole = b'{"result":{"response":{"token":"a","messageTag":"final"}}}\n'
    events = decoder.feed(start + whole + start + whole[:30])
    with pytest.raises(StreamError, match="inside a frame"):
        decoder.close()
    assert events == [TextDelta("a")]
    assert decoder.ended
