"""How replies lie on the wire: framing, sizes, pace, and how they break."""

import asyncio
import json
import zlib

import pytest

from gateway.sandbox.app import Sandbox
from gateway.sandbox.settings import Settings
from tests.gateway.sandbox.asking import chat

FIVE = 2 + 5 + 3  # frames of five tokens: opening, text, end


@pytest.mark.parametrize(
    ("framing", "before", "after"),
    [
        ("raw", b"", b"\n"),
        ("data", b"data: ", b"\n\n"),
        ("crlf", b"", b"\r\n"),
        ("blank", b"\n", b"\n\n"),
        ("concat", b"", b""),
    ],
)
async def test_framings(sandbox, framing, before, after):
    raw = (await chat(sandbox, "[[tokens=5]]")).reply.splitlines()
    answer = await chat(sandbox, f"[[tokens=5]] [[framing={framing}]]")
    assert answer.reply == b"".join(before + line + after for line in raw)
    assert len(raw) == FIVE


async def test_mixed_framing_has_them_all(sandbox):
    reply = (await chat(sandbox, "[[tokens=5]] [[framing=mixed]]")).reply
    assert reply.count(b"data: {") == 2
    assert reply.count(b"}\r\n") == 2
    assert reply.count(b"}{") == 1


async def test_what_is_due_together_goes_in_few_sends(sandbox):
    answer = await chat(sandbox, "[[tokens=200]]")
    assert len(answer.parts) == 2
    assert max(map(len, answer.parts)) <= 16 * 1024


@pytest.mark.parametrize("size", [1, 3, 7])
async def test_sends_can_be_small(sandbox, size):
    whole = (await chat(sandbox, "[[unicode]]")).reply
    answer = await chat(sandbox, f"[[unicode]] [[split={size}]]")
    assert answer.reply == whole
    assert max(map(len, answer.parts)) == size
    assert any(part[:1] >= b"\x80" and part[:1] < b"\xc0" for part in answer.parts)


async def test_odd_lines(sandbox):
    lines = (await chat(sandbox, "[[tokens=1]] [[nonobject]] [[badjson]]")).reply
    found = lines.splitlines()
    at = next(n for n, line in enumerate(found) if b"tok1" in line)
    assert [json.loads(line) for line in found[at + 1 : at + 5]] == [
        [1, 2],
        "text",
        42,
        None,
    ]
    assert found[at + 6 : at + 8] == [b"event: odd", b": comment"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(found[at + 5])


@pytest.mark.parametrize("pace", ["", "[[delay_ms=1]]"])
async def test_gzip_can_be_read_as_it_comes(sandbox, pace):
    plain = (await chat(sandbox, "[[tokens=5]]")).reply
    answer = await chat(sandbox, f"[[tokens=5]] [[gzip]] {pace}")
    assert answer.headers[b"content-encoding"] == b"gzip"
    unzipper = zlib.decompressobj(wbits=31)
    read = [unzipper.decompress(part) for part in answer.parts]
    assert b"".join(read) == plain
    assert unzipper.eof
    assert b"tok1" in read[0]
    assert (b"tok5" in read[0]) is not bool(pace)


async def test_the_pace_holds_between_tokens(sandbox):
    loop = asyncio.get_running_loop()
    begun = loop.time()
    answer = await chat(sandbox, "[[tokens=5]] [[delay_ms=20]] [[first_ms=30]]")
    assert 0.03 + 4 * 0.02 <= loop.time() - begun < 1
    assert [part.count(b'"token":"tok') for part in answer.parts] == [1] * 5 + [0]
    assert b"finalMetadata" in answer.parts[4]


async def test_tokens_come_in_batches(sandbox):
    answer = await chat(sandbox, "[[tokens=5]] [[delay_ms=1]] [[batch=2]]")
    assert [part.count(b'"token":"tok') for part in answer.parts] == [2, 2, 1, 0]


async def test_thinking_and_progress_keep_the_pace_too(sandbox):
    answer = await chat(sandbox, "[[thinking=2]] [[image]] [[text=a]] [[delay_ms=1]]")
    assert len(answer.parts) == 3 + 1 + 6 + 1


async def test_a_default_pace_yields_to_the_directive():
    sandbox = Sandbox(Settings(pace_ms=1))
    assert len((await chat(sandbox, "[[tokens=5]]")).parts) == 6
    assert len((await chat(sandbox, "[[tokens=5]] [[delay_ms=0]]")).parts) == 1


@pytest.mark.parametrize("pace", ["", "[[delay_ms=1]]", "[[split=9]]"])
async def test_a_reset_after_some_tokens(sandbox, pace):
    answer = await chat(sandbox, f"[[tokens=9]] [[reset_after=3]] {pace}")
    assert answer.text() == "tok1 tok2 tok3 "
    assert answer.transport.aborted.is_set()
    assert answer.transport.options
    assert not answer.complete


async def test_a_reset_before_the_headers(sandbox):
    answer = await chat(sandbox, "[[reset_after=0]]")
    assert answer.sent == []
    assert answer.transport.aborted.is_set()


async def test_a_stall_after_some_tokens(sandbox):
    task = asyncio.ensure_future(chat(sandbox, "[[tokens=9]] [[stall_after=3]]"))
    await asyncio.sleep(0.05)
    assert not task.done()
    assert sandbox.state.open_streams == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sandbox.state.open_streams == 0


async def test_a_stalled_client_may_leave(sandbox):
    answer = await chat(sandbox, "[[tokens=9]] [[stall_after=3]]", leaves_after=1)
    assert answer.text() == "tok1 tok2 tok3 "
    assert sandbox.state.closed_early == 1


@pytest.mark.parametrize(("directive", "whole"), [("close_mid", 4), ("close_mid=1", 1)])
async def test_an_end_in_the_middle_of_a_frame(sandbox, directive, whole):
    answer = await chat(sandbox, f"[[tokens=9]] [[{directive}]]")
    assert answer.complete
    *_, cut = answer.reply.splitlines()
    assert answer.reply.count(b'"isThinking":false') == whole
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut)
