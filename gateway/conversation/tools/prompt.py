"""What the model is told about its tools, and earlier calls in the same form."""

from collections.abc import Sequence

from gateway.conversation.requests import PastCall, Tools


def instructions(tools: Tools) -> str:
    """The text after `[system]: `; only for tools that are active."""
    lines = [f"Tool: {tool.name}\nParameters: {tool.schema}" for tool in tools.offered]
    return "\n".join(lines)


def written_back(calls: Sequence[PastCall]) -> str:
    """Earlier calls in the form the model is asked for (7.3 A)."""
    return "\n".join(f"{call.name} {call.arguments}" for call in calls)
