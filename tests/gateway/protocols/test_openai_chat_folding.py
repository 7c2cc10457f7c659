"""A stream, folded as the official SDK folds it, is the answer that is not streamed."""

import copy
import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from gateway.conversation.events import (
    Citation,
    Finished,
    FinishReason,
    MediaProgress,
    MediaReady,
    ReasoningDelta,
    Searched,
    Source,
    TextDelta,
    ToolCall,
    Usage,
)
from gateway.conversation.fold import Completion
from gateway.protocols.base import Stamp
from gateway.protocols.openai_chat import Encoder, reply

STAMP = Stamp("chatcmpl-1", 1_795_300_000, "grok-4.20-auto")

texts = st.text(max_size=20)
names = st.text("abcdefghij_-.0123", min_size=1, max_size=12)
urls = st.builds("https://a.example/{}".format, names)
calls = st.builds(
    ToolCall,
    names,
    st.dictionaries(texts, texts, max_size=3).map(json.dumps),
    custom=st.booleans(),
    namespace=st.one_of(st.just(""), names),
)
spoken = st.one_of(
    st.builds(TextDelta, texts),
    st.builds(MediaProgress, names, st.integers(0, 100)),
    st.builds(MediaReady, urls, names),
    st.builds(ReasoningDelta, texts, st.just(True)),
)
closing = st.one_of(
    st.builds(Source, urls, texts),
    st.builds(Citation, urls, texts, st.integers(0, 99), st.integers(0, 99)),
)
counts = st.integers(0, 10**9)
endings = st.builds(
    Finished,
    st.sampled_from([FinishReason.STOP, FinishReason.LENGTH]),
    st.builds(Usage, counts, counts, counts, counts),
)


@st.composite
def answers(draw):
    """Events in the order in which a turn gives them, and borders between them."""
    first = st.one_of(st.builds(ReasoningDelta, texts), st.builds(Searched, texts))
    events = [
        *draw(st.lists(first, max_size=4)),
        *draw(st.lists(spoken, max_size=8)),
        *draw(st.lists(closing, max_size=4)),
        *draw(st.lists(calls, max_size=3)),
        draw(endings),
    ]
    borders = draw(st.lists(st.integers(0, len(events)), max_size=5).map(sorted))
    edges = [0, *borders, len(events)]
    return [events[a:b] for a, b in pairwise(edges)]


def chunks_of(batches, *, include_usage):
    encoder = Encoder(STAMP, include_usage=include_usage)
    data = b"".join([encoder.opening(), *map(encoder.feed, batches)])
    frames = data.decode().split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    return [json.loads(frame.removeprefix("data: ")) for frame in frames[:-2]]


def folded(chunks):
    state = ChatCompletionStreamState()
    for chunk in chunks:
        state.handle_chunk(ChatCompletionChunk.construct(**copy.deepcopy(chunk)))
    body = state.current_completion_snapshot.to_dict()
    sources = [c["search_sources"] for c in chunks if "search_sources" in c]
    assert len(sources) <= 1
    return body, sources


def comparable(body):
    """Without ids, and without what only one of the two forms can have."""
    choice = body["choices"][0]
    message = dict(choice["message"])
    called = [dict(call) for call in message.pop("tool_calls", None) or []]
    for call in called:
        assert call.pop("id").startswith("call_")
        call.pop("index", None)  # the SDK leaves this in what it has folded
        function = dict(call.pop("function", None) or {})
        function.pop("parsed_arguments", None)  # and adds this
        if function:
            call["function"] = function
    content = message.pop("content")
    return {
        "content": content or "",  # null beside calls, where a stream has nothing
        "calls": called,
        "role": message["role"],
        "reasoning": message.get("reasoning_content", ""),
        "annotations": message.get("annotations"),
        "finish_reason": choice["finish_reason"],
        **{name: body[name] for name in ("id", "created", "model", "object", "usage")},
    }


@given(answers(), st.booleans())
def test_a_stream_folded_is_the_whole_answer(batches, include_usage):
    chunks = chunks_of(batches, include_usage=include_usage)
    completion = Completion()
    for events in batches:
        completion.add(e for e in events if not getattr(e, "late", False))
    body = reply(STAMP, completion)
    streamed, sources = folded(chunks)
    assert comparable(streamed) == comparable(body)
    assert sources == ([body["search_sources"]] if "search_sources" in body else [])


@given(answers(), st.booleans())
def test_the_borders_of_batches_leave_no_trace(batches, include_usage):
    joined = [[event for events in batches for event in events]]
    split = [[event] for event in joined[0]]
    expected = without_ids(chunks_of(batches, include_usage=include_usage))
    assert without_ids(chunks_of(joined, include_usage=include_usage)) == expected
    assert without_ids(chunks_of(split, include_usage=include_usage)) == expected


def without_ids(chunks):
    for chunk in chunks:
        for choice in chunk["choices"]:
            for call in choice["delta"].get("tool_calls", ()):
                call.pop("id", None)
    return chunks


@given(answers())
def test_every_chunk_has_what_the_dialect_promises(batches):
    chunks = chunks_of(batches, include_usage=True)
    *earlier, last = chunks
    assert last["choices"] == []
    assert [chunk["usage"] for chunk in earlier] == [None] * len(earlier)
    deltas = [chunk["choices"][0]["delta"] for chunk in earlier]
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in earlier]
    assert [delta.get("role") for delta in deltas] == ["assistant"] + [None] * (
        len(deltas) - 1
    )
    assert deltas[-1] == {}
    assert reasons[-1]
    assert not any(reasons[:-1])
    assert all(delta for delta in deltas[:-1])
    assert "" not in [delta.get("content") for delta in deltas[1:]]
