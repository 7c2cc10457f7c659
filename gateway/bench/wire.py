"""Requests as bytes, and replies just as far parsed as a check needs."""

import json
import re
from typing import Any

from gateway.bench.work import Dialect, Leg, Work

# A frame that carries text; the empty first delta of a role does not count.
TEXT = {
    "chat": re.compile(rb'"content":\s*"[^"]'),
    "upstream": re.compile(rb'"token":\s*"[^"]'),
}
MODEL = "grok-4.20-fast"


def request(leg: Leg, work: Work, turn: int) -> bytes:
    """One whole HTTP request; `turn` chooses the account of the direct leg."""
    prompt = f"bench [[tokens={work.tokens}]] [[delay_ms={work.delay_ms}]]"
    if leg.dialect == "upstream":
        token = leg.tokens[turn % len(leg.tokens)]
        extra = f"Cookie: sso={token}; sso-rw={token}\r\n"
        path, body = "/rest/app-chat/conversations/new", upstream_body(prompt)
    else:
        extra = f"Authorization: Bearer {leg.key}\r\n"
        path, body = "/v1/chat/completions", chat_body(prompt, stream=work.stream)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{leg.port}\r\n{extra}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def chat_body(prompt: str, *, stream: bool) -> bytes:
    messages = [{"role": "user", "content": prompt}]
    return json.dumps({"model": MODEL, "stream": stream, "messages": messages}).encode()


def upstream_body(prompt: str) -> bytes:
    return json.dumps(
        {
            "message": f"[user]: {prompt}",
            "modeId": "fast",
            "temporary": True,
            "disableMemory": True,
            "fileAttachments": [],
            "imageAttachments": [],
            "toolOverrides": {},
            "responseMetadata": {},
        }
    ).encode()


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
    if dialect == "upstream":
        return upstream_text(body)
    return stream_text(body) if stream else reply_text(body)


def reply_text(body: bytes) -> str:
    reply = json.loads(body)
    try:
        return str(reply["choices"][0]["message"]["content"])
    except KeyError as exc:
        raise ValueError(f"no message in {body[:200]!r}") from exc


def stream_text(body: bytes) -> str:
    frames = body.decode().split("\n\n")
    if frames[-2:] != ["data: [DONE]", ""]:
        raise ValueError("the stream does not end with [DONE]")
    parts = []
    finished = False
    for frame in frames[:-2]:
        chunk = json.loads(frame.removeprefix("data: "))
        if "error" in chunk:
            raise ValueError(f"error in the stream: {chunk['error']}")
        for choice in chunk["choices"]:
            parts.append(choice["delta"].get("content") or "")
            finished = finished or choice.get("finish_reason") == "stop"
    if not finished:
        raise ValueError("no finish_reason")
    return "".join(parts)


def upstream_text(body: bytes) -> str:
    parts = []
    for line in body.splitlines():
        if line.strip():
            parts.append(upstream_token(json.loads(line)))
    return "".join(parts)


def upstream_token(frame: dict[str, Any]) -> str:  # raw JSON, not ours
    if "error" in frame:
        raise ValueError(f"error in the stream: {frame['error']}")
    response = frame.get("result", {}).get("response", {})
    if response.get("isThinking") or response.get("messageTag") != "final":
        return ""
    return str(response.get("token") or "")
