import asyncio

import pytest

from gateway.bench import dialects
from gateway.bench.connection import Broken, Connection, Reply

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
BODY = b'1c\r\ndata: {"content":"token"}\n\n\r\n0\r\n\r\n'


class Pipe(asyncio.Transport):
    """A transport that keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = False

    def write(self, data) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


def connected() -> Connection:
    connection = Connection()
    connection.connection_made(Pipe())
    return connection


async def exchange(*reads: bytes, every_token: bool = False) -> Reply:
    connection = connected()
    reply = Reply(0.0, True, dialects.ALL["chat"].marker, every_token)
    task = asyncio.ensure_future(connection.exchange(b"GET", reply))
    await asyncio.sleep(0)
    for data in reads:
        connection.data_received(data)
    await task
    return reply


@pytest.mark.parametrize("cut", range(1, len(HEAD + BODY)))
async def test_the_end_is_found_wherever_reads_are_cut(cut):
    whole = HEAD + BODY
    reply = await exchange(whole[:cut], whole[cut:])
    assert reply.done_at
    assert b"".join(reply.raw) == whole


async def test_the_first_text_and_each_token_are_timed():
    reply = await exchange(HEAD, BODY[:32] * 2, BODY, every_token=True)
    assert len(reply.arrivals) == 3
    assert reply.first_at == reply.arrivals[0]


async def test_a_counted_body_ends_at_its_length():
    reply = await exchange(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab", b"cd")
    assert reply.done_at


async def test_a_status_other_than_200_is_a_fault():
    with pytest.raises(Broken, match="429 "):
        await exchange(b"HTTP/1.1 429 Too Many\r\ncontent-length: 2\r\n\r\n{}")


async def test_a_lost_connection_is_a_fault():
    connection = connected()
    reply = Reply(0.0, False, dialects.ALL["chat"].marker, False)
    task = asyncio.ensure_future(connection.exchange(b"GET", reply))
    await asyncio.sleep(0)
    connection.connection_lost(None)
    with pytest.raises(Broken, match="closed by the server"):
        await task
    with pytest.raises(Broken, match="before the request"):
        await connection.exchange(b"GET", reply)
