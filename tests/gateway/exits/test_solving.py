"""One solve for all who wait, and nobody hammers a solver that fails."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from gateway.egress import home
from gateway.egress_tables import ClearanceBundle
from gateway.errors import UpstreamFailure
from gateway.exits import clearances, solving, store
from gateway.exits.queries import apart
from gateway.exits.solving import SharedSolver
from gateway.upstream.solver import Solved
from grokgateway.jobs import leadership
from tests.gateway.upstream.stand_in import Chosen

pytestmark = pytest.mark.django_db(transaction=True)

SETTINGS = Chosen(proxy__clearance__mode="flaresolverr")


async def renewed(place, seen=0, solver=None):
    return await (solver or SharedSolver()).renew(place, seen, SETTINGS)


async def test_many_who_wait_share_one_solve(ways, place, answers):
    solver = SharedSolver()
    answers.pause_s = 0.05
    found = await asyncio.gather(*(renewed(place, 0, solver) for _ in range(50)))
    assert len(answers.calls) == 1
    assert {bundle.version for bundle in found} == {1}
    assert {bundle.cookies for bundle in found} == {"cf_clearance=c1"}


async def test_other_processes_take_what_one_solved(ways, place, answers):
    answers.pause_s = 0.3
    found = await asyncio.gather(*(renewed(place) for _ in range(3)))
    assert len(answers.calls) == 1
    assert {bundle.version for bundle in found} == {1}


async def test_many_who_wait_fail_together_and_the_failure_is_kept(
    ways, place, answers
):
    solver = SharedSolver()
    answers.failing, answers.pause_s = True, 0.05
    tries = (renewed(place, 0, solver) for _ in range(50))
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert len(answers.calls) == 1
    assert all(isinstance(failure, UpstreamFailure) for failure in found)
    with pytest.raises(UpstreamFailure) as caught:
        await renewed(place)
    assert len(answers.calls) == 1
    assert caught.value.cause == "no_clearance"
    assert 25 < (caught.value.retry_after_s or 0) <= 31
    assert not caught.value.sent


async def test_pauses_double_and_end_with_success(ways, place, answers):
    answers.failing = True
    waits = []
    for _ in range(7):
        with pytest.raises(UpstreamFailure) as caught:
            await renewed(place)
        waits.append(caught.value.retry_after_s)
        await ClearanceBundle.objects.aupdate(retry_at=None)
    assert waits == [30, 60, 120, 240, 480, 600, 600]
    answers.failing = False
    assert (await renewed(place)).version == 1
    row = await ClearanceBundle.objects.aget()
    assert (row.failures, row.last_error) == (0, "")


async def test_who_saw_an_older_one_is_given_the_newer(ways, place, answers):
    """Compare and rotate: ten refusals of version 1 make one version 2."""
    await renewed(place)
    await ClearanceBundle.objects.aupdate(made_at=long_ago())
    await apart(store.load)
    solver = SharedSolver()
    found = await asyncio.gather(*(renewed(place, 1, solver) for _ in range(10)))
    found.append(await renewed(place, 1, solver))
    assert {bundle.version for bundle in found} == {2}
    assert len(answers.calls) == 2


async def test_one_that_is_refused_at_once_is_not_solved_again_at_once(
    ways, place, answers
):
    await renewed(place)
    with pytest.raises(UpstreamFailure):
        await renewed(place, 1)
    assert len(answers.calls) == 1


async def test_what_was_refused_is_used_no_more_even_if_nothing_new_comes(
    ways, place, answers
):
    await renewed(place)
    await ClearanceBundle.objects.aupdate(made_at=long_ago())
    await apart(store.load)
    answers.failing = True
    with pytest.raises(UpstreamFailure):
        await renewed(place, 1)  # as the clock has it: what is there stays in use
    assert ways.rows.bundles[place.key].valid
    await ClearanceBundle.objects.aupdate(retry_at=None)
    with pytest.raises(UpstreamFailure):
        await SharedSolver().replaced(place, 1, SETTINGS)
    assert not ways.rows.bundles[place.key].valid
    await apart(store.load)
    assert not ways.rows.bundles[place.key].valid


async def test_a_young_one_that_is_refused_stays(ways, place, answers):
    await renewed(place)
    with pytest.raises(UpstreamFailure):
        await SharedSolver().replaced(place, 1, SETTINGS)
    assert ways.rows.bundles[place.key].valid
    assert len(answers.calls) == 1


async def test_two_solves_at_a_time_are_enough(ways, place, answers):
    life = timedelta(seconds=30)
    taken = [await apart(leadership.claim, s, life=life) for s in solving.SLOTS]
    waiting = asyncio.ensure_future(renewed(place))
    await asyncio.sleep(0.2)
    assert not answers.calls
    assert taken[0] is not None
    await apart(leadership.release, taken[0])
    assert (await waiting).version == 1


async def test_whoever_waited_for_a_turn_too_long_looks_again(ways, place, answers):
    """The lease ended in the queue, another process took it over and got one."""
    life = timedelta(seconds=30)
    taken = [await apart(leadership.claim, s, life=life) for s in solving.SLOTS]
    waiting = asyncio.ensure_future(renewed(place))
    await asyncio.sleep(0.2)
    other = Solved("cf_clearance=of-another", "Agent/1")
    await apart(clearances.keep, place, other, "")
    assert taken[0] is not None
    await apart(leadership.release, taken[0])
    assert (await waiting).cookies == "cf_clearance=of-another"
    assert not answers.calls


@pytest.mark.parametrize("how", ["renew", "replaced"])
async def test_a_database_that_fails_is_no_fault_of_the_call(
    ways, place, answers, monkeypatch, how
):
    await renewed(place)
    await ClearanceBundle.objects.aupdate(made_at=long_ago())
    await apart(store.load)

    def gone(*args: object) -> None:
        raise OperationalError("no such host as secret.example")

    monkeypatch.setattr(clearances, "found", gone)
    monkeypatch.setattr(clearances, "invalidate", gone)
    with pytest.raises(UpstreamFailure) as caught:
        await getattr(SharedSolver(), how)(place, 1, SETTINGS)
    assert caught.value.cause == "no_clearance"
    assert caught.value.retry_after_s == 2
    assert "secret" not in str(caught.value)


async def test_who_leaves_does_not_end_the_solve_of_others(ways, place, answers):
    solver = SharedSolver()
    answers.pause_s = 0.1
    leaving = asyncio.ensure_future(renewed(place, 0, solver))
    staying = asyncio.ensure_future(renewed(place, 0, solver))
    await asyncio.sleep(0.03)
    leaving.cancel()
    assert (await staying).version == 1
    assert len(answers.calls) == 1


async def test_a_restart_keeps_clearances_sealed(ways, place, answers, monkeypatch):
    await renewed(place)
    row = await ClearanceBundle.objects.aget()
    assert b"cf_clearance" not in bytes(row.cookies_ciphertext or b"")
    fresh = home.Home()
    monkeypatch.setattr(home, "HOME", fresh)
    await apart(store.load)
    bundle = fresh.bundle(place)
    assert bundle is not None
    assert (bundle.cookies, bundle.user_agent) == ("cf_clearance=c1", "Agent/1")


async def test_only_the_version_that_failed_is_made_invalid(ways, place, answers):
    await renewed(place)
    assert not await apart(clearances.invalidate, place.key, 7)
    assert await apart(clearances.invalidate, place.key, 1)


def long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)
