"""What a prompt asks of the sandbox: `[[name=value]]` in the last user part."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

WORDING = frozenset(
    {
        *("tokens", "text", "unicode", "bigframe", "surrogate", "toolcall", "empty"),
        "files",
    }
)
NAMES = frozenset(
    {
        *WORDING,
        *("delay_ms", "first_ms", "batch", "split", "gzip", "framing", "done"),
        *("thinking", "thinking_tokens", "agents", "late_thinking", "toolcard"),
        *("search", "citations", "xposts", "image", "moderated", "toolargs", "v3"),
        *("error", "error_after", "status", "retry_after", "challenge"),
        *("reset_after", "stall_after", "close_mid", "nomarker", "softstop_hidden"),
        *("half_close", "garbage", "drip", "post", "file"),
        *("nonobject", "badjson", "modelresponse_only", "drift"),
        *("noresult", "summary_only", "stock", "nopost", "slots", "nostart"),
        *("completed_first", "nocompleted", "nourl", "close_after", "close_round"),
        *("notoken", "life"),
    }
)
DIRECTIVE = re.compile(r"\[\[([a-z0-9_]+)(?:=(.*?))?\]\]", re.DOTALL)
USER = "[user]:"
NEXT_PART = re.compile(r"\n\n\[(?:user|assistant|system|developer|tool)\b[^\]\n]*\]:")


@dataclass(frozen=True, slots=True)
class Directives:
    """`said` is what the user says besides, if the answer depends on that.

    `files` describes what is attached, a text for each.
    """

    values: tuple[tuple[str, str], ...]
    said: str
    files: tuple[str, ...] = ()

    def __contains__(self, name: object) -> bool:
        return any(known == name for known, _ in self.values)

    def text(self, name: str, default: str = "") -> str:
        return next((value for known, value in self.values if known == name), default)

    def number(self, name: str, default: int = 0, *, bare: int = 0) -> int:
        """The value of `name`; `bare` if it is given without a number."""
        if name not in self:
            return default
        value = self.text(name)
        return int(value) if value.isdecimal() else bare


def parse(message: str, files: tuple[str, ...] = ()) -> Directives:
    asked = parse_part(last_user_part(message))
    return replace(asked, files=files) if files else asked


def drifting(asked: Directives, kind: str) -> Directives:
    """As if the prompt itself had asked for frames of an unknown kind."""
    if not kind or "drift" in asked:
        return asked
    return replace(asked, values=(*asked.values, ("drift", kind)))


def last_user_part(message: str) -> str:
    """The whole message if it has no parts."""
    start = message.rfind(f"\n\n{USER}")
    if start >= 0:
        start += 2
    elif not message.startswith(USER):
        return message
    start = max(start, 0) + len(USER)
    following = NEXT_PART.search(message, start)
    return message[start : following.start() if following else None].strip()


@lru_cache(maxsize=512)
def parse_part(part: str) -> Directives:
    """Names that mean nothing here stay in the text."""
    found = tuple(
        (name, value) for name, value in DIRECTIVE.findall(part) if name in NAMES
    )
    if any(name in WORDING for name, _ in found):
        return Directives(found, "")
    said = DIRECTIVE.sub(lambda m: "" if m[1] in NAMES else m[0], part)
    return Directives(found, said.strip())
