"""Operators and scripts against a running gateway: batches, quotas, tiers, undo."""

import json
import time

import httpx
import pytest

from tests.e2e.gateway_process import KEY, eventually, running_gateway

pytestmark = pytest.mark.e2e

CONSOLE_KEY = "an-operators-key-for-tests"
TOKENS = [
    "sandbox-super-found-out-to-be-super",
    "sandbox-basic-is-and-stays-a-basic-one",
    "sandbox-heavy-was-a-heavy-one-before",
    "sandbox-super-expired-this-one-is-dead",
]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, sandbox):
    settings = {
        "GROK_APP_APP_KEY": CONSOLE_KEY,
        "GROK_ACCOUNT_REFRESH_USER_ID": "true",
        "GROK_UPSTREAM_ACCOUNTS_URL": sandbox.url,
    }
    folder = tmp_path_factory.mktemp("operators")
    tokens = {"auto": TOKENS}
    with running_gateway(folder, sandbox.url, tokens, **settings) as running:
        yield running


@pytest.fixture
def api(gateway):
    headers = {"Authorization": f"Bearer {CONSOLE_KEY}"}
    base = f"{gateway.url}/admin/api"
    with httpx.Client(base_url=base, headers=headers, timeout=30) as client:
        yield client


def accounts(api):
    return {one["id"]: one for one in api.get("/tokens").json()["tokens"]}


def test_tiers_and_quotas_are_found_out_by_themselves(gateway, api):
    def known():
        found = sorted(one["pool"] for one in accounts(api).values())
        return found == ["basic", "basic", "heavy", "super"]

    assert eventually(known, 20)
    dead = [one for one in accounts(api).values() if one["status"] == "expired"]
    assert [one["reason"] for one in dead] == ["invalid_credentials"]
    ids = gateway.rows("SELECT user_id FROM accounts_account WHERE status = 'active'")
    assert len({user_id for (user_id,) in ids if user_id}) == 3


def test_a_batch_runs_in_the_background_and_is_followed(api):
    body = {"tokens": TOKENS[:2]}
    begun = api.post("/batch/refresh?async=true", json=body).json()
    events = followed(api, begun["task_id"])
    assert events[0]["type"] == "snapshot"
    assert events[-1]["type"] == "done"
    assert events[-1]["result"]["summary"] == {"total": 2, "ok": 2, "fail": 0}
    assert TOKENS[0] not in json.dumps(events)


def followed(api, task):
    with api.stream("GET", f"/batch/{task}/stream") as answer:
        lines = [line for line in answer.iter_lines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def test_a_synchronous_batch_answers_with_each_result(gateway, api):
    body = {"tokens": TOKENS[2:], "birth_date": "1990-05-17"}
    done = api.post("/batch/nsfw?enabled=true", json=body).json()
    assert done["summary"] == {"total": 2, "ok": 1, "fail": 1}
    (good,) = [one for one in done["results"].values() if "error" not in one]
    assert good == {"success": True, "tagged": True, "birth_date_declared": True}
    again = api.post("/batch/nsfw?enabled=true", json=body).json()
    (good,) = [one for one in again["results"].values() if "error" not in one]
    assert good["birth_date_declared"] is False
    tags = [one["tags"] for one in accounts(api).values() if one["pool"] == "heavy"]
    assert tags == [["nsfw"]]
    terms = api.post("/batch/accept-terms", json={"tokens": [TOKENS[2]]}).json()
    assert list(terms["results"].values()) == [
        {"success": True, "accepted_before": True}
    ]
    query = 'SELECT kind, "by" FROM accounts_declaration ORDER BY kind'
    by = "api (app_key)"
    assert gateway.rows(query) == [("birth-date", by), ("terms", by)]


def test_online_files_are_cleared(gateway, api):
    pixel = (
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4"
        "2mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    content = [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": pixel}},
    ]
    body = {
        "model": "grok-4.20-heavy",
        "stream": False,
        "messages": [{"role": "user", "content": content}],
    }
    headers = {"Authorization": f"Bearer {KEY}"}
    url = f"{gateway.url}/v1/chat/completions"
    for _ in range(2):
        assert httpx.post(url, json=body, headers=headers, timeout=30).is_success
    told = api.get("/assets", params={"token": TOKENS[2]}).json()
    (kept,) = told["tokens"]
    assert (told["total_assets"], kept["count"], kept["error"]) == (2, 2, None)
    chosen = {"token": kept["id"], "asset_id": kept["assets"][0]["id"]}
    assert api.post("/assets/delete-item", json=chosen).json()["status"] == "success"
    again = api.post("/assets/delete-item", json=chosen)
    assert (again.status_code, again.json()["error"]["code"]) == (404, "file_not_found")
    done = api.post("/batch/cache-clear", json={"tokens": [TOKENS[2]]}).json()
    assert list(done["results"].values()) == [{"deleted": 1}]


def test_a_deletion_is_seen_by_requests_and_undone(gateway, api):
    done = api.request("DELETE", "/tokens", json=TOKENS).json()
    assert done["deleted"] == 4
    models = f"{gateway.url}/v1/models"

    def listed():
        answer = httpx.get(models, headers={"Authorization": f"Bearer {KEY}"})
        return len(answer.json()["data"])

    assert eventually(lambda: listed() == 0, 10)
    assert api.post(f"/undo/{done['undo']}").json()["restored"] == 4
    assert eventually(lambda: listed() > 0, 10)


def test_explain_tells_what_a_request_would_meet(api):
    told = api.get("/explain", params={"model": "grok-4.20-heavy"}).json()
    assert told["answer"]["status"] == "served"
    assert told["answer"]["pool"] == "heavy"
    assert api.get("/explain", params={"model": "nonsense"}).status_code == 404


def test_twelve_thousand_accounts_are_seen_within_five_seconds(gateway, api):
    lines = "\n".join(f"sandbox-basic-crowd-{number:05d}" for number in range(12_000))
    gateway.manage("importaccounts", "-", "--pool", "basic", stdin=lines)
    began = time.monotonic()
    assert eventually(lambda: api.get("/status").json()["size"] >= 12_000, 5)
    assert time.monotonic() - began < 5
