"""Whatever a caller sends is either understood or refused in our words."""

import json

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.conversation import prompting
from gateway.errors import GatewayError
from gateway.protocols import sse
from gateway.protocols.base import Json
from gateway.protocols.openai_responses import Request, parse
from gateway.protocols.openai_responses_body import echo
from gateway.protocols.openai_responses_input import Past, blobs, references
from gateway.protocols.openai_responses_items import compacted, listed
from tests.gateway.protocols.responses_samples import STAMP, USAGE

WORDS = st.sampled_from(
    [
        "message",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
        "reasoning",
        "item_reference",
        "compaction",
        "input_text",
        "output_text",
        "text",
        "refusal",
        "input_image",
        "image_url",
        "input_file",
        "file",
        "input_audio",
        "user",
        "assistant",
        "developer",
        "function",
        "custom",
        "namespace",
        "web_search",
        "allowed_tools",
        "json_schema",
        "json_object",
        "required",
        "auto",
        "data:image/png;base64,aGk=",
        "known",
    ]
)
NAMES = st.sampled_from(
    [
        "type",
        "role",
        "content",
        "text",
        "refusal",
        "image_url",
        "url",
        "file",
        "file_data",
        "file_id",
        "filename",
        "input_audio",
        "data",
        "format",
        "call_id",
        "name",
        "namespace",
        "arguments",
        "output",
        "input",
        "id",
        "encrypted_content",
        "function",
        "custom",
        "tools",
        "mode",
        "allowed_tools",
        "parameters",
        "strict",
        "json_schema",
        "schema",
        "definition",
        "grammar",
    ]
)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4)
    ),
    max_leaves=12,
)
URI = "data:image/png;base64,aGk="
BLOCKS: list[Json] = [
    {"type": "input_text", "text": "a"},
    {"type": "text", "text": ""},
    {"type": "output_text", "text": "b", "annotations": []},
    {"type": "refusal", "refusal": "no"},
    {"type": "input_image", "image_url": URI},
    {"type": "image_url", "image_url": {"url": URI}},
    {"type": "input_file", "file_data": "aGk=", "filename": "a.txt"},
    {"type": "file", "file": {"file_data": URI}},
    {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
]
GOOD: list[Json] = [
    {"role": "user", "content": "Hi"},
    {"type": "message", "role": "assistant", "content": BLOCKS[:4]},
    {"role": "developer", "content": BLOCKS},
    {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c", "output": BLOCKS},
    {"type": "custom_tool_call", "call_id": "d", "name": "g", "input": "x"},
    {"type": "custom_tool_call_output", "call_id": "d", "output": {"x": [1]}},
    {"type": "reasoning", "summary": []},
    {"type": "item_reference", "id": "known"},
    {"type": "compaction", "encrypted_content": "known"},
    {"type": "of_next_year"},
]
TOOLS: list[Json] = [
    {"type": "function", "name": "f", "parameters": {"type": "object"}},
    {"type": "function", "function": {"name": "g", "strict": True}},
    {"type": "custom", "name": "h", "format": {"type": "text"}},
    {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "m"}]},
    {"type": "web_search"},
    {"type": "mcp"},
]
CHOICES: list[Json] = [
    {"type": "auto"},
    {"type": "required"},
    {"type": "web_search"},
    {"type": "custom", "custom": {"name": "h"}},
    {"type": "function", "name": "f"},
    {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function"}]},
]
FORMATS: list[Json] = [
    {"format": {"type": "text"}, "verbosity": "low"},
    {"format": {"type": "json_schema", "name": "x", "schema": {}}},
]


def spoiled(good, bad=JSON):
    """One of `good`, in half the cases with a member that does not belong."""
    nothing: st.SearchStrategy[Json] = st.just({})
    extra = nothing | st.dictionaries(NAMES, bad, max_size=1)
    return st.builds(lambda one, more: {**one, **more}, st.sampled_from(good), extra)


BODIES = st.fixed_dictionaries(
    {"model": st.just("m"), "input": st.lists(spoiled(GOOD), min_size=1, max_size=3)},
    optional={
        "tools": st.lists(spoiled(TOOLS), max_size=3, unique_by=str),
        "tool_choice": spoiled(CHOICES) | st.sampled_from(["auto", "none", "required"]),
        "text": spoiled(FORMATS),
        "metadata": st.dictionaries(NAMES, JSON, max_size=2),
        "include": st.lists(JSON, max_size=2),
        "truncation": JSON,
        "user": JSON,
        "prompt_cache_key": JSON,
    },
)
PAST = Past(
    items=[{"type": "message", "role": "user", "content": "Hi"}],
    named={"known": {**GOOD[1], "id": "known"}},
    summaries={"known": "They spoke."},
)


@given(BODIES)
def test_any_body_is_understood_or_refused(body):
    given_input = body["input"]
    references(given_input)
    blobs(given_input)
    try:
        request = Request(**body)
        conversation = parse(request, PAST)
        told = echo(request)
    except (GatewayError, ValidationError):
        return
    assert prompting.prompt(conversation)
    items = listed(given_input, STAMP.id, PAST.named)
    assert all(item["id"] and item["type"] for item in items)
    json.loads(sse.dumps([told, compacted(STAMP, items, "blob", USAGE)]))
    again = parse(Request(model="m", input="More"), Past(items=items))
    assert prompting.prompt(again)
