"""The visible list of sources at the end of an answer, and its removal from history."""

import re
from collections.abc import Iterable

from gateway.conversation.events import Source

MARKER = "[grok2api-sources]: #"
TAIL = re.compile(r"\n*## Sources\n" + re.escape(MARKER) + r"\n.*\Z", re.DOTALL)
SPECIAL = re.compile(r"([\\\[\]])")


def tail(sources: Iterable[Source]) -> str:
    """Markdown section for `features.show_search_sources` (upstream-protocol 3.8)."""
    lines = [f"- [{escaped(source.title)}]({source.url})" for source in sources]
    return "\n\n## Sources\n" + MARKER + "\n" + "\n".join(lines) if lines else ""


def escaped(title: str) -> str:
    return SPECIAL.sub(r"\\\1", title)


def without_tail(text: str) -> str:
    """An earlier answer without the section that we added to it."""
    return TAIL.sub("", text) if MARKER in text else text
