"""Input items as they are listed afterwards."""

import pytest
from openai.types.responses import ResponseItem
from pydantic import TypeAdapter

from gateway.conversation.events import Usage
from gateway.protocols.base import Stamp
from gateway.protocols.openai_responses_ids import response_of
from gateway.protocols.openai_responses_items import compacted, listed, page
from tests.gateway.protocols.responses_samples import STAMP

ITEM: TypeAdapter[object] = TypeAdapter(ResponseItem)
PNG = "data:image/png;base64,aGk="


def listing(*items, named=None):
    found = listed(list(items), STAMP.id, named or {})
    for item in found:
        ITEM.validate_python(item)
    return found


def test_a_text_is_one_message_of_the_user():
    (item,) = listed("Hi", STAMP.id, {})
    ITEM.validate_python(item)
    assert item.pop("id").startswith("msg_")
    assert item == {
        "type": "message",
        "role": "user",
        "status": "completed",
        "content": [{"type": "input_text", "text": "Hi"}],
    }


def test_items_get_what_clients_leave_out():
    items = listing(
        {"role": "user", "content": "Hi"},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "user", "content": [{"type": "input_image", "image_url": PNG}]},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
                {"type": "file", "file": {"file_data": "aGk=", "filename": "a.txt"}},
            ],
        },
        {"role": "assistant", "content": "Yes?"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": {"a": 1}},
        {"type": "function_call_output", "call_id": "c", "output": {"b": 2}},
        {"type": "function_call_output", "call_id": "c"},
        {
            "type": "function_call_output",
            "call_id": "c",
            "output": [{"type": "input_text", "text": "Rain"}],
        },
        {"type": "custom_tool_call", "call_id": "d", "name": "g", "input": "x"},
        {"type": "custom_tool_call_output", "call_id": "d", "output": "y"},
    )
    assert items[3]["content"] == [
        {"type": "input_image", "image_url": PNG, "detail": "low"},
        {"type": "input_file", "file_data": "aGk=", "filename": "a.txt"},
    ]
    assert items[4]["content"][0]["type"] == "output_text"
    assert items[5]["arguments"] == '{"a":1}'
    assert [item.get("output") for item in items[6:9]] == [
        '{"b":2}',
        "",
        [{"type": "input_text", "text": "Rain"}],
    ]
    ids = [item["id"] for item in items]
    assert len(set(ids)) == len(ids)
    assert {response_of(one) for one in ids} == {STAMP.id}


def test_what_clients_do_say_is_kept():
    (item,) = listing(
        {
            "type": "message",
            "id": "msg_mine",
            "role": "assistant",
            "status": "incomplete",
            "content": [
                {"type": "output_text", "text": "Ye", "annotations": [], "logprobs": []}
            ],
        }
    )
    assert (item["id"], item["status"]) == ("msg_mine", "incomplete")


def test_unknown_items_are_listed_as_they_came():
    (item,) = listed([{"type": "of_next_year", "odd": 1}], STAMP.id, {})
    assert item.pop("id").startswith("item_")
    assert item == {"type": "of_next_year", "odd": 1}


def test_references_become_what_they_refer_to():
    one = {"id": "msg_1", "type": "message", "role": "user", "content": []}
    found = listed(
        [{"type": "item_reference", "id": "msg_1"}, {"id": "msg_2"}],
        STAMP.id,
        {"msg_1": one},
    )
    assert found == [one]


@pytest.mark.parametrize(
    ("limit", "shown", "more"), [(1, ["a"], True), (2, ["a", "b"], False)]
)
def test_pages(limit, shown, more):
    found = page([{"id": "a"}, {"id": "b"}], limit)
    assert [item["id"] for item in found["data"]] == shown
    assert (found["first_id"], found["last_id"]) == (shown[0], shown[-1])
    assert found["has_more"] is more


def test_an_empty_page():
    assert page([], 5) == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


def test_a_compaction_keeps_what_the_user_said():
    items = listed(
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Yes?"},
        ],
        STAMP.id,
        {},
    )
    body = compacted(Stamp("resp_" + "0" * 32, 7, "m"), items, "blob", Usage(1, 2, 0))
    assert [item["type"] for item in body["output"]] == ["message", "compaction"]
    assert body["output"][0]["role"] == "user"
    assert body["output"][1]["encrypted_content"] == "blob"
    assert body["object"] == "response.compaction"
    assert body["usage"]["total_tokens"] == 3
