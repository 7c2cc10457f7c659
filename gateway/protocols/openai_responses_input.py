"""Input items of the responses dialect, item by item, to neutral messages (4.1).

Unknown items are passed over: agents send back whatever they once received.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.conversation.requests import (
    Attachment,
    Message,
    Part,
    PastCall,
    PastResult,
    Role,
    Text,
)
from gateway.conversation.sources import without_tail
from gateway.protocols import fields
from gateway.protocols.base import Json
from gateway.protocols.fields import RawJson
from gateway.protocols.openai_content import ATTACHMENTS, TEXT_MEMBERS, read_content
from gateway.protocols.tool_entries import full_name

ROLES: Mapping[str, Role] = {
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
}
COMPACTIONS = ("compaction", "compaction_summary")
SUMMARY_HEADING = "Summary of the conversation so far:\n"


@dataclass(frozen=True, slots=True)
class Past:
    """What this gateway keeps that a request refers to.

    `items` are inputs and outputs of the turns before, oldest first; `named` stored
    items by their id; `summaries` the text within each compaction blob of our own.
    """

    items: Sequence[Json] = ()
    named: Mapping[str, Json] = field(default_factory=dict)
    summaries: Mapping[str, str] = field(default_factory=dict)


NOTHING = Past()


def items_of(given: RawJson) -> str | list[RawJson]:
    """The `input` member: a text or a list, neither of them empty."""
    if given is None or given in ("", []):
        raise fields.missing("input", "must not be empty")
    if isinstance(given, str | list):
        return given
    raise fields.wrong_type("input", "must be a string or a list of items")


def references(given: RawJson) -> list[str]:
    """The ids of stored items that an input asks to put in."""
    return [str(item["id"]) for item in records(given) if is_reference(item)]


def blobs(given: RawJson) -> list[str]:
    """The compaction blobs in an input, whoever made them."""
    found = (i.get("encrypted_content") for i in records(given) if is_compaction(i))
    return [blob for blob in found if isinstance(blob, str)]


def records(given: RawJson) -> Iterator[Json]:
    for item in given if isinstance(given, list) else ():
        if isinstance(item, dict):
            yield item


def is_reference(item: Json) -> bool:
    """Its type may be left out, so that nothing but an id remains."""
    kind = item.get("type")
    bare = kind is None and "role" not in item
    return (kind == "item_reference" or bare) and isinstance(item.get("id"), str)


def is_compaction(item: Json) -> bool:
    return item.get("type") in COMPACTIONS


class Reading:
    """Takes items in order; neighbouring calls join the assistant's turn."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._turns: list[tuple[Role, list[Part]]] = []

    def messages(self) -> tuple[Message, ...]:
        return tuple(Message(role, tuple(parts)) for role, parts in self._turns)

    def say(self, role: Role, parts: list[Part]) -> None:
        self._turns.append((role, parts))

    def item(self, value: RawJson, path: str) -> None:
        item = fields.record(value, path)
        if is_reference(item):
            item = self._past.named.get(item["id"], {"type": "unknown"})
        kind = fields.optional_text(item, "type", path) or "message"
        if read := READERS.get(kind):
            read(self, item, path)

    def message(self, item: Json, path: str) -> None:
        told = fields.text_member(item, "role", path)
        role = ROLES.get(told)
        if role is None:
            words = ", ".join(ROLES)
            raise fields.invalid(f"{path}.role", f"must be one of {words}")
        if item.get("content") is None:
            raise fields.missing(f"{path}.content", "is required")
        parts: list[Part] = list(read_content(item["content"], f"{path}.content"))
        if role is Role.ASSISTANT:
            parts = [own_words(part) for part in parts]
        self.say(role, parts)

    def function_call(self, item: Json, path: str) -> None:
        arguments = item.get("arguments")
        if isinstance(arguments, dict):
            arguments = fields.json_text(arguments, f"{path}.arguments")
        else:
            arguments = fields.text_member(item, "arguments", path)
        self._call(item, arguments, path)

    def custom_call(self, item: Json, path: str) -> None:
        given = fields.text_member(item, "input", path)
        arguments = fields.json_text({"input": given}, f"{path}.input")
        self._call(item, arguments, path)

    def _call(self, item: Json, arguments: str, path: str) -> None:
        name = fields.text_member(item, "name", path)
        if namespace := fields.optional_text(item, "namespace", path):
            name = full_name(namespace, name)
        call = PastCall(fields.text_member(item, "call_id", path), name, arguments)
        if self._turns and self._turns[-1][0] is Role.ASSISTANT:
            self._turns[-1][1].append(call)
        else:
            self.say(Role.ASSISTANT, [call])

    def result(self, item: Json, path: str) -> None:
        call_id = fields.text_member(item, "call_id", path)
        parts = result_parts(item.get("output"), f"{path}.output")
        self.say(Role.TOOL, [PastResult(call_id, parts)])

    def summary(self, item: Json, path: str) -> None:
        """Our own blob becomes its text; another's is of no use and passed over."""
        blob = fields.optional_text(item, "encrypted_content", path)
        if text := self._past.summaries.get(blob):
            self.say(Role.SYSTEM, [Text(SUMMARY_HEADING + text)])


READERS: Mapping[str, Callable[[Reading, Json, str], None]] = {
    "message": Reading.message,
    "function_call": Reading.function_call,
    "function_call_output": Reading.result,
    "custom_tool_call": Reading.custom_call,
    "custom_tool_call_output": Reading.result,
    **dict.fromkeys(COMPACTIONS, Reading.summary),
}


def own_words(part: Part) -> Part:
    """What the model itself said, without the list of sources we put under it."""
    return Text(without_tail(part.text)) if isinstance(part, Text) else part


def result_parts(output: RawJson, path: str) -> tuple[Text | Attachment, ...]:
    """Text or content blocks; any other JSON is given to the model as it is written."""
    if isinstance(output, str | None):
        return read_content(output, path)
    if isinstance(output, list) and all(is_block(one) for one in output):
        return read_content(output, path)
    return (Text(fields.json_text(output, path)),)


def is_block(value: RawJson) -> bool:
    kind = value.get("type") if isinstance(value, dict) else None
    return isinstance(kind, str) and (kind in TEXT_MEMBERS or kind in ATTACHMENTS)
