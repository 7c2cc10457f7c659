import pytest

from gateway.conversation.requests import PastCall, Tool, ToolChoice, Tools
from gateway.conversation.tokens import count
from gateway.conversation.tools import instructions, written_back
from gateway.conversation.tools.prompt import DESCRIPTION_LIMIT_BYTES
from tests.gateway.conversation.tools.corpus import OSLO, sieved

TWO = (Tool("get_weather", " Tells the\nweather. ", '{"type":"object"}'), Tool("ping"))


def test_each_tool_is_described():
    told = instructions(Tools(TWO))
    assert (
        "Tool: get_weather\nDescription: Tells the\nweather.\n"
        'Parameters: {"type":"object"}\n\n'
        'Tool: ping\nParameters: {"type":"object","properties":{}}\n' in told
    )
    assert "<tool_calls>" in told


def test_the_words_around_the_tools_are_few():
    assert count(instructions(Tools(TWO[1:]))) < 170


@pytest.mark.parametrize(
    ("tools", "sentence"),
    [
        (Tools(TWO), "Call a tool when it is clearly needed"),
        (Tools(TWO, ToolChoice.REQUIRED), "you must call at least one tool"),
        (Tools(TWO, ToolChoice.REQUIRED, only="ping"), "you must call ping"),
        (Tools(TWO, parallel=False), "Make at most one call."),
    ],
)
def test_it_says_when_to_call(tools, sentence):
    assert sentence in instructions(tools)


def test_a_demanded_tool_is_told_of_alone():
    told = instructions(Tools(TWO, ToolChoice.REQUIRED, only="ping"))
    assert "Tool: ping" in told
    assert "get_weather" not in told


@pytest.mark.parametrize("letter", ["x", "\u00e9", "\u20ac", "\U0001f600"])
def test_a_long_description_is_cut_at_a_character(letter):
    text = letter * DESCRIPTION_LIMIT_BYTES
    (line,) = (
        line
        for line in instructions(Tools((Tool("a", text),))).splitlines()
        if line.startswith("Description: ")
    )
    size = len(line.removeprefix("Description: ").encode())
    assert DESCRIPTION_LIMIT_BYTES - 4 < size <= DESCRIPTION_LIMIT_BYTES
    assert set(line.removeprefix("Description: ")) == {letter}


def test_a_call_is_written_back_in_the_form_that_is_asked_for():
    calls = (
        PastCall("1", "get_weather", '{ "city" : "Oslo" }'),
        PastCall("2", "a", ""),
    )
    assert written_back(calls) == (
        "<tool_calls>\n"
        "<tool_call><tool_name>get_weather</tool_name>"
        '<parameters>{"city":"Oslo"}</parameters></tool_call>\n'
        "<tool_call><tool_name>a</tool_name><parameters>{}</parameters></tool_call>\n"
        "</tool_calls>"
    )


@pytest.mark.parametrize("arguments", ['{"city', "none", '"\ud800"', "\n{'a': 1}"])
def test_what_is_no_json_is_written_back_as_it_is(arguments):
    assert f"<parameters>{arguments}</parameters>" in written_back(
        (PastCall("1", "a", arguments),)
    )


def test_what_is_written_back_is_what_is_recognised():
    written = written_back((PastCall("1", OSLO.name, OSLO.arguments),))
    assert sieved([written]).calls == (OSLO,)
