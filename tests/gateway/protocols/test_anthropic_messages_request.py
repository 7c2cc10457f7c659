"""What a messages request means."""

import pytest
from pydantic import ValidationError

from gateway.conversation import prompting
from gateway.conversation.requests import (
    Format,
    ToolChoice,
)
from gateway.errors import GatewayError, Kind
from gateway.protocols.anthropic_messages import parse
from tests.gateway.protocols.messages_requests import (
    assistant,
    parsed,
    request,
    text,
    user,
)


def test_the_documented_example():
    conversation = parse(
        request(stream=True, thinking={"type": "enabled", "budget_tokens": 1024}),
        stream=True,
    )
    assert prompting.prompt(conversation) == "[user]: Hi"
    assert conversation.options.reasoning is True
    assert conversation.options.stream
    assert conversation.options.max_tokens is None


def test_unknown_members_and_nulls_are_ignored_at_every_level():
    conversation = parsed(
        {"role": "user", "content": "Hi", "odd": 1},
        metadata="odd",
        thinking={"type": "adaptive", "display": "omitted", "budget_tokens": None},
        output_config={"format": None, "effort": None, "odd": 1},
        container={"id": 1},
        cache_control={"type": "ephemeral"},
        service_tier="auto",
        mcp_servers=[],
    )
    assert conversation.options.format is None
    assert conversation.options.reasoning is True


@pytest.mark.parametrize(
    ("thinking", "expected"),
    [
        (None, None),
        ({"type": "disabled"}, False),
        ({"type": "enabled", "budget_tokens": 1}, True),
        ({"type": "adaptive"}, True),
    ],
)
def test_thinking(thinking, expected):
    assert parse(request(thinking=thinking)).options.reasoning is expected


@pytest.mark.parametrize(
    "system",
    [
        "Be brief.",
        [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        [text("x-anthropic-billing-header: cc_version=2"), text("Be brief.")],
        [{"type": "odd"}, text("Be brief.")],
    ],
)
def test_system_comes_first_and_knows_nothing_of_billing(system):
    prompt = prompting.prompt(parse(request(system=system)))
    assert prompt == "[system]: Be brief.\n\n[user]: Hi"


@pytest.mark.parametrize("role", ["system", "developer"])
def test_instructions_among_the_messages_keep_their_place(role):
    conversation = parsed(
        user(text("One.")), {"role": role, "content": "Note."}, user(text("Two."))
    )
    assert prompting.prompt(conversation) == (
        "[user]: One.\n\n[system]: Note.\n\n[user]: Two."
    )


@pytest.mark.parametrize(
    ("last", "prefill"),
    [
        ({"role": "assistant", "content": "The answer is"}, "The answer is"),
        (assistant(text("One"), text("two ")), "One\ntwo"),
        (assistant(text(" ")), ""),
        (assistant(), ""),
        (
            assistant(text("x"), {"type": "tool_use", "id": "t", "name": "f"}),
            "",
        ),
        ({"role": "user", "content": "go on"}, ""),
    ],
)
def test_a_closing_assistant_text_begins_the_answer(last, prefill):
    conversation = parsed(user(text("Hi")), last)
    assert prompting.prefilled(conversation) == prefill


def test_tools_and_their_choice():
    tools = [
        {"name": "f", "description": "d", "input_schema": {"type": "object"}},
        {"type": "custom", "name": "g"},
        {"type": "bash_20250124", "name": "bash"},
    ]
    choice = {"type": "any", "disable_parallel_tool_use": True}
    found = parse(request(tools=tools, tool_choice=choice))
    assert [tool.name for tool in found.tools.offered] == ["f", "g"]
    assert found.tools.choice is ToolChoice.REQUIRED
    assert not found.tools.parallel
    assert not found.options.search


def test_a_web_search_tool_is_no_function():
    tools = [{"type": "web_search_20250305", "name": "web_search"}]
    found = parse(request(tools=tools))
    assert found.options.search
    assert not found.options.search_forced
    assert not found.tools.active
    choice = {"type": "tool", "name": "web_search"}
    assert parse(request(tools=tools, tool_choice=choice)).options.search_forced


def test_there_may_be_many_stop_sequences():
    stops = [str(number) for number in range(256)]
    assert parse(request(stop_sequences=stops)).options.stop == tuple(stops)


def test_a_format_is_binding():
    wanted = {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    found = parse(request(output_config=wanted)).options.format
    assert found == Format('{"type":"object"}', strict=True)


@pytest.mark.parametrize(
    ("members", "kind", "param"),
    [
        ({"stop_sequences": [""]}, Kind.INVALID_VALUE, "stop_sequences"),
        ({"stop_sequences": ["x"] * 257}, Kind.INVALID_VALUE, "stop_sequences"),
        ({"stop_sequences": "x"}, Kind.INVALID_TYPE, "stop_sequences"),
        ({"system": 3}, Kind.INVALID_TYPE, "system"),
        ({"tools": {}}, Kind.INVALID_TYPE, "tools"),
        ({"tool_choice": 3}, Kind.INVALID_TYPE, "tool_choice"),
        ({"stop_sequences": [3]}, Kind.INVALID_TYPE, "stop_sequences.0"),
        (
            {"output_config": {"format": {"type": "xml"}}},
            Kind.INVALID_VALUE,
            "output_config.format.type",
        ),
        (
            {"output_config": {"format": {"type": "json_schema"}}},
            Kind.MISSING,
            "output_config.format.schema",
        ),
        ({"tools": [{"name": "a b"}]}, Kind.INVALID_VALUE, "tools.0.name"),
        ({"tools": [{}]}, Kind.MISSING, "tools.0.name"),
        ({"tool_choice": {"type": "any"}}, Kind.INVALID_VALUE, "tool_choice"),
        ({"system": [3]}, Kind.INVALID_TYPE, "system.0"),
        ({"system": [{"text": "x"}]}, Kind.MISSING, "system.0.type"),
        ({"messages": [user()]}, Kind.MISSING, "messages"),
        ({"messages": [user(text(" "))]}, Kind.MISSING, "messages"),
        (
            {"messages": [{"role": "user", "content": 3}]},
            Kind.INVALID_TYPE,
            "messages.0.content",
        ),
    ],
)
def test_bad_requests_name_the_exact_place(members, kind, param):
    with pytest.raises(GatewayError) as caught:
        parse(request(**members))
    assert (caught.value.kind, caught.value.param) == (kind, param)


@pytest.mark.parametrize(
    "members",
    [
        {"model": 3},
        {"model": ""},
        {"messages": []},
        {"messages": [{"role": "tool", "content": "x"}]},
        {"messages": [{"role": "user"}]},
        {"messages": [{"role": "user", "content": None}]},
        {"max_tokens": 0},
        {"max_tokens": "9"},
        {"temperature": 2.1},
        {"top_p": 1.1},
        {"top_k": 1.5},
        {"thinking": {"type": "sometimes"}},
        {"thinking": {}},
        {"output_config": "x"},
    ],
)
def test_the_schema_is_strict(members):
    with pytest.raises(ValidationError):
        request(**members)
