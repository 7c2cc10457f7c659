"""Where in running text a block of calls begins, or may be about to (public-api 7.4).

All answers depend on the text alone and never take back what an earlier one released,
so the outcome is the same whatever pieces the text comes in.
"""

import re

CALLS = ("tool_call", "function_call", "invoke", "xai:function_call")
WRAPPERS = ("tool_calls", "function_calls")
LANGUAGES = ("xml", "json", "tool_calls")
SPACE_LIMIT = 128  # white space further before a block than this is not trimmed
GAP_LIMIT = 4  # white space inside a tag, before its name

NAMES = (*WRAPPERS, *CALLS)
MARKER = re.compile(
    rf"<\s{{0,{GAP_LIMIT}}}(?:{'|'.join(NAMES)})(?=[\s>/])", re.IGNORECASE
)
MARKER_CHARS = 1 + GAP_LIMIT + max(map(len, NAMES))
FENCE = re.compile(rf"```(?:{'|'.join(LANGUAGES)})?\Z", re.IGNORECASE)
FENCE_CHARS = 3 + max(map(len, LANGUAGES))
FIRST = re.compile(
    rf"\s{{0,{SPACE_LIMIT}}}(?:```(?:{'|'.join(LANGUAGES)})?\s{{0,{SPACE_LIMIT}}})?",
    re.IGNORECASE,
)
LANGUAGES_BEGUN = sorted({one[:n] for one in LANGUAGES for n in range(1, len(one))})
FIRST_BEGUN = re.compile(
    rf"\s{{0,{SPACE_LIMIT}}}(?:`{{1,2}}|```(?:{'|'.join(LANGUAGES_BEGUN)}))",
    re.IGNORECASE,
)
# Calls in JSON, without white space: an object of them, or a list of entries.
ENTRY_KEYS = (
    *("name", "tool_name", "function", "type", "id"),
    *("arguments", "input", "parameters"),
)
JSON_HEADS = ('{"tool_calls":', *(f'[{{"{key}":' for key in ENTRY_KEYS))
HEAD_LIMIT = 256


def held_from(text: str) -> int:
    """The start of the end of a text that what follows may make a block's beginning.

    That is a marker not yet complete, white space and a fence before it, or as much of
    that as is there.
    """
    end = len(text)
    marker = text.rfind("<", max(0, end - MARKER_CHARS))
    if marker >= 0 and may_become_marker(text[marker + 1 :]):
        return lead_from(text, marker)
    ticks = text.rfind("```", max(0, end - FENCE_CHARS))
    if ticks >= 0 and may_become_language(text[ticks + 3 :]):
        return spaces_from(text, ticks)
    if text.endswith("``"):
        return spaces_from(text, end - 2)
    if text.endswith("`"):
        return spaces_from(text, end - 1)
    return lead_from(text, end)


def lead_from(text: str, end: int) -> int:
    """The start of what belongs to a block that begins at `end`: space and a fence."""
    start = spaces_from(text, end)
    window = text[max(0, start - FENCE_CHARS) : start]
    fence = FENCE.search(window)
    if fence is None:
        return start
    return spaces_from(text, start - len(fence[0]))


def spaces_from(text: str, end: int) -> int:
    window = text[max(0, end - SPACE_LIMIT) : end]
    return end - (len(window) - len(window.rstrip()))


def may_become_marker(begun: str) -> bool:
    name = begun.lstrip()
    if len(begun) - len(name) > GAP_LIMIT:
        return False
    return begins_one(name, NAMES)


def may_become_language(begun: str) -> bool:
    return begins_one(begun, LANGUAGES)


def begins_one(begun: str, words: tuple[str, ...]) -> bool:
    begun = begun.lower()
    return any(word.startswith(begun) for word in words)


def json_from(text: str) -> int | None:
    """Where calls in JSON begin that are the first of all; -1 if it is not they.

    None while that cannot be told yet.
    """
    start = FIRST.match(text)
    at = start.end() if start is not None else 0
    head = "".join(text[at : at + HEAD_LIMIT].split())
    if not head or FIRST_BEGUN.fullmatch(text):
        return None
    if any(head.startswith(known) for known in JSON_HEADS):
        return at
    if begins_one(head, JSON_HEADS) and len(text) < at + HEAD_LIMIT:
        return None
    return -1
