"""Requests as bytes, and replies just as far parsed as a check needs."""

import json

from gateway.bench import dialects
from gateway.bench.work import Dialect, Leg, Work


def request(leg: Leg, work: Work, turn: int) -> bytes:
    """One whole HTTP request; `turn` chooses the account of the direct leg."""
    prompt = f"bench [[tokens={work.tokens}]] [[delay_ms={work.delay_ms}]]"
    spoken = dialects.ALL[leg.dialect]
    body = json.dumps(spoken.body(prompt, work.stream, leg.tools)).encode()
    if leg.dialect == "upstream":
        token = leg.tokens[turn % len(leg.tokens)]
        extra = f"Cookie: sso={token}; sso-rw={token}\r\n"
    else:
        extra = f"Authorization: Bearer {leg.key}\r\n"
    head = (
        f"POST {spoken.path} HTTP/1.1\r\nHost: 127.0.0.1:{leg.port}\r\n{extra}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def payload(raw: bytes) -> bytes:
    """The body of a whole HTTP reply, chunk marks removed."""
    head, _, rest = raw.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        return rest
    parts: list[bytes] = []
    while True:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size.partition(b";")[0] or b"0", 16)
        if length == 0:
            return b"".join(parts)
        parts.append(rest[:length])
        rest = rest[length + 2 :]


def text(raw: bytes, dialect: Dialect, *, stream: bool) -> str:
    """The whole text of a reply. Raises ValueError for what is not a good reply."""
    body = payload(raw)
    spoken = dialects.ALL[dialect]
    if stream or dialect == "upstream":
        return spoken.stream_text(body)
    try:
        return spoken.reply_text(json.loads(body))
    except KeyError as exc:
        raise ValueError(f"no message in {body[:200]!r}") from exc
