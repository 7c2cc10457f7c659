"""Challenged calls, a solver behind the node's proxy, and the browser that fits."""

import asyncio
import time

import pytest

from gateway.errors import Kind, UpstreamFailure
from gateway.exits.solving import SharedSolver
from gateway.upstream import calls
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.limits import Limits
from tests.gateway.egress.proxy_servers import PASSWORD, USER, proxy
from tests.gateway.egress.solver_server import AGENT, SolverServer
from tests.gateway.egress.solver_server import solver as solver_server
from tests.gateway.upstream.stand_in import Chosen, Peer, Request, serving, whole

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

LIMITS = Limits(5.0, 5.0)
LOGIN = Login("tok")
PAGE = b"<html><title>Just a moment...</title></html>"
MODES = ["flaresolverr", "on_demand"]


class Guarded:
    """An upstream that wants the clearance of now, from the browser it was given to."""

    def __init__(self, server: SolverServer) -> None:
        self.solver = server
        self.refused = 0
        self.agents: set[str] = set()

    async def __call__(self, peer: Peer, request: Request) -> None:
        good = f"cf_clearance={self.solver.good}" in request.header("cookie")
        if good and request.header("user-agent") == AGENT:
            self.agents.add(request.header("sec-ch-ua"))
            await peer.send(whole(b"hello"))
            return
        self.refused += 1
        await peer.send(
            whole(PAGE, "cf-mitigated: challenge\r\n", status="403 Forbidden")
        )


@pytest.fixture
def solving(ways):
    ways.solver = SharedSolver()
    return ways


async def asked(settings: Chosen, login: Login = LOGIN) -> bytes:
    signed = json_headers(login, settings)
    answer = await calls.post("/x", signed, b"{}", settings, LIMITS)
    return await calls.whole(answer, 100)


@pytest.mark.parametrize("mode", MODES)
async def test_a_challenge_costs_one_solve_and_the_call_succeeds(solving, mode):
    async with solver_server() as server:
        upstream = Guarded(server)
        async with serving(upstream) as stand_in:
            settings = stand_in.settings(
                proxy__clearance__mode=mode,
                proxy__clearance__flaresolverr_url=server.url,
            )
            assert await asked(settings) == b"hello"
            assert upstream.refused == (mode == "on_demand")
            assert await asked(settings) == b"hello"
            assert len(server.questions) == 1
    assert server.questions[0]["url"] == stand_in.url
    (hints,) = upstream.agents
    assert 'v="142"' in hints


async def test_each_account_behind_one_address_has_a_clearance_of_its_own(solving):
    """Each goes out by another exit, and a clearance fits one."""
    async with solver_server() as server, proxy("http") as carrier:
        async with serving(Guarded(server)) as stand_in:
            settings = stand_in.settings(
                upstream__base_url=f"http://grok.test:{stand_in.port}",
                proxy__egress__mode="single_proxy",
                proxy__egress__proxy_url=carrier.url(user="u-{account}"),
                proxy__clearance__mode="on_demand",
                proxy__clearance__flaresolverr_url=server.url,
            )
            for token in ("one", "two", "one"):
                assert await asked(settings, Login(token)) == b"hello"
    named = [question["proxy"]["username"] for question in server.questions]  # type: ignore[index] # JSON
    assert len(set(named)) == len(named) == 2
    assert set(carrier.users) == set(named)


async def test_a_burst_of_challenged_calls_is_one_solve(solving):
    async with solver_server() as server:
        upstream = Guarded(server)
        async with serving(upstream) as stand_in:
            settings = stand_in.settings(
                proxy__clearance__mode="on_demand",
                proxy__clearance__flaresolverr_url=server.url,
            )
            found = await asyncio.gather(*(asked(settings) for _ in range(20)))
            assert set(found) == {b"hello"}
            assert len(server.questions) == 1


async def test_a_dead_solver_fails_all_in_one_go_and_says_so(solving):
    async with serving(Guarded(SolverServer())) as stand_in:
        settings = stand_in.settings(
            proxy__clearance__mode="flaresolverr",
            proxy__clearance__flaresolverr_url="http://127.0.0.1:9",
        )
        calls_made = (asked(settings) for _ in range(50))
        found = await asyncio.gather(*calls_made, return_exceptions=True)
        assert stand_in.connections == 0
    assert {type(failure) for failure in found} == {UpstreamFailure}
    failure = found[0]
    assert isinstance(failure, UpstreamFailure)
    assert (failure.kind, failure.cause) == (Kind.UPSTREAM_UNAVAILABLE, "no_clearance")
    assert failure.retry_after_s


@pytest.mark.parametrize("mode", MODES)
async def test_fifty_wait_for_one_answer_of_a_solver_that_fails(solving, mode):
    async def slowly(peer: Peer, request: Request) -> None:
        await asyncio.sleep(0.3)
        made.questions.append({})
        await peer.send(whole(b'{"status": "error", "message": "no"}'))

    made = SolverServer()
    async with serving(slowly) as server, serving(Guarded(made)) as stand_in:
        settings = stand_in.settings(
            proxy__clearance__mode=mode,
            proxy__clearance__flaresolverr_url=server.url,
            proxy__clearance__timeout_sec=3,
        )
        began = time.monotonic()
        calls_made = (asked(settings) for _ in range(50))
        found = await asyncio.gather(*calls_made, return_exceptions=True)
        assert time.monotonic() - began < 3
    assert {type(one) for one in found} == {UpstreamFailure}
    assert len(made.questions) == 1
    assert stand_in.connections == (0 if mode == "flaresolverr" else 50)


async def test_on_demand_a_dead_solver_leaves_the_challenge_told(solving):
    async with serving(Guarded(SolverServer())) as stand_in:
        settings = stand_in.settings(
            proxy__clearance__mode="on_demand",
            proxy__clearance__flaresolverr_url="http://127.0.0.1:9",
        )
        with pytest.raises(UpstreamFailure) as caught:
            await asked(settings)
    assert caught.value.cause == "challenge"


async def test_the_solver_is_called_direct_and_told_of_the_nodes_proxy(solving):
    async with solver_server() as server, proxy("http") as carrier:
        async with serving(Guarded(server)) as stand_in:
            base = f"http://grok.test:{stand_in.port}"
            settings = stand_in.settings(
                upstream__base_url=base,
                proxy__egress__mode="single_proxy",
                proxy__egress__proxy_url=carrier.url(),
                proxy__clearance__mode="flaresolverr",
                proxy__clearance__flaresolverr_url=server.url,
            )
            assert await asked(settings) == b"hello"
            assert carrier.led == [f"grok.test:{stand_in.port}"]
    assert server.questions[0]["proxy"] == {
        "url": f"http://127.0.0.1:{carrier.port}",
        "username": USER,
        "password": PASSWORD,
    }
