import asyncio

import pytest

from gateway.errors import GatewayError, Kind
from gateway.merging import merged


async def counting(*items):
    for item in items:
        await asyncio.sleep(0)
        if isinstance(item, Exception):
            raise item
        yield item


async def test_streams_become_one_and_fail_alone():
    error = GatewayError(Kind.UPSTREAM_ERROR, "no")
    streams = [counting(1, 2), counting(3, error, 4)]
    found = [(one.place, one.item, one.error) async for one in merged(streams)]
    assert sorted(one[:2] for one in found if one[1]) == [(0, 1), (0, 2), (1, 3)]
    assert [one[2] for one in found if one[2]] == [error]
    with pytest.raises(RuntimeError):
        [one async for one in merged([counting(1), counting(RuntimeError())])]


async def test_leaving_a_merged_stream_ends_its_parts():
    ended = []

    async def endless():
        try:
            while True:
                yield 1
                await asyncio.sleep(0)
        finally:
            ended.append(True)

    both = merged([endless(), endless()])
    assert (await anext(both)).item == 1
    await both.aclose()
    assert ended == [True, True]
