import asyncio
import time

import pytest

from grokgateway.jobs.periodic import Periodic, run_all


async def test_it_runs_at_once_and_again():
    stopping, runs = asyncio.Event(), []

    async def work():
        runs.append(1)
        if len(runs) == 3:
            stopping.set()

    await asyncio.wait_for(run_all([Periodic("w", 0.001, work)], stopping), 2)
    assert len(runs) == 3


@pytest.mark.parametrize("error", [ValueError("odd"), asyncio.CancelledError()])
async def test_a_failing_run_does_not_end_the_loop(error, caplog):
    stopping, runs = asyncio.Event(), []

    async def work():
        runs.append(1)
        if len(runs) == 3:
            stopping.set()
        raise error

    await asyncio.wait_for(run_all([Periodic("w", 0.001, work)], stopping), 2)
    assert len(runs) == 3
    assert "Periodic work w" in caplog.text


async def test_one_failing_work_leaves_the_others_alone():
    stopping, runs = asyncio.Event(), []

    async def bad():
        raise ValueError

    async def good():
        runs.append(1)
        if len(runs) == 5:
            stopping.set()

    works = [Periodic("bad", 0.001, bad), Periodic("good", 0.001, good)]
    await asyncio.wait_for(run_all(works, stopping), 2)
    assert len(runs) == 5


async def test_stopping_ends_a_run_and_a_pause_at_once():
    stopping, cancelled = asyncio.Event(), []

    async def long():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(1)
            raise

    async def quick():
        return

    works = [Periodic("long", 60, long), Periodic("quick", 60, quick)]
    running = asyncio.create_task(run_all(works, stopping))
    await asyncio.sleep(0.01)
    started = time.monotonic()
    stopping.set()
    await running
    assert time.monotonic() - started < 0.5
    assert cancelled == [1]


async def test_nothing_runs_when_already_stopping():
    stopping, runs = asyncio.Event(), []
    stopping.set()

    async def work():
        runs.append(1)

    await run_all([Periodic("w", 1, work)], stopping)
    assert runs == []


def test_an_interval_must_be_positive():
    async def work():
        return

    with pytest.raises(ValueError, match="positive"):
        Periodic("w", 0, work)
