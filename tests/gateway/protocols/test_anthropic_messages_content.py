"""What the blocks of a messages request mean."""

import pytest

from gateway.conversation import prompting
from gateway.conversation.requests import (
    Attachment,
    PastCall,
    PastResult,
    Role,
    Text,
)
from gateway.errors import GatewayError, Kind
from tests.gateway.protocols.messages_requests import (
    assistant,
    parsed,
    text,
    user,
)

PNG = {"type": "base64", "media_type": "image/png", "data": "aGk="}
PNG_URI = "data:image/png;base64,aGk="


def parts(*blocks):
    return parsed(user(text("x"), *blocks)).messages[0].parts[1:]


def test_a_mixed_user_message_keeps_everything_in_order():
    conversation = parsed(
        assistant({"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}),
        user(
            {
                "type": "tool_result",
                "tool_use_id": "toolu_1",
                "content": [text("seen"), {"type": "image", "source": PNG}],
            },
            text("And this?"),
            {"type": "image", "source": {"type": "url", "url": "https://a.example/b"}},
            {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": True},
        ),
    )
    assert conversation.messages[1].role is Role.USER
    assert conversation.messages[1].parts == (
        PastResult(
            "toolu_1",
            (
                Text("seen"),
                Attachment(PNG_URI, "image", "", at("0.content.1.source.data")),
            ),
        ),
        Text("And this?"),
        Attachment("https://a.example/b", "image", "", at("2.source.url")),
        PastResult("toolu_2", (), failed=True),
    )
    assert "The call failed: (no output)" in prompting.prompt(conversation)
    assert "[tool result for toolu_1 (look)]:\nseen" in prompting.prompt(conversation)


def at(rest):
    return f"messages.1.content.{rest}"


def test_an_earlier_call():
    said = assistant(
        {"type": "thinking", "thinking": "Hm.", "signature": "x"},
        {"type": "redacted_thinking", "data": "x"},
        text("Look.\n\n## Sources\n[grok2api-sources]: #\n- a"),
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": "\u00e9"}},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
    )
    assert parsed(said, user(text("x"))).messages[0].parts == (
        Text("Look."),
        PastCall("toolu_1", "f", '{"a":"\u00e9"}'),
    )


def test_a_call_without_input_has_none():
    said = assistant({"type": "tool_use", "id": "t", "name": "f"})
    assert parsed(said).messages[0].parts == (PastCall("t", "f", "{}"),)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            {"type": "document", "source": {"type": "text", "data": "Body"}},
            [Text("Body")],
        ),
        (
            {
                "type": "document",
                "title": "T",
                "source": {"type": "text", "media_type": "text/plain", "data": "Body"},
            },
            [Text("T\nBody")],
        ),
        (
            {"type": "document", "source": {"type": "content", "content": "Body"}},
            [Text("Body")],
        ),
        (
            {
                "type": "document",
                "title": "T",
                "source": {
                    "type": "content",
                    "content": [text("Body"), {"type": "odd"}],
                },
            },
            [Text("T"), Text("Body")],
        ),
        (
            {
                "type": "search_result",
                "title": "T",
                "source": "https://a.example",
                "content": [text("One."), text("Two.")],
            },
            [Text("T\nhttps://a.example\nOne.\nTwo.")],
        ),
        ({"type": "search_result"}, [Text("")]),
        ({"type": "container_upload", "file_id": "x"}, []),
        ({"type": "tool_use", "id": "x", "name": "f"}, []),
        ({"type": "of_the_future", "content": 1}, []),
    ],
)
def test_blocks_that_become_text_or_nothing(block, expected):
    assert list(parts(block)) == expected


def test_documents_become_files_named_by_their_title():
    source = {"type": "base64", "media_type": "application/pdf", "data": "aGk="}
    (found,) = parts({"type": "document", "title": "a.pdf", "source": source})
    assert found == Attachment(
        "data:application/pdf;base64,aGk=",
        "file",
        "a.pdf",
        "messages.0.content.1.source.data",
    )
    (found,) = parts(
        {"type": "document", "source": {"type": "url", "url": "https://a.example/d"}}
    )
    assert (found.kind, found.source) == ("file", "https://a.example/d")


def test_a_tool_result_may_be_a_text_a_list_or_a_reference():
    result = {"type": "tool_result", "tool_use_id": "t"}
    listed = [
        {"type": "tool_reference", "tool_name": "mcp__x"},
        {"type": "document", "source": {"type": "text", "data": "Body"}},
    ]
    for content, expected in (
        ("Fine.", (Text("Fine."),)),
        (listed, (Text("Tool found: mcp__x"), Text("Body"))),
        (None, ()),
    ):
        assert parts({**result, "content": content}) == (PastResult("t", expected),)


@pytest.mark.parametrize(
    ("block", "kind", "param"),
    [
        (3, Kind.INVALID_TYPE, ""),
        ({}, Kind.MISSING, ".type"),
        ({"type": 3}, Kind.INVALID_TYPE, ".type"),
        ({"type": "text"}, Kind.MISSING, ".text"),
        ({"type": "text", "text": 1}, Kind.INVALID_TYPE, ".text"),
        ({"type": "image"}, Kind.MISSING, ".source"),
        ({"type": "image", "source": "x"}, Kind.INVALID_TYPE, ".source"),
        ({"type": "image", "source": {}}, Kind.MISSING, ".source.type"),
        (
            {"type": "image", "source": {"type": "file", "file_id": "f"}},
            Kind.UNSUPPORTED,
            ".source.type",
        ),
        (
            {"type": "image", "source": {"type": "odd"}},
            Kind.INVALID_VALUE,
            ".source.type",
        ),
        (
            {"type": "image", "source": {"type": "base64", "data": "x"}},
            Kind.MISSING,
            ".source.media_type",
        ),
        (
            {"type": "image", "source": {"type": "url", "url": "file:///etc/x"}},
            Kind.INVALID_ATTACHMENT,
            ".source.url",
        ),
        (
            {"type": "document", "source": {"type": "text"}},
            Kind.MISSING,
            ".source.data",
        ),
        (
            {"type": "document", "source": {"type": "content", "content": 3}},
            Kind.INVALID_TYPE,
            ".source.content",
        ),
        ({"type": "document", "title": 3}, Kind.INVALID_TYPE, ".title"),
        ({"type": "search_result", "content": 3}, Kind.INVALID_TYPE, ".content"),
        ({"type": "tool_result"}, Kind.MISSING, ".tool_use_id"),
        (
            {"type": "tool_result", "tool_use_id": "t", "is_error": "no"},
            Kind.INVALID_TYPE,
            ".is_error",
        ),
        (
            {"type": "tool_result", "tool_use_id": "t", "content": {"a": 1}},
            Kind.INVALID_TYPE,
            ".content",
        ),
    ],
)
def test_bad_blocks_name_the_exact_place(block, kind, param):
    with pytest.raises(GatewayError) as caught:
        parts(block)
    path = f"messages.0.content.1{param}"
    assert (caught.value.kind, caught.value.param) == (kind, path)
    assert caught.value.message.startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("block", "kind", "param"),
    [
        ({"type": "tool_use", "name": "f"}, Kind.MISSING, "id"),
        ({"type": "tool_use", "id": "t"}, Kind.MISSING, "name"),
        (
            {"type": "tool_use", "id": "t", "name": "f", "input": "x"},
            Kind.INVALID_TYPE,
            "input",
        ),
    ],
)
def test_bad_calls(block, kind, param):
    with pytest.raises(GatewayError) as caught:
        parsed(assistant(block))
    assert (caught.value.kind, caught.value.param) == (
        kind,
        f"messages.0.content.0.{param}",
    )
