"""The little of the site that a program reads: GET /, /index and the trace."""

from gateway.sandbox.answers import send_whole
from gateway.sandbox.calls import Call
from gateway.sandbox.state import State

TRACE = "/cdn-cgi/trace"
PAGE = (
    b"<!DOCTYPE html><html><head><title>Sandbox</title>"
    b'<meta name="grok-site-verification" content="c2FuZGJveA"></head>'
    b"<body>A local stand-in; see docs/sandbox.md.</body></html>"
)


async def page(state: State, call: Call) -> None:
    await send_whole(call.send, 200, PAGE, b"text/html; charset=utf-8")


async def trace(state: State, call: Call) -> None:
    """As the network in front of the service tells whom it sees."""
    told = f"h=sandbox\nip={call.peer}\nvisit_scheme=http\n"
    await send_whole(call.send, 200, told.encode(), b"text/plain")
