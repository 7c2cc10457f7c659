"""GET / and /index: the little of the site that a program reads."""

from gateway.sandbox.answers import send_whole
from gateway.sandbox.calls import Call
from gateway.sandbox.state import State

PAGE = (
    b"<!DOCTYPE html><html><head><title>Sandbox</title>"
    b'<meta name="grok-site-verification" content="c2FuZGJveA"></head>'
    b"<body>A local stand-in; see docs/sandbox.md.</body></html>"
)


async def page(state: State, call: Call) -> None:
    await send_whole(call.send, 200, PAGE, b"text/html; charset=utf-8")
