import json
import logging

import pytest

from gateway.conversation.requests import NO_PARAMETERS, Tool, ToolChoice
from gateway.errors import GatewayError, Kind
from gateway.protocols.tool_definitions import anthropic_tools, openai_tools
from gateway.protocols.tool_entries import FREE_TEXT

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
COMPACT = '{"type":"object","properties":{"city":{"type":"string"}}}'


def nested(name, **members):
    return {"type": "function", "function": {"name": name, **members}}


def flat(name, **members):
    return {"type": "function", "name": name, **members}


TWO = [nested("get_weather"), nested("get_time")]
SEARCH = {"type": "web_search_preview"}
SPACE = {"type": "namespace", "name": "mail", "tools": [flat("find"), flat("send")]}


def names(declared):
    return [tool.name for tool in declared.tools.offered]


@pytest.mark.parametrize("make", [nested, flat])
def test_a_function_is_read_nested_and_flat(make):
    value = make("get_weather", description="Weather.", parameters=SCHEMA, strict=True)
    found = openai_tools([value]).tools
    assert found.offered == (Tool("get_weather", "Weather.", COMPACT),)
    assert found.choice is ToolChoice.AUTO
    assert found.active
    assert found.parallel


def test_what_a_function_may_leave_out():
    value = {"name": "  ping ", "description": None, "parameters": None}
    assert openai_tools([value]).tools.offered == (Tool("ping", "", NO_PARAMETERS),)
    assert openai_tools([{"function": {"name": "p", "parameters": {}}}]).tools.offered
    assert openai_tools(None).tools.offered == ()
    assert not openai_tools([], "auto").tools.active


def test_a_tool_of_messages():
    value = {"name": "get_weather", "description": "W.", "input_schema": SCHEMA}
    wanted = (Tool("get_weather", "W.", COMPACT),)
    assert anthropic_tools([value]).tools.offered == wanted
    assert anthropic_tools([value | {"type": "custom"}]).tools.offered == wanted
    assert anthropic_tools([{"name": "a"}]).tools.offered == (Tool("a"),)


def test_a_custom_tool_takes_one_text():
    inner = {"name": "sql", "description": "Runs SQL.", "format": {"type": "text"}}
    wanted = (Tool("sql", "Runs SQL.", FREE_TEXT, custom=True),)
    assert openai_tools([{"type": "custom", **inner}]).tools.offered == wanted
    assert openai_tools([{"type": "custom", "custom": inner}]).tools.offered == wanted


@pytest.mark.parametrize("nested_grammar", [True, False])
def test_a_grammar_is_told_in_words(nested_grammar):
    grammar = {"syntax": "lark", "definition": 'start: "a"'}
    members = {"grammar": grammar} if nested_grammar else grammar
    value = {"type": "custom", "name": "x", "description": "Patches."}
    told = {"format": {"type": "grammar", **members}}
    (tool,) = openai_tools([value | told]).tools.offered
    words = 'The input must follow this lark grammar:\nstart: "a"'
    assert tool.description == f"Patches.\n{words}"


def test_members_of_a_namespace_carry_its_name():
    custom = {"type": "custom", "name": "raw"}
    space = {**SPACE, "tools": [*SPACE["tools"], custom, {"type": "mcp"}]}
    found = openai_tools([space, flat("find")])
    assert names(found) == ["mail__find", "mail__send", "mail__raw", "find"]
    assert [tool.namespace for tool in found.tools.offered] == ["mail"] * 3 + [""]
    assert found.tools.offered[2].custom


@pytest.mark.parametrize(
    "kind",
    [
        "web_search",
        "web_search_2025_08_26",
        "x_search",
        "live_search",
        "code_interpreter",
    ],
)
def test_what_upstream_does_itself_is_not_offered(kind, caplog):
    caplog.set_level(logging.INFO)
    found = openai_tools([{"type": kind}], "auto")
    assert not found.tools.active
    assert found.search is kind.startswith("web_search")
    assert not found.search_forced
    assert not caplog.records


@pytest.mark.parametrize(
    "kind",
    [
        "file_search",
        "computer_use_preview",
        "mcp",
        "local_shell",
        "tool_search",
        "apply_patch",
    ],
)
def test_what_is_not_offered_is_dropped_with_a_line(kind, caplog):
    caplog.set_level(logging.INFO)
    found = openai_tools([{"type": kind, "server_label": "x"}, flat("a")])
    assert names(found) == ["a"]
    assert kind in caplog.text


def test_typed_tools_of_messages():
    typed = {"type": "web_search_20250305", "name": "web_search", "max_uses": 5}
    shell = {"type": "bash_20250124", "name": "bash"}
    found = anthropic_tools([typed, shell, {"name": "a"}])
    assert names(found) == ["a"]
    assert found.search
    forced = anthropic_tools([typed], {"type": "tool", "name": "web_search"})
    assert forced.search_forced
    assert forced.tools.choice is ToolChoice.AUTO
    assert anthropic_tools([typed], {"type": "any"}).search_forced
    assert not anthropic_tools([typed], {"type": "none"}).search
    mild = anthropic_tools([shell, {"name": "a"}], {"type": "tool", "name": "bash"})
    assert (mild.search_forced, mild.tools.only) == (False, "")


@pytest.mark.parametrize(
    ("choice", "mode"),
    [
        (None, ToolChoice.AUTO),
        ("auto", ToolChoice.AUTO),
        ("none", ToolChoice.NONE),
        ("required", ToolChoice.REQUIRED),
        ("any", ToolChoice.REQUIRED),
        ({"type": "auto"}, ToolChoice.AUTO),
        ({"type": "none"}, ToolChoice.NONE),
        ({"type": "any"}, ToolChoice.REQUIRED),
    ],
)
def test_a_mode(choice, mode):
    for found in (openai_tools(TWO, choice), anthropic_tools([flat("a")], choice)):
        assert found.tools.choice is mode
        assert found.tools.only == ""
        assert found.tools.active is (mode is not ToolChoice.NONE)


@pytest.mark.parametrize(
    ("choice", "only"),
    [
        ({"type": "function", "function": {"name": "get_time"}}, "get_time"),
        ({"type": "function", "name": "get_time"}, "get_time"),
        ({"name": "get_time"}, "get_time"),
        ({"type": "tool", "name": " get_time "}, "get_time"),
        ({"type": "custom", "custom": {"name": "raw"}}, "raw"),
        ({"type": "custom", "name": "raw"}, "raw"),
        ({"type": "function", "name": "mail__find"}, "mail__find"),
        ({"type": "function", "name": "find", "namespace": "mail"}, "mail__find"),
    ],
)
def test_one_tool_is_demanded(choice, only):
    offered = [*TWO, SPACE, {"type": "custom", "name": "raw"}]
    found = openai_tools(offered, choice).tools
    assert found.choice is ToolChoice.REQUIRED
    assert found.only == only
    assert len(found.offered) == 5


@pytest.mark.parametrize("is_nested", [True, False])
@pytest.mark.parametrize("mode", ["auto", "required"])
def test_only_some_tools_are_allowed(is_nested, mode):
    allowed = [flat("get_time"), SEARCH, nested("mail__send")]
    inner = {"mode": mode, "tools": allowed}
    choice = {"allowed_tools": inner} if is_nested else inner
    found = openai_tools([*TWO, SPACE, SEARCH], {"type": "allowed_tools", **choice})
    assert names(found) == ["get_time", "mail__send"]
    assert found.tools.choice is ToolChoice(mode)


def test_a_whole_namespace_is_allowed():
    allowed = [{"type": "namespace", "name": "mail"}]
    choice = {"type": "allowed_tools", "tools": allowed}
    assert names(openai_tools([*TWO, SPACE], choice)) == ["mail__find", "mail__send"]


def test_a_search_alone_is_demanded():
    assert openai_tools([SEARCH], "required").search_forced
    assert openai_tools([*TWO, SEARCH], {"type": "web_search_preview"}).search_forced
    only = {"type": "allowed_tools", "mode": "required", "tools": [SEARCH]}
    found = openai_tools([*TWO, SEARCH], only)
    assert found.search_forced
    assert not found.tools.active
    assert not openai_tools([*TWO, SEARCH], "required").search_forced


def test_dropped_tools_alone_are_no_tools():
    found = openai_tools([{"type": "mcp"}], "required")
    assert not found.tools.active
    assert not found.search_forced
    assert not openai_tools([*TWO, {"type": "mcp"}], {"type": "mcp"}).search_forced
    for kind in ("mcp", "function"):
        hosted = {"type": "allowed_tools", "tools": [{"type": kind, "name": "x"}]}
        found = openai_tools([*TWO, {"type": "mcp", "name": "x"}], hosted)
        assert not found.tools.active


def test_one_call_at_a_time():
    assert not openai_tools(TWO, parallel=False).tools.parallel
    alone = {"type": "auto", "disable_parallel_tool_use": True}
    assert not anthropic_tools([flat("a")], alone).tools.parallel
    together = {"type": "any", "disable_parallel_tool_use": False}
    assert anthropic_tools([flat("a")], together).tools.parallel


DEEP = json.loads('{"items":' * 400 + "{}" + "}" * 400)
TYPE, VALUE, MISSING = Kind.INVALID_TYPE, Kind.INVALID_VALUE, Kind.MISSING


@pytest.mark.parametrize(
    ("tools", "kind", "path"),
    [
        ({}, TYPE, "tools"),
        ([nested("a"), 7], TYPE, "tools.1"),
        ([{}], MISSING, "tools.0.type"),
        ([{"type": 3}], TYPE, "tools.0.type"),
        ([{"type": "function"}], MISSING, "tools.0.name"),
        ([{"type": "function", "function": "x"}], TYPE, "tools.0.function"),
        ([{"type": "function", "function": {}}], MISSING, "tools.0.function.name"),
        ([nested(3)], TYPE, "tools.0.function.name"),
        ([nested("a"), nested("b c")], VALUE, "tools.1.function.name"),
        ([flat(" ")], VALUE, "tools.0.name"),
        ([flat("x" * 129)], VALUE, "tools.0.name"),
        ([flat("a\nb")], VALUE, "tools.0.name"),
        ([flat("\u00e9")], VALUE, "tools.0.name"),
        ([*TWO, nested("get_time")], VALUE, "tools.2.function.name"),
        ([flat("mail__find"), SPACE], VALUE, "tools.1.tools.0.name"),
        ([nested("a", description=1)], TYPE, "tools.0.function.description"),
        ([nested("a", parameters=[])], TYPE, "tools.0.function.parameters"),
        ([nested("a", parameters="x")], TYPE, "tools.0.function.parameters"),
        ([flat("a", parameters=DEEP)], VALUE, "tools.0.parameters"),
        ([flat(f"t{n}") for n in range(129)], VALUE, "tools"),
        ([{"type": "namespace", "name": "n"}], MISSING, "tools.0.tools"),
        ([{"type": "namespace", "name": "n", "tools": 1}], TYPE, "tools.0.tools"),
        ([{"type": "namespace", "tools": []}], MISSING, "tools.0.name"),
        ([{"type": "custom", "name": "a", "format": 1}], TYPE, "tools.0.format"),
        (
            [
                {
                    "type": "custom",
                    "custom": {"name": "a", "format": {"type": "grammar"}},
                }
            ],
            MISSING,
            "tools.0.custom.format.definition",
        ),
    ],
)
def test_an_error_names_the_exact_place(tools, kind, path):
    with pytest.raises(GatewayError) as caught:
        openai_tools(tools)
    assert (caught.value.kind, caught.value.param) == (kind, path)


@pytest.mark.parametrize(
    ("tools", "choice", "kind", "path"),
    [
        (TWO, 7, TYPE, "tool_choice"),
        (TWO, "maybe", VALUE, "tool_choice"),
        (TWO, {}, MISSING, "tool_choice.type"),
        (TWO, {"type": 1}, TYPE, "tool_choice.type"),
        (TWO, {"type": "perhaps"}, VALUE, "tool_choice.type"),
        (None, "required", VALUE, "tool_choice"),
        ([], {"type": "any"}, VALUE, "tool_choice"),
        (None, {"type": "function", "name": "a"}, VALUE, "tool_choice"),
        (TWO, {"type": "function", "name": "a"}, VALUE, "tool_choice"),
        (TWO, {"type": "function", "function": {"name": "a"}}, VALUE, "tool_choice"),
        (TWO, {"type": "function", "function": 1}, TYPE, "tool_choice.function"),
        (TWO, {"type": "function"}, MISSING, "tool_choice.name"),
        (TWO, {"type": "tool", "name": 1}, TYPE, "tool_choice.name"),
        (TWO, {"type": "allowed_tools"}, MISSING, "tool_choice.tools"),
        (TWO, {"type": "allowed_tools", "tools": [1]}, TYPE, "tool_choice.tools.0"),
        (
            TWO,
            {"type": "allowed_tools", "tools": [flat("a")]},
            VALUE,
            "tool_choice.tools.0.name",
        ),
        (
            TWO,
            {"type": "allowed_tools", "tools": [{"type": "namespace", "name": "a"}]},
            VALUE,
            "tool_choice.tools.0.name",
        ),
        (
            TWO,
            {"type": "allowed_tools", "allowed_tools": {"mode": "none", "tools": []}},
            VALUE,
            "tool_choice.allowed_tools.mode",
        ),
        (
            TWO,
            {"type": "allowed_tools", "mode": "required", "tools": []},
            VALUE,
            "tool_choice",
        ),
    ],
)
def test_a_choice_that_cannot_be_is_refused(tools, choice, kind, path):
    with pytest.raises(GatewayError) as caught:
        openai_tools(tools, choice)
    assert (caught.value.kind, caught.value.param) == (kind, path)


def test_errors_of_messages_name_the_place_too():
    with pytest.raises(GatewayError) as caught:
        anthropic_tools([{"name": "a"}, {"name": "b", "input_schema": 1}])
    assert caught.value.param == "tools.1.input_schema"
    with pytest.raises(GatewayError) as caught:
        anthropic_tools([], {"type": "auto", "disable_parallel_tool_use": "yes"})
    assert caught.value.param == "tool_choice.disable_parallel_tool_use"


def test_a_dropped_type_cannot_write_log_lines(caplog):
    caplog.set_level(logging.INFO)
    openai_tools([{"type": "x\nERROR forged" + "y" * 500}])
    (record,) = caplog.records
    assert "\n" not in record.getMessage()
    assert len(record.getMessage()) < 150


def test_dropped_tools_cannot_flood_the_log(caplog):
    caplog.set_level(logging.INFO)
    openai_tools([{"type": "mcp"}] * 300)
    assert len(caplog.records) == 1
    openai_tools([{"type": f"new{number}"} for number in range(300)])
    assert len(caplog.records) == 1 + 128
