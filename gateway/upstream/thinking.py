"""Thinking as upstream sends it, by line or by token (upstream-protocol 3.6)."""

from dataclasses import dataclass
from typing import Protocol

from gateway.upstream.tool_cards import ToolUse

LEAD_AGENT = "Grok"
SYMBOLS = {
    "web_search": "🔍",
    "x_search": "🔍",
    "x_keyword_search": "🔍",
    "x_semantic_search": "🔍",
    "browse_page": "🌐",
    "search_images": "🖼️",
    "image_search": "🖼️",
    "chatroom_send": "📋",
    "code_execution": "💻",
}
OTHER_SYMBOL = "🔧"


@dataclass(slots=True)
class Thought:
    text: str
    tag: str = ""
    step: int = 0
    rollout: str = ""


class Thinking(Protocol):
    """Both ways to show thinking; each call gives the text to show now, maybe none."""

    def think(self, thought: Thought) -> str: ...

    def use(self, tool: ToolUse) -> str: ...

    def flush(self) -> str: ...


class RawThinking:
    """Passes thinking on unchanged, which suits token-sized pieces, as v3 does.

    A piece that begins with `- `, or is tagged `header`, is a whole sentence and gets a
    line of its own without the dash, as in v2. Unlike v2 nothing is deduplicated and no
    other piece gets a line break. A heading names the agent whenever another one than
    before speaks; the lead agent needs none at the start.
    """

    def __init__(self) -> None:
        self._rollout = LEAD_AGENT
        self._begun = False
        self._in_line = False

    def think(self, thought: Thought) -> str:
        words = thought.text
        whole = thought.tag == "header"
        if words.startswith("- ") and not words[2:].isspace() and len(words) > 2:
            words = words[2:]
            whole = True
        if not words:
            return ""
        heading = self._heading(thought.rollout)
        return heading + (self._line(words) if whole else self._note(words))

    def use(self, tool: ToolUse) -> str:
        agent = f"[{tool.rollout}] " if tool.rollout else ""
        argument = f": {tool.argument}" if tool.argument else ""
        symbol = SYMBOLS.get(tool.name, OTHER_SYMBOL)
        return self._line(f"{agent}{symbol} {tool.name}{argument}")

    def flush(self) -> str:
        return ""

    def _heading(self, rollout: str) -> str:
        if not rollout or rollout == self._rollout:
            return ""
        self._rollout = rollout
        gap = "\n" if self._begun else ""
        return self._line(f"{gap}[{rollout}]")

    def _line(self, words: str) -> str:
        start = "\n" if self._in_line else ""
        end = "" if words.endswith("\n") else "\n"
        return self._note(start + words + end)

    def _note(self, words: str) -> str:
        self._begun = True
        self._in_line = not words.endswith("\n")
        return words
