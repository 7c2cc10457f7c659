"""The one second question: on the same account, and only before anything was shown."""

from contextlib import aclosing
from dataclasses import replace

import httpx
import orjson
import pytest

from gateway import turn
from gateway.conversation.events import (
    Finished,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    ToolCall,
)
from gateway.conversation.requests import Format, Options, Tool, ToolChoice, Tools
from tests.gateway.ground import END, Stream, ask, error, said, thought

SCHEMA = orjson.dumps(
    {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    }
).decode()
WEATHER = Tool("weather", "The weather of a city", SCHEMA)


def call(arguments='{"city":"Oslo"}'):
    return (
        "<tool_calls><tool_call><tool_name>weather</tool_name>"
        f"<parameters>{arguments}</parameters></tool_call></tool_calls>"
    )


def tools(choice=ToolChoice.AUTO):
    return Tools((WEATHER,), choice)


def asking(*, tools=None, **options):
    asked = ask()
    conversation = replace(
        asked.conversation, tools=tools or Tools(), options=Options(**options)
    )
    return replace(asked, conversation=conversation)


async def events_of(asked):
    async with aclosing(turn.run(asked)) as batches:
        return [event async for batch in batches for event in batch]


def text_in(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def calls_in(events):
    return [event for event in events if isinstance(event, ToolCall)]


def ends(events):
    last = events[-1]
    assert isinstance(last, Finished)
    return last.reason


async def test_a_call_is_found_and_the_rest_is_not_read(stage):
    stage.add("a")
    reply = Stream(said("Let me see. "), said(call()), said("ignored"), END)
    stage.upstream.will(reply)
    found = await events_of(asking(tools=tools()))
    assert calls_in(found) == [ToolCall("weather", '{"city":"Oslo"}')]
    assert text_in(found) == "Let me see."
    assert ends(found) is FinishReason.TOOL_CALLS
    assert found[-1].usage.completion_tokens > 4
    assert reply.closed


async def test_wrong_arguments_are_asked_for_once_more(stage):
    stage.add("a", "b")
    stage.upstream.will(said(call('{"town":"Oslo"}')) + END, said(call()) + END)
    found = await events_of(asking(tools=tools()))
    assert calls_in(found) == [ToolCall("weather", '{"city":"Oslo"}')]
    assert text_in(found) == ""
    assert len(set(stage.upstream.asked)) == 1
    first, second = (body["message"] for body in stage.upstream.bodies)
    assert second.startswith(first)
    assert len(second) > len(first)


async def test_arguments_that_stay_wrong_are_given_out_as_text(stage):
    stage.add("a")
    bad = said(call('{"town":"Oslo"}')) + END
    stage.upstream.will(bad, bad)
    found = await events_of(asking(tools=tools()))
    assert calls_in(found) == []
    assert text_in(found) == call('{"town":"Oslo"}')
    assert ends(found) is FinishReason.STOP
    assert len(stage.upstream.asked) == 2


async def test_nobody_asks_again_after_visible_text(stage):
    stage.add("a")
    bad = call('{"town":"Oslo"}')
    stage.upstream.will(said("I will look. ") + said(bad) + END)
    found = await events_of(asking(tools=tools()))
    assert text_in(found) == f"I will look. {bad}"
    assert len(stage.upstream.asked) == 1


async def test_a_demanded_call_is_asked_for_once_more(stage):
    stage.add("a")
    stage.upstream.will(said("It is sunny.") + END, said(call()) + END)
    found = await events_of(asking(tools=tools(ToolChoice.REQUIRED)))
    assert text_in(found) == ""
    assert len(calls_in(found)) == 1


async def test_a_demand_that_is_ignored_twice_ends_in_text(stage):
    stage.add("a")
    stage.upstream.will(said("It is sunny.") + END, said("Still sunny.") + END)
    found = await events_of(asking(tools=tools(ToolChoice.REQUIRED)))
    assert (text_in(found), ends(found)) == ("Still sunny.", FinishReason.STOP)


@pytest.mark.parametrize(
    "second", [503, Stream(error()), END], ids=["status", "in band", "empty"]
)
async def test_if_the_second_question_fails_the_first_answer_stands(stage, second):
    stage.add("a", "b")
    stage.upstream.will(said("It is sunny.") + END, second)
    asked = asking(tools=tools(ToolChoice.REQUIRED))
    found = await events_of(asked)
    assert (text_in(found), ends(found)) == ("It is sunny.", FinishReason.STOP)
    assert [one.reason for one in asked.journal.attempts] == ["ok"]


async def test_a_second_question_costs_a_second_unit(stage):
    stage.add("a")
    before = stage.accounts.entry(1).window("auto").remaining
    stage.upstream.will(said("no") + END, said(call()) + END)
    await events_of(asking(tools=tools(ToolChoice.REQUIRED)))
    assert stage.accounts.entry(1).window("auto").remaining == before - 2
    assert stage.accounts.entry(1).inflight == 0


async def test_without_a_unit_left_nobody_asks_again(stage):
    stage.add("a")
    window = stage.accounts.entry(1).window("auto")
    window.remaining = 1
    stage.upstream.will(said("It is sunny.") + END)
    found = await events_of(asking(tools=tools(ToolChoice.REQUIRED)))
    assert text_in(found) == "It is sunny."
    assert len(stage.upstream.asked) == 1


async def test_bad_json_is_asked_for_once_more_in_a_whole_answer(stage):
    stage.add("a")
    stage.upstream.will(
        said("Sure: {broken") + END, said('```json\n{"a":1}\n```') + END
    )
    found = await events_of(asking(format=Format(), stream=False))
    assert orjson.loads(text_in(found)) == {"a": 1}


async def test_a_strict_schema_is_checked_in_a_whole_answer(stage):
    stage.add("a")
    wanted = Format(SCHEMA, "place", strict=True)
    stage.upstream.will(said('{"town":1}') + END, said('{"city":"Oslo"}') + END)
    found = await events_of(asking(format=wanted, stream=False))
    assert orjson.loads(text_in(found)) == {"city": "Oslo"}
    assert len(stage.upstream.asked) == 2


async def test_a_streamed_json_answer_loses_its_fence_and_is_not_asked_again(stage):
    stage.add("a")
    stage.upstream.will(
        said("Here:\n```json\n") + said('{"a":') + said("1}\n```") + END
    )
    found = await events_of(asking(format=Format(), stream=True))
    assert text_in(found) == '{"a":1}'
    assert len(stage.upstream.asked) == 1


async def test_a_tool_call_wins_over_a_wished_format(stage):
    stage.add("a")
    stage.upstream.will(said(call()) + END)
    found = await events_of(asking(tools=tools(), format=Format(), stream=False))
    assert len(calls_in(found)) == 1
    assert len(stage.upstream.asked) == 1


async def test_thoughts_of_both_answers_are_shown(stage):
    stage.add("a")
    stage.upstream.will(
        thought("first") + said("no") + END, thought("second") + said(call()) + END
    )
    found = await events_of(asking(tools=tools(ToolChoice.REQUIRED)))
    thoughts = "".join(e.text for e in found if isinstance(e, ReasoningDelta))
    assert thoughts == "firstsecond"


async def test_a_failed_first_answer_is_tried_elsewhere_as_ever(stage):
    stage.add("a", "b")
    stage.upstream.will(httpx.Response(503), said(call()) + END)
    found = await events_of(asking(tools=tools()))
    assert len(calls_in(found)) == 1
    assert len(set(stage.upstream.asked)) == 2
