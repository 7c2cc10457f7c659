"""Tool declarations of every dialect to neutral tools (public-api 7.1, 7.6)."""

from dataclasses import dataclass

from gateway.conversation.requests import Tools
from gateway.protocols.fields import RawJson


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
    del tools, choice
    return Declared(Tools(parallel=parallel))


def anthropic_tools(tools: RawJson, choice: RawJson = None) -> Declared:
    """`tools` and `tool_choice` of messages, or None."""
    del tools, choice
    return Declared(Tools())
