"""The request of the responses dialect: items, options, errors, and its echo."""

import pytest
from pydantic import ValidationError

from gateway.conversation import prompting
from gateway.conversation.requests import (
    Attachment,
    Format,
    Message,
    PastCall,
    Role,
    Text,
)
from gateway.errors import GatewayError, Kind
from gateway.protocols.openai_responses import parse
from gateway.protocols.openai_responses_input import (
    SUMMARY_HEADING,
    Past,
    blobs,
    references,
)
from gateway.protocols.openai_responses_request import Count
from tests.gateway.protocols.responses_samples import WEATHER, request

PNG = "data:image/png;base64,aGk="


def user(content="Hi"):
    return {"role": "user", "content": content}


def call(number=1, **members):
    return {
        "type": "function_call",
        "call_id": f"call_{number}",
        "name": "get_weather",
        "arguments": '{"city":"Oslo"}',
        **members,
    }


def result(number=1, output="Rain"):
    return {
        "type": "function_call_output",
        "call_id": f"call_{number}",
        "output": output,
    }


def prompted(*items, past=None, **members):
    asked = request(input=list(items), **members)
    return prompting.prompt(parse(asked, past) if past else parse(asked))


def test_a_text_is_what_the_user_says():
    assert parse(request(input="Hi")).messages == (Message(Role.USER, (Text("Hi"),)),)


def test_instructions_stand_in_front():
    assert (
        prompted(user(), instructions="Be brief.")
        == "[system]: Be brief.\n\n[user]: Hi"
    )


def test_messages_of_every_role_with_and_without_a_type():
    prompt = prompted(
        {"type": "message", "role": "developer", "content": "Be brief."},
        {"role": "system", "content": [{"type": "input_text", "text": "Be kind."}]},
        {
            "type": "message",
            "id": "msg_1",
            "status": "completed",
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "Yes?", "annotations": []},
                {"type": "refusal", "refusal": "No."},
            ],
        },
        user([{"type": "input_text", "text": "a"}, {"type": "text", "text": "b"}]),
    )
    assert prompt == (
        "[system]: Be brief.\n\n[system]: Be kind.\n\n"
        "[assistant]: Yes?\nNo.\n\n[user]: a\nb"
    )


def test_attachments_keep_the_place_they_were_given_in():
    (message,) = parse(
        request(input=[user([{"type": "input_image", "image_url": {"url": PNG}}])])
    ).messages
    assert message.parts == (
        Attachment(PNG, "image", "", "input.0.content.0.image_url.url"),
    )


def test_our_own_list_of_sources_is_taken_out_of_earlier_answers():
    tail = "\n\n## Sources\n[grok2api-sources]: #\n- [A](https://a.example)"
    said = {"role": "assistant", "content": f"Rain.{tail}"}
    assert "Sources" not in prompted(said, user())
    assert "Sources" in prompted(user(f"Rain.{tail}"))


def parts_of(*items):
    return [
        (m.role, [type(part).__name__ for part in m.parts])
        for m in parse(request(input=list(items))).messages
    ]


def test_neighbouring_calls_are_one_turn_of_the_assistant():
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": []}
    assert parts_of(
        user(),
        reasoning,
        {"role": "assistant", "content": "Let me see."},
        call(1),
        reasoning,
        call(2),
        result(1),
        result(2),
        call(3),
    ) == [
        (Role.USER, ["Text"]),
        (Role.ASSISTANT, ["Text", "PastCall", "PastCall"]),
        (Role.TOOL, ["PastResult"]),
        (Role.TOOL, ["PastResult"]),
        (Role.ASSISTANT, ["PastCall"]),
    ]


def test_a_result_without_its_call_is_kept():
    assert prompted(result(9, "Rain")) == "[tool result for call_9]:\nRain"


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("Rain", "Rain"),
        ("", "(no output)"),
        (None, "(no output)"),
        ([], "(no output)"),
        ([{"type": "input_text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
        ({"rain": True}, '{"rain":true}'),
        ([1, {"type": "odd"}], '[1,{"type":"odd"}]'),
        (7, "7"),
    ],
)
def test_outputs_are_text_parts_or_json(output, text):
    prompt = prompted(call(), result(output=output))
    assert prompt.endswith(f"[tool result for call_1 (get_weather)]:\n{text}")


def test_pictures_in_an_output_are_attached():
    parsed = parse(
        request(input=[result(output=[{"type": "input_image", "image_url": PNG}])])
    )
    assert parsed.attachments(8) == [
        Attachment(PNG, "image", "", "input.0.output.0.image_url")
    ]


def test_arguments_may_be_an_object_and_names_have_a_namespace():
    parsed = parse(
        request(input=[call(arguments={"city": "Oslo"}, namespace="weather")])
    )
    assert parsed.messages[0].parts == (
        PastCall("call_1", "weather__get_weather", '{"city":"Oslo"}'),
    )


def test_custom_calls_are_calls_with_one_input():
    items = [
        {
            "type": "custom_tool_call",
            "id": "ctc_1",
            "call_id": "call_7",
            "name": "apply_patch",
            "input": "*** Begin\n",
        },
        {
            "type": "custom_tool_call_output",
            "call_id": "call_7",
            "output": "Done!",
        },
    ]
    parsed = parse(request(input=items))
    assert parsed.messages[0].parts == (
        PastCall("call_7", "apply_patch", '{"input":"*** Begin\\n"}'),
    )
    assert "[tool result for call_7 (apply_patch)]:\nDone!" in prompting.prompt(parsed)


def test_other_items_are_passed_over():
    odd = [
        {"type": "reasoning", "summary": [], "encrypted_content": "x"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        {"type": "local_shell_call", "call_id": "c", "action": {}},
        {"type": "mcp_approval_request"},
        {"type": "of_next_year"},
    ]
    assert prompted(*odd, user()) == "[user]: Hi"


def test_references_are_resolved_from_what_is_stored():
    past = Past(named={"msg_1": {"role": "assistant", "content": "Yes?"}})
    items = [
        {"type": "item_reference", "id": "msg_1"},
        {"id": "msg_1"},
        {"type": "item_reference", "id": "msg_2"},
        user(),
    ]
    assert references(items) == ["msg_1", "msg_1", "msg_2"]
    assert prompted(*items, past=past) == (
        "[assistant]: Yes?\n\n[assistant]: Yes?\n\n[user]: Hi"
    )


def test_earlier_turns_come_between_instructions_and_input():
    past = Past(items=[user("Who?"), {"role": "assistant", "content": "Me."}])
    assert prompted(user(), past=past, instructions="Be brief.") == (
        "[system]: Be brief.\n\n[user]: Who?\n\n[assistant]: Me.\n\n[user]: Hi"
    )


@pytest.mark.parametrize("kind", ["compaction", "compaction_summary"])
def test_our_summaries_are_expanded_and_foreign_blobs_passed_over(kind):
    own = {"type": kind, "encrypted_content": "ours"}
    foreign = {"type": kind, "encrypted_content": "theirs"}
    assert blobs([own, foreign, {"type": kind}]) == ["ours", "theirs"]
    past = Past(summaries={"ours": "They spoke of rain."})
    assert prompted(own, foreign, user(), past=past) == (
        f"[system]: {SUMMARY_HEADING}They spoke of rain.\n\n[user]: Hi"
    )


@pytest.mark.parametrize(
    ("members", "kind", "param"),
    [
        ({"input": None}, Kind.MISSING, "input"),
        ({"input": ""}, Kind.MISSING, "input"),
        ({"input": []}, Kind.MISSING, "input"),
        ({"input": 7}, Kind.INVALID_TYPE, "input"),
        ({"input": {}}, Kind.INVALID_TYPE, "input"),
        ({"input": [user("  ")]}, Kind.MISSING, "input"),
        ({"input": [{"type": "reasoning"}]}, Kind.MISSING, "input"),
        ({"input": ["Hi"]}, Kind.INVALID_TYPE, "input.0"),
        ({"input": [{}]}, Kind.MISSING, "input.0.role"),
        ({"input": [{"type": 5}]}, Kind.INVALID_TYPE, "input.0.type"),
        (
            {"input": [user(), {"role": "owner", "content": ""}]},
            Kind.INVALID_VALUE,
            "input.1.role",
        ),
        ({"input": [{"role": "user"}]}, Kind.MISSING, "input.0.content"),
        ({"input": [user(5)]}, Kind.INVALID_TYPE, "input.0.content"),
        (
            {"input": [user([{"type": "input_video"}])]},
            Kind.INVALID_VALUE,
            "input.0.content.0.type",
        ),
        (
            {"input": [user([{"type": "input_file", "file_id": "f"}])]},
            Kind.UNSUPPORTED,
            "input.0.content.0.file_id",
        ),
        ({"input": [call(name=None)]}, Kind.MISSING, "input.0.name"),
        ({"input": [call(call_id=None)]}, Kind.MISSING, "input.0.call_id"),
        ({"input": [call(arguments=None)]}, Kind.MISSING, "input.0.arguments"),
        ({"input": [call(arguments=5)]}, Kind.INVALID_TYPE, "input.0.arguments"),
        (
            {"input": [{"type": "function_call_output", "output": ""}]},
            Kind.MISSING,
            "input.0.call_id",
        ),
        (
            {"input": [result(output=[{"type": "input_image", "file_id": "f"}])]},
            Kind.UNSUPPORTED,
            "input.0.output.0.file_id",
        ),
        (
            {"input": [{"type": "custom_tool_call", "call_id": "c", "name": "n"}]},
            Kind.MISSING,
            "input.0.input",
        ),
        ({"conversation": "conv_1"}, Kind.UNSUPPORTED, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, Kind.UNSUPPORTED, "prompt"),
        ({"tools": {}}, Kind.INVALID_TYPE, "tools"),
        ({"tool_choice": "always"}, Kind.INVALID_VALUE, "tool_choice"),
        ({"text": {"format": {}}}, Kind.MISSING, "text.format.type"),
        ({"text": {"format": []}}, Kind.INVALID_TYPE, "text.format"),
    ],
)
def test_errors_name_the_place(members, kind, param):
    with pytest.raises(GatewayError) as caught:
        parse(request(**members))
    assert (caught.value.kind, caught.value.param) == (kind, param)


@pytest.mark.parametrize(
    "members",
    [
        {"model": ""},
        {"model": 4},
        {"instructions": ["x"]},
        {"stream": "yes"},
        {"temperature": 2.1},
        {"top_p": -1},
        {"max_output_tokens": 0},
        {"reasoning": {"effort": "huge"}},
        {"store": 1},
        {"previous_response_id": 5},
        {"include": "all"},
        {"metadata": "x"},
    ],
)
def test_the_model_of_the_request_is_strict(members):
    with pytest.raises(ValidationError):
        request(**members)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, None),
        ({"reasoning": {}}, None),
        ({"reasoning": {"effort": "none"}}, False),
        ({"reasoning": {"effort": "high", "summary": "auto"}}, True),
    ],
)
def test_effort_decides_on_reasoning(members, expected):
    assert parse(request(**members)).options.reasoning is expected


def test_what_else_is_sent_is_accepted():
    parsed = parse(
        request(
            background=True,
            service_tier="flex",
            top_logprobs=3,
            prompt_cache_key="k",
            safety_identifier="s",
            max_tool_calls=4,
            stream_options={"include_obfuscation": False},
            include=["file_search_call.results", 5],
            truncation={"odd": 1},
            user=7,
        )
    )
    assert prompting.prompt(parsed) == "[user]: Hi"


def test_formats_limits_and_tools_reach_the_conversation():
    schema = {"type": "object"}
    wanted = {"type": "json_schema", "name": "x", "schema": schema, "strict": True}
    parsed = parse(
        request(
            text={"format": wanted},
            max_output_tokens=5,
            tools=[WEATHER, {"type": "web_search"}],
            parallel_tool_calls=False,
        )
    )
    assert parsed.options.format == Format('{"type":"object"}', "x", strict=True)
    assert parsed.options.max_tokens == 5
    assert parsed.options.search
    assert [tool.name for tool in parsed.tools.offered] == ["get_weather"]
    assert not parsed.tools.parallel


def test_a_count_needs_no_model():
    assert parse(Count(input="Hi")).model == ""
