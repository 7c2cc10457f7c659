import logging

import pytest

from gateway.conversation.events import ToolCall
from gateway.conversation.requests import Tool, Tools
from gateway.conversation.tools import ToolSieve
from gateway.conversation.tools.finding import CAPTURE_LIMIT_CHARS
from tests.gateway.conversation.tools.corpus import (
    BROKEN,
    ENTRY,
    FORMS,
    INDENTED,
    ONE_AT_MOST,
    ONLY_PING,
    OSLO,
    PING,
    REQUIRED,
    TOOLS,
    block,
    element,
    sieved,
    with_city,
)

UNKNOWN = block(element("nope"))


def test_plain_text_passes_at_once():
    sieve = ToolSieve(TOOLS)
    sieve.feed("It ")
    assert sieve.feed("begins") == " begins"
    assert sieve.feed(" <b>here</b>") == " <b>here</b>"
    assert sieve.close() == ""


def test_space_and_what_may_be_a_marker_wait():
    sieve = ToolSieve(TOOLS)
    assert sieve.feed("Now \n") == "Now"
    assert sieve.feed("```xml\n") == ""
    assert sieve.feed("<tool") == ""
    assert sieve.feed("box>") == " \n```xml\n<toolbox>"
    assert sieve.feed("<tool_calls") == ""
    assert sieve.feed("x") == "<tool_callsx"


def test_calls_are_complete_where_their_block_ends():
    sieve = ToolSieve(TOOLS)
    before, last = INDENTED[:-1], INDENTED[-1]
    assert sieve.feed(f"Look. {before}") == "Look."
    assert (sieve.done, sieve.calls) == (False, [])
    assert sieve.feed(last) == ""
    assert (sieve.done, sieve.calls) == (True, [OSLO])
    assert sieve.feed(" and more") == ""
    assert sieve.close() == ""


def test_bare_calls_are_complete_where_something_else_follows():
    sieve = ToolSieve(TOOLS)
    sieve.feed(element() + "\n <")
    assert not sieve.done
    sieve.feed("tool_call>")
    sieve.feed("<tool_name>ping</tool_name></tool_call> .")
    assert sieve.calls == [OSLO, PING]
    assert sieve.done


def test_prose_about_a_tag_is_not_held():
    sieve = ToolSieve(TOOLS)
    assert sieve.feed("The <tool_calls> tag ") == "The <tool_calls> tag"
    assert sieve.feed("is") == " is"


@pytest.mark.parametrize("text", ['{"answer":', "[1]", '[{"city":', "```json\n{ }"])
def test_other_json_is_not_held(text):
    sieve = ToolSieve(TOOLS)
    assert sieve.feed(text) == text


BAD = {
    "unknown name": (UNKNOWN, "no tool named nope"),
    "no name": (block("<tool_call></tool_call>"), "no tool name"),
    "no call": ("<tool_calls></tool_calls>", "no call in the form"),
    "closed": ("<tool_calls/>", "no call in the form"),
    "words": ("<tool_calls>get_weather(Oslo)</tool_calls>", "no call in the form"),
    "words in a call": ("<tool_call>get_weather</tool_call>", "no tool name"),
    "broken": (BROKEN, "parameters for get_weather are not valid JSON"),
    "not an object": (block(element("ping", "[1]")), "are not a JSON object"),
    "not a number": (block(element("ping", '{"a":1e999}')), "are not valid JSON"),
    "schema": (with_city("3"), "at city: 3 is not of type 'string'"),
    "extra": (block(element(parameters='{"town":1}')), "'town' was unexpected"),
    "object": ('{"tool_calls":[{"name":"nope"}]}', "no tool named nope"),
    "odd objects": ('{"tool_calls":[1, {"name":3}, {"function":{}}]}', "no tool name"),
    "infinite": (
        '{"tool_calls":[{"name":"ping","arguments":{"a":1e999}}]}',
        "parameters for ping are not valid JSON",
    ),
    "empty object": ('{"tool_calls":[]}', "no call in the form"),
    "not json": ('{"tool_calls":[}', "no call in the form"),
    "list": ('[{"name":"get_weather","arguments":{"city":1}}]', "is not of type"),
    "entries": (f"<tool_call>[{ENTRY[:-1]}]</tool_call>", "no tool name"),
    "custom": (block(element("patch", '{"text":"x"}')), "'input' is a required"),
    "custom cut": ("<tool_call><tool_name>patch</tool_name><parameters>+a", "no end"),
    "member cut": (
        '<invoke name="get_weather"><parameter name="city">Os',
        "",  # nothing of it is closed: it may be prose
    ),
    "second member cut": (
        '<invoke name="get_weather"><parameter name="city">Oslo</parameter>'
        '<parameter name="days">1',
        "parameters for get_weather have no end",
    ),
}
ONLY_ALONE = {"list"}  # with text behind it, it is no block


@pytest.mark.parametrize("name", BAD)
def test_a_block_that_is_no_good_is_asked_for_again(name):
    written, problem = BAD[name]
    more = [] if name in ONLY_ALONE else [[written, " And\nso on."]]
    for pieces in ([written], written, *more):
        found = sieved(pieces)
        assert found.calls == ()
        assert found.text == "".join(pieces)
        assert problem in found.correction
        assert "\n" not in found.correction
        assert bool(found.correction) is bool(problem)


@pytest.mark.parametrize("name", BAD)
def test_nothing_is_shown_before_it_is_asked_for_again(name):
    written, problem = BAD[name]
    if problem and name not in ONLY_ALONE:
        sieve = ToolSieve(TOOLS)
        assert "".join(map(sieve.feed, f"{written} {'word ' * 50}")) == ""
        assert sieve.close().startswith(written)


@pytest.mark.parametrize("name", BAD)
def test_its_text_is_given_out_where_nobody_can_ask_again(name):
    written, _problem = BAD[name]
    found = sieved(f"{written} And on.", may_ask_again=False)
    assert (found.text, found.correction) == (f"{written} And on.", "")


@pytest.mark.parametrize("name", BAD)
def test_an_answer_that_was_begun_is_not_taken_back(name):
    written, _problem = BAD[name]
    found = sieved([f"So. {written}", " Hm."])
    assert (found.text, found.correction) == (f"So. {written} Hm.", "")


def test_a_good_block_makes_up_for_a_bad_one():
    found = sieved(f"{UNKNOWN}\n{block()} more")
    assert (found.text, found.calls, found.correction) == (UNKNOWN, (OSLO,), "")


def test_bad_calls_beside_good_ones_are_left_out_with_a_line(caplog):
    caplog.set_level(logging.INFO)
    bad = element(parameters='{"city":"secret')
    found = sieved([block(element("ping", ""), element("nope"), bad)])
    assert found.calls == (PING,)
    (record,) = caplog.records
    message = record.getMessage()
    assert message.startswith("left out 2 tool calls of a model: ")
    assert "arguments unreadable" in message
    assert "unknown name" in message
    assert "secret" not in message


def test_one_call_is_kept_where_no_more_are_wanted():
    assert sieved([block(element(), element("ping", ""))], ONE_AT_MOST).calls == (OSLO,)
    assert sieved([block(UNKNOWN, element())], ONE_AT_MOST).calls == (OSLO,)


def test_all_text_is_held_while_a_call_is_demanded():
    sieve = ToolSieve(REQUIRED)
    assert "".join(map(sieve.feed, "I would rather talk. \n")) == ""
    assert sieve.feed(block()) == "I would rather talk."
    assert sieve.calls == [OSLO]


def test_a_demand_that_is_not_met_is_made_again():
    found = sieved(["I would", " rather talk."], REQUIRED)
    assert found.text == "I would rather talk."
    assert "called no tool" in found.correction
    assert sieved([""], REQUIRED).correction
    assert "named nope" in sieved(["x ", UNKNOWN], REQUIRED).correction


def test_a_demand_is_made_twice_at_most():
    sieve = ToolSieve(REQUIRED, may_ask_again=False)
    assert sieve.feed("I would") == "I would"
    sieve.close()
    assert sieve.correction == ""


def test_text_that_is_too_long_to_hold_is_let_go():
    sieve = ToolSieve(REQUIRED)
    assert sieve.feed("x" * CAPTURE_LIMIT_CHARS) == ""
    assert len(sieve.feed("yz")) == CAPTURE_LIMIT_CHARS + 2
    assert sieve.feed("more") == "more"
    assert sieve.close() == ""
    assert sieve.correction == ""


def test_calls_of_other_tools_than_the_demanded_one_are_left_out():
    both = block(element(), element("ping", ""))
    assert sieved([both], ONLY_PING).calls == (PING,)
    found = sieved([block()], ONLY_PING)
    assert (found.text, found.calls) == (block(), ())
    assert "only ping may be called" in found.correction


def test_names_that_differ_in_case_alone_need_the_right_one():
    tools = Tools((Tool("Run"), Tool("run")))
    assert sieved([block(element("run", ""))], tools).calls == (ToolCall("run", "{}"),)
    assert sieved([block(element("RUN", ""))], tools).calls == ()


@pytest.mark.parametrize("head", [block()[:60], '{"tool_calls":["'])
def test_a_block_beyond_the_limit_is_text_and_ends_the_search(head):
    text = head + "x" * CAPTURE_LIMIT_CHARS + '"}]}' + block()
    for size in (len(text), 100_003):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        found = sieved(pieces)
        assert (found.text == text, found.calls, found.correction) == (True, (), "")


def test_a_block_just_within_the_limit_is_found():
    room = CAPTURE_LIMIT_CHARS - len(with_city('""'))
    assert sieved([with_city(f'"{"x" * room}"')]).calls
    assert not sieved([with_city(f'"{"x" * (room + 1)}"')]).calls


def test_members_are_read_as_their_schema_says():
    schema = (
        '{"properties":{"s":{"type":["string","null"]},"n":{"type":"null"},'
        '"b":{"type":5},"i":true,"f":{"type":["number"]}}}'
    )
    members = {
        "s": "1",
        "n": "null",
        "b": "true",
        "i": "x y",
        "f": "2.5",
        "o": '{"a":1}',
    }
    parts = "".join(
        f'<parameter name="{name}">\n{text}\r\n</parameter>'
        for name, text in members.items()
    )
    (call,) = sieved(
        [f'<invoke name="a">{parts}</invoke>.'], Tools((Tool("a", "", schema),))
    ).calls
    assert call.arguments == (
        '{"s":"1","n":null,"b":true,"i":"x y","f":2.5,"o":{"a":1}}'
    )
    odd = '<invoke name="a"><parameter name="s">null</parameter></invoke>.'
    (call,) = sieved([odd], Tools((Tool("a", "", schema),))).calls
    assert call.arguments == '{"s":null}'
    (call,) = sieved([odd], Tools((Tool("a", "", '{"properties":1}'),))).calls
    assert call.arguments == '{"s":null}'


def test_no_form_is_missing_from_the_corpus():
    assert len(FORMS) > 60
