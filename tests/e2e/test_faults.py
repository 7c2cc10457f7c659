"""What happens when upstream, the client or the process itself misbehaves."""

import json
import signal
import socket
import threading
import time

import httpx
import pytest

from tests.e2e.gateway_process import eventually
from tests.e2e.test_answers import CHAT, body, chunks_of, error_of, joined

DRAIN_STREAMS = 50
LONG = pytest.mark.load  # `tests/gateway/test_fault_table.py` has them all, in process


def post(gateway, prompt, **members):
    return httpx.post(
        f"{gateway.url}{CHAT}",
        headers=gateway.headers(),
        json=body(prompt, **members),
        timeout=30,
    )


def stats(sandbox):
    return sandbox.stats()


@pytest.mark.parametrize(
    ("directive", "status", "code"),
    [
        pytest.param("[[status=400]]", 400, "upstream_rejected", marks=LONG),
        pytest.param("[[status=413]]", 400, "upstream_rejected", marks=LONG),
        pytest.param("[[status=422]]", 400, "upstream_rejected", marks=LONG),
        pytest.param("[[status=404]]", 502, "upstream_error", marks=LONG),
        pytest.param("[[status=500]]", 502, "upstream_error", marks=LONG),
        pytest.param("[[status=502]]", 502, "upstream_error", marks=LONG),
        ("[[status=429]]", 429, "rate_limit_exceeded"),
        pytest.param("[[status=401]]", 503, "upstream_unavailable", marks=LONG),
        pytest.param("[[status=403]]", 503, "upstream_unavailable", marks=LONG),
        ("[[challenge]]", 503, "upstream_unavailable"),
        pytest.param("[[error=8]]", 429, "rate_limit_exceeded", marks=LONG),
        ("[[error=7]]", 503, "upstream_unavailable"),
        pytest.param("[[error=unavailable]]", 503, "upstream_unavailable", marks=LONG),
        pytest.param("[[empty]]", 502, "upstream_error", marks=LONG),
        ("[[reset_after=0]]", 502, "upstream_error"),
    ],
)
@pytest.mark.load
def test_a_failure_before_output_has_its_real_status(launch, directive, status, code):
    """Streamed or whole by turns: each case needs a gateway that nobody has harmed."""
    stream = len(directive) % 2 == 0
    accounts = {"super": [f"sandbox-super-{n}" for n in range(2)]}
    with launch(accounts) as gateway:
        answer = post(gateway, directive, stream=stream)
    assert answer.status_code == status, answer.text
    assert error_of(answer)["code"] == code
    if status == 429:
        assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    "broken",
    [
        "blocked",
        "err503",
        *(
            pytest.param(one, marks=LONG)
            for one in ("expired", "ratelimited", "bare401")
        ),
    ],
)
@pytest.mark.load
def test_a_bad_account_is_replaced_by_a_good_one(launch, sandbox, broken):
    accounts = {"heavy": [f"sandbox-heavy-{broken}-1"], "super": ["sandbox-super-good"]}
    with launch(accounts) as gateway:
        answer = post(gateway, "[[text=fine]]", stream=False)
        assert answer.status_code == 200, answer.text
        record = eventually(
            lambda: gateway.rows("SELECT attempts FROM gateway_requestrecord")
        )
        statuses = dict(gateway.rows("SELECT pool, status FROM accounts_account"))
    assert answer.json()["choices"][0]["message"]["content"] == "fine"
    assert [one["reason"] for one in json.loads(record[0][0])][-1] == "ok"
    assert len(json.loads(record[0][0])) == 2
    if broken in {"blocked", "expired"}:
        assert statuses == {"heavy": "expired", "super": "active"}
    else:
        assert statuses["super"] == "active"


def test_after_output_nothing_is_retried(gateway, sandbox):
    before = stats(sandbox)["total"]
    answer = post(gateway, "[[tokens=10]] [[error=8]] [[error_after=5]]", stream=True)
    frames = answer.text.split("\n\n")
    assert answer.status_code == 200
    assert frames[-2] == "data: [DONE]"
    assert json.loads(frames[-3].removeprefix("data: "))["error"]["code"] == (
        "rate_limit_exceeded"
    )
    assert stats(sandbox)["total"] == before + 1


@pytest.mark.parametrize("directive", ["reset_after=5", "close_mid"])
def test_a_break_in_mid_token_is_an_in_band_error(gateway, directive):
    answer = post(gateway, f"[[tokens=10]] [[{directive}]] [[delay_ms=5]]", stream=True)
    frames = answer.text.split("\n\n")
    assert frames[-2] == "data: [DONE]"
    assert "error" in json.loads(frames[-3].removeprefix("data: "))


@pytest.mark.load
def test_silence_beyond_the_idle_limit_is_a_timeout(launch):
    accounts = {"super": ["sandbox-super-0"]}
    with launch(accounts, GROK_CHAT_TIMEOUT="5") as gateway:
        begun = time.monotonic()
        answer = post(gateway, "[[tokens=9]] [[stall_after=3]]", stream=True)
        took_s = time.monotonic() - begun
    error = json.loads(answer.text.split("\n\n")[-3].removeprefix("data: "))["error"]
    assert error["code"] == "stream_idle_timeout"
    assert 4.5 < took_s < 9


def test_a_client_that_leaves_frees_upstream_and_account(launch, sandbox):
    accounts = {"super": ["sandbox-super-leaver"]}
    with launch(accounts, GROK_ACCOUNT_SELECTION_MAX_INFLIGHT="1") as gateway:
        with httpx.stream(
            "POST",
            f"{gateway.url}{CHAT}",
            headers=gateway.headers(),
            json=body("[[tokens=500]] [[delay_ms=50]]", stream=True),
            timeout=30,
        ) as answer:
            next(answer.iter_raw())
        left = time.monotonic()
        assert eventually(lambda: stats(sandbox)["open_streams"] == 0, 2)
        assert time.monotonic() - left < 1.5
        assert post(gateway, "[[text=next]]", stream=False).status_code == 200
        status = eventually(
            lambda: gateway.rows(
                "SELECT status FROM gateway_requestrecord WHERE status = 499"
            )
        )
        assert status == [(499,)]


@pytest.mark.parametrize(
    "server",
    ["granian", *(pytest.param(one, marks=LONG) for one in ("daphne", "uvicorn"))],
)
def test_sigterm_lets_fifty_open_streams_finish(launch, sandbox, server):
    accounts = {"super": [f"sandbox-super-{n}" for n in range(20)]}
    texts: list[str] = []

    def read(gateway):
        answer = post(gateway, "[[tokens=60]] [[delay_ms=100]]", stream=True)
        texts.append(joined(chunks_of(answer.text)))

    with launch(accounts, server=server) as gateway:
        readers = [
            threading.Thread(target=read, args=(gateway,)) for _ in range(DRAIN_STREAMS)
        ]
        for reader in readers:
            reader.start()
        assert eventually(lambda: stats(sandbox)["open_streams"] == DRAIN_STREAMS)
        gateway.process.send_signal(signal.SIGTERM)
        for reader in readers:
            reader.join(30)
        assert gateway.process.wait(30) == 0
        records = gateway.rows(
            "SELECT count(*) FROM gateway_requestrecord WHERE status = 200"
        )
    assert len(texts) == DRAIN_STREAMS
    assert len(set(texts)) == 1
    assert records == [(DRAIN_STREAMS,)]
    port = int(gateway.url.rpartition(":")[2])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_no_token_or_key_is_written_in_clear(launch):
    accounts = {
        "super": [f"sandbox-super-secret{n}" for n in range(3)],
        "heavy": ["sandbox-heavy-blocked-secret"],
    }
    with launch(accounts) as gateway:
        for prompt in ("hi", "[[status=500]]", "[[error=7]]", "[[reset_after=2]]"):
            post(gateway, prompt, stream=True)
        httpx.get(f"{gateway.url}/v1/models", headers={"Authorization": "Bearer zzz"})
        data_dir, key = gateway.data_dir, gateway.key
    written = [path for path in data_dir.rglob("*") if path.is_file()]
    assert any(path.suffix == ".log" for path in written)
    for path in written:
        data = path.read_bytes()
        assert b"sandbox-super-secret" not in data, path
        assert b"sandbox-heavy-blocked" not in data, path
        assert key.encode() not in data, path
