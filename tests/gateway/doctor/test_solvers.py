"""A challenged way whose clearance comes from a solver, over real sockets."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gateway.doctor.asking import Asked
from gateway.doctor.examining import examine
from gateway.egress.bundles import Place
from gateway.egress.nodes import DIRECT_NODE
from gateway.egress_tables import ClearanceBundle
from gateway.exits import clearances, store
from gateway.exits.queries import apart
from gateway.upstream.solver import Solved
from grokgateway import config
from tests.gateway.doctor.surroundings import upstream
from tests.gateway.egress.solver_server import AGENT, SolverServer, cookie, solver

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def kept(origin: str, solver_url: str) -> None:
    """A clearance of an hour ago that upstream no longer takes."""
    place = Place(DIRECT_NODE, origin, solver_url)
    clearances.keep(place, Solved("cf_clearance=old", AGENT), "chrome136")
    an_hour_ago = timezone.now() - timedelta(hours=1)
    ClearanceBundle.objects.update(made_at=an_hour_ago)
    store.load()


def chosen(url: str, solver_url: str) -> dict[str, str]:
    return {
        "upstream.base_url": url,
        "proxy.clearance.mode": "flaresolverr",
        "proxy.clearance.flaresolverr_url": solver_url,
    }


async def found(server: SolverServer, solver_url: str = ""):
    async with upstream({"guarded": True, "clearance": "good"}) as made:
        with config.override(chosen(made.url, solver_url or server.url)):
            await apart(kept, made.url, solver_url or server.url)
            (case,) = (await examine(Asked())).cases
    return case, {str(one.check): one.code for one in case.findings}


async def test_a_stale_one_is_renewed_as_calls_would(ways):
    async with solver() as server:
        case, codes = await found(server)
    assert codes["clearance"] == "clearance_renewed"
    assert codes["challenge"] == "no_challenge"
    assert codes["agent"] == "agent_of_solver"
    assert case.guilty is not None  # there is no account
    assert case.guilty.code == "pool_empty"


async def test_a_stale_one_and_a_dead_solver(ways):
    case, _ = await found(SolverServer(), "http://127.0.0.1:9")
    assert case.guilty is not None
    assert (case.guilty.check, case.guilty.code) == ("clearance", "clearance_unrenewed")
    assert case.guilty.about == {"age": 60}


async def test_an_exit_that_is_not_wanted_refuses_new_ones_too(ways):
    async with solver() as server:
        server.cookies = [cookie("cf_clearance", "worthless", "127.0.0.1")]
        case, codes = await found(server)
    assert codes["clearance"] == "clearance_new"
    assert case.guilty is not None
    assert (case.guilty.check, case.guilty.code) == ("challenge", "challenged_anew")
