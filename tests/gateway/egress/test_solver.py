"""What is asked of the solver, and what is taken from its answer."""

import orjson
import pytest

from gateway.egress.bundles import Place
from gateway.egress.nodes import DIRECT_NODE, Node
from gateway.egress.proxies import parse
from gateway.upstream import solver
from gateway.upstream.solver import Unsolved
from tests.gateway.egress.solver_server import SolverServer, cookie
from tests.gateway.egress.solver_server import solver as solver_server

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
