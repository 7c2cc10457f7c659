"""One examination: all that was asked for, some ways at once, none of it for long."""

import asyncio
import time

from accounts import directory
from gateway.doctor import choosing, ladder
from gateway.doctor.asking import Asked
from gateway.doctor.findings import Case, Report
from gateway.doctor.patients import Patient
from gateway.exits.queries import apart
from grokgateway import config

AT_ONCE = 4


async def examine(asked: Asked) -> Report:
    """Raises Unknown."""
    settings = config.current()
    began = time.perf_counter()
    patients = await apart(choosing.patients, asked, settings)
    paused = held_back()
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(patient: Patient) -> Case:
        async with limit:
            return await ladder.climb(patient, settings, paused)

    cases = await asyncio.gather(*map(one, patients))
    return Report(tuple(cases), round((time.perf_counter() - began) * 1000))


def held_back() -> list[str]:
    """What this process' breakers let through only as probes."""
    return [f"{one.operation} {one.mode}" for one in directory.breakers() if one.open]
