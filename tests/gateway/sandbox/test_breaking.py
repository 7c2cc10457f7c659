"""How replies and the answers beside them break, cut short in every way there is."""

import asyncio
import time
from base64 import b64encode

import pytest

from gateway.sandbox import breaking, paint
from gateway.sandbox.calls import GARBAGE
from tests.gateway.sandbox.asking import HEALTHY, call, chat, cookies

COOKIE = cookies(HEALTHY)
POST = "/rest/media/post/create"
UPLOAD = "/rest/app-chat/upload-file"


async def post(sandbox, fault):
    body = {"mediaType": "MEDIA_POST_TYPE_IMAGE", "prompt": f"a kite [[post={fault}]]"}
    return await call(sandbox, "POST", POST, body, cookie=COOKIE)


async def test_garbage_after_some_words_ends_the_body(sandbox):
    answer = await chat(sandbox, "[[tokens=9]] [[garbage=2]]")
    assert answer.reply.endswith(b"}\n" + GARBAGE)
    assert (b"tok2" in answer.reply, b"tok3" in answer.reply) == (True, False)
    assert answer.complete
    assert (await chat(sandbox, "[[garbage=0]]")).reply == GARBAGE


@pytest.mark.parametrize(("words", "status"), [(0, None), (2, 200)])
async def test_a_half_closed_reply_has_no_end(sandbox, words, status):
    answer = await chat(sandbox, f"[[tokens=9]] [[half_close={words}]]")
    assert answer.status == status
    assert [n for n in range(1, 10) if b"tok%d" % n in answer.reply] == [1, 2][:words]
    assert answer.transport.ended
    assert not answer.complete


async def test_a_drip_is_the_same_reply_in_twenty_pieces(sandbox):
    whole = (await chat(sandbox, "[[tokens=9]]")).reply
    begun = time.monotonic()
    answer = await chat(sandbox, "[[tokens=9]] [[drip=5]]")
    assert time.monotonic() - begun > 0.09
    assert answer.reply == whole
    assert len([part for part in answer.parts if part]) == breaking.DRIPS


@pytest.mark.parametrize("fault", ["reset", "half_close"])
async def test_an_answer_that_is_cut(sandbox, fault):
    whole = (await post(sandbox, f"{fault}_not")).reply
    early, late = await post(sandbox, fault), await post(sandbox, f"{fault}_mid")
    assert early.status is None
    assert len(late.reply) == len(whole) // 2
    assert int(late.headers[b"content-length"]) == len(whole)
    assert not late.complete


async def test_an_answer_that_means_nothing(sandbox):
    assert (await post(sandbox, "garbage")).reply == GARBAGE
    reply = (await post(sandbox, "garbage_mid")).reply
    assert reply.startswith(b'{"post"')
    assert reply.endswith(GARBAGE)


async def test_an_answer_that_drips_is_whole(sandbox):
    assert "id" in (await post(sandbox, "drip")).json()["post"]


@pytest.mark.parametrize("fault", ["stall", "stall_mid"])
async def test_an_answer_that_does_not_come(sandbox, fault):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await post(sandbox, fault)


async def test_the_bytes_of_a_file_may_ask_for_it(sandbox):
    content = b64encode(b"x [[upload=garbage]] y").decode()
    body = {"fileName": "a", "fileMimeType": "text/plain", "content": content}
    answer = await call(sandbox, "POST", UPLOAD, body, cookie=COOKIE)
    assert answer.reply == GARBAGE


@pytest.mark.parametrize("fault", breaking.FAULTS)
def test_a_name_tells_its_fault(fault):
    name = paint.faulty(paint.name("a kite", "16:9", 6), fault)
    assert paint.fault_of(f"/users/u/generated/{name}/image.jpg") == fault
    assert paint.seconds_of(name) == 6
    assert paint.size_of(name) == paint.RATIOS["16:9"]
    assert paint.fault_of(f"/users/u/generated/{paint.name('a kite')}/image.jpg") == ""
