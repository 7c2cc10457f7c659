"""Input items as they are listed afterwards: complete, and each with an id (4.5)."""

from collections.abc import Callable, Mapping, Sequence

from gateway.conversation.events import Usage
from gateway.protocols import sse
from gateway.protocols.base import Json, Stamp
from gateway.protocols.fields import RawJson
from gateway.protocols.openai_responses_body import usage_body
from gateway.protocols.openai_responses_ids import INPUT_ORDINALS, item_id
from gateway.protocols.openai_responses_input import is_block, is_reference

PREFIXES: Mapping[str, str] = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "reasoning": "rs",
    "compaction": "cmp",
}
STATUSES = (
    "message",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
)


def listed(given: RawJson, response_id: str, named: Mapping[str, Json]) -> list[Json]:
    """The items of an accepted `input`; references become what they refer to."""
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    found: list[Json] = []
    for ordinal, item in enumerate(given, INPUT_ORDINALS):
        if not is_reference(item):
            found.append(complete(item, response_id, ordinal))
        elif item["id"] in named:
            found.append(named[item["id"]])
    return found


def complete(item: Json, response_id: str, ordinal: int) -> Json:
    kind = item.get("type") or "message"
    made = item_id(PREFIXES.get(kind, "item"), response_id, ordinal)
    given = item.get("id")
    body = {**item, "type": kind, "id": given if isinstance(given, str) else made}
    if kind in STATUSES and body.get("status") is None:
        body["status"] = "completed"
    if kind == "message":
        said = "output_text" if item.get("role") == "assistant" else "input_text"
        body["content"] = content(item.get("content"), said)
    elif kind == "function_call" and isinstance(body.get("arguments"), dict):
        body["arguments"] = sse.dumps(body["arguments"]).decode()
    elif kind.endswith("_call_output") and kind in STATUSES:
        body["output"] = output(body.get("output"))
    return body


def output(given: RawJson) -> str | list[Json]:
    """Text, content blocks, or any other JSON as text."""
    if isinstance(given, str | None):
        return given or ""
    if isinstance(given, list) and all(is_block(one) for one in given):
        return content(given, "input_text")
    return sse.dumps(given).decode()


def content(given: RawJson, said: str) -> list[Json]:
    blocks = [{"type": said, "text": given}] if isinstance(given, str) else given
    return [BLOCKS.get(block["type"], as_it_is)(block, said) for block in blocks]


def as_it_is(block: Json, _said: str) -> Json:
    return block


def text_block(block: Json, said: str) -> Json:
    body = {**block, "type": said}
    return {"annotations": [], "logprobs": [], **body} if said != "input_text" else body


def image_block(block: Json, _said: str) -> Json:
    image = block.get("image_url")
    if isinstance(image, dict):
        block = {**block, "detail": image.get("detail"), "image_url": image["url"]}
    return {**block, "type": "input_image", "detail": block.get("detail") or "auto"}


def file_block(block: Json, _said: str) -> Json:
    nested = block.get("file")
    rest = {name: value for name, value in block.items() if name != "file"}
    return {**rest, **(nested if nested is not None else {}), "type": "input_file"}


BLOCKS: Mapping[str, Callable[[Json, str], Json]] = {
    "text": text_block,
    "input_text": text_block,
    "output_text": text_block,
    "image_url": image_block,
    "input_image": image_block,
    "file": file_block,
    "input_file": file_block,
}


def compacted(stamp: Stamp, items: Sequence[Json], blob: str, usage: Usage) -> Json:
    """What the users said, and in place of all the rest one opaque summary."""
    asked = [
        item
        for item in items
        if item.get("type") == "message" and item.get("role") == "user"
    ]
    summary = {
        "id": item_id("cmp", stamp.id, 0),
        "type": "compaction",
        "encrypted_content": blob,
    }
    return {
        "id": stamp.id,
        "object": "response.compaction",
        "created_at": stamp.created,
        "output": [*asked, summary],
        "usage": usage_body(usage),
    }


def page(items: Sequence[Json], limit: int) -> Json:
    """The beginning of what is left to list."""
    shown = list(items[:limit])
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": len(items) > limit,
    }
