"""Files of accounts at upstream, as scripts list and delete them (media.md 5)."""

import asyncio
import threading
from typing import Any
from urllib.parse import parse_qs

import httpx
import orjson
import pytest
from django.db import connection
from django.test import AsyncClient
from django.utils import timezone

from accounts import imports
from accounts.documents import Defaults, parse
from accounts.models import Account
from gateway import online, works
from gateway.upstream import pool
from grokgateway import config
from grokgateway.jobs import batch_runner, batches
from grokgateway.jobs.batches import Outcome
from grokgateway.jobs.models import BatchJob
from tests.gateway.admin_api.test_admin_api import KEY, Api

pytestmark = pytest.mark.django_db(transaction=True)

TOKENS = [f"eyJhbGciOiJIUzI1NiJ9.account-{n}.signature" for n in range(3)]
DEAD = {"error": {"message": "[WKE=unauthenticated:bad-credentials]", "code": 16}}
KEYS = {"app.app_key": KEY, "asset.list_timeout": 5, "asset.delete_timeout": 5}


class Web:
    """Upstream: five files for each account, two on a page; `stuck` stay."""

    def __init__(self):
        self.files = {
            token: [f"{token[-11]}-{n}" for n in range(5)] for token in TOKENS
        }
        self.stuck, self.dead = set(), set()
        self.most = self.now = 0

    async def __call__(self, request):
        cookie = request.headers["cookie"]
        token = cookie.partition("sso=")[2].partition(";")[0]
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        if token in self.dead:
            return httpx.Response(401, json=DEAD)
        files = self.files[token]
        if request.method == "GET":
            return self.page(files, request)
        name = request.url.path.rpartition("/")[2]
        if name not in files or name in self.stuck:
            return httpx.Response(404, json={})
        files.remove(name)
        return httpx.Response(200, json={})

    def page(self, files, request):
        start = int(parse_qs(request.url.query.decode()).get("cursor", ["0"])[0])
        assets = [
            {"assetId": name, "fileName": f"{name}.png", "fileSize": 10}
            for name in files[start : start + 2]
        ]
        more = {"cursor": str(start + 2)} if start + 2 < len(files) else {}
        return httpx.Response(200, json={"assets": assets, **more})


@pytest.fixture
def web():
    made = Web()
    imports.add(parse("\n".join(TOKENS), Defaults("super")))
    with config.override(KEYS), pool.carried_by(httpx.MockTransport(made)):
        yield made


def ids():
    return list(Account.objects.order_by("pk").values_list("public_id", flat=True))


async def listed(query="", key=KEY):
    headers = {"authorization": f"Bearer {key}"} if key else {}
    client = AsyncClient()
    answer: Any = await client.get(f"/admin/api/assets{query}", headers=headers)
    if answer.streaming:
        pieces = [piece async for piece in answer.streaming_content]
        return answer.status_code, orjson.loads(b"".join(pieces)), pieces
    return answer.status_code, answer.json(), []


async def test_all_accounts_are_listed_to_the_end_and_masked(web):
    status, told, pieces = await listed()
    assert (status, told["total_assets"]) == (200, 15)
    assert len(pieces) == 5  # each account as soon as it has answered
    first = told["tokens"][0]
    assert set(first) == {"id", "token", "masked", "count", "assets", "error"}
    assert (first["count"], first["error"]) == (5, None)
    assert first["assets"][4] == {
        "id": "0-4",
        "name": "0-4.png",
        "file_path": "",
        "content_type": "",
        "size": 10,
        "created_at": "",
    }
    assert [one["assets"][0]["id"] for one in told["tokens"]] == ["0-0", "1-0", "2-0"]
    assert not any(token.encode() in b"".join(pieces) for token in TOKENS)
    assert not await BatchJob.objects.aexists()


async def test_some_accounts_and_an_unknown_one(web):
    query = f"?token={TOKENS[1]}&token={(await asyncio.to_thread(ids))[2]}&token=nobody"
    _, told, _ = await listed(query)
    assert [one["assets"][0]["id"] for one in told["tokens"]] == ["1-0", "2-0"]
    assert len(told["unknown"]) == 1
    status, told, _ = await listed("?token=nobody")
    assert (status, told["error"]["code"]) == (404, "account_not_found")
    assert (await listed("?concurrency=0"))[0] == 400
    assert (await listed(key=""))[0] == 401


async def test_no_more_are_asked_at_once_than_wanted(web):
    await listed("?concurrency=1")
    assert web.most == 1


async def test_an_account_that_fails_has_its_reason_and_a_dead_one_expires(web):
    web.dead = {TOKENS[1]}
    _, told, _ = await listed()
    assert told["total_assets"] == 10
    failed = told["tokens"][1]
    assert (failed["count"], failed["assets"]) == (0, [])
    assert "session" in failed["error"]
    statuses = Account.objects.order_by("pk").values_list("status", flat=True)
    assert [one async for one in statuses] == ["active", "expired", "active"]


async def test_as_a_batch_only_counts_are_kept(web):
    _, told, _ = await listed("?async=true")
    assert told["total"] == 3
    await batch_runner.run_one(works.ALL)
    job = await BatchJob.objects.aget(public_id=told["task_id"])
    results = [item.result async for item in job.items.all()]
    assert results == [{"count": 5, "size_bytes": 50}] * 3


async def test_all_of_an_account_is_deleted_page_by_page(web):
    (target, *_) = await asyncio.to_thread(ids)
    assert await works.ALL["cache-clear"](target, {}) == {"deleted": 5}
    assert web.files[TOKENS[0]] == []
    assert await works.ALL["cache-clear"](target, {}) == {"deleted": 0}


async def test_what_cannot_be_deleted_is_named(web):
    web.stuck = {"0-3"}
    (target, *_) = await asyncio.to_thread(ids)
    with pytest.raises(batch_runner.ItemFailed, match=r"4 files .* 1 were not: 0-3 \("):
        await works.ALL["cache-clear"](target, {})
    assert web.files[TOKENS[0]] == ["0-3"]


async def test_single_files_are_deleted_each_for_itself(web):
    (target, *_) = await asyncio.to_thread(ids)
    params = {"account": target}
    assert await works.ALL["assets-delete"]("0-1", params) == {"deleted": 1}
    with pytest.raises(batch_runner.ItemFailed, match=online.NO_SUCH_FILE):
        await works.ALL["assets-delete"]("0-1", params)
    with pytest.raises(batch_runner.ItemFailed, match="gone"):
        await works.ALL["assets-delete"]("0-1", {"account": "acc_nobody"})


@pytest.fixture
def worker():
    """Ends jobs as they come: `failing` targets fail, each for its reason."""
    stop = threading.Event()
    failing: dict[str, str] = {}

    def work():
        while not stop.wait(0.01):
            job = batches.claim(
                "test", ["assets-delete", "cache-clear"], timezone.now()
            )
            if job is None:
                continue
            outcomes = [
                Outcome(item.pk, error=failing[item.target])
                if item.target in failing
                else Outcome(item.pk, {"deleted": 5})
                for item in job.items.all()
            ]
            batches.save(job.pk, "test", outcomes)
            batches.finish(job.pk, "test", timezone.now())
        connection.close()

    working = threading.Thread(target=work)
    working.start()
    yield failing
    stop.set()
    working.join()


@pytest.fixture
def api(web):
    return Api()


def test_one_file_is_deleted_or_the_reason_told(api, worker):
    worker["stuck"] = "upstream says no"
    body = {"token": TOKENS[0], "asset_id": "0-0"}
    assert api("POST", "/assets/delete-item", body) == {"status": "success"}
    job = BatchJob.objects.get()
    assert (job.kind, job.params) == ("assets-delete", {"account": ids()[0]})
    body = {"token": ids()[0], "asset_id": "stuck"}
    error = api("POST", "/assets/delete-item", body)["error"]
    assert (api.status, error["message"]) == (502, "upstream says no")
    assert error["type"] == "server_error"


def test_a_file_that_upstream_does_not_have_is_no_failure_of_upstream(api, worker):
    worker["missing"] = online.NO_SUCH_FILE
    body = {"token": TOKENS[0], "asset_id": "missing"}
    error = api("POST", "/assets/delete-item", body)["error"]
    assert (api.status, error["code"]) == (404, "file_not_found")


def test_some_files_are_deleted_with_an_answer_for_each(api, worker):
    worker["0-1"] = "upstream says no"
    body = {"token": TOKENS[0], "asset_ids": ["0-0", "0-1", "0-0"]}
    done = api("POST", "/assets/delete-items", body)
    assert done["summary"] == {"total": 2, "ok": 1, "fail": 1}
    assert {"error": "upstream says no"} in done["results"].values()
    begun = api("POST", "/assets/delete-items?async=true", body)
    assert begun["total"] == 2
    assert len(begun["task_id"]) == 32


def test_an_account_is_cleared(api, worker):
    done = api("POST", "/assets/clear-token", {"token": TOKENS[0]})
    assert done == {"status": "success", "deleted": 5}
    worker[ids()[1]] = "upstream says no"
    error = api("POST", "/assets/clear-token", {"token": TOKENS[1]})["error"]
    assert (api.status, error["code"]) == (502, "upstream_error")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("delete-item", {"asset_id": "x"}, 400),
        ("delete-item", {"token": TOKENS[0]}, 400),
        ("delete-item", {"token": TOKENS[0], "asset_id": ""}, 400),
        ("delete-item", {"token": TOKENS[0], "asset_id": "x" * 65}, 400),
        ("delete-item", {"token": "nobody", "asset_id": "x"}, 404),
        ("delete-items", {"token": TOKENS[0], "asset_ids": []}, 400),
        ("delete-items", {"token": TOKENS[0], "asset_ids": "x"}, 400),
        ("clear-token", {}, 400),
        ("clear-token", {"token": "nobody"}, 404),
    ],
)
def test_bad_requests_begin_nothing(api, path, body, status):
    assert "error" in api("POST", f"/assets/{path}", body)
    assert api.status == status
    assert not BatchJob.objects.exists()
