"""Upstream takes its forms away in the middle of the work, and gives them back."""

import asyncio
import base64
from collections import Counter

import httpx
import pytest

from tests.e2e.gateway_process import NEWER_FORMS, eventually
from tests.e2e.test_answers import CHAT, body
from tests.e2e.test_images_sdk import source

# A fast machine asks hundreds of times, and an edit spends what chats spend.
ACCOUNTS = {"super": [f"sandbox-super-forms{n}" for n in range(40)]}
FORMS = ("chat_forms", "upload_forms", "image_edit_forms", "video_forms")
FOLLOWING = {name: "auto" for name in NEWER_FORMS if "IMAGINE" not in name}
TEXT = base64.b64encode(b"high water").decode()
FILE = {"filename": "tide.txt", "file_data": f"data:text/plain;base64,{TEXT}"}


@pytest.fixture
def takes(sandbox):
    """Which generation's forms upstream takes; both again afterwards."""

    def set_forms(taken, status=404):
        sandbox.settings(**dict.fromkeys(FORMS, taken), gone_status=status)

    yield set_forms
    set_forms("both")


def with_file():
    asked = body("[[files]]")
    said = asked["messages"][-1]["content"]
    asked["messages"][-1]["content"] = [
        {"type": "text", "text": said},
        {"type": "file", "file": FILE},
    ]
    return asked


async def chat(client, seen, asked):
    answer = await client.post(CHAT, json=asked)
    seen["chat", answer.status_code] += 1
    return answer


async def edit(client, seen):
    answer = await client.post(
        "/v1/images/edits",
        data={"model": "grok-imagine-image-edit", "prompt": "bluer", "n": "2"},
        files={"image": (*source("red"), "image/png")},
    )
    seen["edit", answer.status_code] += 1
    if answer.status_code == 200:
        assert len(answer.json()["data"]) == 2


async def busy(client, seen, done):
    while not done.is_set():
        await chat(client, seen, body("hello"))
        await chat(client, seen, with_file())


@pytest.mark.load
async def test_nobody_notices(sandbox, takes, launch):
    seen: Counter[tuple[str, int]] = Counter()
    sandbox.reset()
    with launch(ACCOUNTS, **FOLLOWING) as gateway:
        async with httpx.AsyncClient(
            base_url=gateway.url, headers=gateway.headers(), timeout=30
        ) as client:
            done = asyncio.Event()
            async with asyncio.TaskGroup() as work:
                for _ in range(3):
                    work.create_task(busy(client, seen, done))
                await edit(client, seen)
                await asyncio.sleep(0.3)
                takes("new")
                await asyncio.sleep(0.5)
                for _ in range(2):
                    await edit(client, seen)
                rows = await asyncio.to_thread(
                    eventually, lambda: turned(gateway, 3), 30
                )
                takes("old", 410)
                await asyncio.sleep(0.5)
                await edit(client, seen)
                done.set()
        assert rows == [("chat", "gateway"), ("image_edit", "v3"), ("upload", "v3")]
        assert {status for _, status in seen} == {200}, seen
        asked = sandbox.stats()["endpoints"]
        assert asked["/ws/mgw/"]
        assert asked["/http/upload-file-v2/direct"]


def turned(gateway, count):
    rows = gateway.rows("select operation, form from gateway_spokenform order by 1")
    return rows if len(rows) >= count else []
