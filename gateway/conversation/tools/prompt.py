"""What the model is told about its tools, and earlier calls in the same form."""

from collections.abc import Iterable, Sequence

import orjson

from gateway.conversation.requests import PastCall, Tool, ToolChoice, Tools

DESCRIPTION_LIMIT_BYTES = 16 * 1024

# Paid for in tokens on every turn: as few words as the model still follows.
HEAD = "These tools are at your disposal:"
FORM = """\
To call tools, answer with this block alone: no code fence, nothing before or after it.
<tool_calls>
<tool_call><tool_name>NAME</tool_name><parameters>{"key":"value"}</parameters></tool_call>
</tool_calls>
<parameters> is one valid JSON object that fits the tool's schema. Several calls go into
the one block, each in its own <tool_call>. Use listed names only. Results will reach
you as tool results; never invent them."""
WHEN_NEEDED = "Call a tool when it is clearly needed; otherwise answer in plain text."
AT_LEAST_ONE = "Now you must call at least one tool; do not answer in plain text."
ONE_AT_MOST = "Make at most one call."


def instructions(tools: Tools) -> str:
    """The text after `[system]: `; only for tools that are active.

    Of a tool that must be called the model is told alone.
    """
    shown = [tool for tool in tools.offered if tools.only in {"", tool.name}]
    told = "\n\n".join(map(described, shown))
    return f"{HEAD}\n\n{told}\n\n{FORM}\n{when(tools)}"


def described(tool: Tool) -> str:
    description = shortened(tool.description.strip())
    about = f"\nDescription: {description}" if description else ""
    return f"Tool: {tool.name}{about}\nParameters: {tool.schema}"


def shortened(description: str) -> str:
    if len(description) * 4 <= DESCRIPTION_LIMIT_BYTES:
        return description
    encoded = description.encode("utf-8", "replace")
    return encoded[:DESCRIPTION_LIMIT_BYTES].decode("utf-8", "ignore")


def when(tools: Tools) -> str:
    """The one sentence about whether to call."""
    if tools.only:
        sentence = f"Now you must call {tools.only}; do not answer in plain text."
    elif tools.choice is ToolChoice.REQUIRED:
        sentence = AT_LEAST_ONE
    else:
        sentence = WHEN_NEEDED
    return sentence if tools.parallel else f"{sentence} {ONE_AT_MOST}"


def written_back(calls: Sequence[PastCall]) -> str:
    """Earlier calls in the form the model is asked for (7.3 A)."""
    return "\n".join(("<tool_calls>", *lines(calls), "</tool_calls>"))


def lines(calls: Iterable[PastCall]) -> Iterable[str]:
    for call in calls:
        arguments = compact(call.arguments)
        yield (
            f"<tool_call><tool_name>{call.name}</tool_name>"
            f"<parameters>{arguments}</parameters></tool_call>"
        )


def compact(arguments: str) -> str:
    """Without needless white space; what is no JSON stays as it is."""
    if not arguments.strip():
        return "{}"
    try:
        return orjson.dumps(orjson.loads(arguments)).decode()
    except (ValueError, TypeError):
        return arguments
