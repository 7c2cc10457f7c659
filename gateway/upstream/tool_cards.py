"""What a tool usage card says: which tool upstream runs, and on what (protocol 3.7)."""

import re
from dataclasses import dataclass

from gateway.upstream.fields import Json, record, text

ARGUMENT_KEYS = {
    "web_search": ("query", "q"),
    "x_search": ("query",),
    "x_keyword_search": ("query",),
    "x_semantic_search": ("query",),
    "browse_page": ("url",),
    "search_images": ("image_description", "imageDescription"),
    "image_search": ("image_description", "imageDescription"),
    "chatroom_send": ("message",),
}
NAME_IN_TOKEN = re.compile(r"<xai:tool_name>\s*([\w.-]+)\s*</xai:tool_name>")
CAPITAL = re.compile(r"([A-Z])")


@dataclass(frozen=True, slots=True)
class ToolUse:
    """`argument` is one line; empty where none is to be shown."""

    name: str
    argument: str = ""
    rollout: str = ""


def tool_use(response: Json) -> ToolUse | None:
    content = record(response.get("toolUsageCard"))
    name, arguments = named_tool(content)
    if not name:
        match = NAME_IN_TOKEN.search(text(response.get("token")))
        if match is None:
            return None
        name = match[1]
    name = CAPITAL.sub(r"_\1", name).lower().lstrip("_")
    shown = (text(arguments.get(key)) for key in ARGUMENT_KEYS.get(name, ()))
    argument = " ".join(next(filter(None, shown), "").split())
    return ToolUse(name, argument, text(response.get("rolloutId")))


def named_tool(content: Json) -> tuple[str, Json]:
    for key, value in content.items():
        if isinstance(value, dict) and key != "args":
            return key, record(value.get("args"))
    name = text(content.get("toolName")) or text(content.get("tool_name"))
    return name, record(content.get("args"))
