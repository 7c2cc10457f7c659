"""One declared tool after another, each dialect's shape to the neutral one.

What a model here cannot be offered is left out and never refused: agents always send
some of it (public-api 7.6).
"""

import logging
import re
from collections.abc import Callable

from gateway.conversation.requests import NO_PARAMETERS, Tool
from gateway.protocols import fields
from gateway.protocols.fields import RawJson

logger = logging.getLogger(__name__)

MAX_TOOLS = 128
NAME = re.compile(r"[A-Za-z0-9_.:\-]{1,128}\Z")
SEARCH = "web_search"
# Upstream does these by itself.
BUILT_IN = ("web_search", "web_fetch", "x_search", "live_search", "code_interpreter")
FREE_TEXT = (
    '{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}'
)

Entry = Callable[["Entries", dict[str, RawJson], str], None]


class Entries:
    """The tools of a request: `offered` by name in order, and what else was declared.

    `others` holds types and names of tools that are not put before the model.
    """

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self.offered: dict[str, Tool] = {}
        self.others: dict[str, str] = {}
        self.search = False

    def read(self, tools: RawJson) -> None:
        if tools is None:
            return
        listed = fields.items(tools, "tools")
        for index, value in enumerate(listed):
            path = f"tools.{index}"
            self._entry(self, fields.record(value, path), path)

    def offer(self, tool: Tool, path: str) -> None:
        if tool.name in self.offered:
            raise fields.invalid(path, f"'{tool.name}' is declared twice")
        if len(self.offered) == MAX_TOOLS:
            raise fields.invalid("tools", f"holds more than {MAX_TOOLS} tools")
        self.offered[tool.name] = tool

    def leave_out(self, kind: str, value: dict[str, RawJson]) -> None:
        name = value.get("name")
        news = kind not in self.others and len(self.others) < MAX_TOOLS
        self.others[kind] = kind
        if isinstance(name, str):
            self.others[name.strip()] = kind
        self.search = self.search or kind.startswith(SEARCH)
        if news and not kind.startswith(BUILT_IN):
            logger.info("a tool of type %.64r is not offered to the model", kind)


def openai_entry(entries: Entries, value: dict[str, RawJson], path: str) -> None:
    """A tool of chat or responses: nested or flat, or a namespace of flat ones."""
    match kind_of(value, path):
        case "namespace":
            group(entries, value, path)
        case kind:
            member(entries, kind, value, path)


def anthropic_entry(entries: Entries, value: dict[str, RawJson], path: str) -> None:
    """A tool of messages; without a type, or of type `custom`, it is the caller's."""
    kind = kind_of(value, path, absent="custom")
    if kind == "custom":
        offer_function(entries, value, path)
    else:
        member(entries, kind, value, path)


def group(entries: Entries, value: dict[str, RawJson], path: str) -> None:
    namespace = name_of(value, path)
    listed = value.get("tools")
    if listed is None:
        raise fields.missing(f"{path}.tools", "is required")
    for index, one in enumerate(fields.items(listed, f"{path}.tools")):
        at = f"{path}.tools.{index}"
        inner = fields.record(one, at)
        member(entries, kind_of(inner, at), inner, at, namespace)


def member(
    entries: Entries,
    kind: str,
    value: dict[str, RawJson],
    path: str,
    namespace: str = "",
) -> None:
    if kind == "function":
        offer_function(entries, *unwrapped(value, kind, path), namespace)
    elif kind == "custom":
        offer_custom(entries, *unwrapped(value, kind, path), namespace)
    else:
        entries.leave_out(kind, value)


def offer_function(
    entries: Entries, value: dict[str, RawJson], path: str, namespace: str = ""
) -> None:
    name = full_name(namespace, name_of(value, path))
    description = fields.optional_text(value, "description", path)
    tool = Tool(name, description, schema_of(value, path), namespace=namespace)
    entries.offer(tool, f"{path}.name")


def offer_custom(
    entries: Entries, value: dict[str, RawJson], path: str, namespace: str = ""
) -> None:
    """A tool that takes free text; its grammar, if it has one, is told in words."""
    name = full_name(namespace, name_of(value, path))
    description = fields.optional_text(value, "description", path)
    grammar = grammar_of(value, path)
    told = "\n".join(text for text in (description, grammar) if text)
    tool = Tool(name, told, FREE_TEXT, custom=True, namespace=namespace)
    entries.offer(tool, f"{path}.name")


def full_name(namespace: str, name: str) -> str:
    """What the model calls a member of a namespace by."""
    return f"{namespace}__{name}" if namespace else name


def kind_of(value: dict[str, RawJson], path: str, absent: str = "") -> str:
    kind = value.get("type")
    if kind is not None:
        return fields.text(kind, f"{path}.type")
    if not absent and ("function" in value or "name" in value):
        return "function"
    if not absent:
        raise fields.missing(f"{path}.type", "is required")
    return absent


def unwrapped(
    value: dict[str, RawJson], kind: str, path: str
) -> tuple[dict[str, RawJson], str]:
    """The definition itself, and where it stands: nested below its type, or flat."""
    inner = value.get(kind)
    if inner is None:
        return value, path
    return fields.record(inner, f"{path}.{kind}"), f"{path}.{kind}"


def name_of(value: dict[str, RawJson], path: str) -> str:
    name = fields.text_member(value, "name", path).strip()
    if not NAME.match(name):
        told = "must be 1 to 128 letters, digits or any of _ . : -"
        raise fields.invalid(f"{path}.name", told)
    return name


def schema_of(value: dict[str, RawJson], path: str) -> str:
    """Compact JSON; `parameters` and `input_schema` are two words for one thing."""
    word = "parameters" if value.get("parameters") is not None else "input_schema"
    schema = value.get(word)
    if schema is None or schema == {}:
        return NO_PARAMETERS
    at = f"{path}.{word}"
    return fields.json_text(fields.record(schema, at), at)


def grammar_of(value: dict[str, RawJson], path: str) -> str:
    """`format` of a custom tool: flat in responses, nested in chat."""
    wanted = value.get("format")
    if wanted is None:
        return ""
    at = f"{path}.format"
    wanted = fields.record(wanted, at)
    if wanted.get("type") != "grammar":
        return ""
    inner, at = unwrapped(wanted, "grammar", at)
    definition = fields.text_member(inner, "definition", at)
    syntax = fields.optional_text(inner, "syntax", at)
    return f"The input must follow this {syntax} grammar:\n{definition}"
