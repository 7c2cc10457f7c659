"""What a chat completions request may hold, and the place an error names."""

import pytest
from pydantic import ValidationError

from gateway.conversation import prompting
from gateway.conversation.requests import (
    Attachment,
    Format,
    Message,
    PastCall,
    PastResult,
    Role,
    Text,
    ToolChoice,
)
from gateway.errors import GatewayError, Kind
from gateway.protocols import openai_chat
from gateway.protocols.openai_chat import Request

PNG = "data:image/png;base64,aGk="
WEATHER = {"name": "weather", "parameters": {"type": "object", "properties": {}}}
SAID = {"role": "user", "content": "Hi"}


def request(**members):
    return Request(**{"model": "grok-4.20-auto", "messages": [SAID], **members})


def parse(*, stream=False, **members):
    return openai_chat.parse(request(**members), stream=stream)


def read(*messages):
    """The messages before one that makes any history a request."""
    return parse(messages=[*messages, SAID]).messages[:-1]


def test_whether_it_streams_is_told_from_outside():
    assert parse(stream=True).options.stream is True
    assert parse(stream=False).options.stream is False


def test_unknown_members_and_nulls_are_ignored():
    nothing = dict.fromkeys(Request.model_fields)
    del nothing["model"], nothing["messages"], nothing["stream"]
    parsed = parse(**nothing, seed=1, store=None, odd={"a": 1}, user=3, metadata=[])
    assert parsed == parse()
    assert prompting.prompt(parsed) == "[user]: Hi"


def test_null_is_not_sent_at_any_depth():
    parsed = parse(
        stream_options={"include_usage": None},
        reasoning={"effort": None},
        thinking={"type": None},
        messages=[
            {
                "role": "assistant",
                "content": None,
                "refusal": None,
                "tool_calls": None,
                "function_call": None,
                "name": None,
            },
            SAID,
        ],
        tools=[{"type": "function", "function": {**WEATHER, "description": None}}],
        tool_choice=None,
    )
    assert parsed.options.include_usage is False
    assert parsed.options.reasoning is None
    assert parsed.messages[0] == Message(Role.ASSISTANT, ())


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, None),
        ({"reasoning_effort": "none"}, False),
        ({"reasoning_effort": "high"}, True),
        ({"reasoning": {"effort": "none"}}, False),
        ({"thinking": {"type": "disabled"}}, False),
        ({"thinking": {"type": "enabled"}}, True),
        ({"reasoning": {}}, None),
        ({"reasoning_effort": "low", "thinking": {"type": "disabled"}}, True),
    ],
)
def test_reasoning_is_decided_by_any_of_three_members(members, expected):
    assert parse(**members).options.reasoning is expected


def test_how_the_answer_is_wanted():
    options = parse(
        stop=["a", "b"],
        max_tokens=5,
        stream_options={"include_usage": True},
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "x", "schema": {"type": "object"}, "strict": True},
        },
    ).options
    assert options.stop == ("a", "b")
    assert options.max_tokens == 5
    assert options.include_usage
    assert options.format == Format('{"type":"object"}', "x", True)
    assert parse(response_format={"type": "text"}).options.format is None
    assert parse(max_tokens=5, max_completion_tokens=7).options.max_tokens == 7
    assert parse(max_tokens=2_000_000_000).options.max_tokens == 2_000_000_000


def test_tools():
    tools = parse(
        tools=[{"type": "function", "function": WEATHER}],
        tool_choice={"type": "function", "function": {"name": "weather"}},
        parallel_tool_calls=False,
    ).tools
    assert [tool.name for tool in tools.offered] == ["weather"]
    assert (tools.choice, tools.only) == (ToolChoice.REQUIRED, "weather")
    assert tools.parallel is False
    assert parse().tools.parallel is True


@pytest.mark.parametrize(
    ("choice", "mode", "only"),
    [
        (None, ToolChoice.AUTO, ""),
        ("auto", ToolChoice.AUTO, ""),
        ("none", ToolChoice.NONE, ""),
        ({"name": "weather"}, ToolChoice.REQUIRED, "weather"),
    ],
)
def test_functions_are_an_older_word_for_tools(choice, mode, only):
    tools = parse(functions=[WEATHER], function_call=choice).tools
    assert [tool.name for tool in tools.offered] == ["weather"]
    assert (tools.choice, tools.only) == (mode, only)


def test_tools_count_where_both_are_sent():
    tools = parse(
        tools=[{"type": "function", "function": WEATHER}], functions=[{"name": "old"}]
    ).tools
    assert [tool.name for tool in tools.offered] == ["weather"]


def test_all_text_blocks_are_read():
    content = [
        {"type": "text", "text": "a"},
        {"type": "input_text", "text": "b"},
        {"type": "refusal", "refusal": "c"},
    ]
    parsed = parse(messages=[{"role": "developer", "content": content}])
    assert prompting.prompt(parsed) == "[system]: a\nb\nc"


def test_attachments_keep_their_place_among_texts():
    content = [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": PNG}},
        {"type": "text", "text": "b"},
    ]
    (message,) = read({"role": "user", "content": content})
    image = Attachment(PNG, "image", "", "messages.0.content.1.image_url.url")
    assert message.parts == (Text("a"), image, Text("b"))


def test_attachments_alone_are_enough():
    content = [{"type": "image_url", "image_url": PNG}]
    assert parse(messages=[{"role": "user", "content": content}])


def test_history_loses_our_own_sources_section():
    messages = [
        {"role": "assistant", "content": "x\n\n## Sources\n[grok2api-sources]: #\n- a"},
        {"role": "user", "content": "go on"},
    ]
    assert prompting.prompt(parse(messages=messages)) == (
        "[assistant]: x\n\n[user]: go on"
    )


def call(**members):
    return {"id": "call_1", **members}


def answered(**members):
    return {"role": "assistant", "content": None, **members}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (
            call(type="function", function={"name": "f", "arguments": '{"a": 1}'}),
            PastCall("call_1", "f", '{"a": 1}'),
        ),
        (
            call(function={"name": "f", "arguments": {"a": 1}}),
            PastCall("call_1", "f", '{"a":1}'),
        ),
        (
            call(function={"name": "f", "arguments": "not json"}),
            PastCall("call_1", "f", "not json"),
        ),
        ({"function": {"name": "f"}}, PastCall("", "f", "")),
        (
            call(type="function", function={"name": "f", "namespace": "n"}),
            PastCall("call_1", "n__f", ""),
        ),
        (
            call(type="custom", custom={"name": "w", "input": 'a "b"'}),
            PastCall("call_1", "w", '{"input":"a \\"b\\""}'),
        ),
        (
            call(custom={"name": "w", "input": None}),
            PastCall("call_1", "w", '{"input":""}'),
        ),
    ],
)
def test_earlier_calls(sent, expected):
    (message,) = read(answered(content="Wait.", tool_calls=[sent]))
    assert message == Message(Role.ASSISTANT, (Text("Wait."), expected))


def test_an_earlier_function_call():
    (message,) = read(answered(function_call={"name": "f", "arguments": "{}"}))
    assert message.parts == (PastCall("", "f", "{}"),)


def test_an_earlier_refusal_is_what_was_said():
    said, declined = read(
        answered(content="Yes.", refusal="No."), answered(refusal="No.")
    )
    assert said.parts == (Text("Yes."),)
    assert declined.parts == (Text("No."),)


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("fine", (Text("fine"),)),
        ("", (Text(""),)),
        (None, ()),
        (
            [
                {"type": "text", "text": "see"},
                {"type": "image_url", "image_url": {"url": PNG}},
            ],
            (
                Text("see"),
                Attachment(PNG, "image", "", "messages.0.content.1.image_url.url"),
            ),
        ),
    ],
)
def test_results_of_calls(content, parts):
    (message,) = read({"role": "tool", "tool_call_id": "call_1", "content": content})
    assert message == Message(Role.TOOL, (PastResult("call_1", parts),))


def test_calls_and_results_in_the_prompt():
    messages = [
        {"role": "user", "content": "Weather?"},
        answered(
            tool_calls=[call(function={"name": "weather", "arguments": "{}"})],
        ),
        {"role": "tool", "tool_call_id": "call_1", "content": ""},
    ]
    prompt = prompting.prompt(parse(messages=messages))
    assert prompt.startswith("[user]: Weather?\n\n[assistant]:")
    assert prompt.endswith("[tool result for call_1 (weather)]:\n(no output)")


def messages_with(**members):
    return {"messages": [{"role": "user", **members}]}


def calls_with(value):
    return {"messages": [answered(tool_calls=[value])]}


BAD = [
    ({"n": 2}, Kind.UNSUPPORTED, "n"),
    ({"tools": {}}, Kind.INVALID_TYPE, "tools"),
    ({"tools": [{"type": "function"}]}, Kind.MISSING, "tools.0.name"),
    ({"functions": 3}, Kind.INVALID_TYPE, "functions"),
    ({"functions": [3]}, Kind.INVALID_TYPE, "functions.0"),
    ({"functions": [WEATHER, {}]}, Kind.MISSING, "functions.1.name"),
    (
        {"functions": [WEATHER], "function_call": {"name": "x"}},
        Kind.INVALID_VALUE,
        "function_call",
    ),
    ({"tool_choice": "required"}, Kind.INVALID_VALUE, "tool_choice"),
    ({"response_format": "json"}, Kind.INVALID_TYPE, "response_format"),
    ({"response_format": {}}, Kind.MISSING, "response_format.type"),
    ({"stop": 3}, Kind.INVALID_TYPE, "stop"),
    ({"stop": ["a", 3]}, Kind.INVALID_TYPE, "stop.1"),
    ({"stop": [""]}, Kind.INVALID_VALUE, "stop"),
    ({"stop": ["a"] * 5}, Kind.INVALID_VALUE, "stop"),
    (messages_with(content=" "), Kind.MISSING, "messages"),
    (messages_with(content=3), Kind.INVALID_TYPE, "messages.0.content"),
    (messages_with(content=["x"]), Kind.INVALID_TYPE, "messages.0.content.0"),
    (
        messages_with(content=[{"type": "odd"}]),
        Kind.INVALID_VALUE,
        "messages.0.content.0.type",
    ),
    (
        messages_with(content=[{"type": "file", "file": {"file_id": "file-1"}}]),
        Kind.UNSUPPORTED,
        "messages.0.content.0.file.file_id",
    ),
    (
        {"messages": [SAID, {"role": "tool", "content": 3}]},
        Kind.INVALID_TYPE,
        "messages.1.content",
    ),
    (calls_with("x"), Kind.INVALID_TYPE, "messages.0.tool_calls.0"),
    (calls_with({"id": "x"}), Kind.MISSING, "messages.0.tool_calls.0.function"),
    (calls_with({"id": 3}), Kind.INVALID_TYPE, "messages.0.tool_calls.0.id"),
    (calls_with({"type": "dance"}), Kind.INVALID_VALUE, "messages.0.tool_calls.0.type"),
    (calls_with({"type": "custom"}), Kind.MISSING, "messages.0.tool_calls.0.custom"),
    (
        calls_with({"function": {"arguments": "{}"}}),
        Kind.MISSING,
        "messages.0.tool_calls.0.function.name",
    ),
    (
        calls_with({"function": {"name": "f", "arguments": 3}}),
        Kind.INVALID_TYPE,
        "messages.0.tool_calls.0.function.arguments",
    ),
    (
        calls_with({"type": "custom", "custom": {"name": "f", "input": {}}}),
        Kind.INVALID_TYPE,
        "messages.0.tool_calls.0.custom.input",
    ),
    (
        {"messages": [answered(function_call="f")]},
        Kind.INVALID_TYPE,
        "messages.0.function_call",
    ),
]


@pytest.mark.parametrize(("members", "kind", "param"), BAD)
def test_bad_requests_name_the_exact_place(members, kind, param):
    with pytest.raises(GatewayError) as caught:
        parse(**members)
    assert (caught.value.kind, caught.value.param) == (kind, param)
    assert caught.value.message.startswith(f"{param}: ")


def at(*location, value):
    """A message list that is good but for one place in its second message."""
    broken = {**SAID, location[-1]: value}
    return {"messages": [SAID, broken]}


@pytest.mark.parametrize(
    ("members", "location", "kind"),
    [
        ({"model": 3}, ("model",), "string_type"),
        ({"model": ""}, ("model",), "string_too_short"),
        ({"messages": []}, ("messages",), "too_short"),
        ({"messages": [None]}, ("messages", 0), "model_type"),
        (at("role", value=None), ("messages", 1, "role"), "missing"),
        (at("role", value=3), ("messages", 1, "role"), "string_type"),
        (at("role", value="wizard"), ("messages", 1, "role"), "literal_error"),
        (at("tool_calls", value={}), ("messages", 1, "tool_calls"), "list_type"),
        (at("tool_call_id", value=1), ("messages", 1, "tool_call_id"), "string_type"),
        (at("refusal", value=[]), ("messages", 1, "refusal"), "string_type"),
        ({"temperature": 2.1}, ("temperature",), "less_than_equal"),
        ({"temperature": True}, ("temperature",), "float_type"),
        ({"top_p": -0.1}, ("top_p",), "greater_than_equal"),
        (
            {"max_completion_tokens": 0},
            ("max_completion_tokens",),
            "greater_than_equal",
        ),
        ({"n": "1"}, ("n",), "int_type"),
        ({"n": True}, ("n",), "int_type"),
        ({"parallel_tool_calls": 1}, ("parallel_tool_calls",), "bool_type"),
        ({"reasoning_effort": 3}, ("reasoning_effort",), "string_type"),
        ({"reasoning_effort": "wild"}, ("reasoning_effort",), "literal_error"),
        ({"reasoning": "high"}, ("reasoning",), "model_type"),
        ({"stream_options": []}, ("stream_options",), "model_type"),
    ],
)
def test_the_schema_is_strict(members, location, kind):
    with pytest.raises(ValidationError) as caught:
        request(**members)
    (error,) = caught.value.errors()
    assert (error["loc"], error["type"]) == (location, kind)


@pytest.mark.parametrize("members", [{"temperature": 0}, {"top_p": 0}, {"n": 1}])
def test_explicit_bounds_are_fine(members):
    assert parse(**members)
