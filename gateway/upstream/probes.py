"""Tries one node: whether it leads to upstream, how fast, and with which address.

Goes without a login, over a connection of its own.
"""

import asyncio
import errno
import time
from dataclasses import dataclass

import httpx

from gateway.egress import causes
from gateway.egress.nodes import DIRECT, Node
from gateway.egress.proxies import Proxy
from gateway.upstream import failures, impersonation, pool
from gateway.upstream.headers import browser_headers
from gateway.upstream.impersonator import Impersonator
from gateway.upstream.limits import Settings
from gateway.upstream.transport import Transport

PATH = "/cdn-cgi/trace"  # Cloudflare's own: tells the address that it sees
PROBE_S = 20.0
MAX_TRACE_BYTES = 4096
REFUSED = f"[Errno {errno.ECONNREFUSED}]"


@dataclass(frozen=True, slots=True)
class Probe:
    """`cause` is the code of a failure, empty for a node that leads there.

    `refused`: a host was reached and nothing listens there.
    """

    cause: str = ""
    latency_ms: int = 0
    exit_address: str = ""
    status: int = 0
    refused: bool = False


async def probe(node: Node, settings: Settings) -> Probe:
    proxy = node.proxy and node.proxy.for_account(0)
    if proxy is None and settings.text("proxy.egress.mode") != DIRECT:
        return Probe(causes.NOT_SENT.code)  # nothing is direct then
    began = time.perf_counter()
    try:
        async with asyncio.timeout(PROBE_S):
            status, body = await traced(node, proxy, settings)
    except httpx.TransportError as exc:
        cause = failures.of_transport(exc, proxied=proxy is not None).cause
        return Probe(cause, refused=is_refusal(exc))
    except TimeoutError:
        timeout = httpx.ConnectTimeout("no answer in time")
        return Probe(failures.of_transport(timeout, proxied=proxy is not None).cause)
    latency_ms = max(1, round((time.perf_counter() - began) * 1000))
    return Probe("", latency_ms, address_in(body), status)


async def traced(
    node: Node, proxy: Proxy | None, settings: Settings
) -> tuple[int, bytes]:
    """The beginning of the answer. Raises httpx.TransportError."""
    agent = settings.text("proxy.clearance.user_agent")
    profile = impersonation.chosen(agent, settings)
    key = pool.Key(node.name, proxy, agent, 0, "", node.verify, profile)
    transport = pool.HOME.carrier(key, pool.HOME.build)
    own = settings.text("upstream.base_url").rstrip("/") + PATH
    url = settings.text("proxy.egress.test_url") or own
    headers = browser_headers(agent, settings.text("proxy.clearance.browser"))
    extensions = {"timeout": {"connect": PROBE_S, "read": PROBE_S}}
    request = httpx.Request("GET", url, headers=list(headers), extensions=extensions)
    if isinstance(transport, Transport | Impersonator):
        transport.retire()  # so that it keeps no connection
    response = await transport.handle_async_request(request)
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - async transport
    body = bytearray()
    try:
        async for piece in response.stream:
            body += piece
            if len(body) >= MAX_TRACE_BYTES:
                break
    finally:
        await response.stream.aclose()
    return response.status_code, bytes(body)


def address_in(body: bytes) -> str:
    for line in body.decode("ascii", "replace").splitlines():
        name, _, value = line.partition("=")
        if name == "ip" and len(value) <= 45 and value.isprintable():
            return value
    return ""


def is_refusal(error: httpx.TransportError) -> bool:
    """asyncio joins the errors of several addresses into the text of one."""
    why = error.__cause__
    return isinstance(why, ConnectionRefusedError) or (
        isinstance(why, OSError) and REFUSED in str(why)
    )
