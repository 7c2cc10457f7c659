"""Every fault of upstream at every call of the API, over real sockets, all at once."""

import asyncio
import base64
import io
import json
import time
from collections import Counter
from typing import Any

import httpx
import pytest
from PIL import Image

from gateway import turn
from tests import faults
from tests.e2e.gateway_process import eventually, running_gateway
from tests.gateway.sandbox.process import running_sandbox

ACCOUNTS = 60
IDLE_S = 3
AT_ONCE, SILENT = 8, 40
LONGEST_S = 40  # on two slow cores
TIMEOUTS = {
    **dict.fromkeys(("CHAT", "IMAGE_STREAM", "VIDEO", "ASSET_UPLOAD"), IDLE_S),
    "IMAGE": 3 * IDLE_S,  # a whole round
    "ASSET_DOWNLOAD": 1,  # a film is fetched five times
}
HARMFUL = {str(fault) for fault in turn.OUTCOMES}
LASTING = {  # what runs from start to end
    *("repeat", "run_all", "LifespanProtocol.handle"),
    "ASGIHandler.listen_for_disconnect",  # of the call that asks for this
    "MPServer._spawn_asgi_lifespan_worker.<locals>._main",
    "_future_watcher_wrapper.<locals>.future_watcher",
}
DRIP_MS = {"reply": 60, "socket": 30}
CHAT = "grok-4.20-auto"
MODELS = {
    "light": "grok-imagine-image-lite",
    "image": "grok-imagine-image",
    "edit": "grok-imagine-image-edit",
    "video": "grok-imagine-video",
}


def directive(cell):
    """What makes the sandbox fail so, said in the prompt."""
    match cell.place, cell.fault, cell.phase:
        case "upload", _, _:
            return ""  # its bytes say it
        case "post" | "download", fault, phase:
            name = "post" if cell.place == "post" else "file"
            return f"[[{name}={fault}{'_mid' * (phase == 'middle')}]]"
        case place, "drip", _:
            return f"[[drip={DRIP_MS[place]}]]"
        case _, _, "head":
            return "[[first_ms=60000]]"
        case _, fault, phase:
            name = {"reset": "reset_after", "stall": "stall_after"}.get(fault, fault)
            return f"[[{name}={frames_before(cell) if phase != 'before' else 0}]]"


def frames_before(cell):
    """Of the socket six slots open first; a light picture begins with a placeholder."""
    if cell.place == "socket":
        return 7 if cell.phase == "shown" else 3
    return 3 if "light" in cell.surface.name else 2


def png(cell):
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(buffer, "PNG")
    if cell.place != "upload":
        return buffer.getvalue()
    wanted = f"[[upload={cell.fault}{'_mid' * (cell.phase == 'middle')}]]"
    return buffer.getvalue() + wanted.encode()


def data_uri(cell):
    return "data:image/png;base64," + base64.b64encode(png(cell)).decode()


def request(cell, number):
    """Path, and what httpx needs besides."""
    name = cell.surface.name
    prompt = f"Number {number} {directive(cell)}"
    stream = name.endswith("streamed")
    path = "/v1/" + name.partition(",")[0]
    if path == "/v1/videos":
        return path, {"json": {"prompt": prompt, "model": MODELS["video"]}}
    if path == "/v1/images/edits":
        form = {"model": MODELS["edit"], "prompt": prompt}
        files = {"image": ("a.png", png(cell), "image/png")}
        return path, {"data": {**form, "stream": str(stream).lower()}, "files": files}
    if path == "/v1/images/generations":
        model = MODELS["light" if "light" in name else "image"]
        body = {"model": model, "prompt": prompt, "stream": stream}
        return path, {"json": body}
    model = next((MODELS[kind] for kind in MODELS if f", {kind}" in name), CHAT)
    with_file = cell.place == "upload" or "edit" in name
    spoken = SPOKEN[path](prompt, cell) if with_file else prompt
    message = {"role": "user", "content": spoken}
    body = {"model": model, "stream": stream, "max_tokens": 100}
    key = "input" if path == "/v1/responses" else "messages"
    return path, {"json": {**body, key: [message]}}


def for_chat(prompt, cell):
    image = {"type": "image_url", "image_url": {"url": data_uri(cell)}}
    return [{"type": "text", "text": prompt}, image]


def for_responses(prompt, cell):
    image = {"type": "input_image", "image_url": data_uri(cell)}
    return [{"type": "input_text", "text": prompt}, image]


def for_messages(prompt, cell):
    data = base64.b64encode(png(cell)).decode()
    source = {"type": "base64", "media_type": "image/png", "data": data}
    return [{"type": "text", "text": prompt}, {"type": "image", "source": source}]


SPOKEN = {
    "/v1/chat/completions": for_chat,
    "/v1/responses": for_responses,
    "/v1/messages": for_messages,
}


async def ask(http, cell, number):
    path, options = request(cell, number)
    headers = {"X-Request-Id": f"cell-{number}"}
    begun = time.monotonic()
    answer = await http.post(path, headers=headers, **options)
    if path == "/v1/videos" and answer.status_code == 200:
        where = f"{path}/{answer.json()['id']}"
        while answer.json()["status"] in {"queued", "in_progress"}:
            await asyncio.sleep(0.3)
            answer = await http.get(where)
    return answer, time.monotonic() - begun


async def ask_all(url, headers, asked):
    """Silence last and all of it at once, as it costs nothing but time."""
    limits = httpx.Limits(max_connections=None)
    told = {}
    async with httpx.AsyncClient(
        base_url=url, headers=headers, timeout=120, limits=limits
    ) as http:

        async def those(cells, at_once):
            room = asyncio.Semaphore(at_once)

            async def one(cell):
                async with room:
                    told[cell] = await ask(http, cell, asked.index(cell))

            await asyncio.gather(*map(one, cells))

        await those([cell for cell in asked if cell.fault != "stall"], AT_ONCE)
        await those([cell for cell in asked if cell.fault == "stall"], SILENT)
    return told


def told_by(answer, surface):
    """Status, where it was told, and the code; the form itself is checked here."""
    if surface.form == "job":
        job = answer.json()
        done = {"completed": True, "failed": False}[job["status"]]
        return 200, "", "" if done else job["error"]["code"]
    if answer.status_code != 200:
        return answer.status_code, "status", refused(answer, surface)
    if "event-stream" in answer.headers["content-type"]:
        return 200, *streamed(answer.text, surface.form)
    assert "error" not in answer.json() or answer.json()["error"] is None
    return 200, "", ""


def refused(answer, surface):
    error = answer.json()["error"]
    if surface.name.startswith("messages"):
        assert answer.json()["type"] == "error"
        return error["type"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "server_error"
    return error["code"]


ENDS = {
    "chat": {""},
    "responses": {"response.completed"},
    "messages": {"message_stop"},
    "images": {"image_generation.completed", "image_edit.completed"},
}


def streamed(text, form):
    frames = [frame for frame in text.split("\n\n") if frame and frame[0] != ":"]
    if form == "chat":
        assert frames.pop() == "data: [DONE]"
    last = json.loads(frames[-1].partition("data: ")[2])
    match form, last:
        case "chat" | "images", {"error": {"code": code}}:
            return "stream", code
        case "responses", {"type": "response.failed", "response": failed}:
            assert failed["status"] == "failed"
            return "stream", failed["error"]["code"]
        case "messages", {"type": "error", "error": {"type": kind}}:
            return "stream", kind
    assert last.get("type", "") in ENDS[form], last
    assert form != "chat" or last["choices"][0]["finish_reason"] == "stop"
    return "", ""


def expected(cell):
    """The table's outcome in the words of the protocol."""
    found = faults.outcome(cell)
    form, code = cell.surface.form, found.code
    if form == "job" or not code:
        return 200, "", code
    status = faults.STATUS[code]
    if cell.surface.name.startswith("messages"):
        code = "timeout_error" if status == 504 else "api_error"
    elif found.in_band and form == "responses":
        code = "server_error"
    return (200, "stream", code) if found.in_band else (status, "status", code)


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    accounts = {"super": [f"sandbox-super-{n}" for n in range(ACCOUNTS)]}
    timeouts = {f"GROK_{name}_TIMEOUT": str(n) for name, n in TIMEOUTS.items()}
    settings: dict[str, Any] = {  # keyword arguments, of which others are numbers
        **timeouts,
        "DJANGO_SETTINGS_MODULE": "tests.e2e.impatient_settings",
        "GROK_VIDEO_MAX_CONCURRENT": "50",
        "GROK_BATCH_ASSET_UPLOAD_CONCURRENCY": "100",  # those that hang hold no other
    }
    folder = tmp_path_factory.mktemp("faults")
    with (
        running_sandbox() as sandbox,
        running_gateway(folder, sandbox.url, accounts, **settings) as gateway,
    ):
        yield sandbox, gateway


def standing(gateway):
    return httpx.get(f"{gateway.url}/_standing").json()


@pytest.fixture(scope="module")
def answers(ground, request):
    """All cells that were chosen, asked at once."""
    _, gateway = ground
    asked = [
        item.callspec.params["cell"]
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    ]
    standing(gateway)  # its address also makes the pauses between downloads short
    return asyncio.run(ask_all(gateway.url, gateway.headers(), asked))


CELLS = list(faults.cells())


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(cell, id=str(cell), marks=() if n % 8 == 0 else pytest.mark.load)
        for n, cell in enumerate(CELLS)
    ],
)
def test_a_fault_is_told_as_the_table_says(answers, cell):
    answer, took_s = answers[cell]
    assert told_by(answer, cell.surface) == expected(cell), answer.text[-1000:]
    assert took_s < LONGEST_S


def test_nothing_is_left_behind(answers, ground):
    """No account in use, no call open, and no task but those that always run."""
    sandbox, gateway = ground

    def at_rest():
        told = standing(gateway)
        lasting = told["inflight"] == 0 and set(told["tasks"]) <= LASTING
        return lasting and sandbox.stats()["open_streams"] == 0

    assert eventually(at_rest, 10), standing(gateway)


def test_no_call_is_held_against_more_than_one_account(answers, ground):
    _, gateway = ground
    asked = "SELECT attempts FROM gateway_requestrecord WHERE attempts != '[]'"
    rows = gateway.rows(asked)
    assert eventually(lambda: len(gateway.rows(asked)) >= len(answers)), len(rows)
    rows = gateway.rows(asked)
    for (attempts,) in rows:
        tried = json.loads(attempts)
        harmed = {one["account"] for one in tried if one["reason"] in HARMFUL}
        assert len(harmed) <= 1, attempts
        assert len({one["account"] for one in tried}) <= 2, attempts
    statuses = Counter(gateway.rows("SELECT status FROM accounts_account"))
    assert set(statuses) == {("active",)}


@pytest.mark.load
def test_a_drip_beyond_the_whole_time_is_too_late(ground):
    """Never silent for long, and yet without end: ten times the limit is the most."""
    _, gateway = ground
    body = {
        "model": CHAT,
        "stream": False,
        "messages": [{"role": "user", "content": f"[[drip={IDLE_S * 900}]]"}],
    }
    answer = httpx.post(
        f"{gateway.url}/v1/chat/completions",
        headers=gateway.headers(),
        json=body,
        timeout=60,
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        504,
        "upstream_timeout",
    )
