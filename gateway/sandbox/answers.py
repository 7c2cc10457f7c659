"""Whole answers: JSON, HTML, and the errors the upstream service is known to give."""

import orjson

from gateway.sandbox.calls import Headers, Send

CHALLENGE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    b'<body><script src="/cdn-cgi/challenge-platform/x.js"></script></body></html>'
)
CHALLENGE_HEADERS: Headers = (
    (b"server", b"cloudflare"),
    (b"cf-ray", b"8c0ffee00badcafe-ARN"),
    (b"cf-mitigated", b"challenge"),
)
BLOCKED = "User is blocked [WKE=unauthorized:blocked-user]"
EXPIRED = "Failed to look up session ID [WKE=unauthenticated:bad-credentials]"
ERRORS: dict[str, tuple[int, object]] = {
    "blocked": (403, {"code": 7, "message": BLOCKED, "details": []}),
    "expired": (401, {"code": 16, "message": EXPIRED, "details": []}),
    "bare401": (401, {"error": "unauthorized"}),
    "forbidden": (403, {"code": 7, "message": "Permission denied", "details": []}),
    "policy": (403, {"code": 7, "message": "content-moderated", "details": []}),
    "antibot": (403, {"code": 7, "message": "Request rejected by anti-bot rules."}),
    "ratelimited": (429, {"error": {"code": 8, "message": "Too many requests"}}),
    "err500": (500, {"error": {"code": 13, "message": "Internal"}}),
    "err503": (503, {"error": {"code": 14, "message": "Unavailable"}}),
    "unsupported": (400, {"code": 3, "message": "Mode is not available"}),
    "malformed": (400, {"code": 3, "message": "Bad request"}),
    "no_such_file": (404, {"code": 5, "message": "No such file"}),
    "unknown_attachment": (400, {"code": 3, "message": "Unknown file attachment"}),
    "not_json": (415, {"code": 3, "message": "Content-Type is not the one wanted"}),
    "unknown_path": (404, {"code": 5, "message": "Not Found"}),
    "too_large": (413, {"code": 3, "message": "Body too large"}),
}


async def send_whole(
    send: Send,
    status: int,
    body: bytes,
    content_type: bytes = b"application/json",
    extra: Headers = (),
) -> None:
    length = str(len(body)).encode()
    headers = [(b"content-type", content_type), (b"content-length", length), *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_json(
    send: Send, payload: object, status: int = 200, extra: Headers = ()
) -> None:
    await send_whole(send, status, orjson.dumps(payload), extra=extra)


async def send_error(send: Send, name: str) -> None:
    status, body = ERRORS[name]
    await send_json(send, body, status)


async def send_challenge(send: Send) -> None:
    html = b"text/html; charset=UTF-8"
    await send_whole(send, 403, CHALLENGE, html, CHALLENGE_HEADERS)
