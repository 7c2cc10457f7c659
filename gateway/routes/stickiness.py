"""Which session a request belongs to, so that its turns stay on one account.

A preference and never a reason to fail (public-api 9, row 31): what is no sensible name
is passed over.
"""

import hashlib
import re

import orjson
from django.http import HttpRequest

from gateway.auth import caller_of

MAX_CHARS = 512
# The first that names a session counts. Codex sends `session-id`, older ones with an
# underscore; it is its prompt cache key or the id of the conversation.
HEADERS = (
    b"x-session-id",
    b"x-claude-code-session-id",
    b"session-id",
    b"session_id",
    b"x-openwebui-chat-id",
)
# Claude Code's older form of `metadata.user_id`; the newer one is JSON.
SESSION_PART = re.compile(r"_session_([0-9A-Za-z-]+)\Z")


def session_name(request: HttpRequest, *hints: object) -> str:
    """The session as `Ask` wants it, another one for every caller; empty if unnamed.

    `hints` are members of the body that may name it, the best first; what is no string
    counts as not sent.
    """
    headers = request.raw_headers  # type: ignore[attr-defined] # entry.Request
    sent = (headers.get(name, b"").decode("latin-1") for name in HEADERS)
    for given in (*sent, *hints):
        if isinstance(given, str) and 0 < len(given.strip()) <= MAX_CHARS:
            owned = f"{caller_of(request).fingerprint}\0{given.strip()}"
            return hashlib.sha256(owned.encode("utf-8", "replace")).hexdigest()
    return ""


def session_part(user_id: object) -> str:
    """The session within `metadata.user_id` of the messages API, if it carries one."""
    if not isinstance(user_id, str) or len(user_id) > MAX_CHARS:
        return ""
    if user_id.startswith("{"):
        return named_in_json(user_id)
    found = SESSION_PART.search(user_id)
    return found[1] if found else ""


def named_in_json(user_id: str) -> str:
    try:
        members = orjson.loads(user_id)
    except orjson.JSONDecodeError:
        return ""
    session = members.get("session_id") if isinstance(members, dict) else None
    return session if isinstance(session, str) else ""
