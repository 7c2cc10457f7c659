"""Asks an operator's solver for a clearance (FlareSolverr's protocol, 12.5).

The solver is called directly and nowhere but at its configured address; only
Cloudflare's cookies are taken from its answer.
"""

import asyncio
from dataclasses import dataclass

import httpx
import orjson

from gateway.egress.bundles import Place
from gateway.egress.proxies import Proxy
from gateway.upstream.channel import upstream_url
from gateway.upstream.cookies import clean, cloudflare_cookies
from gateway.upstream.failures import CHALLENGE_SIGNS
from gateway.upstream.fields import Json, items, record, text
from gateway.upstream.transport import Transport

MORE_S = 30.0
CONNECT_S = 10.0
MAX_ANSWER_BYTES = 1024 * 1024
MAX_AGENT_CHARS = 400
SCHEMES = {"socks5h": "socks5", "socks4a": "socks4"}  # as the solver's browser says


class Unsolved(Exception):
    """No clearance; the message is for operators and holds no secret."""


@dataclass(frozen=True, slots=True)
class Solved:
    """`cookies` is empty where the page came without a challenge."""

    cookies: str
    user_agent: str

    def __repr__(self) -> str:
        return "Solved(...)"


async def solve(place: Place, timeout_s: float) -> Solved:
    """Raises `Unsolved`."""
    proxy = place.node.proxy and place.node.proxy.for_account(0)
    body = orjson.dumps(question(place.origin, proxy, timeout_s))
    document = await asked(f"{place.solver_url}/v1", body, timeout_s + MORE_S)
    if text(document.get("status")) != "ok":
        raise Unsolved("the solver could not solve it")
    return read(document, host_of(place.origin))


def question(origin: str, proxy: Proxy | None, timeout_s: float) -> Json:
    asked: Json = {
        "cmd": "request.get",
        "url": origin,
        "maxTimeout": int(timeout_s * 1000),
    }
    if proxy is not None:
        scheme = SCHEMES.get(proxy.scheme, proxy.scheme)
        asked["proxy"] = {"url": f"{scheme}://{proxy.place}"}
        if proxy.username or proxy.password:
            asked["proxy"] |= {"username": proxy.username, "password": proxy.password}
    return asked


async def asked(url: str, body: bytes, total_s: float) -> Json:
    """As it comes over the wire, so that the limit is one for memory too."""
    timeout = httpx.Timeout(total_s, connect=CONNECT_S)
    headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
    answer = bytearray()
    try:
        async with (
            asyncio.timeout(total_s),
            httpx.AsyncClient(transport=Transport(), timeout=timeout) as client,
            client.stream("POST", url, content=body, headers=headers) as response,
        ):
            async for piece in response.aiter_raw():
                answer += piece
                if len(answer) > MAX_ANSWER_BYTES:
                    raise Unsolved("the solver's answer is too large")
    except (TimeoutError, httpx.TimeoutException) as error:
        raise Unsolved("the solver did not answer in time") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unsolved("the solver cannot be reached") from error
    try:
        return record(orjson.loads(answer))
    except orjson.JSONDecodeError as error:
        raise Unsolved("what answers is no solver") from error


def read(document: Json, host: str) -> Solved:
    solution = record(document.get("solution"))
    agent = clean(text(solution.get("userAgent")))[:MAX_AGENT_CHARS]
    if not agent:
        raise Unsolved("the solver names no user agent")
    cookies = [record(cookie) for cookie in items(solution.get("cookies"))]
    fitting = [cookie for cookie in cookies if fits(cookie, host)] or cookies
    joined = "; ".join(f"{text(c.get('name'))}={text(c.get('value'))}" for c in fitting)
    found = cloudflare_cookies(joined, "")
    if not found and challenged(solution):
        raise Unsolved("the solver came back with the challenge")
    return Solved(found, agent)


def fits(cookie: Json, host: str) -> bool:
    domain = text(cookie.get("domain")).lstrip(".").lower()
    return not domain or host == domain or host.endswith(f".{domain}")


def challenged(solution: Json) -> bool:
    page = text(solution.get("response")).lower()
    return solution.get("status") != 200 or any(s in page for s in CHALLENGE_SIGNS)


def host_of(origin: str) -> str:
    return upstream_url(origin).host
