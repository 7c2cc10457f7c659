"""What is asked of the solver, and what is taken from its answer."""

import asyncio
import gzip
import time

import orjson
import pytest

from gateway.egress.bundles import Place
from gateway.egress.nodes import DIRECT_NODE, Node
from gateway.egress.proxies import parse
from gateway.upstream import solver
from gateway.upstream.solver import Unsolved
from tests.gateway.egress.solver_server import SolverServer, cookie
from tests.gateway.egress.solver_server import solver as solver_server
from tests.gateway.upstream.stand_in import Peer, Request, serving

pytestmark = pytest.mark.e2e


def place(server: SolverServer, node: Node = DIRECT_NODE) -> Place:
    return Place(node, "https://www.grok.test", server.url)


async def test_only_cloudflares_cookies_of_the_host_are_taken():
    async with solver_server() as server:
        server.cookies = [
            cookie("sso", "stolen"),
            cookie("cf_clearance", "a", ".grok.test"),
            cookie("__cf_bm", "b", ""),
            cookie("cf_clearance", "other", "else.test"),
        ]
        solved = await solver.solve(place(server), 5.0)
    assert solved.cookies == "cf_clearance=a; __cf_bm=b"
    assert "cf_clearance" not in repr(solved)


async def test_a_page_without_a_challenge_needs_no_cookie():
    async with solver_server() as server:
        server.cookies = [cookie("lang", "en")]
        assert (await solver.solve(place(server), 5.0)).cookies == ""


@pytest.mark.parametrize(
    "raw",
    [
        b"hello",
        b"[]",
        b'{"status":"error","message":"secret"}',
        b'{"status":"ok","solution":{"cookies":[]}}',
        orjson.dumps(
            {
                "status": "ok",
                "solution": {"userAgent": "A/1", "status": 403, "cookies": []},
            }
        ),
        b'{"status":"ok","x":"' + b"x" * 1024 * 1024 + b'"}',
        b'{"status":"ok","solution":7}',
        b'{"status":"ok","solution":{"userAgent":[],"cookies":"cf_clearance"}}',
        b'{"status":"ok","solution":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"\xff\xfe\x00",
        orjson.dumps(
            {
                "status": "ok",
                "solution": {
                    "userAgent": "A/1",
                    "status": 403,
                    "cookies": [7, {"name": "cf_clearance", "value": 5}, {}],
                },
            }
        ),
    ],
)
async def test_what_is_no_solution_is_none(raw):
    async with solver_server() as server:
        server.raw = raw
        with pytest.raises(Unsolved) as caught:
            await solver.solve(place(server), 5.0)
    assert "secret" not in str(caught.value)


async def test_socks_proxies_are_named_as_browsers_name_them():
    async with solver_server() as server:
        node = Node("n", parse("socks5h://h:1"))
        await solver.solve(place(server, node), 5.0)
    assert server.questions[0]["proxy"] == {"url": "socks5://h:1"}
    assert server.questions[0]["maxTimeout"] == 5000


async def test_an_answer_without_an_end_is_left_in_time(monkeypatch):
    monkeypatch.setattr(solver, "MORE_S", 0.2)

    async def dribble(peer: Peer, request: Request) -> None:
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        while True:
            await peer.send(b" ", pause_s=0.02)

    async with serving(dribble) as server:
        there = Place(DIRECT_NODE, "https://grok.test", server.url)
        began = time.monotonic()
        with pytest.raises(Unsolved, match="in time"):
            async with asyncio.timeout(5.0):
                await solver.solve(there, 0.2)
    assert time.monotonic() - began < 2.0


async def test_what_is_packed_is_not_unpacked():
    asked: list[Request] = []

    async def bomb(peer: Peer, request: Request) -> None:
        asked.append(request)
        body = gzip.compress(b" " * 50_000_000)
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}"
        )
        await peer.send(head.encode() + b"\r\n\r\n" + body)

    async with serving(bomb) as server:
        there = Place(DIRECT_NODE, "https://grok.test", server.url)
        with pytest.raises(Unsolved, match="no solver"):
            await solver.solve(there, 5.0)
    assert asked[0].header("accept-encoding") == "identity"
