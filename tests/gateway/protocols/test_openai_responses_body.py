"""What of a response object repeats the request, and in which form."""

import pytest
from openai.types.responses import Response

from gateway.errors import GatewayError
from gateway.protocols.openai_responses import parse
from gateway.protocols.openai_responses_body import echo
from tests.gateway.protocols.responses_samples import (
    STOP,
    WEATHER,
    head,
    request,
    whole,
)


def test_the_echo_of_a_bare_request_is_complete():
    assert echo(request()) == {
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": True,
        "temperature": 0.8,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 0.95,
        "truncation": "disabled",
        "user": None,
    }


def test_an_explicit_zero_is_echoed():
    told = echo(request(temperature=0, top_p=0))
    assert (told["temperature"], told["top_p"]) == (0, 0)


def test_the_echo_of_a_full_request_is_of_the_sdks_type():
    members = {
        "instructions": "Be brief.",
        "metadata": {"a": "b", "n": 3, "none": None},
        "reasoning": {"effort": "high", "summary": "detailed"},
        "text": {"format": {"type": "json_object"}, "verbosity": "low"},
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
        "tools": [
            {"type": "function", "function": dict(WEATHER, type=None)},
            {"name": "bare", "type": "function"},
            {
                "type": "custom",
                "name": "apply_patch",
                "format": {"type": "grammar", "syntax": "lark", "definition": "a: b"},
            },
            {
                "type": "namespace",
                "name": "mail",
                "description": "Mail.",
                "tools": [{"type": "function", "name": "send"}, {"type": "mcp"}],
            },
            {"type": "web_search", "search_context_size": "low"},
            {"type": "local_shell"},
        ],
        "truncation": "auto",
        "user": "u",
        "store": False,
        "max_output_tokens": 64,
    }
    body = whole([STOP], made=head(**members))
    Response.model_validate(body)
    assert body["metadata"] == {"a": "b", "n": "3"}
    assert body["tool_choice"] == {"type": "function", "name": "get_weather"}
    kinds = [tool["type"] for tool in body["tools"]]
    assert kinds == ["function", "function", "custom", "namespace", "web_search"]
    assert body["tools"][0] == WEATHER
    assert body["tools"][1] == {
        "type": "function",
        "name": "bare",
        "description": None,
        "parameters": None,
        "strict": None,
    }
    assert [tool["name"] for tool in body["tools"][3]["tools"]] == ["send"]
    assert body["text"] == {"format": {"type": "json_object"}, "verbosity": "low"}
    assert body["store"] is False


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (None, "auto"),
        ("none", "none"),
        ("required", "required"),
        ({"type": "function", "name": "get_weather"}, None),
        (
            {"type": "custom", "custom": {"name": "apply_patch"}},
            {"type": "custom", "name": "apply_patch"},
        ),
        ({"type": "web_search"}, "auto"),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [
                        {"type": "function", "function": {"name": "get_weather"}}
                    ],
                },
            },
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "get_weather"}],
            },
        ),
    ],
)
def test_choices_are_echoed_flat(choice, told):
    tools = [
        WEATHER,
        {"type": "custom", "name": "apply_patch"},
        {"type": "web_search"},
    ]
    asked = request(tools=tools, tool_choice=choice)
    parse(asked)
    body = echo(asked)
    assert body["tool_choice"] == (choice if told is None else told)


def test_a_nested_schema_is_echoed_flat():
    schema = {"name": "x", "schema": {"type": "object"}}
    wanted = {"type": "json_schema", "json_schema": schema}
    body = echo(request(text={"format": wanted}))
    assert body["text"]["format"] == {"type": "json_schema", **schema}


@pytest.mark.parametrize(
    "members",
    [
        {"tools": [{"type": "", "x": 1}]},
        {"tools": [{"type": "custom", "name": "f", "format": {"type": ["odd"]}}]},
        {"tools": [WEATHER], "tool_choice": {"type": "web_search", "web_search": 5}},
        {"text": {"format": {"type": "text", "json_schema": "odd"}}},
    ],
)
def test_odd_members_do_not_disturb_the_echo(members):
    asked = request(**members)
    parse(asked)
    assert echo(asked)["store"] is True


def test_what_could_not_be_said_again_is_refused():
    deep: list[object] = []
    for _ in range(300):
        deep = [deep]
    asked = request(tools=[{"type": "web_search", "odd": deep}])
    parse(asked)
    with pytest.raises(GatewayError) as caught:
        echo(asked)
    assert caught.value.param == "tools"
