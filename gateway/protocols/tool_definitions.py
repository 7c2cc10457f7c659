"""Tool declarations of every dialect to neutral tools (public-api 7.1, 7.6)."""

from dataclasses import dataclass

from gateway.conversation.requests import ToolChoice, Tools
from gateway.protocols import fields
from gateway.protocols.fields import RawJson
from gateway.protocols.tool_choices import Choice, read_choice
from gateway.protocols.tool_entries import Entries, anthropic_entry, openai_entry


@dataclass(frozen=True, slots=True)
class Declared:
    """`search`: a web search tool was among them; `search_forced`: and demanded."""

    tools: Tools
    search: bool = False
    search_forced: bool = False


def openai_tools(
    tools: RawJson, choice: RawJson = None, *, parallel: bool = True
) -> Declared:
    """`tools` and `tool_choice` of chat (nested) or responses (flat), or None."""
    entries = Entries(openai_entry)
    entries.read(tools)
    return declared(entries, read_choice(choice, entries), parallel)


def anthropic_tools(tools: RawJson, choice: RawJson = None) -> Declared:
    """`tools` and `tool_choice` of messages, or None."""
    entries = Entries(anthropic_entry)
    entries.read(tools)
    return declared(entries, read_choice(choice, entries), parallel_wanted(choice))


def parallel_wanted(choice: RawJson) -> bool:
    if not isinstance(choice, dict):
        return True
    value = choice.get("disable_parallel_tool_use")
    if value is not None and not isinstance(value, bool):
        path = "tool_choice.disable_parallel_tool_use"
        raise fields.wrong_type(path, "must be a boolean")
    return not value


def declared(entries: Entries, choice: Choice, parallel: bool) -> Declared:
    """What stays on offer under the choice; a demand nobody can meet is dropped.

    Tools that upstream brings along or that are not offered cannot be demanded of the
    model: `required` with nothing else then asks for a search, or for nothing.
    """
    kept = choice.allowed
    offered = tuple(
        tool for name, tool in entries.offered.items() if kept is None or name in kept
    )
    mode = choice.mode
    search = entries.search and mode is not ToolChoice.NONE
    demanded = mode is ToolChoice.REQUIRED and not offered
    if demanded:
        mode = ToolChoice.AUTO
    return Declared(
        Tools(offered, mode, choice.only, parallel),
        search,
        search and (demanded or choice.search),
    )
