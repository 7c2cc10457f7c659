"""What people paste for an account, brought to one form; pure text work."""

import re
from dataclasses import dataclass

TOKEN_MAX_BYTES = 16 * 1024
PASTED_MAX_CHARS = 4 * TOKEN_MAX_BYTES
HEADER_NAME = "cookie:"
LEFT_OVERS = (HEADER_NAME, "sso=")
CLEANING = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | dict.fromkeys("\u00a0\u2007\u202f\u200b\u200c\u200d\ufeff", "")
)
LOST_CHARACTERS = {
    "\u2026": "this is a masked token",
    "*": "this is a masked token",
    "\ufffd": "the text is not UTF-8",
}
# cookie-octet of RFC 6265 without "=", which only pads the end, and without "*"
TOKEN = re.compile(r"[!#-)+\-./0-9:<>-\[\]-~]+=*")
USER_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Credential:
    token: str
    user_id: str = ""

    def __repr__(self) -> str:
        return f"Credential(user_id={self.user_id!r})"


def normalise(raw: str) -> Credential:
    """Read a bare token or a cookie line; raise `ValueError` if it holds neither.

    The messages never quote the text.
    """
    if len(raw) > PASTED_MAX_CHARS:
        raise ValueError("longer than a token can be")
    for character, reason in LOST_CHARACTERS.items():
        if character in raw:
            raise ValueError(reason)
    parts = [clean(part) for part in without_header_name(clean(raw)).split(";")]
    token = token_in(parts)
    if not token:
        raise ValueError("empty")
    if len(token) > TOKEN_MAX_BYTES:
        raise ValueError("longer than 16 KiB")
    if not TOKEN.fullmatch(token) or token.lower().startswith(LEFT_OVERS):
        raise ValueError("holds characters that a token cannot have")
    return Credential(token, user_id_in(parts))


def clean(text: str) -> str:
    """Drop white space, invisible and non-ASCII characters, and outer quotes."""
    joined = "".join(text.translate(CLEANING).split())
    return joined.encode("ascii", "ignore").decode("ascii").strip('"')


def without_header_name(line: str) -> str:
    return line[len(HEADER_NAME) :] if line.lower().startswith(HEADER_NAME) else line


def token_in(parts: list[str]) -> str:
    """Return the `sso` cookie, else a first part that is no cookie at all."""
    named = cookie_in(parts, "sso")
    if named is not None:
        return named
    name, _, value = parts[0].partition("=")
    if value.strip("="):
        raise ValueError("a cookie line without an sso cookie")
    return parts[0] if name else ""


def user_id_in(parts: list[str]) -> str:
    user_id = cookie_in(parts, "x-userid") or ""
    return user_id if USER_ID.fullmatch(user_id) else ""


def cookie_in(parts: list[str], wanted: str) -> str | None:
    for part in parts:
        name, equals, value = part.partition("=")
        if equals and name.lower() == wanted:
            return value.strip('"')
    return None


def clean_tags(tags: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Trim, drop NUL characters, empty ones and repetitions, keep the order."""
    trimmed = (tag.replace("\0", "").strip() for tag in tags)
    return tuple(dict.fromkeys(tag for tag in trimmed if tag))
