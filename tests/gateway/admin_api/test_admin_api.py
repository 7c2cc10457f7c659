"""The operators' API as scripts use it: shapes, masks, undo, errors."""

import asyncio
import json

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts import directory, imports
from accounts.claims.base import Peer
from accounts.claims.member import Member
from accounts.documents import Defaults, parse
from accounts.models import Account
from gateway.admin_api import batch
from gateway.admin_api.access import OWNERS_ONLY
from grokgateway import config
from grokgateway.jobs import batches
from grokgateway.jobs.batches import Outcome, Target
from grokgateway.jobs.models import BatchJob
from tests.accounts.claims.memory import MemoryStore

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "an-operators-key"
TOKENS = [f"eyJhbGciOiJIUzI1NiJ9.account-{n}.signature" for n in range(5)]


@pytest.fixture(autouse=True)
def settings_in_force():
    with config.override({"app.app_key": KEY}):
        yield


class Api:
    def __init__(self, key=KEY, **meta):
        self.client = Client(**meta)
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def __call__(self, method, path, body=None, **headers):
        data = None if body is None else json.dumps(body)
        answer = self.client.generic(
            method,
            f"/admin/api{path}",
            data or "",
            content_type="application/json",
            headers={**self.headers, **headers},
        )
        self.status = answer.status_code
        self.answer = answer
        return answer.json()


@pytest.fixture
def api():
    return Api()


def add(pool="super", tokens=TOKENS):
    return imports.add(parse("\n".join(tokens), Defaults(pool)))


def ids():
    return list(Account.objects.order_by("pk").values_list("public_id", flat=True))


@pytest.mark.parametrize("key", ["", "wrong"])
def test_without_the_key_nothing_is_told(key):
    api = Api(key)
    assert "detail" in api("GET", "/verify")
    assert api.status == 401
    assert api.answer["WWW-Authenticate"] == "Bearer"
    api("GET", f"/tokens?app_key={KEY}")
    assert api.status == 401


def test_an_empty_key_locks_the_api():
    with config.override({"app.app_key": ""}):
        api = Api("")
        api("GET", "/verify")
        assert api.status == 401


def test_the_shipped_key_works_from_inside_only():
    with config.override({"app.app_key": "grok2api"}):
        inside = Api("grok2api", REMOTE_ADDR="10.0.0.7")
        assert inside("GET", "/verify")["shipped_key"] is True
        outside = Api("grok2api", REMOTE_ADDR="93.184.216.34")
        outside("GET", "/verify")
        assert outside.status == 401
        proxied = Api("grok2api", REMOTE_ADDR="127.0.0.1")
        proxied("GET", "/verify", **{"X-Forwarded-For": "93.184.216.34"})
        assert proxied.status == 401


def test_accounts_are_listed_masked(api):
    add()
    (first, *_rest) = api("GET", "/tokens")["tokens"]
    assert first["id"] == ids()[0]
    assert TOKENS[0] not in api.answer.text
    assert api.answer["Cache-Control"] == "no-store"
    assert (first["pool"], first["status"], first["tags"]) == ("super", "active", [])
    assert first["quota"]["auto"] == {"remaining": 50, "total": 50}
    assert first["quota"]["heavy"] == {"remaining": 0, "total": 0}
    assert len(api("GET", "/tokens?pool=basic")["tokens"]) == 0


def pages(api, after):
    page = api("GET", f"/tokens?limit=2&after={after}")
    return [one["id"] for one in page["tokens"]], page["next"]


def test_accounts_are_listed_page_by_page(api):
    add()
    every = [one["id"] for one in api("GET", "/tokens")["tokens"]]
    seen = [pages(api, "")]
    while seen[-1][1]:
        seen.append(pages(api, seen[-1][1]))
    assert [ids for ids, _ in seen] == [every[:2], every[2:4], every[4:]]
    assert api("GET", "/tokens?limit=2&after=acc_none")["error"]["param"] == "after"
    assert api("GET", "/tokens?limit=0")["error"]["param"] == "limit"
    assert api("GET", "/tokens?pool=gold")["error"]["param"] == "pool"


def test_clear_tokens_only_where_the_operator_asked_for_them(api):
    add()
    with config.override({"app.app_key": KEY, "admin.expose_tokens": True}):
        shown = [one["token"] for one in api("GET", "/tokens")["tokens"]]
    assert shown == TOKENS


def operator(client, *names):
    user = get_user_model().objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return user


def test_clear_tokens_take_the_permission_of_a_person(client):
    add()
    user = operator(client, "view_account")
    with config.override({"app.app_key": KEY, "admin.expose_tokens": True}):
        found = client.get("/admin/api/tokens").content.decode()
        assert "tokens" in found
        assert not any(token in found for token in TOKENS)
        user.user_permissions.add(Permission.objects.get(codename="reveal_token"))
        shown = client.get("/admin/api/tokens").json()["tokens"]
    assert [one["token"] for one in shown] == TOKENS


def test_an_operator_does_not_become_a_superuser(client):
    operator(client, "change_config", "view_account")
    body = {"app": {"app_key": "a-key-of-my-own"}}
    for given in (body, {"app.app_key": "a-key-of-my-own"}):
        answer = client.post("/admin/api/config", given, "application/json")
        assert answer.status_code == 403
        assert answer.json()["error"]["param"] == "app.app_key"
    assert config.current().text("app.app_key") == KEY


@pytest.mark.parametrize("key", sorted(OWNERS_ONLY - {"app.app_key"}))
def test_an_operator_does_not_say_where_logins_go(client, key):
    operator(client, "change_config", "view_account")
    given = {"upstream.media_hosts": ["a.example"], "admin.expose_tokens": True}
    body = {key: given.get(key, "https://elsewhere.example")}
    answer = client.post("/admin/api/config", body, "application/json")
    assert (answer.status_code, answer.json()["error"]["param"]) == (403, key)


def test_adding_skips_what_is_here_and_reports_what_is_bad(api):
    add(tokens=TOKENS[:2])
    done = api("POST", "/tokens/add", {"tokens": [*TOKENS, "***"], "tags": ["x"]})
    assert (done["count"], done["skipped"]) == (3, 2)
    assert len(done["rejected"]) == 1
    assert api("POST", f"/undo/{done['undo']}")["status"] == "success"
    assert Account.objects.filter(deleted_at=None).count() == 2
    api("POST", f"/undo/{done['undo']}")
    assert (api.status, api.answer.json()["error"]["code"]) == (409, "already_undone")


def test_replacing_a_pool_takes_out_the_rest_and_can_be_undone(api):
    add()
    add("basic", ["eyJother-account-of-the-basic-pool"])
    done = api("POST", "/tokens", {"super": [{"token": TOKENS[0], "tags": ["a"]}]})
    assert (done["status"], done["count"], done["deleted"]) == ("success", 1, 4)
    assert Account.objects.filter(deleted_at=None).count() == 2
    api("POST", f"/undo/{done['undo']}")
    assert Account.objects.filter(deleted_at=None).count() == 6


@pytest.mark.parametrize(
    "body", [{"super": ["***"]}, {}, {"auto": [TOKENS[0]]}, {"gold": [TOKENS[0]]}]
)
def test_a_bad_document_replaces_nothing(api, body):
    add()
    answer = api("POST", "/tokens", body)
    assert (api.status, answer["error"]["code"]) == (400, "invalid_value")
    assert Account.objects.filter(deleted_at=None).count() == 5


def test_a_pool_is_replaced_by_a_list_too(api):
    add()
    done = api("PUT", "/tokens/pool", {"pool": "super", "tokens": TOKENS[:2]})
    assert (done["pool"], done["count"], done["deleted"]) == ("super", 2, 3)


def test_accounts_are_deleted_by_token_or_id(api):
    add()
    body = [TOKENS[0], ids()[1], "eyJnobody-has-this-token-at-all"]
    done = api("DELETE", "/tokens", body)
    assert done["deleted"] == 2
    assert len(done["unknown"]) == 1
    assert "nobody-has" not in api.answer.text


def test_disabling_and_enabling(api):
    add()
    api("POST", "/tokens/disabled", {"token": ids()[0], "disabled": True})
    assert Account.objects.get(public_id=ids()[0]).status == "disabled"
    api("POST", "/tokens/disabled", {"token": TOKENS[0], "disabled": False})
    assert Account.objects.get(public_id=ids()[0]).status == "active"
    body = {"tokens": [*TOKENS, "unknown-token"], "disabled": True}
    done = api("POST", "/tokens/disabled/batch", body)
    assert done["summary"] == {"total": 6, "ok": 5, "fail": 1}
    answer = api("POST", "/tokens/disabled", {"token": "nobody", "disabled": True})
    assert (api.status, answer["error"]["code"]) == (404, "account_not_found")


def test_a_new_token_keeps_history(api):
    add()
    Account.objects.update(use_count=7)
    new = "eyJhbGciOiJIUzI1NiJ9.renewed.signature"
    body = {"old_token": TOKENS[0], "token": new, "pool": "heavy"}
    done = api("PUT", "/tokens/edit", body)
    account = Account.objects.get(public_id=done["id"])
    assert (account.use_count, account.pool) == (7, "heavy")
    assert add(tokens=[new]).unchanged == 1
    assert add(tokens=[TOKENS[0]]).added == 1
    answer = api("PUT", "/tokens/edit", {"old_token": new, "token": TOKENS[1]})
    assert (api.status, answer["error"]["code"]) == (409, "token_conflict")
    answer = api("PUT", "/tokens/edit", {"old_token": new, "token": "***"})
    assert (api.status, answer["error"]["code"]) == (400, "invalid_value")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/tokens/add", {"tokens": []}),
        ("POST", "/tokens/add", {"tokens": "x"}),
        ("POST", "/tokens/add", {"tokens": ["x"], "pool": "sup"}),
        ("POST", "/tokens/disabled", {"token": 3, "disabled": True}),
        ("PUT", "/tokens/pool", {"pool": "auto", "tokens": ["x"]}),
        ("POST", "/batch/refresh", {}),
        ("POST", "/batch/refresh?concurrency=0", {"tokens": ["x"]}),
        ("POST", "/batch/nsfw", {}),
        ("POST", "/batch/nsfw", {"birth_date": "2020-01-01"}),
        ("POST", "/batch/nsfw", {"birth_date": "tomorrow"}),
    ],
)
def test_bad_bodies_name_the_place(api, method, path, body):
    error = api(method, path, body)["error"]
    assert api.status == 400
    assert error["code"] == "invalid_value"
    assert error["type"] == "invalid_request_error"
    assert not BatchJob.objects.exists()


def test_status_shows_what_every_process_has_paused(api, monkeypatch):
    paused = {"operation": "chat", "mode": "fast", "fault": "forbidden"}
    member = Member(MemoryStore(), directory.current)
    mine = Peer(member.circle.me.id, "here", False, {"breakers": [paused]})
    member.circle.peers = [mine, Peer("b", "there", False, {"breakers": [paused]})]
    monkeypatch.setattr(directory.HOME, "member", member)
    monkeypatch.setattr(directory.current(), "loaded", True)
    assert api("GET", "/status")["processes"] == [
        {"name": "there", "open_breakers": [paused]}
    ]


def test_settings_are_masked_and_patched_whole_or_not_at_all(api):
    with config.override({"app.app_key": KEY}):
        tree = api("GET", "/config")
    assert tree["app"]["app_key"] == config.MASK
    assert KEY not in api.answer.text
    bad = {"features": {"stream": False, "image_format": "gif"}}
    error = api("POST", "/config", bad)["error"]
    assert (api.status, error["param"]) == (400, "features.image_format")
    assert config.current().flag("features.stream") is True
    error = api("POST", "/config", {"account": {"redis": {"url": "x"}}})["error"]
    assert error["code"] == "startup_only_config"
    error = api("POST", "/config", {"app": {"colour": "blue"}})["error"]
    assert error["code"] == "unknown_key"
    done = api("POST", "/config?lenient=true", {"app": {"colour": "blue"}})
    assert done["status"] == "success"
    for tag in ("9", '"9"', 'W/"9"', "x", "9" * 5000):
        change = {"features": {"stream": False}}
        answer = api("POST", "/config", change, **{"If-Match": tag})
        assert (api.status, answer["error"]["code"]) == (409, "revision_conflict")
    assert config.current().flag("features.stream") is True


def test_storage_and_documents(api):
    assert api("GET", "/storage") == {"type": "local"}
    assert "/admin/api/tokens" in api("GET", "/openapi.json")["paths"]


def test_a_batch_that_takes_long_is_left_to_be_followed(api, monkeypatch):
    """No process works jobs off here, so that it never ends."""
    monkeypatch.setattr(batch, "WAIT_S", 0.0)
    add()
    told = api("POST", "/batch/refresh", {"tokens": [TOKENS[0]]})
    job = BatchJob.objects.get()
    assert (api.status, told["error"]["code"]) == (504, "job_goes_on")
    assert job.public_id in told["error"]["message"]
    assert job.status not in batch.ENDED


def test_a_batch_is_begun_followed_and_answered(api):
    add()
    begun = api("POST", "/batch/refresh?async=true", {"tokens": [TOKENS[0], ids()[1]]})
    assert begun["total"] == 2
    job = BatchJob.objects.get(public_id=begun["task_id"])
    work_off(job)
    events = stream_of(api, job)
    assert [one["type"] for one in events] == ["snapshot", "done"]
    done = events[-1]
    assert done["result"]["summary"] == {"total": 2, "ok": 1, "fail": 1}
    assert {"refreshed": 1} in done["result"]["results"].values()
    assert TOKENS[0] not in json.dumps(events)
    assert api("GET", f"/batch/{job.public_id}")["status"] == "done"


def work_off(job):
    batches.claim("test", ["refresh"], timezone.now())
    first, second = job.items.order_by("pk")
    outcomes = [Outcome(first.pk, {"refreshed": 1}), Outcome(second.pk, error="no")]
    batches.save(job.pk, "test", outcomes)
    batches.finish(job.pk, "test", timezone.now())


def stream_of(api, job, query=""):
    path = f"/admin/api/batch/{job.public_id}/stream{query}"
    answer = api.client.get(path, headers=api.headers)
    assert answer["Content-Type"] == "text/event-stream"
    frames = asyncio.run(collected(answer.streaming_content))
    return [json.loads(f.removeprefix(b"data: ")) for f in frames if f[0:1] != b":"]


async def collected(frames):
    return [frame async for frame in frames]


async def test_a_stream_shows_each_item_from_any_process(monkeypatch):
    job = await asyncio.to_thread(batches.create, "refresh", [Target("a"), Target("b")])
    monkeypatch.setattr(batch, "POLL_S", 0.01)
    seen = []
    async for frame in batch.followed(job):
        seen.append(json.loads(frame.removeprefix(b"data: ")))
        if len(seen) == 1:
            await asyncio.to_thread(work_off, job)
    assert [one["type"] for one in seen] == ["snapshot", "progress", "progress", "done"]
    assert [one["processed"] for one in seen] == [0, 1, 2, 2]
    assert seen[2]["error"] == "no"


def test_a_ticket_opens_one_stream_once(api):
    job = batches.create("refresh", [Target("a")])
    api("POST", f"/batch/{job.public_id}/cancel")
    ticket = api("POST", "/ticket")["ticket"]
    keyless = Api("")
    events = stream_of(keyless, job, f"?ticket={ticket}")
    assert [one["type"] for one in events] == ["snapshot", "cancelled"]
    again = keyless.client.get(
        f"/admin/api/batch/{job.public_id}/stream?ticket={ticket}"
    )
    assert again.status_code == 401
    keyless("GET", f"/tokens?ticket={ticket}")
    assert keyless.status == 401


def test_old_scripts_may_show_the_key_in_the_streams_address_only(api):
    job = batches.create("refresh", [Target("a")])
    batches.cancel(job.public_id, timezone.now())
    assert stream_of(Api(""), job, f"?app_key={KEY}")[-1]["type"] == "cancelled"


def test_an_unknown_batch(api):
    for method, path in (("GET", "/stream"), ("POST", "/cancel"), ("GET", "")):
        answer = api(method, f"/batch/{'0' * 32}{path}")
        assert (api.status, answer["error"]["code"]) == (404, "task_not_found")
